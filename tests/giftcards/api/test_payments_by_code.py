"""Payments that name their cards by codes: whoever guesses learns nothing, and not often."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from giftcards.models import Payment
from tests.fixtures.cast import (
    LIVE,
    a_draft,
    a_market,
    a_redeemed_card,
    an_active_card,
    an_inactive_card,
    disabled,
    edit,
)
from tests.fixtures.client import MEDIA_TYPE, api_client, until_key_is_known
from tests.giftcards.api.test_codes_stay_secret import everything_stored, forms_of
from tests.giftcards.api.test_payments import SENTINEL, balances, create
from tests.giftcards.test_payments import PAST

pytestmark = pytest.mark.django_db


def unusable_drafts():
    a_draft(code=SENTINEL)


def unusable_inactive():
    an_inactive_card(code=SENTINEL)


def unusable_redeemed():
    a_redeemed_card(code=SENTINEL)


def unusable_expired():
    edit(an_active_card(code=SENTINEL), expires_at=PAST)


def unusable_in_live_mode():
    an_active_card(by=LIVE, code=SENTINEL)


def unusable_in_another_market():
    an_active_card(market=a_market(code="paris"), code=SENTINEL)


def unusable_in_a_disabled_market():
    market = a_market()
    an_active_card(market=market, code=SENTINEL)
    disabled(market)


def answer_and_statements(api, *codes):
    body = {"data": {"type": "gift_card_payments", "attributes": {"amount_cents": 1, "codes": codes}}}
    sent = {"accept": MEDIA_TYPE, "authorization": api.authorization}
    with CaptureQueriesContext(connection) as captured:
        answer = Client().generic(
            "POST", "/api/gift_card_payments", json.dumps(body).encode(), MEDIA_TYPE, headers=sent
        )
    return answer, [re.sub(r"'[^']*'|_x[0-9]+", "?", query["sql"]) for query in captured]


@pytest.mark.parametrize("beside_a_good_one", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        unusable_drafts,
        unusable_inactive,
        unusable_redeemed,
        unusable_expired,
        unusable_in_live_mode,
        unusable_in_another_market,
        unusable_in_a_disabled_market,
    ],
)
def test_every_unusable_code_is_answered_like_one_that_was_never_given(make, beside_a_good_one):
    a_market(code="berlin")
    till = api_client(market_codes=["berlin"])
    make()
    an_active_card(code="GOOD-CODE")
    others = ["GOOD-CODE"] if beside_a_good_one else []
    until_key_is_known(answer_and_statements, till, "X")  # and each count has its row

    answer, statements = answer_and_statements(till, SENTINEL, *others)
    unknown, of_unknown = answer_and_statements(till, "NEVER-GIVEN-TO-ANYBODY", *others)

    assert (answer.status_code, answer.content) == (422, unknown.content)
    assert dict(answer.headers) == dict(unknown.headers)
    assert statements == of_unknown
    assert not Payment.objects.exists()


def test_no_code_is_stored_queried_or_answered(api, caplog):
    an_active_card(code=SENTINEL, balance_cents=500)

    with CaptureQueriesContext(connection) as captured:
        answers = [
            create(api, codes=[SENTINEL]),
            create(api, codes=[SENTINEL, "X"], amount_cents=1),
            create(api, codes=SENTINEL),
            create(api, codes=[SENTINEL], amount_cents=100, currency_code="EUR"),
            create(api, codes=[SENTINEL], amount_cents=100),
        ]

    assert [answer.status for answer in answers] == [422, 422, 422, 422, 201]
    places = [*caplog.messages, *(query["sql"] for query in captured), *everything_stored()]
    places += [str(answer.document) + str(answer.headers) for answer in answers]
    for form in forms_of(SENTINEL):
        assert [place for place in places if form in place] == []


def test_codes_of_payments_are_tried_no_more_often_than_those_of_look_ups(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 6
    an_active_card(code=SENTINEL)

    tried = [create(api, codes=[SENTINEL, "X", "Y"], amount_cents=1).status for _ in range(3)]
    looked_up = api.create("gift_card_lookups", code=SENTINEL).status

    assert (tried, looked_up) == ([422, 422, 429], 429)


def test_cards_that_are_named_by_their_ids_are_not_counted(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 1
    card = an_active_card()

    assert [create(api, card, amount_cents=1).status for _ in range(3)] == [201, 201, 201]


def test_whoever_guesses_by_paying_is_held_back(api, settings):
    settings.GIFTCARDS_CODE_FAILURES = settings.GIFTCARDS_CODE_FAILURES_OF_ONE = 3
    an_active_card(code=SENTINEL)

    statuses = [create(api, codes=[f"GUESS-{number}"]).status for number in range(5)]

    assert statuses == [422, 422, 422, 429, 429]
    assert create(api, codes=[SENTINEL]).status == 429


def test_a_retry_with_the_same_key_pays_once(api):
    card = an_active_card(code=SENTINEL)
    body = {
        "data": {"type": "gift_card_payments", "attributes": {"amount_cents": 1_000, "codes": [SENTINEL]}}
    }
    sent = {"accept": MEDIA_TYPE, "authorization": api.authorization, "idempotency-key": "order-1"}

    answers = [
        Client().generic(
            "POST", "/api/gift_card_payments", json.dumps(body).encode(), MEDIA_TYPE, headers=sent
        )
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert balances(card) == [9_000]
    for form in forms_of(SENTINEL):
        assert [place for place in everything_stored() if form in place] == []
