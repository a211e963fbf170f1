"""`POST /api/gift_card_lookups`: what a code is worth, for whoever may spend it, and nothing for others."""

import json
import logging
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Organization
from access.scopes import EVERY_SCOPE, Scope
from api.idempotency import REPLAYED
from api.models import StoredResponse
from api.throttling import Window
from events.models import Event
from giftcards.api.code_tries import FAILURES, TRIES
from giftcards.models import GiftCard
from giftcards.operations import authorize, deactivate, update_gift_card
from kernel.clock import database_now
from kernel.modes import Mode
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    a_redeemed_card,
    an_active_card,
    an_archived_card,
    an_inactive_card,
    disabled,
    edit,
)
from tests.fixtures.client import MEDIA_TYPE, ROOT, api_client, until_key_is_known
from tests.fixtures.races import at_once
from tests.giftcards.api.documents import time_text
from tests.giftcards.api.test_codes_stay_secret import everything_stored, forms_of
from tests.server import CHECKED, a_key, serving

pytestmark = pytest.mark.django_db

SENTINEL = "SENTINEL-OF-A-LOOKED-UP-CODE-0815"
HUMAN = "K7QM-X2P9-04TD-HW3C-8ZR5"
TILL, BOT = "192.0.2.1", "198.51.100.7"
HOUR = timedelta(hours=1)


class Raw:
    """An answer to the byte."""

    def __init__(self, response):
        self.status, self.content, self.headers = response.status_code, response.content, response.headers
        self.document = json.loads(response.content)


def look_up(api, code=SENTINEL, query="", *, address=TILL, **headers):
    body = {"data": {"type": "gift_card_lookups", "attributes": {"code": code}}}
    sent = {"accept": MEDIA_TYPE, "authorization": api.authorization, **headers}
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    path = f"/api/gift_card_lookups{query}"
    return Raw(client.generic("POST", path, json.dumps(body).encode(), MEDIA_TYPE, headers=sent))


# What a usable code is worth.


def test_a_checkout_learns_what_it_needs_and_never_the_code(api):
    berlin = a_market(currency_code="EUR", locale="de_DE")
    expires_at = database_now() + HOUR
    card = an_active_card(market=berlin, code=SENTINEL, expires_at=expires_at)
    authorize(caller=TEST, card_id=card.pk, amount_cents=2_550)

    answer = look_up(api)

    assert answer.status == 200
    assert "Location" not in answer.headers
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/gift_card_lookups"},
        "data": {
            "id": str(card.pk),
            "type": "gift_card_lookups",
            "attributes": {
                "masked_code": "****0815",
                "currency_code": "EUR",
                "available_balance_cents": 7_450,
                "available_balance_float": 74.5,
                "formatted_available_balance": "74,50\xa0€",
                "expires_at": time_text(expires_at),
                "status": "active",
            },
            "relationships": {"gift_card": {"links": {"related": f"{ROOT}/gift_cards/{card.pk}"}}},
            "meta": {"mode": "test", "organization_id": str(Organization.objects.get().pk)},
        },
    }


def test_the_card_itself_is_included_where_asked_for(api):
    card = an_active_card(code=SENTINEL)
    query = "?include=gift_card.market&fields[gift_card_lookups]=gift_card&fields[gift_cards]=status"

    document = look_up(api, query=query).document

    assert document["data"]["attributes"] == {}
    linkage = {"type": "gift_cards", "id": str(card.pk)}
    assert document["data"]["relationships"]["gift_card"]["data"] == linkage
    assert [(each["type"], each["attributes"]) for each in document["included"]] == [
        ("gift_cards", {"status": "active"})
    ]


def test_where_its_link_leads_is_the_card(api):
    card = an_active_card(code=SENTINEL)
    link = look_up(api).document["data"]["relationships"]["gift_card"]["links"]["related"]

    assert api.get(link.removeprefix(f"{ROOT}/")).document["data"]["id"] == str(card.pk)


@pytest.mark.parametrize("spelling", [HUMAN, HUMAN.lower(), HUMAN.replace("-", " "), HUMAN.replace("0", "O")])
def test_a_code_is_found_in_every_spelling(api, spelling):
    card = an_active_card(code=HUMAN)

    assert look_up(api, spelling).document["data"]["id"] == str(card.pk)


def test_a_look_up_changes_nothing(api):
    card = an_active_card(code=SENTINEL)
    before, events = GiftCard.objects.values().get(pk=card.pk), Event.objects.count()

    look_up(api)

    assert GiftCard.objects.values().get(pk=card.pk) == before
    assert Event.objects.count() == events


def test_a_repeated_look_up_whose_answer_is_gone_leads_to_the_card(api):
    card = an_active_card(code=SENTINEL)
    look_up(api, **{"idempotency-key": "cart-1"})
    StoredResponse.objects.all().delete()

    (error,) = look_up(api, **{"idempotency-key": "cart-1"}).document["errors"]

    assert error["code"] == "IDEMPOTENT_ANSWER_GONE"
    assert error["detail"] == (
        "This request was answered 200 before, and that answer can't be shown again: "
        f"read gift_cards {card.id}, which it was about."
    )
    assert error["meta"]["resource"] == {"type": "gift_cards", "id": str(card.id)}
    assert api.get(f"gift_cards/{card.id}").status == 200


def test_a_card_of_a_market_within_reach_and_one_of_no_market_are_found():
    berlin = a_market(code="berlin")
    till = api_client(market_codes=["berlin"])
    an_active_card(market=berlin, code=SENTINEL)
    an_active_card(code=HUMAN)

    assert (look_up(till).status, look_up(till, HUMAN).status) == (200, 200)


# What is not usable, and the one answer to it.


def unusable_drafts():
    a_draft(code=SENTINEL)


def unusable_inactive():
    an_inactive_card(code=SENTINEL)


def unusable_deactivated():
    deactivate(caller=TEST, card_id=an_active_card(code=SENTINEL).pk)


def unusable_redeemed():
    a_redeemed_card(code=SENTINEL)


def unusable_expired():
    edit(an_active_card(code=SENTINEL), expires_at=database_now() - HOUR)


def unusable_by_its_own_clock():
    edit(an_active_card(code=SENTINEL, expires_at=database_now() + HOUR), test_clock_at=database_now() + HOUR)


def unusable_archived():
    an_archived_card(code=SENTINEL)


def unusable_in_live_mode():
    an_active_card(by=LIVE, code=SENTINEL)


def unusable_in_another_market():
    an_active_card(market=a_market(code="paris"), code=SENTINEL)


def unusable_in_a_disabled_market():
    market = a_market()
    an_active_card(market=market, code=SENTINEL)
    disabled(market)


UNUSABLE = [
    (unusable_drafts, SENTINEL),
    (unusable_inactive, SENTINEL),
    (unusable_deactivated, SENTINEL),
    (unusable_redeemed, SENTINEL),
    (unusable_expired, SENTINEL),
    (unusable_by_its_own_clock, SENTINEL),
    (unusable_archived, SENTINEL),
    (unusable_in_live_mode, SENTINEL),
    (unusable_in_another_market, SENTINEL),
    (unusable_in_a_disabled_market, SENTINEL),
    (lambda: None, HUMAN),
    (lambda: None, HUMAN[:-1] + "6"),
    (lambda: None, "x"),
    (lambda: None, "a code?\n; DROP TABLE"),
    (lambda: None, "8" * 5_000),
    (lambda: None, "\a" * 20),
]


def answer_and_statements(api, code):
    with CaptureQueriesContext(connection) as captured:
        answer = look_up(api, code)
    return answer, [re.sub(r"'[^']*'", "?", query["sql"]) for query in captured]


@pytest.mark.parametrize(("make", "code"), UNUSABLE)
def test_every_unusable_code_is_answered_like_one_that_was_never_given(make, code):
    a_market(code="berlin")
    till = api_client(market_codes=["berlin"])
    make()
    until_key_is_known(look_up, till)  # and each count has its row

    answer, statements = answer_and_statements(till, code)
    unknown, of_unknown = answer_and_statements(till, "NEVER-GIVEN-TO-ANYBODY")

    assert (answer.status, answer.content) == (404, unknown.content)
    assert dict(answer.headers) == dict(unknown.headers)
    assert statements == of_unknown
    assert answer.document["errors"] == [
        {
            "title": "Record not found",
            "detail": "There is no gift card with this code that can be used here.",
            "code": "RECORD_NOT_FOUND",
            "status": "404",
            "source": {"pointer": "/data/attributes/code"},
        }
    ]


@pytest.mark.parametrize(("make", "code"), UNUSABLE[:9])
def test_each_of_them_is_there(make, code):
    """The control: whoever looks past the rules finds the card."""
    make()

    assert GiftCard.objects.get().code().reveal() == code


def test_a_card_whose_own_clock_stands_before_its_expiry_is_usable(api):
    card = an_active_card(code=SENTINEL)
    now = database_now()
    update_gift_card(caller=TEST, card_id=card.pk, changes={"expires_at": now - HOUR})
    assert look_up(api).status == 404
    edit(card, test_clock_at=now - 2 * HOUR)

    assert look_up(api).status == 200


# Who may ask, and how.


def test_it_needs_the_scope_to_read():
    an_active_card(code=SENTINEL)
    every_other = [scope for scope in EVERY_SCOPE if scope != Scope.READ]

    assert look_up(api_client(scopes=[Scope.READ])).status == 200
    denied = look_up(api_client(scopes=every_other))
    assert (denied.status, denied.document["errors"][0]["code"]) == (403, "UNAUTHORIZED")


def test_a_key_of_the_other_mode_finds_nothing():
    an_active_card(code=SENTINEL)

    assert look_up(api_client(Mode.LIVE)).status == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_it_is_asked_by_post_only(api, method):
    answer = api.send(method, "gift_card_lookups", {"data": None})

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_a_look_up_has_no_address_afterwards(api):
    card = an_active_card(code=SENTINEL)

    assert api.get(f"gift_card_lookups/{card.pk}").status == 404


@pytest.mark.parametrize(
    ("attributes", "status", "pointer"),
    [
        ({}, 422, "/data"),
        ({"code": None}, 422, "/data/attributes/code"),
        ({"code": " "}, 422, "/data/attributes/code"),
        ({"code": [SENTINEL]}, 422, "/data/attributes/code"),
        ({"code": SENTINEL, "masked_code": "x"}, 400, "/data/attributes/masked_code"),
        ({"code": SENTINEL, "status": "active"}, 400, "/data/attributes/status"),
    ],
)
def test_what_is_no_question_is_refused_where_it_stands(api, attributes, status, pointer):
    answer = api.create("gift_card_lookups", **attributes)

    assert (answer.status, answer.error["source"]["pointer"]) == (status, pointer)
    assert SENTINEL not in str(answer.document)


def test_no_code_is_stored_queried_or_logged(api, caplog, capfd):
    an_active_card(code=HUMAN)
    for logger in ("", "django", "django.request"):
        caplog.set_level(logging.DEBUG, logger)
    with CaptureQueriesContext(connection) as captured:
        answers = [look_up(api, SENTINEL), look_up(api, HUMAN, **{"idempotency-key": "1"})]
        answers.append(look_up(api, [SENTINEL]))

    assert [answer.status for answer in answers] == [404, 200, 422]
    said = [record.getMessage() + str(record.args) + str(record.exc_info) for record in caplog.records]
    places = [*said, *capfd.readouterr(), *(query["sql"] for query in captured), *everything_stored()]
    places += [str(answer.document) + str(answer.headers) for answer in answers]
    for text in (SENTINEL, HUMAN, HUMAN.replace("-", "")):
        for form in forms_of(text):
            assert [place for place in places if form in place] == []


def test_a_code_is_found_under_every_key(api, settings):
    """By the same statement as long as there are as many keys."""
    keys = {1: b"o" * 32, 2: b"n" * 32}
    for version in keys:
        settings.GIFTCARDS_CODE_KEYS = {number: key for number, key in keys.items() if number <= version}
        an_active_card(code=f"{SENTINEL}-{version}", balance_cents=version)

    found = [look_up(api, f"{SENTINEL}-{version}").document["data"]["attributes"] for version in keys]

    assert [each["available_balance_cents"] for each in found] == [1, 2]
    assert look_up(api).status == 404


# How often.


def counted(window: Window) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM api_throttlecount WHERE scope = %s", [window.scope])
        return {number for (number,) in cursor.fetchall()}


def throttled(answer) -> int:
    """Seconds to wait."""
    (error,) = answer.document["errors"]
    assert (answer.status, error["code"]) == (429, "THROTTLED")
    seconds = int(answer.headers["Retry-After"])
    assert error["detail"] == f"Too many codes were tried. Try again in {seconds} seconds."
    return seconds


def test_a_key_tries_so_many_in_a_minute_wherever_it_is(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 3
    an_active_card(code=SENTINEL)

    assert [look_up(api, address=f"192.0.2.{number}").status for number in range(3)] == [200] * 3
    assert 50 <= throttled(look_up(api, address="192.0.2.9")) <= 60
    assert look_up(api_client()).status == 200


def test_an_address_tries_so_many_in_a_minute_whatever_its_key(settings):
    settings.GIFTCARDS_CODE_TRIES_PER_ADDRESS = 3
    an_active_card(code=SENTINEL)

    assert [look_up(api_client()).status for _ in range(3)] == [200] * 3
    throttled(look_up(api_client()))
    assert look_up(api_client(), address=BOT).status == 200


def test_a_throttled_look_up_looks_nothing_up(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 1
    look_up(api)
    with CaptureQueriesContext(connection) as captured:
        throttled(look_up(api))

    assert not [query for query in captured if "giftcards_giftcard" in query["sql"]]


@pytest.fixture
def alert(settings):
    settings.GIFTCARDS_CODE_FAILURES = 6
    settings.GIFTCARDS_CODE_FAILURES_OF_ONE = 3


def guess(bot, times, address=BOT):
    for number in range(times):
        assert look_up(bot, f"A-GUESS-{number}", address=address).status == 404


@pytest.mark.usefixtures("alert")
def test_whoever_guesses_is_held_back_and_an_honest_till_is_not(api):
    an_active_card(code=SENTINEL)
    bot = api_client()
    guess(bot, 6)

    assert 500 <= throttled(look_up(bot, address=BOT)) <= 600
    assert look_up(api).status == 200
    assert look_up(api, "A-SLIP-OF-THE-PEN").status == 404
    assert look_up(api).status == 200


@pytest.mark.usefixtures("alert")
def test_whoever_guesses_is_held_back_at_his_address_and_by_his_key(api):
    an_active_card(code=SENTINEL)
    bot = api_client()
    guess(bot, 6)

    throttled(look_up(bot, address="203.0.113.1"))
    throttled(look_up(api, address=BOT))


@pytest.mark.usefixtures("alert")
def test_while_failures_are_few_nobody_is_held_back(api):
    an_active_card(code=SENTINEL)
    guess(api, 5)

    assert look_up(api, address=BOT).status == 200


@pytest.mark.usefixtures("alert")
def test_many_keys_and_addresses_together_guess_little_more(api):
    an_active_card(code=SENTINEL)
    bots = [api_client() for _ in range(3)]
    for number, bot in enumerate(bots[:2]):
        guess(bot, 3, address=f"203.0.113.{number}")

    guess(bots[2], 3, address="203.0.113.2")
    throttled(look_up(bots[2], address="203.0.113.3"))


@pytest.mark.usefixtures("alert")
def test_guesses_in_test_mode_hold_back_nobody_in_live_mode():
    an_active_card(by=LIVE, code=SENTINEL)
    guess(api_client(), 6)

    assert look_up(api_client(Mode.LIVE), address=BOT).status == 200


def test_what_is_rolled_back_or_replayed_counts_too(api):
    an_active_card(code=SENTINEL)
    key = {"idempotency-key": "till-1"}

    for again in (False, True):
        assert (REPLAYED in look_up(api, **key).headers) is again
    assert counted(TRIES) == {2}
    look_up(api, "A-GUESS", **{"idempotency-key": "till-2"})
    assert counted(TRIES) == {3}
    assert counted(FAILURES) == {1}


def test_a_denied_key_counts_nothing():
    look_up(api_client(scopes=[Scope.SPEND]))

    assert counted(TRIES) == set()


@pytest.mark.django_db(transaction=True)
def test_all_processes_of_a_server_count_together():
    """Each connection is served by one process or the other, as the kernel deals them out."""
    an_active_card(code=SENTINEL)
    key = a_key()

    with serving(CHECKED, GIFTCARDS_CODE_TRIES_PER_KEY="20", GIFTCARDS_TRUST_FORWARDED="1") as server:

        def ask() -> list[int]:
            answers = []
            for number in range(4):
                with server.caller(key) as till:
                    till.headers["X-Forwarded-For"] = f"192.0.2.{number}"
                    answers.append(till.create("gift_card_lookups", {"code": SENTINEL}).status_code)
            return answers

        statuses = Counter(status for answers in at_once([ask] * 8) for status in answers)
        log = server.log()

    assert statuses == {200: 20, 429: 12}
    assert SENTINEL not in log
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT subject, number FROM api_throttlecount WHERE scope = %s ORDER BY subject COLLATE "C"',
            [TRIES.scope],
        )
        (_key, tries_of_key), *addresses = cursor.fetchall()
    assert tries_of_key == 32
    assert addresses == [(f"test 192.0.2.{number}", 8) for number in range(4)]
