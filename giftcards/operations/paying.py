"""Payments: one amount taken from several cards, all of it or nothing, and given back the same way.

Locks, in this order, so that no two callers wait for each other: the row of the order that is paid for
(`sharing.lock_payable`), the payment's row, then the rows of all its cards in the order of their keys
(`locking.lock_cards`). Everything is decided after that. A new payment needs no lock of its own, because
nobody sees it yet; what has to do with one card locks that card alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.db.models.functions import Now

from events.operations import record
from giftcards.codes import digests
from giftcards.exceptions import (
    AboveRefundable,
    AlreadyGiven,
    InsufficientBalance,
    MarketDisabled,
    UnusableCodes,
)
from giftcards.lookups import usable_cards
from giftcards.models import GiftCard, Kind, LedgerEntry, Order, Payment
from giftcards.operations.balance import require_spendable, spend
from giftcards.operations.holds import release_lapsed
from giftcards.operations.locking import OpenCard, lock_cards
from giftcards.operations.noting import NoteChanges, apply_notes, checked_notes
from giftcards.operations.occasion import Occasion
from giftcards.operations.ordering import occasion_of
from giftcards.operations.refunding import give_back, refundable_cents
from giftcards.operations.rules import require_amount, require_in_circulation
from giftcards.operations.sharing import givers_to, keep_shares, lock_payable
from kernel.caller import Caller
from kernel.refusals import OPERATION, Invalid, NotFound
from kernel.secret import Secret
from markets.attributes import currency
from markets.models import Market

RESOURCE_TYPE: Final = "gift_card_payments"
MOST_CARDS: Final = 50
"""Of one payment: all of them stay locked until it is done."""
OF_ANOTHER_MARKET: Final = "include one that is restricted to another market than the order's"

Source = TypeVar("Source")


def pay(
    *,
    caller: Caller,
    amount_cents: int,
    gift_cards: Collection[UUID] | None = None,
    codes: Collection[Secret] | None = None,
    currency_code: str | None = None,
    partial: bool = False,
    spent_in: Market | None = None,
    order: Order | None = None,
    attributes: NoteChanges | None = None,
    reason: str = "",
) -> Payment:
    """Take `amount_cents` (above 0, minor units of the cards' currency) from the cards that are named by
    their keys or by their codes, at most 50; a card that is named twice counts once.

    The card that expires first gives first, those that never expire last; then the one with less available,
    then by key. Each gives what is left to pay or all that no authorization holds. With `partial` the payment
    takes what there is; nothing at all is refused even so. Every card that is named must be spendable, also
    one that would not be needed. For an `order`, whose market it is spent in, each card gives once.

    Raises NotFound, UnusableCodes (instead of everything that is wrong with a card named by its code),
    InsufficientBalance with what is available on all cards, MarketDisabled, Invalid about `gift_cards` with
    the card that is refused, Invalid about `order`.
    """
    require_amount(amount_cents, about="amount_cents")
    _require_naming(gift_cards, codes)
    _require_place(currency_code, spent_in)
    values = checked_notes(attributes)
    with transaction.atomic():
        if order is not None:
            order = lock_payable(order, spent_in=spent_in, currency_code=currency_code, caller=caller)
            spent_in, currency_code = order.market, order.currency_code
        occasion = _occasion(values, order, reason)
        cards = _lock_named(gift_cards, codes, caller)
        _require_all_spendable(cards, currency_code, spent_in, order, named_by_code=codes is not None)
        shares = _shares(cards, amount_cents, partial=partial)
        payment = Payment.objects.create(
            mode=caller.mode,
            amount_cents=amount_cents,
            currency_code=cards[0].currency_code,
            partial=partial,
            market=spent_in,
            order=order,
            **values,
        )
        keep_shares(payment, shares)
        _spend(payment, shares, caller=caller, occasion=occasion)
    return payment


def _occasion(notes: Mapping[str, Any], order: Order | None, reason: str) -> Occasion:
    """The entries name the order that the shop notes, or else the one that is paid for."""
    told = Occasion(reason) if order is None else occasion_of(order, reason)
    return Occasion(
        reason, notes.get("reference") or told.reference, notes.get("order_number") or told.order_number
    )


def _spend(
    payment: Payment, shares: Sequence[tuple[GiftCard, int]], *, caller: Caller, occasion: Occasion
) -> None:
    for card, share in shares:
        spend(
            OpenCard(card, []),
            share,
            spent_in=payment.market,
            caller=caller,
            occasion=occasion,
            payment_id=payment.id,
        )
    paid = sum(share for _, share in shares)
    _record(payment, "create", caller=caller, reason=occasion.reason, data={"paid_amount_cents": paid})


def refund_payment(
    *,
    caller: Caller,
    payment_id: UUID,
    amount_cents: int | None = None,
    changes: NoteChanges | None = None,
    reason: str = "",
) -> Payment:
    """Give back all that is left of a payment, or `amount_cents` of it (above 0): to the card that was used
    last first, to each at most what is left of its debit, whoever refunded the rest.

    Raises NotFound, AboveRefundable, Invalid.
    """
    if amount_cents is not None:
        require_amount(amount_cents, about="amount_cents")
    occasion = Occasion(reason)
    with transaction.atomic():
        payment = _lock_payment(payment_id, caller)
        changed = apply_notes(payment, changes)
        debits, cards = _lock_debits(payment, caller)
        refundable = [(debit, refundable_cents(debit)) for debit in debits]
        total = sum(left for _, left in refundable)
        given_back = total if amount_cents is None else amount_cents
        if total == 0 or given_back > total:
            raise AboveRefundable(total)
        shares = _split(given_back, refundable)
        _give_back(payment, shares, cards, caller=caller, occasion=occasion, changed=changed)
    return payment


def give_back_all(
    payment: Payment, cards: Mapping[UUID, GiftCard], *, caller: Caller, occasion: Occasion
) -> int:
    """Of a locked payment, all that is left to its locked cards; returns how much. Nothing left, nothing
    recorded."""
    left = [(debit, refundable_cents(debit)) for debit in debits_of(payment)]
    shares = [(debit, share) for debit, share in left if share > 0]
    if shares:
        _give_back(payment, shares, cards, caller=caller, occasion=occasion)
    return sum(share for _, share in shares)


def debits_of(payment: Payment) -> list[LedgerEntry]:
    """Last used first."""
    return list(payment.transactions.filter(kind=Kind.DEBIT).order_by("-created_at", "-id"))


def _give_back(
    payment: Payment,
    shares: Sequence[tuple[LedgerEntry, int]],
    cards: Mapping[UUID, GiftCard],
    *,
    caller: Caller,
    occasion: Occasion,
    changed: Sequence[str] = (),
) -> None:
    for debit, share in shares:
        give_back(cards[debit.gift_card_id], debit, share, caller=caller, occasion=occasion)
    _write(payment)
    data = {"refunded_amount_cents": sum(share for _, share in shares), "changed": list(changed)}
    _record(payment, "refund", caller=caller, reason=occasion.reason, data=data)


def update_payment(*, caller: Caller, payment_id: UUID, changes: NoteChanges, reason: str = "") -> Payment:
    """Change what the shop notes about it. What changes nothing records nothing. Raises NotFound, Invalid."""
    with transaction.atomic():
        payment = _lock_payment(payment_id, caller)
        changed = apply_notes(payment, changes)
        if changed:
            _write(payment)
            _record(payment, "update", caller=caller, reason=reason, data={"changed": changed})
    return payment


def _require_naming(gift_cards: Collection[UUID] | None, codes: Collection[Secret] | None) -> None:
    if codes is not None and gift_cards is not None:
        raise Invalid("codes", "exclusive", "can't be combined with gift_cards")
    about, named = ("gift_cards", gift_cards) if codes is None else ("codes", codes)
    if not named:
        raise Invalid(about, "blank", "can't be blank: name the cards by gift_cards or by codes")
    if len(named) > MOST_CARDS:
        raise Invalid(about, "too_many", f"are too many (maximum is {MOST_CARDS} cards)", count=MOST_CARDS)


def _require_place(currency_code: str | None, spent_in: Market | None) -> None:
    if currency_code is not None:
        currency("currency_code", currency_code)
    if spent_in is not None and spent_in.disabled_at is not None:
        raise MarketDisabled("spent_in")


def _lock_named(
    gift_cards: Collection[UUID] | None, codes: Collection[Secret] | None, caller: Caller
) -> list[GiftCard]:
    """Each card once, in the order of their keys. Raises NotFound, UnusableCodes."""
    if codes is not None:
        return _lock_with_codes(codes, caller)
    keys = set(gift_cards or ())
    cards = lock_cards(GiftCard.objects.visible_to(caller).filter(pk__in=keys))
    missing = keys - {card.pk for card in cards}
    if missing:
        raise NotFound("gift_cards", min(missing))
    return cards


def _lock_with_codes(codes: Collection[Secret], caller: Caller) -> list[GiftCard]:
    """By one statement whatever is wrong with a code, like a look-up. Raises UnusableCodes."""
    cards = lock_cards(usable_cards(codes, caller))
    found = {bytes(card.code_digest) for card in cards}
    if any(found.isdisjoint(digests(code.reveal())) for code in codes):
        raise UnusableCodes
    return cards


def _require_all_spendable(
    cards: Sequence[GiftCard],
    currency_code: str | None,
    spent_in: Market | None,
    order: Order | None,
    *,
    named_by_code: bool,
) -> None:
    prefetch_related_objects(cards, "market")
    gave = set() if order is None else givers_to(order, cards)
    for card in cards:
        try:
            if card.pk in gave:
                raise AlreadyGiven
            _require_currency(card, currency_code or cards[0].currency_code)
            require_in_circulation(card)
            require_spendable(card, spent_in)
        except Invalid as refusal:
            if named_by_code:
                raise UnusableCodes from None
            if refusal.about == "spent_in" and order is None:
                raise
            message = OF_ANOTHER_MARKET if refusal.about == "spent_in" else str(refusal)
            raise Invalid("gift_cards", refusal.error, message, value=str(card.pk)) from refusal


def _require_currency(card: GiftCard, currency_code: str) -> None:
    if card.currency_code != currency_code:
        raise Invalid(
            OPERATION, "currency_mismatch", f"is in {card.currency_code}, the payment in {currency_code}"
        )


def _shares(cards: Sequence[GiftCard], amount_cents: int, *, partial: bool) -> list[tuple[GiftCard, int]]:
    """What each card gives, in the order of use; those that would give nothing are left out."""
    for card in cards:
        if card.authorized_cents:
            release_lapsed(card)
    available = [(card, card.available_balance_cents) for card in sorted(cards, key=_order_of_use)]
    shares = _split(amount_cents, available)
    taken = sum(share for _, share in shares)
    if taken == 0 or (taken < amount_cents and not partial):
        raise InsufficientBalance(taken)
    return shares


def _order_of_use(card: GiftCard) -> tuple[bool, datetime | None, int, UUID]:
    return card.expires_at is None, card.expires_at, card.available_balance_cents, card.pk


def _split(amount_cents: int, sources: Sequence[tuple[Source, int]]) -> list[tuple[Source, int]]:
    """From each source in order what is still needed, or all that it has; nobody gives nothing."""
    shares = []
    needed = amount_cents
    for source, most in sources:
        share = min(needed, most)
        if share > 0:
            shares.append((source, share))
            needed -= share
    return shares


def _lock_payment(payment_id: UUID, caller: Caller) -> Payment:
    """NO KEY UPDATE: whoever refunds one of its debits alone refers to the payment, and need not wait."""
    try:
        return Payment.objects.visible_to(caller).select_for_update(no_key=True).get(pk=payment_id)
    except Payment.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, payment_id) from None


def _lock_debits(payment: Payment, caller: Caller) -> tuple[list[LedgerEntry], dict[UUID, GiftCard]]:
    """The payment's debits, last used first, and their cards."""
    debits = debits_of(payment)
    named = {debit.gift_card_id for debit in debits}
    cards = lock_cards(GiftCard.objects.visible_to(caller).filter(pk__in=named))
    if len(cards) < len(named):  # one was taken to a market beyond the caller's reach just now
        raise NotFound(RESOURCE_TYPE, payment.pk)
    return debits, {card.pk: card for card in cards}


def _write(payment: Payment) -> None:
    payment.updated_at = Now()
    payment.save()
    payment.refresh_from_db(fields=["updated_at"])


def _record(payment: Payment, verb: str, *, caller: Caller, reason: str, data: Mapping[str, object]) -> None:
    told = {"amount_cents": payment.amount_cents, "currency_code": payment.currency_code, **data}
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=payment.pk,
        topic=f"{RESOURCE_TYPE}.{verb}",
        reason=reason,
        data={name: value for name, value in told.items() if value != []},
    )
