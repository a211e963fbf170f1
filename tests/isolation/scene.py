"""Two of everything: what a key reaches, and what exists beyond its reach."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from giftcards.models import GiftCard
from kernel.modes import Mode
from markets.models import Market
from recipients.models import GiftCardRecipient
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, as_stored
from tests.server import Server, a_key

MODELS: dict[str, Any] = {
    "markets": Market,
    "gift_card_recipients": GiftCardRecipient,
    "gift_cards": GiftCard,
}


@dataclass(frozen=True)
class Things:
    """Ids by resource type."""

    card: GiftCard
    code: str
    ids: dict[str, UUID]

    def stored(self) -> dict[str, Any]:
        rows = {name: MODELS[name].objects.filter(pk=key).values().first() for name, key in self.ids.items()}
        return rows | {"card": as_stored(self.card.id)}


@dataclass(frozen=True)
class Scene:
    key: str
    mine: Things
    theirs: Things

    def caller(self, server: Server):
        return server.caller(self.key)


def things(name: str, *, by, email: str) -> Things:
    """A market, a recipient and an active card of both."""
    market = a_market(by=by, name=name, code=name, currency_code="EUR")
    code = f"{name}-code-0001"
    card = an_active_card(by=by, market=market, recipient_email=email, code=code, reference=name)
    assert card.gift_card_recipient_id
    return Things(
        card,
        code,
        {"markets": market.id, "gift_card_recipients": card.gift_card_recipient_id, "gift_cards": card.id},
    )


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
