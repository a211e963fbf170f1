"""A card that has expired, is disabled or archived is good for nothing new, wherever it is shown. In Medusa
an expired one applies and completes."""

from datetime import UTC, datetime

import pytest

from access.models import ApiKey
from giftcards.models import Authorization, GiftCard, LedgerEntry, Payment
from giftcards.operations import archive, deactivate
from tests.fixtures.cast import TEST, a_market, an_active_card, edit
from tests.fixtures.client import ApiClient
from tests.fixtures.told_orders import an_order
from tests.giftcards.api.documents import identifier
from tests.medusa.asking import Medusa, a_secret

pytestmark = pytest.mark.django_db

UNUSABLE = {
    "expired": lambda card: edit(card, expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
    "disabled": lambda card: deactivate(caller=TEST, card_id=card.pk),
    "archived": lambda card: archive(caller=TEST, card_id=card.pk),
}


def related(card=None, order=None):
    linkage = {} if card is None else {"gift_cards": {"data": [identifier("gift_cards", card)]}}
    return linkage if order is None else linkage | {"gift_card_order": {"data": order}}


def paid(api, *, card=None, order=None, **attributes):
    return api.create("gift_card_payments", related(card, order), amount_cents=100, **attributes).status


def ordered(card):
    return identifier("gift_card_orders", an_order(card.market))


STEPS = {
    "store look-up": (
        lambda api, card: (
            Medusa({"x-publishable-api-key": ApiKey.objects.get().client_id})
            .get(f"/store/gift-cards/{card.code().reveal()}")
            .status
        ),
        (200, 404),
    ),
    "look-up": (
        lambda api, card: api.create("gift_card_lookups", code=card.code().reveal()).status,
        (200, 404),
    ),
    "debit": (
        lambda api, card: api.update(f"gift_cards/{card.pk}", _balance_change_cents=-100).status,
        (200, 422),
    ),
    "authorization": (
        lambda api, card: (
            api.create(
                "gift_card_authorizations",
                {"gift_card": {"data": identifier("gift_cards", card)}},
                amount_cents=100,
            ).status
        ),
        (201, 422),
    ),
    "payment by id": (lambda api, card: paid(api, card=card), (201, 422)),
    "payment by code": (lambda api, card: paid(api, codes=[card.code().reveal()]), (201, 422)),
    "partial payment": (lambda api, card: paid(api, card=card, partial=True), (201, 422)),
    "payment for an order by id": (lambda api, card: paid(api, card=card, order=ordered(card)), (201, 422)),
    "payment for an order by code": (
        lambda api, card: paid(api, codes=[card.code().reveal()], order=ordered(card)),
        (201, 422),
    ),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", [None, *UNUSABLE])
def test_what_cannot_be_spent_is_refused(state, step):
    act, (usable, refused) = STEPS[step]
    api = ApiClient(f"Bearer {a_secret()}")
    card = an_active_card(market=a_market(), balance_cents=1_000)
    if state is not None:
        UNUSABLE[state](card)

    assert act(api, card) == (usable if state is None else refused)

    if state is not None:
        assert (GiftCard.objects.get().balance_cents, LedgerEntry.objects.count()) == (1_000, 1)
        assert not Payment.objects.exists()
        assert not Authorization.objects.exists()
