"""What a process remembers of a key is asked about anew with each request, together with its first statement.
It makes requests cheaper, and lets nobody in."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from access import queries
from access.models import ApiKey, ApiKeyMarket
from access.operations import mint_api_key, revoke_api_key
from access.scopes import Scope
from api import rate_limits
from api.models import IdempotencyKey, ThrottleCount
from config.postgresql import base
from giftcards.api.code_tries import TRIES
from giftcards.models import GiftCard
from kernel.caller import Actor
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.statements import Question
from tests.fixtures.cast import a_market, an_active_card
from tests.fixtures.client import ApiClient
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db

OWNER = Actor.system("set-up")


class Held:
    """A key, its client, and a card that it can read."""

    def __init__(self, **choices):
        self.berlin, self.paris = a_market(code="berlin"), a_market(code="paris")
        self.card = an_active_card(market=self.berlin)
        minted, key = mint_api_key(application_name="till", mode=Mode.TEST, actor=OWNER, **choices)
        self.keys = ApiKey.objects.filter(pk=minted.pk)
        self.pk = minted.pk
        self.api = ApiClient(f"Bearer {key.reveal()}")
        self.path = f"gift_cards/{self.card.pk}"
        # The first use is noted, the second finds it noted, the third is asked in one statement.
        assert [self.api.get(self.path).status for _ in range(3)] == [200] * 3


def revoke(held):
    revoke_api_key(api_key_id=held.pk, actor=OWNER)


def let_expire(held):
    held.keys.update(expires_at=database_now() - timedelta(seconds=1))


@pytest.mark.parametrize("end", [revoke, let_expire])
@pytest.mark.parametrize(
    "path",
    [
        "gift_cards/{card}",
        "gift_cards/{card}/market",
        "gift_cards/{card}/relationships/market",
        "gift_cards",
        "gift_cards?filter[q][status_eq]=active",
        "gift_cards/no-key-at-all",
        "gift_cards/{card}?include=nonsense",
        "gift_cards/01930000-0000-7000-8000-00000000dead",
        "organization",
        "application",
    ],
)
def test_a_key_that_has_ended_reads_nothing_from_the_next_request_on(end, path):
    held = Held()
    address = path.format(card=held.card.pk)
    before = held.api.get(address).status
    end(held)

    assert before != 401
    assert held.api.get(address).refusal[:2] == (401, "INVALID_TOKEN")


def test_control_without_the_answer_it_would_read_on(monkeypatch):
    held = Held()
    revoke(held)
    monkeypatch.setattr(Question, "denied", lambda self: None)
    monkeypatch.setattr(
        "config.postgresql.base._together",
        lambda question, sql: f"SELECT TRUE, TRUE, those.* FROM (SELECT %s, %s, %s) AS _, ({sql}) AS those",  # noqa: S608
    )
    known = next(each for each in queries._known.values() if each.credential.api_key_id == held.pk)
    assert len(known.question.parameters) == 3

    assert held.api.get(held.path).status == 200


def sent(held, method, path, data, **headers):
    body = json.dumps({"data": {"type": path.partition("/")[0], **data}})
    return send_raw(held.api, method, f"{path}?fields[gift_cards]=status", body, **headers)


def debit(held, **headers):
    data = {"id": str(held.card.pk), "attributes": {"_balance_change_cents": -1}}
    return sent(held, "PATCH", held.path, data, **headers)


def debit_with_key(held):
    return debit(held, **{"idempotency-key": "7"})


def create(held):
    in_berlin = {"market": {"data": {"type": "markets", "id": str(held.berlin.pk)}}}
    return sent(held, "POST", "gift_cards", {"attributes": {"balance_cents": 1}, "relationships": in_berlin})


def create_without_market(held):
    attributes = {"balance_cents": 1, "currency_code": "USD"}
    return sent(held, "POST", "gift_cards", {"attributes": attributes})


def look_up(held):
    return held.api.create("gift_card_lookups", code=held.card.code().reveal())


def delete(held):
    return held.api.delete(held.path)


WRITES = (debit, debit_with_key, create, create_without_market, look_up, delete)


@pytest.mark.parametrize("write", WRITES)
def test_a_key_that_has_ended_writes_nothing(write):
    held = Held()
    revoke(held)

    assert write(held).refusal[:2] == (401, "INVALID_TOKEN")
    assert GiftCard.objects.get().balance_cents == held.card.balance_cents
    assert not ThrottleCount.objects.filter(scope=TRIES.scope).exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("write", [debit, create_without_market, look_up])
def test_control_without_the_question_in_it_a_statement_would_write(monkeypatch, write):
    held = Held()
    revoke(held)
    monkeypatch.setattr("config.postgresql.base._if", lambda question, sql: sql)

    assert write(held).status in {200, 201}


@pytest.mark.parametrize("write", [debit, create_without_market, look_up])
def test_a_write_that_comes_alone_asks_in_its_own_statement(django_assert_num_queries, write):
    """The second one reads the answer."""
    held = Held()
    write(held)

    with django_assert_num_queries(2):
        assert write(held).status in {200, 201}


def test_a_scope_that_was_taken_away_is_gone_and_one_that_was_given_is_there():
    held = Held()
    scopes = held.keys.get().scopes

    held.keys.update(scopes=[each for each in scopes if each != Scope.READ])
    assert held.api.get(held.path).refusal[:2] == (403, "UNAUTHORIZED")
    assert held.api.get(held.path).refusal[:2] == (403, "UNAUTHORIZED")

    held.keys.update(scopes=scopes)
    assert held.api.get(held.path).status == 200


def test_a_market_that_was_taken_away_is_out_of_reach():
    held = Held(market_codes=["berlin", "paris"])

    ApiKeyMarket.objects.filter(api_key_id=held.pk, market_id=held.berlin.pk).delete()
    assert held.api.get(held.path).status == 404
    assert held.api.get("gift_cards").document["data"] == []


def test_a_key_that_goes_on_counting_is_asked_in_the_statement_that_reads(django_assert_num_queries):
    held = Held()

    with django_assert_num_queries(1):
        held.api.get(f"{held.path}?fields[gift_cards]=status")


def test_nothing_is_left_to_be_asked_after_a_request():
    held = Held()
    for path in (held.path, "gift_cards?include=nonsense", "gift_cards/no-key-at-all"):
        held.api.get(path)
        assert getattr(connection, "question", "asked") is None


def test_its_use_goes_on_being_noted():
    held = Held()
    held.keys.update(last_used_at=database_now() - timedelta(minutes=2))
    held.api.get(held.path)

    assert held.keys.filter(last_used_at__gt=database_now() - timedelta(minutes=1)).exists()


def let_a_minute_pass(held):
    held.keys.update(last_used_at=database_now() - timedelta(minutes=2))


def note(held):
    held.keys.update(last_used_at=database_now())


@pytest.mark.parametrize("write", [debit, debit_with_key, create_without_market, look_up])
def test_a_write_that_did_nothing_is_sent_again_if_the_key_counts_after_all(monkeypatch, write):
    """Another process notes the key's use between the two questions."""
    held = Held()
    write(held)
    let_a_minute_pass(held)
    ask_now = vars(base.DatabaseWrapper)["ask_now"]

    def note_and_ask(self):
        question, self.question = self.question, None
        if question is not None:
            note(held)
        self.question = question
        ask_now(self)

    monkeypatch.setattr(base.DatabaseWrapper, "ask_now", note_and_ask)

    assert write(held).status in {200, 201}


def test_what_another_thread_remembers_meanwhile_is_asked_about_at_once(monkeypatch):
    held = Held()
    let_a_minute_pass(held)
    forget = vars(queries)["_forget"]

    def forget_while_another_thread_looks_it_up(known_by):
        forget(known_by)
        vars(queries)["_look_up"](*known_by)
        note(held)

    monkeypatch.setattr(queries, "_forget", forget_while_another_thread_looks_it_up)

    assert held.api.get(held.path).status == 200


def test_a_request_that_is_begun_again_is_counted_once(settings):
    settings.GIFTCARDS_RATE_LIMIT_PER_KEY = 1000
    held = Held()
    before = held.api.get(held.path).headers["X-Ratelimit-Remaining"]
    let_a_minute_pass(held)

    assert int(held.api.get(held.path).headers["X-Ratelimit-Remaining"]) == int(before) - 1


class NoAnswerToTheFirst:
    """As when a statement is cancelled: the connection goes on."""

    def __init__(self):
        self.sent = 0

    def __call__(self, execute, *statement):
        self.sent += 1
        if self.sent == 1:
            raise OperationalError("canceling statement")
        return execute(*statement)


def test_a_question_that_was_not_answered_is_asked_again(settings, monkeypatch):
    """The rate limit lets everybody through while the database doesn't say how many there were."""
    held = Held()
    revoke(held)
    settings.GIFTCARDS_RATE_LIMIT_PER_KEY = 1000
    monkeypatch.setattr(rate_limits.KEYS, "_blocks", {})
    monkeypatch.setattr(rate_limits.KEYS, "_rests_until", 0.0)
    with connection.execute_wrapper(NoAnswerToTheFirst()):
        assert held.api.get(held.path).status == 401


@pytest.mark.parametrize("path", ['gift_card_transactions?filter[q][actor_jcont]={"a":"b"}', "gift_cards"])
def test_where_the_question_has_no_answer_the_request_may_be_made_again(path):
    """The first finds nothing whatever is there, so the question goes alone."""
    held = Held()
    held.api.get(path)
    with connection.execute_wrapper(NoAnswerToTheFirst()):
        assert held.api.get(path).status == 503
    assert getattr(connection, "question", "asked") is None


def test_no_more_keys_are_remembered_than_memory_should_hold(monkeypatch):
    monkeypatch.setattr(queries, "MOST_KNOWN", 3)
    for _ in range(5):
        _, key = mint_api_key(application_name="till", mode=Mode.TEST, actor=OWNER)
        ApiClient(f"Bearer {key.reveal()}").get("gift_cards")
    assert len(queries._known) <= 3


def test_what_is_remembered_has_no_key_in_it():
    held = Held()
    secret = held.api.authorization.partition(" ")[2]

    assert secret[:20] not in repr(queries._known)
