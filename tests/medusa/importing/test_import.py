"""A Medusa database comes here to the cent, once, whatever happens on the way."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry, Order, Status
from giftcards.operations import adjust, debit, place_order, update_gift_card
from giftcards.operations.importing import import_gift_card
from kernel.refusals import Invalid
from markets.models import Market
from markets.operations import update_market
from medusa.importing import run
from medusa.importing.source import medusa_database
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card
from tests.fixtures.client import api_client
from tests.medusa.asking import ANYBODY
from tests.medusa.importing.conftest import address
from tests.medusa.importing.medusa_tables import MedusaShop

pytestmark = pytest.mark.django_db

CODE = "AB12-CD34-EF56-7890"
ONE_NEW = "1 cards, 1 new, 0 here already, 0 left out, 0 impossible"


def imported(shop: MedusaShop, *options: str) -> list[str]:
    """What it says, line by line, if it is content."""
    out = StringIO()
    call_command("import_medusa", "--database-url", shop.url, *options, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def refused(shop: MedusaShop, *options: str) -> list[str]:
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_medusa", "--database-url", shop.url, *options, stdout=out, stderr=StringIO())
    return [*out.getvalue().splitlines(), str(error.value)]


def card(medusa_id: str = "gift_1") -> GiftCard:
    return GiftCard.objects.get(reference=medusa_id, reference_origin="medusa")


def history(medusa_id: str = "gift_1") -> list[tuple[Any, ...]]:
    entries = LedgerEntry.objects.filter(gift_card=card(medusa_id)).order_by("sequence")
    return list(entries.values_list("kind", "amount_cents", "reference", "order_number"))


def everything() -> list[dict[str, Any]]:
    """All that the ledger holds, but for keys and clocks."""
    columns = (
        "gift_card__reference",
        "sequence",
        "kind",
        "amount_cents",
        "balance_cents",
        "reason",
        "reference",
    )
    return list(LedgerEntry.objects.order_by("gift_card__reference", "sequence").values(*columns))


# --- What comes


def test_a_card_comes_with_its_code_its_region_and_its_past(medusa: MedusaShop):
    medusa.region(tax_rate=19.6, tax_code="eu", tax_provider_id="tp", metadata={"a": 1})
    order = medusa.order("order_1", 1, metadata={"note": "thanks"})
    medusa.card(
        "gift_1",
        CODE,
        5000,
        3000,
        order_id=order,
        tax_rate=7.7,
        ends_at="2099-01-02T03:04Z",
        metadata={"from": "Ada"},
        created_at="2022-03-01T10:00Z",
    )
    medusa.spends("gift_1", 1500, 1001, moment="2022-04-01T10:00Z")
    medusa.spends("gift_1", 500, 1002, moment="2022-05-01T10:00Z")

    assert imported(medusa, "--apply")[-1] == "EUR: owed in Medusa 30.00, here now 30.00, difference 0.00"

    market = Market.objects.get(reference="reg_eu", reference_origin="medusa")
    assert (market.name, market.currency_code, market.mode) == ("Europe", "EUR", "live")
    assert (market.tax_rate, market.tax_code, market.tax_provider_id) == (Decimal("19.6"), "eu", "tp")
    assert (market.gift_cards_taxable, market.automatic_taxes, market.metadata) == (True, True, {"a": 1})
    it = card()
    assert it.code().reveal() == CODE
    assert (it.market, it.status, it.is_archived, it.rechargeable) == (market, Status.ACTIVE, False, False)
    assert (it.initial_balance_cents, it.balance_cents, it.currency_code) == (5000, 3000, "EUR")
    assert (it.expires_at, it.tax_rate) == (datetime(2099, 1, 2, 3, 4, tzinfo=UTC), Decimal("7.7"))
    assert it.metadata == {"from": "Ada"}
    assert history() == [
        ("issue", 5000, "order_1", "1"),
        ("debit", -1500, "order_1001", "1001"),
        ("debit", -500, "order_1002", "1002"),
    ]
    assert list(it.ledger_entries.order_by("sequence").values_list("reason", flat=True)) == [
        "Issued in Medusa on 2022-03-01 10:00 UTC",
        "Spent in Medusa on 2022-04-01 10:00 UTC (gct_1001)",
        "Spent in Medusa on 2022-05-01 10:00 UTC (gct_1002)",
    ]
    bought_with = Order.objects.get(reference="order_1")
    assert (it.order, bought_with.display_number, bought_with.market) == (bought_with, 1, market)
    assert (bought_with.customer_email, bought_with.metadata) == ("ada@example.com", {"note": "thanks"})


def test_its_code_is_found_where_customers_and_checkouts_look(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000, 3000)
    imported(medusa, "--apply")

    assert ANYBODY.get(f"/store/gift-cards/{CODE}").card["balance"] == 3000
    for spelling in (CODE, CODE.lower().replace("-", " ")):
        answer = api_client(LIVE.mode).create("gift_card_lookups", code=spelling)
        assert answer.document["data"]["attributes"]["available_balance_cents"] == 3000


@pytest.mark.parametrize("code", ["GC-7", "A code of Ada's", "lower-case-and-long-" * 4, "Grüße-2020", "1"])
def test_a_code_of_any_kind_is_kept_and_found(medusa: MedusaShop, code: str):
    medusa.region()
    medusa.card("gift_1", code, 5000)
    said = imported(medusa, "--apply")

    assert card().code().reveal() == code
    assert ANYBODY.get(f"/store/gift-cards/{code}").card["balance"] == 5000
    assert code not in "\n".join(said) or len(code) == 1


def test_a_short_code_does_not_stand_in_the_open(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", "GC-7", 5000)
    imported(medusa, "--apply")

    assert card().code_last_four == ""


@pytest.mark.parametrize(
    ("columns", "status", "archived"),
    [
        ({}, "active", False),
        ({"is_disabled": True}, "inactive", False),
        ({"balance": 0, "is_disabled": True}, "redeemed", False),
        ({"balance": 0}, "redeemed", False),
        ({"deleted_at": "2024-01-01T00:00Z"}, "active", True),
        ({"deleted_at": "2024-01-01T00:00Z", "is_disabled": True}, "inactive", True),
        ({"ends_at": "2020-01-01T00:00Z"}, "active", False),
    ],
)
def test_what_a_card_is_there_it_is_here(medusa: MedusaShop, columns, status, archived):
    medusa.region()
    medusa.card("gift_1", CODE, **{"value": 5000, **columns})
    imported(medusa, "--apply")

    assert (card().status, card().is_archived) == (status, archived)
    assert card().balance_cents == columns.get("balance", 5000)


def test_an_expiry_is_kept_whatever_the_market_asks_for_by_now(medusa: MedusaShop):
    medusa.region()
    imported(medusa, "--apply")
    market = Market.objects.get(reference="reg_eu")
    update_market(
        caller=LIVE,
        market_id=market.pk,
        changes={"minimum_validity_months": 36, "default_validity_months": 48},
        disabled=True,
    )
    medusa.card("gift_1", CODE, 5000, ends_at="2020-01-01T00:00Z")
    medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 5000)
    imported(medusa, "--apply")

    assert card("gift_1").expires_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert card("gift_2").expires_at is None


@pytest.mark.parametrize(
    ("region", "rate", "ours"),
    [
        ({"tax_rate": 19}, 19, 19),
        ({"tax_rate": 19}, 7, 7),
        ({"tax_rate": 19}, None, 0),
        ({"tax_rate": 0}, None, 0),
        ({"gift_cards_taxable": False}, None, None),
        ({"gift_cards_taxable": False}, 19, None),
    ],
)
def test_as_much_tax_is_taken_off_as_before(medusa: MedusaShop, region, rate, ours):
    medusa.region(**region)
    medusa.card("gift_1", CODE, 5000, tax_rate=rate)
    imported(medusa, "--apply")

    assert card().tax_rate == ours


def test_a_deleted_region_with_cards_is_a_disabled_market(medusa: MedusaShop):
    medusa.region(deleted_at="2024-01-01T00:00Z")
    medusa.region(id="reg_empty", deleted_at="2024-01-01T00:00Z")
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")

    assert [market.disabled for market in Market.objects.all()] == [True]
    assert card().balance_cents == 5000


def test_a_market_that_is_here_already_is_used_if_it_says_so(medusa: MedusaShop):
    market = a_market(by=LIVE, currency_code="EUR", reference="reg_eu", reference_origin="medusa")
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")

    assert card().market == market


def test_in_test_mode_everything_comes_into_test_mode(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000, order_id=medusa.order("order_1", 1))
    imported(medusa, "--apply", "--mode", "test")

    assert {card().mode, Market.objects.get().mode, Order.objects.get().mode} == {"test"}


def test_nobody_is_told_that_there_are_new_cards(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")

    assert Event.objects.filter(subject_id=card().pk).exists()
    assert not Event.objects.filter(topic="gift_card.created").exists()


# --- What Medusa has lost


def test_what_was_spent_twice_is_told_twice_and_what_is_owed_is_medusas_balance(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 3000, 0, is_disabled=True)
    for number in (1, 2):
        medusa.spends("gift_1", 3000, number)
    said = imported(medusa, "--apply")

    assert history() == [
        ("issue", 3000, None, None),
        ("debit", -3000, "order_1", "1"),
        ("adjustment", 3000, "order_2", "2"),
        ("debit", -3000, "order_2", "2"),
    ]
    assert card().status == Status.REDEEMED
    assert "Oddity: gift card gift_1 was worth 3000, and 6000 were spent of it." in said


@pytest.mark.parametrize(
    ("value", "balance", "spent", "entries"),
    [
        (5000, 5000, 1000, [("issue", 5000), ("debit", -1000), ("adjustment", 1000)]),
        (5000, 1000, 1000, [("issue", 5000), ("debit", -1000), ("adjustment", -3000)]),
        (5000, -700, 1000, [("issue", 5000), ("debit", -1000), ("adjustment", -4000)]),
        (5000, 7000, 0, [("issue", 5000), ("adjustment", 2000)]),
        (5000, 5300, -300, [("issue", 5000), ("adjustment", 300)]),
        (0, 800, 0, [("issue", 800)]),
    ],
)
def test_whatever_the_transactions_add_up_to_the_balance_is_owed(
    medusa: MedusaShop, value, balance, spent, entries
):
    medusa.region()
    medusa.card("gift_1", CODE, value, balance)
    medusa.spends("gift_1", spent, 1)
    said = imported(medusa, "--apply")

    assert [entry[:2] for entry in history()] == entries
    assert card().balance_cents == max(0, balance)
    assert any(line.startswith("Oddity: gift card gift_1 ") for line in said)


def test_a_card_that_was_never_worth_anything_is_left_out_and_named(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 0)

    assert "Oddity: gift card gift_1 was never worth anything, and is left out." in imported(
        medusa, "--apply"
    )
    assert not GiftCard.objects.exists()


# --- Before anything is written


def test_without_apply_it_says_what_would_be_and_writes_nothing(medusa: MedusaShop):
    medusa.region()
    medusa.region(id="reg_jp", name="Japan", currency_code="jpy")
    medusa.card("gift_1", CODE, 5000, 3000)
    medusa.spends("gift_1", 2000, 1)
    medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 700, region_id="reg_jp")

    assert imported(medusa) == [
        f"Europe (reg_eu), EUR: {ONE_NEW}; owed in Medusa 30.00, here before 0.00, would be here 30.00",
        f"Japan (reg_jp), JPY: {ONE_NEW}; owed in Medusa 700, here before 0, would be here 700",
        "EUR: owed in Medusa 30.00, would be here 30.00, difference 0.00",
        "JPY: owed in Medusa 700, would be here 700, difference 0",
        "Nothing was written. Run it again with --apply.",
    ]
    assert not Market.objects.exists()
    assert not GiftCard.objects.exists()
    assert not Event.objects.exists()


def test_programs_read_a_line_of_json_for_each_finding_and_one_for_the_sum(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000, 6000)
    finding, *_, summary = [json.loads(line) for line in imported(medusa, "--json")]

    assert finding == {
        "type": "finding",
        "kind": "oddity",
        "about": "gift card gift_1",
        "sentence": "has a balance of 6000, above its value of 5000",
    }
    assert summary == {
        "type": "summary",
        "applied": False,
        "clean": True,
        "findings": {"oddity": 2, "change": 0, "problem": 0, "difference": 0},
        "regions": [
            {
                "id": "reg_eu",
                "name": "Europe",
                "currency_code": "EUR",
                "cards": 1,
                "here": 0,
                "new": 1,
                "left_out": 0,
                "impossible": 0,
                "medusa_cents": 6000,
                "here_before_cents": 0,
                "here_after_cents": 6000,
            }
        ],
        "currencies": {"EUR": {"medusa_cents": 6000, "here_cents": 6000, "difference_cents": 0}},
    }


# --- What can't come


def test_a_code_that_is_here_already_is_named_and_nothing_is_overwritten(medusa: MedusaShop):
    ours = an_active_card(by=LIVE, code=CODE.lower(), balance_cents=100)
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 700)
    for options in ((), ("--apply",)):
        said = refused(medusa, *options)
        assert said[0] == (
            "Problem: gift card gift_1 has the code of a gift card that is here already and is not known to "
            "come from Medusa."
        )
        assert "difference -50.00" in "\n".join(said)
        assert CODE not in "\n".join(said)

    assert GiftCard.objects.get(pk=ours.pk).balance_cents == 100
    assert card("gift_2").balance_cents == 700


def test_of_two_spellings_of_one_code_the_second_is_named(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    medusa.card("gift_2", CODE.replace("0", "O"), 700)
    for options in ((), ("--apply",)):
        assert refused(medusa, *options)[0] == (
            "Problem: gift card gift_2 has a code that is another spelling of another card's code."
        )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"code": " AB12-CD34 "}, "can't be imported: code can't be blank, nor begin or end with spaces"),
        ({"code": "x" * 129}, "can't be imported: code is too long (maximum is 128 characters)"),
        ({"metadata": [1]}, "can't be imported: metadata must be an object"),
        ({"tax_rate": 1000}, "can't be imported: tax_rate must be less than or equal to 999"),
        ({"ends_at": "-infinity"}, "can't be imported: ends_at is before the year 1"),
    ],
)
def test_a_card_that_cannot_come_is_named_with_the_reason_also_before(medusa: MedusaShop, columns, sentence):
    medusa.region()
    medusa.card("gift_1", **{"code": CODE, "value": 5000, **columns})
    for options in ((), ("--apply",)):
        assert refused(medusa, *options)[0].startswith(f"Problem: gift card gift_1 {sentence}")

    assert not GiftCard.objects.exists()


@pytest.mark.parametrize("columns", [{"currency_code": "xxx"}, {"name": " "}, {"tax_rate": -1}])
def test_a_region_that_cannot_be_a_market_keeps_its_cards_away(medusa: MedusaShop, columns):
    medusa.region(**columns)
    medusa.card("gift_1", CODE, 5000)
    for options in ((), ("--apply",)):
        said = refused(medusa, *options)
        assert said[0].startswith("Problem: region reg_eu can't be a market: ")
        assert said[1] == "Problem: gift card gift_1 is of region reg_eu, which can't be imported."


def test_a_card_comes_without_an_order_that_cannot(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000, order_id=medusa.order("order_1", 1, metadata={"deep": "x" * 20_000}))

    assert imported(medusa, "--apply")[0].startswith("Oddity: order order_1 can't be imported")
    assert card().order is None


def test_what_a_cancelled_order_sold_is_owed_and_named(medusa: MedusaShop):
    medusa.region()
    order = medusa.order("order_1", 1, canceled_at="2024-01-01T00:00Z", email="nobody")
    medusa.card("gift_1", CODE, 5000, order_id=order)

    assert imported(medusa, "--apply")[0].startswith("Oddity: order order_1 was cancelled in Medusa")
    bought_with = Order.objects.get()
    assert bought_with.cancelled_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert bought_with.customer_email is None
    assert (card().order, card().balance_cents) == (bought_with, 5000)


def test_what_is_odd_about_orders_is_said_before_once_for_each(medusa: MedusaShop):
    place = a_market(by=LIVE, code="here")
    place_order(caller=LIVE, market=place, attributes={"display_number": 2})
    medusa.region()
    for number, columns in enumerate(({"canceled_at": "2024-01-01T00:00Z"}, {}), start=1):
        order = medusa.order(f"order_{number}", number, **columns)
        for each in "ab":
            medusa.card(f"gift_{each}{number}", f"{each}{number}12-CD34-EF56-7890", 5000, order_id=order)

    with patch.object(run, "AT_ONCE", 2):
        before, done = imported(medusa), imported(medusa, "--apply")

    assert [line for line in before if line.startswith("Oddity")] == [
        "Oddity: order order_1 was cancelled in Medusa, which takes no card back: what it sold is owed.",
        "Oddity: order order_2 can't be imported, and is left out: display_number has already been taken.",
    ]
    assert before[:2] == done[:2]
    assert Order.objects.filter(reference__isnull=False).count() == 1


def test_a_card_keeps_its_order_in_another_region_of_its_currency_only(medusa: MedusaShop):
    for region, code in (("reg_eu", "eur"), ("reg_de", "eur"), ("reg_jp", "jpy")):
        medusa.region(id=region, name=region, currency_code=code)
    order = medusa.order("order_1", 1)
    medusa.card("gift_1", CODE, 5000, order_id=order, region_id="reg_de")
    medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 5000, order_id=order, region_id="reg_jp")
    odd = "Oddity: gift card gift_2 was bought with an order in EUR: it comes without that."

    assert odd in imported(medusa)
    assert odd in imported(medusa, "--apply")
    assert (card("gift_1").order, card("gift_2").order) == (Order.objects.get(), None)


def test_cards_of_one_order_come_with_one_order(medusa: MedusaShop):
    medusa.region()
    order = medusa.order("order_1", 1)
    for number in range(3):
        medusa.card(f"gift_{number}", f"{number}B12-CD34-EF56-7890", 5000, order_id=order)
    with patch.object(run, "AT_ONCE", 2):
        imported(medusa, "--apply")

    assert {each.order for each in GiftCard.objects.all()} == {Order.objects.get()}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada:pa55word@there/medusa",
        "",
        "postgresql://ada:pa55word@[::1/medusa",
        "postgresql://ada:pa55word@/nowhere-at-all?host=/nowhere",
    ],
)
def test_what_is_no_address_of_a_database_is_refused_without_its_password(url):
    with pytest.raises(CommandError, match="Medusa") as error:
        call_command("import_medusa", "--database-url", url, stdout=StringIO())
    assert "pa55word" not in str(error.value)


def test_two_imports_at_once_are_refused(medusa: MedusaShop):
    lock = "SELECT pg_advisory_lock(hashtextextended('medusa.import', 0))"
    with psycopg.connect(address(connection.settings_dict["NAME"]), autocommit=True) as other:
        other.execute(lock)
        assert "Another import_medusa is at work" in refused(medusa)[-1]


def test_our_own_database_is_refused():
    with pytest.raises(CommandError, match="a database of this service and not Medusa's"):
        call_command("import_medusa", "--database-url", address(connection.settings_dict["NAME"]))


def test_a_database_that_is_not_medusas_is_refused():
    with pytest.raises(CommandError, match=r"no database of Medusa 1.20: it has no region.id, region.name"):
        call_command("import_medusa", "--database-url", address("postgres"))


# --- Again


def test_a_second_run_brings_nothing_twice_and_what_is_new(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000, 3000)
    medusa.spends("gift_1", 2000, 1)
    imported(medusa, "--apply")
    before = everything()
    assert imported(medusa, "--apply")[0].startswith("Europe (reg_eu), EUR: 1 cards, 0 new, 1 here already")
    assert everything() == before

    medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 700)
    imported(medusa, "--apply")

    assert everything()[: len(before)] == before
    assert card("gift_2").balance_cents == 700


class Killed(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_who_is_killed_on_the_way_comes_to_the_same_end(medusa: MedusaShop, after: int):
    medusa.region()
    for number in range(5):
        medusa.card(f"gift_{number}", f"{number}B12-CD34-EF56-7890", 5000, 3000)
        medusa.spends(f"gift_{number}", 2000, number + 1)
    came: list[str] = []

    def die(**given: Any) -> GiftCard:
        if len(came) == after:
            raise Killed
        came.append(given["past"].reference)
        return import_gift_card(**given)

    with patch.object(run, "AT_ONCE", 2), patch.object(run, "import_gift_card", die), pytest.raises(Killed):
        imported(medusa, "--apply")
    assert GiftCard.objects.count() == after // 2 * 2  # what its last transaction had begun is gone

    imported(medusa, "--apply")

    assert GiftCard.objects.count() == 5
    assert [history(f"gift_{number}") for number in range(5)] == [
        [("issue", 5000, None, None), ("debit", -2000, f"order_{number + 1}", f"{number + 1}")]
        for number in range(5)
    ]


def test_what_was_spent_in_medusa_since_is_named_and_taken_over_with_follow(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    medusa.spends("gift_1", 2000, 1)
    medusa.run("UPDATE gift_card SET balance = 2900")
    change = "Change: gift card gift_1 was worth 5000 in Medusa when it was imported, and is worth 2900 now"

    assert refused(medusa)[0] == f"{change}, which needs --follow."
    assert "Difference: gift card gift_1 is worth 2900 in Medusa and 5000 here." in refused(medusa, "--apply")
    assert history() == [("issue", 5000, None, None)]
    assert imported(medusa, "--follow")[0] == f"{change}."

    imported(medusa, "--follow", "--apply")
    imported(medusa, "--follow", "--apply")

    assert history() == [
        ("issue", 5000, None, None),
        ("debit", -2000, "order_1", "1"),
        ("adjustment", -100, None, None),
    ]


def test_what_was_done_here_since_stays_when_medusa_is_followed(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    debit(caller=LIVE, card_id=card().pk, amount_cents=1000)
    assert imported(medusa, "--apply")[0].startswith("Europe")
    medusa.spends("gift_1", 2000, 1)
    medusa.run("UPDATE gift_card SET balance = 3000")
    imported(medusa, "--follow", "--apply")

    assert card().balance_cents == 2000


def test_what_both_have_spent_cannot_be_taken_twice(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    debit(caller=LIVE, card_id=card().pk, amount_cents=4000)
    medusa.spends("gift_1", 2000, 1)
    medusa.run("UPDATE gift_card SET balance = 3000")

    assert refused(medusa, "--follow", "--apply")[1] == (
        "Problem: gift card gift_1 can't be brought in line, it was used here as well: exceeds the available "
        "balance of 1000."
    )
    assert card().balance_cents == 1000


def test_an_imported_card_with_another_code_or_worth_is_named(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    medusa.run("UPDATE gift_card SET code = 'ZZ12-CD34-EF56-7890'")

    assert "Difference: gift card gift_1 has another code here." in refused(medusa, "--apply")


def test_a_card_that_is_switched_off_in_medusa_since_is_named(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    medusa.run("UPDATE gift_card SET is_disabled = true")

    assert imported(medusa)[0] == "Oddity: gift card gift_1 is disabled in Medusa, and can be spent here."


def test_what_somebody_corrects_here_is_no_difference(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)
    imported(medusa, "--apply")
    adjust(caller=LIVE, card_id=card().pk, balance_cents=1)
    update_gift_card(caller=LIVE, card_id=card().pk, changes={"metadata": {"mended": True}})

    assert imported(medusa, "--apply")[-1] == "EUR: owed in Medusa 50.00, here now 50.00, difference 0.00"


# --- The source


def test_medusa_is_only_read(medusa: MedusaShop):
    with medusa_database(medusa.url) as source, pytest.raises(Exception, match="read-only transaction"):
        source._connection.execute("DELETE FROM gift_card")


def test_what_comes_to_medusa_on_the_way_waits_for_the_next_run(medusa: MedusaShop):
    medusa.region()
    medusa.card("gift_1", CODE, 5000)

    def spend_meanwhile(**given: Any) -> GiftCard:
        medusa.card("gift_2", "ZZ12-CD34-EF56-7890", 700)
        medusa.run("UPDATE gift_card SET balance = 1")
        return import_gift_card(**given)

    with patch.object(run, "import_gift_card", spend_meanwhile):
        imported(medusa, "--apply")

    assert [each.reference for each in GiftCard.objects.all()] == ["gift_1"]
    assert card().balance_cents == 5000


def test_no_api_key_and_no_person_can_import():
    with pytest.raises(Invalid, match="for commands of the operator only"):
        import_gift_card(caller=TEST, past=None)  # type: ignore[arg-type]
