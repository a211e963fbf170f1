"""A market's number, and `_disable` and `_enable` as triggers (contract §4)."""

import pytest

from events.models import Event
from markets.models import Market
from tests.fixtures.cast import LIVE, a_market
from tests.fixtures.client import api_client
from tests.giftcards.api.documents import document, errors, invalid, market, not_allowed, time_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db):
    return api_client()


def events_of(row):
    events = Event.objects.filter(subject_id=row.pk).order_by("sequence")
    return [(event.topic, event.data) for event in events][1:]


def disabled_at(row):
    moment = Market.objects.get(pk=row.pk).disabled_at
    return moment and time_text(moment)


def test_markets_are_numbered_within_their_mode(api):
    first, elsewhere = a_market(), a_market(by=LIVE)
    second = api.create("markets", name="Paris").document["data"]["attributes"]

    assert (first.number, elsewhere.number, second["number"]) == (1, 1, 2)
    found = api.get("markets?filter[q][number_gteq]=1&sort=-number").document["data"]
    assert [each["attributes"]["number"] for each in found] == [2, 1]


@pytest.mark.parametrize("name", ["number", "disabled_at"])
def test_what_the_service_gives_is_not_written(api, name):
    row = a_market()

    answer = api.update(f"markets/{row.pk}", **{name: 7})
    assert (answer.status, answer.document) == (400, errors(not_allowed(name)))


@pytest.mark.parametrize("asks", [True, "true"])
def test_disabling_and_enabling_are_recorded_once(api, asks):
    row = a_market()
    address = f"markets/{row.pk}"

    first = api.update(address, _disable=asks)
    again = api.update(address, _disable=asks)
    row.refresh_from_db()
    off = document(market(row, disabled_at=disabled_at(row)), address)
    assert disabled_at(row)
    assert (first.document, again.document) == (off, off)

    first = api.update(address, _enable=asks)
    again = api.update(address, _enable=asks)
    row.refresh_from_db()
    assert first.document == again.document == document(market(row), address)

    changed = {"changed": ["disabled_at"]}
    assert events_of(row) == [("markets.disable", changed), ("markets.enable", changed)]


@pytest.mark.parametrize("nothing", [False, "false", None])
def test_a_trigger_that_asks_for_nothing_does_nothing(api, nothing):
    row = a_market()

    assert api.update(f"markets/{row.pk}", _disable=nothing, _enable=nothing).status == 200
    assert (disabled_at(row), events_of(row)) == (None, [])


@pytest.mark.parametrize("trigger", ["_disable", "_enable"])
@pytest.mark.parametrize("value", [1, "1", "yes", [], {}])
def test_a_trigger_is_true_or_false(api, trigger, value):
    row = a_market()

    answer = api.update(f"markets/{row.pk}", **{trigger: value})
    shown = value if isinstance(value, int | str) else None
    refused = invalid(trigger, "inclusion", "is not included in the list", value=shown)
    assert (answer.status, answer.document) == (422, errors(refused))


def test_attributes_are_changed_with_it_or_not_at_all(api):
    row = a_market()

    assert api.update(f"markets/{row.pk}", name="", _disable=True).status == 422
    assert disabled_at(row) is None
    assert api.update(f"markets/{row.pk}", name="Paris", _disable=True).status == 200
    assert events_of(row) == [("markets.disable", {"changed": ["name", "disabled_at"]})]


def test_markets_are_found_by_whether_they_are_disabled(api):
    a_market(name="Berlin")
    api.update(f"markets/{a_market(name='Paris').pk}", _disable=True)

    for query, found in {
        "disabled_at_null]=true": ["Berlin"],
        "disabled_at_not_null]=true": ["Paris"],
        "disabled_at_null]=false": ["Paris"],
        "disabled_at_gt]=2020-01-01": ["Paris"],
    }.items():
        listed = api.get(f"markets?filter[q][{query}").document["data"]
        assert [each["attributes"]["name"] for each in listed] == found
