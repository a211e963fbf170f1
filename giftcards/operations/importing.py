"""Cards that were issued elsewhere, told to our ledger: what they were worth, what was spent of them, what is
left.

What is asked of whoever issues or spends a card today is not asked of the past: codes may be of any kind, an
expiry may lie behind us or be sooner than the market allows by now, and more may have been spent than there
was. So this is for commands of the operator alone, and no address leads here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from giftcards.exceptions import InsufficientBalance
from giftcards.models import GiftCard, LedgerEntry, Order, Status
from giftcards.operations.archiving import archive
from giftcards.operations.balance import adjust, debit
from giftcards.operations.drafting import draft
from giftcards.operations.issuing import issue
from giftcards.operations.lifecycle import activate, deactivate
from giftcards.operations.locking import OpenCard, lock_card, save
from giftcards.operations.occasion import Occasion
from giftcards.operations.ordering import OrderChanges, checked_order, record_order, save_order
from giftcards.operations.recording import record_operation
from giftcards.operations.rules import require_amount, require_balance
from kernel.caller import ActorKind, Caller
from kernel.keys import uuid7
from kernel.refusals import OPERATION, Invalid
from kernel.secret import Secret
from kernel.validation import RESOURCE_CHECKS, checked
from markets.models import Market

LONGEST_CODE: Final = 128
"""As long as a spelling that is looked at; see giftcards.code_format."""


@dataclass(frozen=True, slots=True)
class PastDebit:
    amount_cents: int
    occasion: Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCard:
    """Amounts are minor units of the market's currency, `face_value_cents` and debits above 0. `debits` are
    in the order in which they happened; `balance_cents` is what is owed now, whatever they add up to."""

    code: Secret
    face_value_cents: int
    balance_cents: int
    market: Market
    is_active: bool
    is_archived: bool = False
    expires_at: datetime | None = None
    own_tax_rate: Decimal | None = None
    reference: str
    reference_origin: str
    metadata: dict[str, Any] = field(default_factory=dict)
    order: Order | None = None
    """The one that it was bought with, in the same currency."""
    debits: Sequence[PastDebit] = ()
    issued: Occasion
    overspent: str
    """The reason beside what is added where a debit took more than was left."""
    unexplained: str
    """The reason beside what lies between the debits and the balance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    market: Market
    display_number: int | None
    customer_email: str | None
    cancelled_at: datetime | None
    reference: str
    reference_origin: str
    metadata: dict[str, Any] = field(default_factory=dict)


def import_order(*, caller: Caller, past: PastOrder, reason: str = "") -> Order:
    """What was bought with it says so itself; see `PastCard.order`. Raises Invalid, also for a reference or a
    display number that another order has."""
    _require_command(caller)
    order = importable_order(past, caller)
    with transaction.atomic():
        save_order(order)
        record_order(order, "create", caller=caller, reason=reason)
    return order


def import_gift_card(*, caller: Caller, past: PastCard) -> GiftCard:
    """A card with its past, not rechargeable: redeemed if nothing is left, else active or inactive. Nothing
    announces it as new, because it isn't.

    Raises Invalid: a caller who is no command, a code that exists already, a value against a rule.
    """
    _require_command(caller)
    require_importable(past)
    with transaction.atomic():
        card = _issued(past, caller)
        for each in past.debits:
            if each.amount_cents > card.balance_cents:
                missing = replace(each.occasion, reason=past.overspent)
                card = _adjusted(card, each.amount_cents, missing, caller)
            card = debit(
                caller=caller, card_id=card.pk, amount_cents=each.amount_cents, occasion=each.occasion
            )
        card = _adjusted(card, past.balance_cents, Occasion(past.unexplained), caller)
        if card.status == Status.ACTIVE and not past.is_active:
            card = deactivate(caller=caller, card_id=card.pk, occasion=past.issued)
        card = _placed(card.pk, past, caller)
        return archive(caller=caller, card_id=card.pk, occasion=past.issued) if past.is_archived else card


def follow_imported_card(
    *,
    caller: Caller,
    card_id: UUID,
    debits: Sequence[PastDebit],
    balance_cents: int,
    unexplained: str,
) -> GiftCard:
    """Do with an imported card what was done elsewhere since: there it is worth `balance_cents` by now.

    Those of `debits` that are new, known by their references, are posted as such if the card can be spent;
    the rest of the difference is an adjustment. What has happened here since the import stays.

    Raises NotFound, InsufficientBalance if less is left here than was spent there, BelowAuthorized.
    """
    _require_command(caller)
    with transaction.atomic():
        card = lock_card(card_id, caller)
        difference = balance_cents - imported_balances([card_id], caller).get(card_id, 0)
        target = card.balance_cents + difference
        if target < 0:
            raise InsufficientBalance(card.balance_cents)
        known = set(card.ledger_entries.values_list("reference", flat=True))
        for each in debits:
            if each.occasion.reference not in known and each.amount_cents <= card.balance_cents - target:
                card = _debited_if_possible(card, each, caller)
        return _adjusted(card, target, Occasion(unexplained), caller)


def imported_balances(card_ids: Collection[UUID], caller: Caller) -> Mapping[UUID, int]:
    """What the cards were worth elsewhere when this caller last told of them, in minor units, by their keys:
    the sum of the entries that are his."""
    entries = LedgerEntry.objects.visible_to(caller).filter(
        gift_card_id__in=card_ids, actor_kind=caller.actor.kind, actor_id=caller.actor.id
    )
    return dict(entries.values_list("gift_card_id").annotate(Sum("amount_cents")))


def importable_order(past: PastOrder, caller: Caller) -> Order:
    """As it would be written, which it isn't. Raises Invalid, like `import_order`."""
    names = ("display_number", "customer_email", *RESOURCE_CHECKS)
    values = checked_order(cast(OrderChanges, {name: getattr(past, name) for name in names}))
    for name in ("reference", "display_number"):
        same = Order.objects.filter(mode=caller.mode, **{name: values[name]})
        if values[name] is not None and same.exists():
            raise Invalid(name, "taken", "has already been taken", value=values[name])
    return Order(
        mode=caller.mode,
        market=past.market,
        currency_code=past.market.currency_code,
        cancelled_at=past.cancelled_at,
        **values,
    )


def require_importable(past: PastCard) -> None:
    """All that is asked of it, except whether its code is taken. Raises Invalid."""
    _require_readable(past.code)
    checked({name: getattr(past, name) for name in RESOURCE_CHECKS}, RESOURCE_CHECKS)
    require_balance("balance_cents", past.balance_cents)
    for amount in (past.face_value_cents, *(each.amount_cents for each in past.debits)):
        require_amount(amount)


def _require_command(caller: Caller) -> None:
    if caller.actor.kind != ActorKind.SYSTEM or caller.market_ids is not None:
        raise Invalid(OPERATION, "command_only", "is for commands of the operator only")


def _require_readable(code: Secret) -> None:
    """Nobody could type anything else. Refusals name the rule and never the code."""
    text = code.reveal()
    if not text or text != text.strip() or not text.isprintable():
        raise Invalid("code", "invalid", "can't be blank, nor begin or end with spaces, nor be unprintable")
    if len(text) > LONGEST_CODE:
        sentence = f"is too long (maximum is {LONGEST_CODE} characters)"
        raise Invalid("code", "too_long", sentence, count=LONGEST_CODE)


def _issued(past: PastCard, caller: Caller) -> GiftCard:
    """Active, and of no market yet: markets ask what they ask of cards that are sold from now on."""
    card = draft(
        GiftCard(id=uuid7(), mode=caller.mode, currency_code=""),
        caller=caller,
        attributes={
            "balance_cents": past.face_value_cents,
            "currency_code": past.market.currency_code,
            "rechargeable": False,
            "reference": past.reference,
            "reference_origin": past.reference_origin,
            "metadata": past.metadata,
        },
        code=past.code,
        occasion=past.issued,
    )
    issue(OpenCard(card, []), announced=False, caller=caller, occasion=past.issued)
    return activate(caller=caller, card_id=card.pk, occasion=past.issued)


def _adjusted(card: GiftCard, balance_cents: int, occasion: Occasion, caller: Caller) -> GiftCard:
    if card.balance_cents == balance_cents:
        return card
    return adjust(caller=caller, card_id=card.pk, balance_cents=balance_cents, occasion=occasion)


def _debited_if_possible(card: GiftCard, past: PastDebit, caller: Caller) -> GiftCard:
    try:
        return debit(caller=caller, card_id=card.pk, amount_cents=past.amount_cents, occasion=past.occasion)
    except Invalid:
        return card


def _placed(card_id: UUID, past: PastCard, caller: Caller) -> GiftCard:
    """Where it may be spent and until when, as it was promised to its holder."""
    card = lock_card(card_id, caller)
    card.market, card.expires_at, card.own_tax_rate = past.market, past.expires_at, past.own_tax_rate
    card.order = past.order
    save(card)
    changed = {"expires_at": past.expires_at, "tax_rate": past.own_tax_rate, "gift_card_order": past.order}
    names = ["market", *(name for name, value in changed.items() if value is not None)]
    record_operation(OpenCard(card, names), "update", caller=caller, occasion=past.issued)
    return card
