"""Markets are opened, edited, disabled and closed; their currency holds once a card uses it."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from events.queries import timeline
from giftcards.operations import create_gift_card, delete_gift_card
from kernel.caller import Actor, Caller
from kernel.keys import uuid7
from kernel.modes import Mode
from kernel.refusals import Conflict, InUse, Invalid, InvalidSet, NotFound
from markets import operations
from markets.models import Market
from markets.operations import create_market, delete_market, update_market
from tests.fixtures.locks import until_someone_waits_for_us

OWNER = Actor.system("owner")
TEST, LIVE = Caller(Mode.TEST, OWNER), Caller(Mode.LIVE, OWNER)


def restricted_to(*markets):
    return Caller(Mode.TEST, OWNER, market_ids=frozenset(market.pk for market in markets))


def card_in(market):
    return create_gift_card(caller=TEST, attributes={"balance_cents": 5000, "market": market})


@pytest.mark.django_db
def test_a_market_takes_what_it_is_not_told_from_the_settings(settings):
    settings.GIFTCARDS_DEFAULT_CURRENCY = "CHF"
    settings.GIFTCARDS_TIME_ZONE = "Europe/Zurich"
    settings.GIFTCARDS_DEFAULT_LOCALE = "de_CH"

    market = create_market(caller=TEST, name="Switzerland")

    market.refresh_from_db()
    assert (market.currency_code, market.time_zone, market.locale) == ("CHF", "Europe/Zurich", "de_CH")
    assert (market.code, market.checkout_url, market.private, market.disabled_at) == (None, None, False, None)
    assert market.code_format == "uuid"
    assert (market.default_validity_months, market.minimum_validity_months) == (None, None)
    assert (market.allows_expiry, market.keeps_single_use_remainder) == (True, True)
    assert market.cash_out_below_cents is None
    assert (market.tax_rate, market.tax_code, market.tax_provider_id) == (None, None, None)
    assert (market.gift_cards_taxable, market.automatic_taxes) == (True, True)
    assert (market.reference, market.metadata) == (None, {})
    assert market.mode == Mode.TEST
    assert market.created_at == market.updated_at


@pytest.mark.django_db
def test_a_market_keeps_what_it_is_told():
    market = create_market(
        caller=TEST,
        name="Italy",
        code="it",
        checkout_url="https://shop.example/checkout",
        private=True,
        currency_code="EUR",
        time_zone="Europe/Rome",
        locale="it-IT",
        code_format="human",
        reference="7",
        reference_origin="erp",
        metadata={"floor": 2},
    )

    market.refresh_from_db()
    assert (market.locale, market.code_format) == ("it_IT", "human")
    assert market.metadata == {"floor": 2}
    assert [event.topic for event in timeline(market.pk)] == ["markets.create"]


@pytest.mark.django_db
def test_markets_are_numbered_within_their_mode():
    numbers = [create_market(caller=TEST, name=name).number for name in "abc"]

    assert numbers == [1, 2, 3]
    assert create_market(caller=LIVE, name="d").number == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attribute", "value", "sentence"),
    [
        ("name", "", "name can't be blank"),
        ("name", "a\x00", "name can't contain a NUL character"),
        ("code", "x" * 256, "code is too long"),
        ("checkout_url", "javascript:alert(1)", "checkout_url is invalid"),
        ("checkout_url", "shop.example", "checkout_url is invalid"),
        ("private", None, "private is not included in the list"),
        ("currency_code", "eur", "currency_code is not included in the list"),
        ("currency_code", "XAU", "currency_code is not included in the list"),
        ("currency_code", "ABC", "currency_code is not included in the list"),
        ("time_zone", "Europe", "time_zone is not included in the list"),
        ("time_zone", "../../etc/passwd", "time_zone is not included in the list"),
        ("locale", "xx_nonsense", "locale is not included in the list"),
        ("code_format", "short", "code_format is not included in the list"),
        ("locale", "en_US.UTF-8; rm", "locale is not included in the list"),
        ("default_validity_months", 0, "default_validity_months must be greater than or equal to 1"),
        ("default_validity_months", 1201, "default_validity_months must be less than or equal to 1200"),
        ("default_validity_months", "12", "default_validity_months must be an integer"),
        ("minimum_validity_months", -1, "minimum_validity_months must be greater than or equal to 1"),
        ("minimum_validity_months", True, "minimum_validity_months must be an integer"),
        ("allows_expiry", None, "allows_expiry is not included in the list"),
        ("keeps_single_use_remainder", None, "keeps_single_use_remainder is not included in the list"),
        ("cash_out_below_cents", 0, "cash_out_below_cents must be greater than or equal to 1"),
        ("cash_out_below_cents", 10**13 + 1, "cash_out_below_cents must be less than or equal to"),
        ("cash_out_below_cents", 5.0, "cash_out_below_cents must be an integer"),
        ("tax_rate", Decimal("-0.0001"), "tax_rate must be greater than or equal to 0"),
        ("tax_rate", Decimal("999.0001"), "tax_rate must be less than or equal to 999"),
        ("tax_rate", 10**400, "tax_rate must be less than or equal to 999"),
        ("tax_rate", Decimal("7.00001"), "tax_rate can have at most 4 decimals"),
        ("tax_rate", Decimal("NaN"), "tax_rate is not a number"),
        ("tax_rate", Decimal("Infinity"), "tax_rate is not a number"),
        ("tax_rate", 7.5, "tax_rate is not a number"),
        ("tax_rate", True, "tax_rate is not a number"),
        ("tax_rate", "7", "tax_rate is not a number"),
        ("gift_cards_taxable", None, "gift_cards_taxable is not included in the list"),
        ("automatic_taxes", 1, "automatic_taxes is not included in the list"),
        ("tax_code", 5, "tax_code must be a string"),
        ("tax_provider_id", "x" * 256, "tax_provider_id is too long"),
        ("metadata", [], "metadata must be an object"),
    ],
)
def test_a_refused_value_is_named_and_changes_nothing(attribute, value, sentence):
    with pytest.raises(Invalid, match=sentence):
        create_market(**{"caller": TEST, "name": "Italy", attribute: value})
    assert not Market.objects.exists()

    market = create_market(caller=TEST, name="Italy")
    changes: Any = {"reference": "7", attribute: value}
    with pytest.raises(Invalid, match=sentence):
        update_market(caller=TEST, market_id=market.pk, changes=changes)
    market.refresh_from_db()
    assert market.reference is None


@pytest.mark.django_db
def test_all_refused_values_are_named_at_once():
    with pytest.raises(InvalidSet, match="name can't be blank; locale is not included in the list"):
        create_market(caller=TEST, name="", locale="?")


@pytest.mark.django_db
def test_a_code_is_taken_once_in_each_mode_and_none_is_no_code():
    create_market(caller=TEST, name="Italy", code="it")
    create_market(caller=LIVE, name="Italy", code="it")
    create_market(caller=TEST, name="Nowhere")
    nowhere = create_market(caller=TEST, name="Nowhere", code="")

    with pytest.raises(Invalid, match="code has already been taken"):
        create_market(caller=TEST, name="Italy again", code="it")
    with pytest.raises(Invalid, match="code has already been taken"):
        update_market(caller=TEST, market_id=nowhere.pk, changes={"code": "it"})


@pytest.mark.django_db
def test_a_code_that_was_taken_at_this_moment_is_a_conflict(monkeypatch):
    italy = create_market(caller=TEST, name="Italy")
    create_market(caller=TEST, name="Italy", code="it")
    monkeypatch.setattr(operations, "_refuse_taken_code", lambda market: None)  # it saw nothing

    with pytest.raises(Conflict, match="code has already been taken"):
        update_market(caller=TEST, market_id=italy.pk, changes={"code": "it"})


@pytest.mark.django_db
def test_only_what_changes_is_changed_and_recorded():
    market = create_market(caller=TEST, name="Italy", code="it")
    before = market.updated_at

    updated = update_market(
        caller=TEST, market_id=market.pk, changes={"name": "Italia", "code": "it"}, reason="translated"
    )

    market.refresh_from_db()
    assert (market.name, market.code) == (updated.name, updated.code) == ("Italia", "it")
    assert market.updated_at > before
    told = timeline(market.pk).get(topic="markets.update")
    assert (told.data, told.reason) == ({"changed": ["name"]}, "translated")


@pytest.mark.django_db
def test_what_changes_nothing_is_not_recorded():
    market = create_market(caller=TEST, name="Italy")
    before = market.updated_at

    update_market(caller=TEST, market_id=market.pk, changes={"name": "Italy"}, disabled=False)

    market.refresh_from_db()
    assert market.updated_at == before
    assert timeline(market.pk).count() == 1


@pytest.mark.django_db
def test_a_market_is_disabled_and_enabled():
    market = create_market(caller=TEST, name="Italy")

    assert update_market(caller=TEST, market_id=market.pk, disabled=True).disabled
    first = Market.objects.get(pk=market.pk).disabled_at
    assert update_market(caller=TEST, market_id=market.pk, disabled=True).disabled_at == first
    assert not update_market(caller=TEST, market_id=market.pk, disabled=False).disabled

    topics = [event.topic for event in timeline(market.pk)]
    assert topics == ["markets.create", "markets.disable", "markets.enable"]


@pytest.mark.django_db
def test_a_market_without_dependents_goes_and_its_events_stay():
    market = create_market(caller=TEST, name="Italy")

    delete_market(caller=TEST, market_id=market.pk, reason="closed")

    assert not Market.objects.exists()
    assert [event.topic for event in timeline(market.pk)] == ["markets.create", "markets.destroy"]


@pytest.mark.django_db
def test_a_market_with_a_gift_card_stays():
    market = create_market(caller=TEST, name="Italy")
    card = card_in(market)

    with pytest.raises(InUse, match="This market can't be deleted: gift cards depend on it"):
        delete_market(caller=TEST, market_id=market.pk)
    assert timeline(market.pk).count() == 1

    delete_gift_card(caller=TEST, card_id=card.pk)
    delete_market(caller=TEST, market_id=market.pk)


@pytest.mark.django_db
def test_the_currency_holds_once_a_gift_card_uses_it():
    market = create_market(caller=TEST, name="Italy", currency_code="EUR")
    update_market(caller=TEST, market_id=market.pk, changes={"currency_code": "USD"})
    card = card_in(Market.objects.get(pk=market.pk))
    assert card.currency_code == "USD"

    with pytest.raises(Invalid, match="currency_code can't be changed once a gift card uses it") as refusal:
        update_market(caller=TEST, market_id=market.pk, changes={"currency_code": "EUR", "name": "Italia"})

    assert refusal.value.error == "in_use"
    market.refresh_from_db()
    assert (market.currency_code, market.name) == ("USD", "Italy")
    assert update_market(caller=TEST, market_id=market.pk, changes={"name": "Italia"}).name == "Italia"


@pytest.mark.django_db
def test_the_database_itself_refuses_another_currency_than_the_market_s():
    market = create_market(caller=TEST, name="Italy", currency_code="EUR")
    card_in(market)

    for statement in [
        "UPDATE markets_market SET currency_code = 'USD'",
        "UPDATE markets_market SET mode = 'live'",
        "UPDATE giftcards_giftcard SET currency_code = 'USD'",
    ]:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_a_stranger_finds_no_market():
    market = create_market(caller=TEST, name="Italy")
    other = create_market(caller=TEST, name="Spain")

    for stranger in (LIVE, restricted_to(other), restricted_to()):
        assert not Market.objects.visible_to(stranger).filter(pk=market.pk).exists()
        with pytest.raises(NotFound):
            update_market(caller=stranger, market_id=market.pk, changes={"name": ""})
        with pytest.raises(NotFound):
            delete_market(caller=stranger, market_id=market.pk)
    with pytest.raises(NotFound):
        delete_market(caller=TEST, market_id=uuid7())


@pytest.mark.django_db
def test_a_caller_restricted_to_markets_edits_those_and_opens_none():
    italy = create_market(caller=TEST, name="Italy")
    manager = restricted_to(italy)

    assert update_market(caller=manager, market_id=italy.pk, changes={"name": "Italia"}).name == "Italia"
    with pytest.raises(Invalid, match="not possible for a caller restricted to certain markets"):
        create_market(caller=manager, name="Spain")


@pytest.mark.django_db
def test_the_database_refuses_a_market_of_no_mode():
    with pytest.raises(IntegrityError, match="market_mode_is_test_or_live"), transaction.atomic():
        Market.objects.create(mode="prod", number=1, name="x")


def open_at_once(count):
    """`count` markets opened by as many threads that start together; returns what each got."""
    start = threading.Barrier(count)
    got: list[int | None] = []

    def open_one():
        start.wait()
        try:
            got.append(create_market(caller=TEST, name="Italy").number)
        except IntegrityError:
            got.append(None)
        connection.close()

    threads = [threading.Thread(target=open_one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.django_db(transaction=True)
def test_markets_opened_at_once_get_different_numbers():
    assert sorted(open_at_once(12)) == list(range(1, 13))


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_would_get_the_same_number(monkeypatch):
    both_have_read = threading.Barrier(2)

    def number_without_lock(mode):
        highest = Market.objects.filter(mode=mode).count()
        both_have_read.wait()
        return highest + 1

    monkeypatch.setattr(operations, "_next_number", number_without_lock)

    assert sorted(open_at_once(2), key=str) == [1, None]


@pytest.mark.django_db(transaction=True)
def test_a_card_issued_at_this_moment_holds_the_currency():
    market = create_market(caller=TEST, name="Italy", currency_code="EUR")
    issued, refused = threading.Event(), []

    def change_currency():
        issued.wait()
        try:
            update_market(caller=TEST, market_id=market.pk, changes={"currency_code": "USD"})
        except Invalid as refusal:
            refused.append(refusal.error)
        connection.close()

    changing = threading.Thread(target=change_currency)
    changing.start()
    with transaction.atomic():
        card_in(market)
        issued.set()
        until_someone_waits_for_us()
    changing.join(timeout=10)

    assert refused == ["in_use"]
