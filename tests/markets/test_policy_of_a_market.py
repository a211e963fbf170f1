"""What a market's policy may be: its rules never contradict one another."""

import pytest
from django.db import IntegrityError, connection, transaction

from kernel.refusals import Invalid
from markets.models import Market
from markets.operations import update_market
from tests.fixtures.cast import TEST, a_market
from tests.fixtures.client import api_client

pytestmark = pytest.mark.django_db

TOO_SHORT = {"default_validity_months": 12, "minimum_validity_months": 60}
NEVER_BUT_AFTER_A_YEAR = {"default_validity_months": 12, "allows_expiry": False}


@pytest.mark.parametrize(
    ("policy", "error", "count", "sentence"),
    [
        (TOO_SHORT, "minimum_validity", 60, "must be at least minimum_validity_months \\(60\\)"),
        (NEVER_BUT_AFTER_A_YEAR, "expiry_not_allowed", None, "can't be set while allows_expiry is false"),
    ],
)
def test_a_contradiction_is_refused_and_explained(policy, error, count, sentence):
    with pytest.raises(Invalid, match=f"default_validity_months {sentence}") as refusal:
        a_market(**policy)

    assert (refusal.value.about, refusal.value.error) == ("default_validity_months", error)
    assert (refusal.value.value, refusal.value.count) == (12, count)
    assert not Market.objects.exists()


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({"default_validity_months": 12}, {"minimum_validity_months": 60}),
        ({"minimum_validity_months": 60}, {"default_validity_months": 12}),
        ({"default_validity_months": 12}, {"allows_expiry": False}),
        ({"allows_expiry": False}, {"default_validity_months": 12}),
    ],
)
def test_a_contradiction_does_not_come_about_by_steps(before, change):
    market = a_market(**before)

    with pytest.raises(Invalid, match="default_validity_months"):
        update_market(caller=TEST, market_id=market.pk, changes=change)

    assert Market.objects.filter(pk=market.pk, **before).exists()


@pytest.mark.parametrize(
    "policy",
    [
        {"default_validity_months": 60, "minimum_validity_months": 60},
        {"default_validity_months": 1200, "minimum_validity_months": 1},
        {"minimum_validity_months": 60, "allows_expiry": False},
        {"cash_out_below_cents": 1, "keeps_single_use_remainder": False},
    ],
)
def test_a_policy_without_contradiction_is_kept(policy):
    assert Market.objects.filter(pk=a_market(**policy).pk, **policy).exists()


@pytest.mark.parametrize(
    "policy",
    [
        "default_validity_months = 12, minimum_validity_months = 60",
        "default_validity_months = 12, allows_expiry = false",
        "default_validity_months = 0",
        "minimum_validity_months = 0",
        "cash_out_below_cents = 0",
    ],
)
def test_the_database_refuses_a_contradiction_too(policy):
    a_market()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE markets_market SET {policy}")  # noqa: S608 (a constant of this test)


def test_a_refusal_points_at_its_attribute_on_the_wire():
    answer = api_client().create("markets", name="Berlin", **TOO_SHORT)

    assert answer.status == 422
    assert answer.error["source"] == {"pointer": "/data/attributes/default_validity_months"}
    assert answer.error["meta"]["error"] == "minimum_validity"
    assert answer.error["meta"]["count"] == 60


def test_a_rule_is_taken_back_by_null():
    market = a_market(default_validity_months=12, cash_out_below_cents=500)

    answer = api_client().update(
        f"markets/{market.pk}", default_validity_months=None, cash_out_below_cents=None
    )

    assert answer.status == 200
    assert answer.document["data"]["attributes"]["default_validity_months"] is None
    assert answer.document["data"]["attributes"]["cash_out_below_cents"] is None
