"""All test data can be wiped; live data is beyond it, whatever anybody says first."""

import json
import logging
import threading
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import Model
from django.test import Client

from access.models import ApiKey, ApiKeyMarket, Application
from access.operations import mint_api_key
from api.models import IdempotencyKey, StoredResponse
from events.models import Event
from giftcards import wiping
from giftcards.models import (
    Denomination,
    GiftCard,
    LedgerEntry,
    Product,
    ProductMarket,
)
from giftcards.operations import (
    BatchTerms,
    LineTold,
    Occasion,
    authorize,
    capture,
    create_attachment,
    create_tag,
    debit,
    issue_batch,
    pay,
    place_order,
    refund,
)
from giftcards.wiping import KEPT, count_test_data, wipe_test_data, wiped_models
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.refusals import Conflict, NotFound, Refusal
from markets.models import Market
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    a_redeemed_card,
    an_active_card,
    last_entry,
)
from tests.fixtures.client import MEDIA_TYPE, api_client
from tests.fixtures.locks import until_someone_waits_for_us
from tests.fixtures.races import at_once

OWNER = Actor.system("owner")
WIPING = "SET LOCAL giftcards.wiping_test_data = 'on'"

WIPED = {
    "api.IdempotencyKey",
    "events.Event",
    "giftcards.Attachment",
    "giftcards.Authorization",
    "giftcards.Batch",
    "giftcards.Denomination",
    "giftcards.GiftCard",
    "giftcards.GiftCardTag",
    "giftcards.LedgerEntry",
    "giftcards.Order",
    "giftcards.OrderLine",
    "giftcards.Payment",
    "giftcards.PaymentShare",
    "giftcards.Product",
    "giftcards.ProductMarket",
    "giftcards.Tag",
    "markets.Market",
    "recipients.GiftCardRecipient",
}
STAYING = {"access.ApiKey", "access.ApiKeyMarket"}


def ours() -> list[type[Model]]:
    """The tests' own library, which the tests of the wire are about, left out."""
    return [model for model in wiped_models() if model._meta.app_label != "library"]


def some_of_everything(by: Caller) -> GiftCard:
    """A row of every kind of the caller's mode, and every way in which one refers to another."""
    market = a_market(by=by, name="Berlin")
    tag = create_tag(caller=by, name="vip")
    card = an_active_card(by=by, market=market, recipient_email="ada@example.com", tags=[tag])
    create_attachment(caller=by, attachable=card, name="A note")
    held = authorize(caller=by, card_id=card.id, amount_cents=100, spent_in=market)
    capture(caller=by, authorization_id=held.id)
    refund(caller=by, transaction_id=last_entry(card).id)
    authorize(caller=by, card_id=card.id, amount_cents=50)
    product = Product.objects.create(mode=by.mode, name="Gift card")
    ProductMarket.objects.create(mode=by.mode, product=product, market=market)
    denomination = Denomination.objects.create(
        mode=by.mode, product=product, name="25", amounts={"USD": 2500}
    )
    issue_batch(caller=by, terms=BatchTerms(2, 500, market=market), occasion=Occasion(reference="spring"))
    order = place_order(caller=by, market=market, lines=[LineTold(denomination=denomination.pk)])
    pay(caller=by, amount_cents=70, gift_cards=[card.id], order=order)
    a_draft(by=by)
    a_redeemed_card(by=by)
    retried(by)
    return card


def retried(by: Caller) -> None:
    """A write under an `Idempotency-Key`, whose answer is kept."""
    document = {"data": {"type": "gift_cards", "attributes": {"balance_cents": 5, "currency_code": "USD"}}}
    headers = {"authorization": api_client(Mode(by.mode)).authorization, "Idempotency-Key": "order-1"}
    answer = Client().post(
        "/api/gift_cards",
        json.dumps(document),
        content_type=MEDIA_TYPE,
        headers={"accept": MEDIA_TYPE, **headers},
    )
    assert answer.status_code == 201


def all_rows() -> dict[str, Any]:
    """Every row of every table, but those of test data; as PostgreSQL would write them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [table for (table,) in cursor.fetchall()]
        rows: dict[str, Any] = {}
        for table in tables:
            not_test = "to_jsonb(t) ->> 'mode' IS DISTINCT FROM 'test'"
            cursor.execute(f"SELECT t::text FROM {table} AS t WHERE {not_test} ORDER BY 1")  # noqa: S608
            rows[table] = cursor.fetchall()
    return rows


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


# --- What goes and what stays


def test_everything_with_a_mode_is_wiped_or_kept_on_purpose():
    """A new model appears here by itself: decide, and if it is kept, say so in giftcards.wiping."""
    assert {model._meta.label for model in ours()} == WIPED
    assert {model._meta.label for model in KEPT} == STAYING


def test_nothing_goes_before_what_refers_to_it():
    order = list(wiped_models())

    for model in order:
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in order and field.related_model is not model:
                assert order.index(model) < order.index(field.related_model), field


@pytest.mark.django_db
def test_what_refers_to_test_data_goes_with_it_or_is_known():
    """As the database says, which has more foreign keys than the models do."""
    tables = {model._meta.db_table for model in wiped_models()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, confdeltype FROM pg_constraint "
            "WHERE contype = 'f'"
        )
        foreign_keys = cursor.fetchall()

    strangers = {
        (table, target)
        for table, target, on_delete in foreign_keys
        if target in tables and table not in tables and on_delete != "c" and "library" not in table
    }
    assert strangers == {("access_apikeymarket", "markets_market")}


@pytest.mark.django_db
def test_all_test_data_goes():
    some_of_everything(TEST)
    counted = count_test_data()

    wiped = wipe_test_data(actor=OWNER)

    assert wiped == counted
    assert len(wiped) == len(WIPED)
    assert not [model for model in wiped_models() if model is not Event and model._default_manager.exists()]
    # The history of the keys that stay.
    assert set(Event.objects.values_list("subject_type", flat=True)) == {"api_keys"}
    assert not StoredResponse.objects.exists()
    assert wipe_test_data(actor=OWNER) == count_test_data() == {}


@pytest.mark.django_db
def test_live_data_is_the_same_to_the_last_byte():
    some_of_everything(LIVE)
    before_test_data = all_rows()
    some_of_everything(TEST)
    before = all_rows()
    assert len([table for table, rows in before.items() if rows]) > len(WIPED)

    wipe_test_data(actor=OWNER)

    after = all_rows()
    # The answers to test writes carry no mode: they went with their keys.
    assert after.pop("api_storedresponse") == before_test_data["api_storedresponse"]
    before.pop("api_storedresponse")
    # How many cards there are of either mode: tests/kernel/test_counting.py.
    del after["kernel_rowcount"], before["kernel_rowcount"]
    assert after == before


@pytest.mark.django_db
def test_integrators_go_on():
    some_of_everything(TEST)
    client = api_client()

    wipe_test_data(actor=OWNER)

    assert client.create("gift_cards", balance_cents=5, currency_code="USD").status == 201
    assert Application.objects.exists()


@pytest.mark.django_db
def test_a_key_of_one_market_does_not_come_to_reach_all():
    market, other = a_market(code="berlin"), a_market(code="paris")
    an_active_card(market=market)
    mint_api_key(application_name="till", mode=Mode.TEST, actor=OWNER, market_codes=["berlin"])

    wipe_test_data(actor=OWNER)

    assert list(Market.objects.all()) == [market]
    assert ApiKeyMarket.objects.get(api_key=ApiKey.objects.get()).market_id == market.id
    assert set(Event.objects.values_list("subject_id", flat=True)) == {ApiKey.objects.get().pk, market.pk}
    assert not GiftCard.objects.exists()
    assert other not in Market.objects.all()


@pytest.mark.django_db
def test_the_log_says_who_did_it(caplog):
    an_active_card()

    with caplog.at_level(logging.INFO, logger="giftcards.wiping"):
        wipe_test_data(actor=OWNER)

    (line,) = caplog.messages
    assert line.startswith("Test data wiped by owner (system): ")
    assert "1 gift card" in line


# --- What the database refuses


APPEND_ONLY = ("giftcards_ledgerentry", "giftcards_paymentshare", "events_event", "api_idempotencykey")


@pytest.fixture
def _both_modes(db):
    some_of_everything(TEST)
    some_of_everything(LIVE)


@pytest.mark.usefixtures("_both_modes")
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {} WHERE mode = 'live'",
        "DELETE FROM {}",
        "UPDATE {} SET mode = 'test' WHERE mode = 'live'",
        "UPDATE {} SET mode = mode WHERE mode = 'test'",
        "TRUNCATE {} CASCADE",
    ],
)
def test_even_who_says_that_he_wipes_is_refused(table, statement):
    before = all_rows()

    with pytest.raises(IntegrityError, match="is append-only"):
        run(WIPING, statement.format(table))

    assert all_rows() == before


@pytest.mark.usefixtures("_both_modes")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_who_does_not_say_so_is_refused_for_test_data_too(table):
    with pytest.raises(IntegrityError, match="is append-only: DELETE is refused"):
        run("SET LOCAL giftcards.wiping_test_data = 'off'", f"DELETE FROM {table} WHERE mode = 'test'")  # noqa: S608


@pytest.mark.django_db(transaction=True)
def test_it_is_said_for_one_transaction_only():
    an_active_card()
    wipe_test_data(actor=OWNER)
    an_active_card()

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('giftcards.wiping_test_data', true)")
        assert cursor.fetchone()[0] != "on"
    with pytest.raises(IntegrityError, match="is append-only: DELETE is refused"):
        run("DELETE FROM giftcards_ledgerentry WHERE mode = 'test'")


# --- Beside traffic


@pytest.mark.django_db(transaction=True)
def test_who_works_on_a_card_is_waited_for_and_finds_it_gone_afterwards():
    card = an_active_card()
    wiped = []

    def wipe():
        (result,) = at_once([lambda: wipe_test_data(actor=OWNER)])
        wiped.append(result)

    wiping_beside = threading.Thread(target=wipe)
    with transaction.atomic():
        debit(caller=TEST, card_id=card.id, amount_cents=1)
        wiping_beside.start()
        until_someone_waits_for_us()
    wiping_beside.join(timeout=10)

    assert wiped == [{"events": 5, "ledger entries": 2, "gift card": 1}]
    assert not GiftCard.objects.exists()
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_does_not_let_go_stops_it_with_a_sentence(monkeypatch):
    monkeypatch.setattr(wiping, "BEGIN", wiping.BEGIN.replace("5s", "50ms"))
    card = an_active_card()

    with transaction.atomic():
        debit(caller=TEST, card_id=card.id, amount_cents=1)
        (refusal,) = at_once([lambda: wipe_test_data(actor=OWNER)])

    assert isinstance(refusal, Conflict)
    assert str(refusal) == ("test data is in use, and nothing is removed: stop what writes it, and try again")
    assert GiftCard.objects.get(pk=card.pk).balance_cents == 9_999


@pytest.mark.django_db(transaction=True)
def test_live_traffic_does_not_wait_for_it():
    live = an_active_card(by=LIVE)
    an_active_card()

    with transaction.atomic():
        wiping._begin()
        assert wiping._pass(lambda rows: None)[1]
        (spent,) = at_once([lambda: debit(caller=LIVE, card_id=live.id, amount_cents=1)])
        (issued,) = at_once([lambda: an_active_card(by=LIVE, market=a_market(by=LIVE))])

    assert (spent.balance_cents, issued.status) == (9_999, "active")


@pytest.mark.django_db(transaction=True)
def test_live_traffic_would_wait_for_who_locks_the_table(monkeypatch):
    monkeypatch.setattr(wiping, "BEGIN", f"{wiping.BEGIN}; LOCK TABLE giftcards_giftcard IN EXCLUSIVE MODE")
    live = an_active_card(by=LIVE)

    with transaction.atomic():
        wiping._begin()
        (refused,) = at_once([lambda: debit(caller=LIVE, card_id=live.id, amount_cents=1)])

    assert isinstance(refused, OperationalError)


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_goes_with_the_next_pass(monkeypatch):
    an_active_card()
    one_pass, late = wiping._pass, iter([True])

    def then_another_card(progress):
        found = one_pass(progress)
        if next(late, False):
            at_once([an_active_card])
        return found

    monkeypatch.setattr(wiping, "_pass", then_another_card)

    assert wipe_test_data(actor=OWNER)["gift cards"] == 2
    assert not GiftCard.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_between_two_tables_goes_with_the_next_pass(monkeypatch):
    """A card that is issued after entries were removed and before cards are: its entry is in the way."""
    an_active_card()
    rows_of, late = wiping._test_rows, iter([True])

    def before_cards(model):
        if model is GiftCard and next(late, False):
            at_once([an_active_card])
        return rows_of(model)

    monkeypatch.setattr(wiping, "_test_rows", before_cards)

    assert wipe_test_data(actor=OWNER)["gift cards"] == 2
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_where_more_is_written_all_the_time_nothing_is_removed(monkeypatch):
    first = an_active_card()
    one_pass = wiping._pass

    def then_another_card(progress):
        at_once([a_draft])
        return one_pass(progress)

    monkeypatch.setattr(wiping, "_pass", then_another_card)

    with pytest.raises(Conflict, match="test data is in use, and nothing is removed"):
        wipe_test_data(actor=OWNER)

    assert GiftCard.objects.filter(pk=first.pk).exists()
    assert GiftCard.objects.count() == 1 + wiping.PASSES


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_one_after_the_other():
    an_active_card()

    results = at_once([lambda: wipe_test_data(actor=OWNER)] * 2)

    assert sorted(map(bool, results)) == [False, True]


def traffic(by: Caller, cards: list[GiftCard], market: Market) -> list[Any]:
    """What came of payments in changing orders, holds and new cards, one after the other."""
    told: list[Any] = []
    for number in range(8):
        order = [card.id for card in (cards if number % 2 else cards[::-1])]
        for act in (
            partial(pay, caller=by, amount_cents=1_500, gift_cards=order, spent_in=market),
            partial(authorize, caller=by, card_id=order[0], amount_cents=1),
            partial(an_active_card, by=by, market=market),
        ):
            try:
                told.append(act())
            except (Refusal, DatabaseError) as error:
                told.append(error)
    return told


@pytest.mark.django_db(transaction=True)
def test_traffic_of_both_modes_goes_on_beside_it():
    """Live traffic as if nothing happened; test traffic finds its cards gone, and the ledger is true."""
    sides = {}
    for by in (TEST, LIVE):
        market = a_market(by=by)
        cards = [an_active_card(by=by, balance_cents=100_000, market=market) for _ in "abc"]
        sides[by] = partial(traffic, by, cards, market)

    *told, wiped = at_once(
        [sides[TEST], sides[TEST], sides[LIVE], sides[LIVE], lambda: wipe_test_data(actor=OWNER)]
    )

    assert isinstance(wiped, dict | Conflict)
    assert [type(each) for each in told[2] + told[3]].count(GiftCard) == 16
    assert not [each for each in told[2] + told[3] if isinstance(each, Exception)]
    kinds = {type(each) for each in told[0] + told[1] if isinstance(each, Exception)}
    assert kinds <= {NotFound, OperationalError, IntegrityError}


# --- From the command line


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("wipe_test_data", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_says_what_it_has_removed():
    an_active_card()
    live = an_active_card(by=LIVE)

    said = command("--yes")

    assert [line.split(maxsplit=1) for line in said.splitlines()][:2] == [
        ["4", "events"],
        ["1", "ledger entry"],
    ]
    assert said.endswith("All test data is wiped.\n")
    assert list(GiftCard.objects.all()) == [live]
    assert command("--yes") == "There is no test data.\n"


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "left"), [("wipe test data", 0), ("yes", 1), ("", 1), (EOFError, 1)])
def test_the_command_asks_first(monkeypatch, typed, left):
    a_draft()

    def answer(question: str) -> str:
        assert question == "Type 'wipe test data' to go on: "
        if typed is EOFError:
            raise EOFError
        return str(typed)

    monkeypatch.setattr("builtins.input", answer)

    if left:
        with pytest.raises(CommandError, match="Nothing is removed"):
            command()
    else:
        assert "This removes 1 event, 1 gift card, all of the test mode, for ever." in command()
    assert GiftCard.objects.count() == left


@pytest.mark.django_db
def test_the_command_ends_with_the_refusal(monkeypatch):
    a_draft()
    monkeypatch.setattr(wiping, "PASSES", 0)

    with pytest.raises(CommandError, match=r"^Test data is in use, and nothing is removed: .* try again\.$"):
        command("--yes")


def test_the_models_of_the_wire_are_among_them():
    assert IdempotencyKey in wiped_models()
    assert apps.get_model("api", "StoredResponse")._meta.get_field("idempotency_key").remote_field is not None
