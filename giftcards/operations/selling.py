"""From the lines of an order to its gift cards: one for each unit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from giftcards.exceptions import TooManyGiftCards
from giftcards.models import Order, OrderLine
from giftcards.operations.at_once import issue_gift_card
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.occasion import Occasion
from giftcards.operations.offering import Offered, offered
from kernel.caller import Caller
from kernel.refusals import Invalid, NotFound, retold
from kernel.validation import json_object
from markets.attributes import tax_rate
from recipients.models import GiftCardRecipient
from recipients.operations import find_or_create_recipient

MOST_GIFT_CARDS: Final = 100
"""Of one order: they are issued one by one, in one transaction that somebody waits for."""


@dataclass(frozen=True, slots=True)
class RecipientTold:
    """Found by the address, or made; the names are those of a new one."""

    email: str
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True)
class UnitTold:
    """Who one card is for: a recipient that is known by its key, or told. And what the giver says."""

    gift_card_recipient: UUID | None = None
    recipient: RecipientTold | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class LineTold:
    """`quantity` cards of a denomination, or of `amount_cents` each: minor units of the market's currency,
    without tax. `tax_rate` is a percentage. `units` say more of the first so many of them. With `active`
    False they wait to be activated."""

    quantity: int = 1
    denomination: UUID | None = None
    amount_cents: int | None = None
    tax_rate: Decimal | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    units: Sequence[UnitTold] = ()
    active: bool = True


MEMBERS: Final[Mapping[str, str]] = {
    "quantity": "quantity",
    "denomination": "denomination",
    "amount_cents": "amount_cents",
    "balance_cents": "amount_cents",
    "tax_rate": "tax_rate",
    "metadata": "metadata",
    "units": "units",
    "gift_card_recipient": "gift_card_recipient",
    "recipient": "recipient",
    "email": "recipient/email",
    "first_name": "recipient/first_name",
    "last_name": "recipient/last_name",
    "message": "message",
}
"""What refusals are about, and the member of a line or unit that was told for it."""


def require_few_enough(lines: Sequence[LineTold]) -> None:
    """Raises TooManyGiftCards, and Invalid for a line that sells nothing or has more units than it sells."""
    for index, told in enumerate(lines):
        with naming(f"lines/{index}"):
            if told.quantity < 1:
                message = "must be greater than 0"
                raise Invalid("quantity", "greater_than", message, value=told.quantity, count=0)
            if len(told.units) > told.quantity:
                message = f"are more than the quantity of {told.quantity}"
                raise Invalid("units", "too_many", message, value=len(told.units), count=told.quantity)
    if sum(told.quantity for told in lines) > MOST_GIFT_CARDS:
        raise TooManyGiftCards("lines", MOST_GIFT_CARDS)


def sell(order: Order, lines: Sequence[LineTold], *, caller: Caller, occasion: Occasion) -> list[OrderLine]:
    """Write the lines of a new order, and issue their cards. Raises Invalid, NotFound."""
    recipients = _find_recipients(lines, caller)
    return [
        _sell_line(order, index, told, recipients, caller=caller, occasion=occasion)
        for index, told in enumerate(lines)
    ]


@contextmanager
def naming(place: str) -> Iterator[None]:
    """A refusal of what was told at `place` (`lines/0`, `lines/0/units/3`) names the member there."""
    with retold(lambda refusal: _placed(refusal, place)):
        yield


def _placed(refusal: Invalid, place: str) -> Invalid:
    member = MEMBERS.get(refusal.about)
    about = place if member is None else f"{place}/{member}"
    message = refusal.message if member else str(refusal)
    return Invalid(about, refusal.error, message, value=refusal.value, count=refusal.count)


Recipients = Mapping[UUID | str, GiftCardRecipient]
"""By their keys, and by their addresses in small letters."""


def _find_recipients(lines: Sequence[LineTold], caller: Caller) -> Recipients:
    """By address in one order for everybody: who makes the same ones waits for nobody who waits for him."""
    units = [
        (f"lines/{index}/units/{number}", unit)
        for index, told in enumerate(lines)
        for number, unit in enumerate(told.units)
    ]
    keys = {unit.gift_card_recipient for _, unit in units if unit.gift_card_recipient is not None}
    recipients: dict[UUID | str, GiftCardRecipient] = {
        **GiftCardRecipient.objects.visible_to(caller).in_bulk(keys)
    }
    if missing := keys - recipients.keys():
        raise NotFound("gift_card_recipients", min(missing))
    told = [(unit.recipient.email.lower(), place, unit.recipient) for place, unit in units if unit.recipient]
    for address, place, recipient in sorted(told, key=lambda each: each[0]):
        if address not in recipients:
            with naming(place):
                recipients[address] = find_or_create_recipient(
                    email=recipient.email,
                    first_name=recipient.first_name,
                    last_name=recipient.last_name,
                    caller=caller,
                )
    return recipients


def _sell_line(
    order: Order, index: int, told: LineTold, recipients: Recipients, *, caller: Caller, occasion: Occasion
) -> OrderLine:
    place = f"lines/{index}"
    with naming(place):
        offer = offered(told.denomination, told.amount_cents, market=order.market, caller=caller)
        line = OrderLine.objects.create(
            mode=order.mode,
            order=order,
            denomination=offer.denomination,
            position=index + 1,
            unit_amount_cents=offer.amount_cents,
            quantity=told.quantity,
            tax_rate=tax_rate("tax_rate", told.tax_rate),
            metadata=json_object("metadata", dict(told.metadata)),
        )
    for number in range(told.quantity):
        unit = told.units[number] if number < len(told.units) else None
        with naming(place if unit is None else f"{place}/units/{number}"):
            issue_gift_card(
                caller=caller,
                attributes=_attributes(line, offer, unit or UnitTold(), recipients),
                code=offer.new_code(),
                active=told.active,
                order_line=line,
                occasion=occasion,
            )
    return line


def _attributes(line: OrderLine, offer: Offered, unit: UnitTold, recipients: Recipients) -> GiftCardChanges:
    """A market that does not tax cards takes no rate of its own on one; the line keeps what was told. Like a
    card that a shop makes through Medusa's client, it is redeemed when nothing is left."""
    if unit.gift_card_recipient is not None and unit.recipient is not None:
        raise Invalid("recipient", "exclusive", "can't be combined with gift_card_recipient")
    attributes = GiftCardChanges(
        market=line.order.market,
        balance_cents=line.unit_amount_cents,
        rechargeable=False,
        metadata=line.metadata,
        image_url=offer.image_url,
        message=unit.message,
        gift_card_recipient=_recipient_of(unit, recipients),
    )
    if offer.expires_at is not None:
        attributes["expires_at"] = offer.expires_at
    if line.tax_rate is not None and line.order.market.gift_cards_taxable:
        attributes["tax_rate"] = line.tax_rate
    return attributes


def _recipient_of(unit: UnitTold, recipients: Recipients) -> GiftCardRecipient | None:
    if unit.gift_card_recipient is not None:
        return recipients[unit.gift_card_recipient]
    return None if unit.recipient is None else recipients[unit.recipient.email.lower()]
