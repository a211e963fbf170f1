"""Two of everything: what a key reaches, and what exists beyond its reach."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from giftcards.models import Authorization, GiftCard, LedgerEntry, Order, Payment
from giftcards.operations import LineTold, authorize, debit, pay, place_order, refund
from kernel.modes import Mode
from markets.models import Market
from recipients.models import GiftCardRecipient
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, as_stored, last_entry
from tests.server import Server, a_key

MODELS: dict[str, Any] = {
    "markets": Market,
    "gift_card_recipients": GiftCardRecipient,
    "gift_cards": GiftCard,
    "gift_card_authorizations": Authorization,
    "gift_card_transactions": LedgerEntry,
    "gift_card_refunds": LedgerEntry,
    "gift_card_payments": Payment,
    "gift_card_orders": Order,
}


@dataclass(frozen=True)
class Things:
    """Ids by resource type; `money` has those of what was done with the card."""

    card: GiftCard
    code: str
    ids: dict[str, UUID]
    money: dict[str, UUID]

    def stored(self) -> dict[str, Any]:
        keys = {**self.ids, **self.money}
        rows = {name: MODELS[name].objects.filter(pk=key).values().first() for name, key in keys.items()}
        return rows | {"card": as_stored(self.card.id)}


@dataclass(frozen=True)
class Scene:
    key: str
    mine: Things
    theirs: Things

    def caller(self, server: Server):
        return server.caller(self.key)


def things(name: str, *, by, email: str) -> Things:
    """A market, a recipient and an active card of both, of which something is held, spent and given back."""
    market = a_market(by=by, name=name, code=name, currency_code="EUR")
    code = f"{name}-code-0001"
    card = an_active_card(by=by, market=market, recipient_email=email, code=code, reference=name)
    assert card.gift_card_recipient_id
    return Things(
        card,
        code,
        {"markets": market.id, "gift_card_recipients": card.gift_card_recipient_id, "gift_cards": card.id},
        money_of(card, market, by=by, name=name),
    )


def money_of(card: GiftCard, market: Market, *, by, name: str) -> dict[str, UUID]:
    held = authorize(
        caller=by, card_id=card.id, amount_cents=100, spent_in=market, attributes={"reference": name}
    )
    debit(caller=by, card_id=card.id, amount_cents=200, spent_in=market)
    spent = last_entry(card)
    given_back = refund(caller=by, transaction_id=spent.id, amount_cents=50)
    told = [LineTold(amount_cents=10)]
    order = place_order(caller=by, market=market, attributes={"reference": name}, lines=told)
    paid = pay(caller=by, amount_cents=10, gift_cards=[card.id], order=order)
    return {
        "gift_card_authorizations": held.id,
        "gift_card_transactions": spent.id,
        "gift_card_refunds": given_back.id,
        "gift_card_payments": paid.id,
        "gift_card_orders": order.id,
    }


def a_test_key_and_live_things() -> Scene:
    return Scene(
        a_key(Mode.TEST),
        things("berlin", by=TEST, email="ada@example.com"),
        things("paris", by=LIVE, email="grace@example.com"),
    )


def a_live_key_and_test_things() -> Scene:
    return Scene(
        a_key(Mode.LIVE),
        things("berlin", by=LIVE, email="ada@example.com"),
        things("paris", by=TEST, email="grace@example.com"),
    )


def a_key_of_one_market_and_things_of_another() -> Scene:
    """Recipients belong to no market: both are within reach."""
    mine = things("berlin", by=TEST, email="ada@example.com")
    theirs = things("paris", by=TEST, email="grace@example.com")
    del theirs.ids["gift_card_recipients"]
    return Scene(a_key(Mode.TEST, markets=["berlin"]), mine, theirs)


SCENES = (a_test_key_and_live_things, a_live_key_and_test_things, a_key_of_one_market_and_things_of_another)
