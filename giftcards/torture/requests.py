"""From a change to the request that asks for it: the same bytes each time, because a key belongs to them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from giftcards.torture.records import Change
from giftcards.torture.wire import Request

CURRENCY: Final = "EUR"
CARDS, AUTHORIZATIONS = "gift_cards", "gift_card_authorizations"
PAYMENTS, REFUNDS, TRANSACTIONS = "gift_card_payments", "gift_card_refunds", "gift_card_transactions"


def request_for(change: Change) -> Request:
    return VERBS[change.verb](change)


def _post(resource: str, change: Change, attributes: dict[str, Any], **to: object) -> Request:
    relationships = {name: {"data": linkage} for name, linkage in to.items()}
    data = {
        "type": resource,
        "attributes": {**attributes, "reference": change.name},
        "relationships": relationships,
    }
    return Request("POST", f"/{resource}", {"data": data}, change.name)


def _patch(resource: str, identifier: str | None, change: Change, **attributes: Any) -> Request:
    data = {"type": resource, "id": identifier, "attributes": attributes}
    # Reading a hundred changes for every answer would only slow the attack down.
    sparse = "?fields[gift_cards]=status,balance_cents" if resource == CARDS else ""
    return Request("PATCH", f"/{resource}/{identifier}{sparse}", {"data": data}, change.name)


def _card(change: Change, **attributes: Any) -> Request:
    return _patch(CARDS, change.cards[0], change, **attributes)


def _moved(change: Change, sign: int) -> Request:
    cents = change.cents or 0
    return _card(change, _balance_change_cents=sign * cents, _reference=change.name)


def _linkage(resource: str, identifier: str | None) -> dict[str, str | None]:
    return {"type": resource, "id": identifier}


def _create(change: Change) -> Request:
    return _post(CARDS, change, {"balance_cents": change.cents, "currency_code": CURRENCY})


def _authorize(change: Change) -> Request:
    card = _linkage(CARDS, change.cards[0])
    return _post(AUTHORIZATIONS, change, {"amount_cents": change.cents}, gift_card=card)


def _refund(change: Change) -> Request:
    debit = _linkage(TRANSACTIONS, change.about)
    return _post(REFUNDS, change, {"amount_cents": change.cents}, transaction=debit)


def _pay(change: Change) -> Request:
    cards = [_linkage(CARDS, card) for card in change.cards]
    attributes = {"amount_cents": change.cents, "currency_code": CURRENCY}
    return _post(PAYMENTS, change, attributes, gift_cards=cards)


VERBS: Final[Mapping[str, Callable[[Change], Request]]] = {
    "create": _create,
    "purchase": lambda change: _card(change, _purchase=True),
    "activate": lambda change: _card(change, _activate=True),
    "deactivate": lambda change: _card(change, _deactivate=True),
    "debit": lambda change: _moved(change, -1),
    "recharge": lambda change: _moved(change, +1),
    "adjust": lambda change: _card(change, balance_cents=change.cents, _reason=change.name),
    "authorize": _authorize,
    "capture": lambda change: _patch(AUTHORIZATIONS, change.about, change, _capture=True),
    "capture_part": lambda change: _patch(
        AUTHORIZATIONS, change.about, change, _capture_amount_cents=change.cents
    ),
    "void": lambda change: _patch(AUTHORIZATIONS, change.about, change, _void=True),
    "refund": _refund,
    "pay": _pay,
    "give_back": lambda change: _patch(PAYMENTS, change.about, change, _refund_amount_cents=change.cents),
    "give_all_back": lambda change: _patch(PAYMENTS, change.about, change, _refund=True),
}
