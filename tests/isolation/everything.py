"""One of everything that there is, for each of several owners, and who may not see whose.

`berlin` and `paris` are markets of the test mode; `tokyo` is all that there is in the live mode. A card
without a market, which both markets see, is spent in `paris` alone and together with its card: there a
restricted caller sees one side of something and not the other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.declaration import Declaration, declaration_of
from config.urls import router
from giftcards.models import GiftCard
from giftcards.operations import (
    LineTold,
    Occasion,
    authorize,
    capture,
    create_attachment,
    create_tag,
    debit,
    pay,
    place_order,
    refund,
    update_gift_card,
)
from kernel.caller import Caller
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product, an_active_card, last_entry
from tests.fixtures.client import ApiClient, api_client
from tests.fixtures.oauth import a_client

Ids = dict[str, set[UUID]]
"""By resource type."""

OF_NO_MARKET: Final = frozenset({"gift_card_recipients", "tags"})
"""Types whose rows every caller of their mode sees."""

ROUTES: Final[dict[str, Any]] = {str(route.pattern): route.callback for route in router.urls}
DECLARATIONS: Final[dict[str, Declaration]] = {
    address: declaration_of(view.cls.serializer_class)
    for address, view in ROUTES.items()
    if "/" not in address and view.actions.get("get") == "list"
}
"""Of every type that has a list, so that a new one is asked about like the others."""


@dataclass(frozen=True)
class Case:
    """Somebody who calls, and what does not exist for him."""

    client: ApiClient
    beyond: Ids
    words: tuple[str, ...]
    """Which stand in all that is theirs."""
    codes: tuple[str, ...]

    def leaks(self, document: Any) -> set[str]:
        """What is theirs in an answer; its links repeat the question, and are left out."""
        shown = {name: document[name] for name in ("data", "included", "meta") if name in document}
        text = repr(shown).lower()
        keys = {str(key) for keys in self.beyond.values() for key in keys}
        return keys.intersection(UUIDS.findall(text)) | {word for word in self.words if word in text}


UUIDS: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def everybodys_ids() -> Ids:
    return {
        name: set(declaration.model._default_manager.values_list("pk", flat=True))
        for name, declaration in DECLARATIONS.items()
    }


def difference(ids: Ids, others: Ids) -> Ids:
    return {name: keys - others[name] for name, keys in ids.items()}


def union(*several: Ids) -> Ids:
    return {name: set().union(*(ids.get(name, set()) for ids in several)) for name in DECLARATIONS}


def make(owner: str, number: int, *, by: Caller, in_a_market: bool = True) -> GiftCard:
    """Something of every type. The owner's name stands in all that belongs to a market, the number in the
    rest; amounts are nobody else's."""
    market = a_market(by=by, name=owner, code=owner, currency_code="EUR", reference=owner, metadata=of(owner))
    card = an_active_card(
        by=by,
        market=market if in_a_market else None,
        currency_code="EUR",
        balance_cents=100_000 + number,
        code=f"{owner}-code-0001",
        recipient_email=f"r{number}@example.com",
        reference=owner,
        reference_origin=owner,
        metadata=of(owner),
        tags=[create_tag(caller=by, name=f"tag{number}", reference=f"t{number}")],
    )
    create_attachment(caller=by, attachable=card, name=owner, description=owner, reference=owner)
    product = a_product(by=by, name=owner, description=owner, reference=owner, markets=[market])
    a_denomination(product, by=by, name=owner, reference=owner, amounts={"EUR": 600 + number})
    move(card, owner, number, by=by, spent_in=market)
    if in_a_market:
        sell_and_pay(card, owner, number, by=by)
    return card


def sell_and_pay(card: GiftCard, owner: str, number: int, *, by: Caller) -> None:
    """An order with a line, for which the card has paid."""
    assert card.market
    order = place_order(
        caller=by,
        market=card.market,
        attributes={
            "reference": owner,
            "display_number": number,
            "customer_email": f"{owner}@example.com",
            "metadata": of(owner),
        },
        lines=[LineTold(amount_cents=700 + number, metadata=of(owner))],
    )
    pay(caller=by, amount_cents=600 + number, gift_cards=[card.id], order=order)


def move(card: GiftCard, owner: str, number: int, *, by: Caller, spent_in: Any) -> None:
    """A debit, half of it given back, a capture and a payment."""
    occasion = Occasion(reason=owner, reference=owner, order_number=owner)
    attributes: Any = {"reference": owner, "order_number": owner, "metadata": of(owner)}
    debit(caller=by, card_id=card.id, amount_cents=200 + number, occasion=occasion, spent_in=spent_in)
    refund(caller=by, transaction_id=last_entry(card).id, amount_cents=100 + number, occasion=occasion)
    for amount, is_captured in ((300 + number, False), (400 + number, True)):
        held = authorize(
            caller=by, card_id=card.id, amount_cents=amount, spent_in=spent_in, attributes=attributes
        )
        if is_captured:
            capture(caller=by, authorization_id=held.id)
    pay(
        caller=by,
        amount_cents=500 + number,
        gift_cards=[card.id],
        currency_code="EUR",
        spent_in=spent_in,
        attributes=attributes,
    )


def of(owner: str) -> dict[str, str]:
    return {"owner": owner}


class Owners:
    """Makes things, and knows whose they are."""

    def __init__(self) -> None:
        self.ids: dict[str, Ids] = {}
        self._known = everybodys_ids()
        self.berlin = self._note("berlin", lambda: make("berlin", 1, by=TEST))
        self.paris = self._note("paris", lambda: make("paris", 2, by=TEST))
        self.common = self._note("common", lambda: make("common", 3, by=TEST, in_a_market=False))
        self._note("both", self._spend_the_common_card_in_paris)
        self.moved = self._note("both as well", self._bring_what_paris_sold_to_berlin)
        self._note("tokyo", lambda: make("tokyo", 4, by=LIVE))

    def _note(self, owner: str, act: Any) -> Any:
        made = act()
        known = everybodys_ids()
        self.ids[owner] = difference(known, self._known)
        self._known = known
        return made

    def _spend_the_common_card_in_paris(self) -> None:
        move(self.common, "somebody", 5, by=TEST, spent_in=self.paris.market)
        pay(
            caller=TEST,
            amount_cents=150_000,
            gift_cards=[self.common.id, self.paris.id],
            currency_code="EUR",
            spent_in=self.paris.market,
        )

    def _bring_what_paris_sold_to_berlin(self) -> GiftCard:
        order = place_order(
            caller=TEST,
            market=self.paris.market,
            attributes={"reference": "somebody"},
            lines=[LineTold(amount_cents=800_000)],
        )
        card = order.bought_gift_cards.get()
        return update_gift_card(caller=TEST, card_id=card.pk, changes={"market": self.berlin.market})

    def of_no_caller_of_berlin(self) -> Ids:
        """All that hangs on the other markets, or on their card; what is said of all markets is not."""
        beyond = union(self.ids["paris"], self.ids["both"], self.ids["both as well"])
        beyond["gift_cards"] -= {self.moved.pk}
        common_market = {
            "markets": self.ids["common"]["markets"],
            "price_lists": self.ids["common"]["markets"],
        }
        beyond = union(beyond, common_market)
        sold_there = {
            name: self.ids["common"][name] for name in ("gift_card_products", "gift_card_denominations")
        }
        beyond = union(beyond, sold_there)
        for name in OF_NO_MARKET:
            beyond[name] = set()
        for name in ("gift_card_transactions", "gift_card_refunds", "gift_card_authorizations"):
            model = DECLARATIONS[name].model._default_manager
            within = model.filter(gift_card__in=[self.common, self.moved])
            beyond[name] -= set(within.values_list("pk", flat=True))
        payments = DECLARATIONS["gift_card_payments"].model._default_manager
        beyond["gift_card_payments"] -= set(
            payments.exclude(transactions__gift_card=self.paris).values_list("pk", flat=True)
        )
        subjects = set().union(*(keys for name, keys in beyond.items() if name != "events"))
        events = DECLARATIONS["events"].model._default_manager
        beyond["events"] = set(events.filter(subject_id__in=subjects).values_list("pk", flat=True))
        return beyond


def cases() -> Iterator[tuple[str, Case]]:
    owners = Owners()
    live = owners.ids["tokyo"]
    test = union(*(ids for owner, ids in owners.ids.items() if owner != "tokyo"))
    berlin = owners.of_no_caller_of_berlin()
    theirs = ("paris-code-0001",)
    yield "test", Case(api_client(Mode.TEST), live, ("tokyo",), ("tokyo-code-0001",))
    yield "live", Case(api_client(Mode.LIVE), test, ("berlin", "paris", "common"), theirs)
    yield "key", Case(api_client(Mode.TEST, market_codes=["berlin"]), berlin, ("paris",), theirs)
    token = a_client(Mode.TEST).with_token(scope="market:code:berlin")
    yield "token", Case(token, berlin, ("paris",), theirs)


CASES: Final = ("test", "live", "key", "token")
