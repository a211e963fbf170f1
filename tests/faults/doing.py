"""Every operation that moves money, changes a status, or makes and unmakes what does: each as an action on
data of its own that is prepared for it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from giftcards import operations
from giftcards.models import GiftCard
from giftcards.operations import importing
from giftcards.operations.importing import PastCard, PastDebit, import_gift_card
from giftcards.operations.occasion import Occasion
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.secret import Secret
from tests.fixtures.cast import (
    TEST,
    a_denomination,
    a_draft,
    a_market,
    a_product,
    a_redeemed_card,
    an_active_card,
    an_archived_card,
    an_inactive_card,
    last_entry,
)

Action = Callable[[], Any]
COMMAND: Final = Caller(Mode.TEST, Actor.system("import"))
NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)


def verb(name: str, prepare: Callable[[], GiftCard], **keywords: Any) -> Callable[[], Action]:
    def prepared() -> Action:
        card_id = prepare().pk
        return lambda: getattr(operations, name)(caller=TEST, card_id=card_id, **keywords)

    return prepared


def capture() -> Action:
    return resolving(operations.capture, amount_cents=300)


def void() -> Action:
    return resolving(operations.void)


def resolving(operation: Callable[..., Any], **keywords: Any) -> Action:
    card = an_active_card()
    held = operations.authorize(caller=TEST, card_id=card.pk, amount_cents=400)
    return lambda: operation(caller=TEST, authorization_id=held.pk, **keywords)


def debit_instead_of_a_lapsed_hold() -> Action:
    """Writes down that the hold has lapsed, and then spends what it held."""
    card = an_active_card(test_clock_at=NOON)
    operations.authorize(caller=TEST, card_id=card.pk, amount_cents=9_000, expires_at=NOON.replace(hour=13))
    operations.update_gift_card(
        caller=TEST, card_id=card.pk, changes={"test_clock_at": NOON.replace(hour=14)}
    )
    return lambda: operations.debit(caller=TEST, card_id=card.pk, amount_cents=5_000)


def debit_that_gives_up_the_remainder() -> Action:
    market = a_market(keeps_single_use_remainder=False)
    card = an_active_card(market=market, single_use=True)
    return lambda: operations.debit(caller=TEST, card_id=card.pk, amount_cents=400)


def refund() -> Action:
    card = an_active_card()
    operations.debit(caller=TEST, card_id=card.pk, amount_cents=400)
    entry = last_entry(card)
    return lambda: operations.refund(caller=TEST, transaction_id=entry.pk, amount_cents=300)


def pay() -> Action:
    cards = [an_active_card(balance_cents=500).pk for _ in range(2)]
    return lambda: operations.pay(caller=TEST, amount_cents=700, gift_cards=cards)


def refund_payment() -> Action:
    cards = [an_active_card(balance_cents=500).pk for _ in range(2)]
    payment = operations.pay(caller=TEST, amount_cents=700, gift_cards=cards)
    return lambda: operations.refund_payment(caller=TEST, payment_id=payment.pk)


def cash_out() -> Action:
    card = an_active_card(balance_cents=500, market=a_market(cash_out_below_cents=1_000))
    return lambda: operations.cash_out(caller=TEST, card_id=card.pk)


def place_order() -> Action:
    market = a_market()
    unit = operations.UnitTold(recipient=operations.RecipientTold("ada@example.com"), message="Enjoy!")
    lines = [operations.LineTold(quantity=2, amount_cents=500, units=[unit])]
    attributes: Any = {"reference": "order-1"}
    return lambda: operations.place_order(caller=TEST, market=market, attributes=attributes, lines=lines)


def cancel_order() -> Action:
    lines = [operations.LineTold(quantity=1, amount_cents=500)]
    order = operations.place_order(caller=TEST, market=a_market(), lines=lines)
    operations.pay(caller=TEST, amount_cents=700, gift_cards=[an_active_card().pk], order=order)
    return lambda: operations.cancel_order(caller=TEST, order_id=order.pk)


def create_alone() -> Action:
    a_draft()  # the first code under a key makes the key known as well
    return lambda: a_draft(code="CHOSEN-CODE")


def create() -> Action:
    tag = operations.create_tag(caller=TEST, name="summer")
    return lambda: a_draft(code="CHOSEN-CODE", recipient_email="ada@example.com", tags=[tag])


def update() -> Action:
    card, tag = an_active_card(), operations.create_tag(caller=TEST, name="summer")
    changes: Any = {"reference": "1", "recipient_email": "ada@example.com", "add_tags": [tag]}
    return lambda: operations.update_gift_card(caller=TEST, card_id=card.pk, changes=changes)


def delete() -> Action:
    card = a_draft()
    operations.create_attachment(caller=TEST, attachable=card, name="Receipt")
    return lambda: operations.delete_gift_card(caller=TEST, card_id=card.pk)


def issue() -> Action:
    attributes: Any = {"balance_cents": 500, "market": a_market()}
    return lambda: operations.issue_gift_card(caller=TEST, attributes=attributes)


def issue_batch() -> Action:
    terms = operations.BatchTerms(number=2, amount_cents=500, market=a_market())
    return lambda: operations.issue_batch(
        caller=TEST, terms=terms, occasion=operations.Occasion(reference="spring")
    )


def import_card() -> Action:
    debits = [PastDebit(3_000, Occasion("Spent elsewhere", reference=order)) for order in ("1", "2")]
    past = PastCard(
        code=Secret("ELSEWHERE-CODE"),
        face_value_cents=3_000,
        balance_cents=500,
        market=a_market(),
        is_active=False,
        is_archived=True,
        reference="gift_1",
        reference_origin="elsewhere",
        debits=debits,
        issued=Occasion("Issued elsewhere"),
        overspent="More was spent than there was",
        unexplained="What was left",
    )
    return lambda: import_gift_card(caller=COMMAND, past=past)


def follow_imported_card() -> Action:
    card = import_card()()
    operations.unarchive(caller=TEST, card_id=card.pk)
    operations.activate(caller=TEST, card_id=card.pk)
    debits = [PastDebit(200, Occasion("Spent elsewhere", reference="3"))]
    return lambda: importing.follow_imported_card(
        caller=COMMAND, card_id=card.pk, debits=debits, balance_cents=100, unexplained="What was left"
    )


def create_product() -> Action:
    attributes: Any = {"name": "Gift card", "markets": [a_market(), a_market()]}
    return lambda: operations.create_product(caller=TEST, attributes=attributes)


def update_product() -> Action:
    product = a_product(markets=[a_market()])
    changes: Any = {"name": "Other", "markets": [a_market()]}
    return lambda: operations.update_product(caller=TEST, product_id=product.pk, changes=changes)


def delete_product() -> Action:
    product = a_denomination(a_product(markets=[a_market()])).product
    return lambda: operations.delete_product(caller=TEST, product_id=product.pk)


def update_denomination() -> Action:
    key = a_denomination().pk
    changes: operations.DenominationChanges = {"amounts": {"USD": 5_000}}
    return lambda: operations.update_denomination(
        caller=TEST, denomination_id=key, changes=changes, disabled=True
    )


PREPARED: Final[Mapping[str, Callable[[], Action]]] = {
    "create": create,
    "create alone": create_alone,
    "issue": issue,
    "issue a batch": issue_batch,
    "update": update,
    "revise": verb("revise_gift_card", a_redeemed_card, metadata={"a": 1}, balance_cents=9_000, active=False),
    "delete": delete,
    "purchase": verb("purchase", a_draft),
    "activate": verb("activate", an_inactive_card),
    "deactivate": verb("deactivate", an_active_card),
    "debit": verb("debit", an_active_card, amount_cents=400),
    "debit beside a change": verb("debit", an_active_card, amount_cents=400, changes={"reference": "7"}),
    "debit instead of a lapsed hold": debit_instead_of_a_lapsed_hold,
    "debit that gives up the remainder": debit_that_gives_up_the_remainder,
    "recharge": verb("recharge", an_active_card, amount_cents=400),
    "adjust": verb("adjust", a_redeemed_card, balance_cents=9_000),
    "authorize": verb("authorize", an_active_card, amount_cents=400),
    "capture": capture,
    "void": void,
    "refund": refund,
    "pay": pay,
    "refund_payment": refund_payment,
    "place_order": place_order,
    "cancel_order": cancel_order,
    "cash_out": cash_out,
    "archive": verb("archive", an_active_card),
    "unarchive": verb("unarchive", an_archived_card),
    "create_product": create_product,
    "update_product": update_product,
    "delete_product": delete_product,
    "update_denomination": update_denomination,
    "reveal_code": verb("reveal_code", an_active_card),
    "import": import_card,
    "follow what was imported": follow_imported_card,
}

ONE_STATEMENT: Final = frozenset({"create alone", "debit", "recharge"})

BY_KEY: Final[Mapping[str, Callable[[UUID], Any]]] = {
    "debit": lambda key: operations.debit(caller=TEST, card_id=key, amount_cents=400),
    "debit beside a change": lambda key: operations.debit(
        caller=TEST, card_id=key, amount_cents=400, changes={"reference": "7"}
    ),
    "capture": lambda key: operations.capture(caller=TEST, authorization_id=key, amount_cents=300),
    "refund_payment": lambda key: operations.refund_payment(caller=TEST, payment_id=key),
}
"""For another process to do, on what this one has prepared."""
