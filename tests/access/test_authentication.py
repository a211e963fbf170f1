"""The bearer token decides who calls; whatever is wrong with it, the answer is the same."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from access.api.authentication import BearerAuthentication
from access.credentials import new_credentials
from access.models import ApiKey
from access.operations import mint_api_key, revoke_api_key
from kernel.caller import Actor
from kernel.clock import database_now
from kernel.modes import Mode

OWNER = Actor.system("set-up")


def mint(mode=Mode.TEST):
    return mint_api_key(application_name="till", mode=mode, actor=OWNER)


def request_with(authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    return Request(APIRequestFactory().get("/api/gift_cards", headers=headers))


def authenticate(authorization):
    return BearerAuthentication().authenticate(request_with(authorization))


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_says_who_calls_and_in_which_mode(scheme):
    api_key, key = mint(Mode.LIVE)

    user, credential = authenticate(f"{scheme} {key.reveal()}")

    assert user is None
    assert credential.caller.mode == Mode.LIVE
    assert credential.caller.actor.id == str(api_key.pk)


@pytest.mark.django_db
def test_whatever_is_wrong_with_a_token_the_answer_is_the_same():
    revoked, revoked_key = mint()
    revoke_api_key(api_key_id=revoked.pk, actor=OWNER)
    expired, expired_key = mint()
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=database_now() - timedelta(seconds=1))
    _, good_key = mint()
    unknown = new_credentials(Mode.TEST).key.reveal()

    answers = set()
    for authorization in [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer \xff\xfe",
        f"Bearer {unknown}",
        f"Bearer {revoked_key.reveal()}",
        f"Bearer {expired_key.reveal()}",
        f"Bearer {good_key.reveal()} {good_key.reveal()}",
        f"Basic {good_key.reveal()}",
        good_key.reveal(),
    ]:
        with pytest.raises(AuthenticationFailed) as refusal:
            authenticate(authorization)
        answers.add((refusal.value.get_codes(), str(refusal.value.detail), refusal.value.status_code))

    assert answers == {("INVALID_TOKEN", "The access token is missing, unknown, expired or revoked.", 401)}


def test_the_answer_says_that_a_bearer_token_is_wanted():
    assert BearerAuthentication().authenticate_header(request_with(None)) == "Bearer"


@pytest.mark.django_db
def test_nonsense_does_not_reach_the_database(django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(AuthenticationFailed):
        authenticate("Bearer gck_test_" + "a" * 49)


@pytest.mark.django_db
def test_the_first_request_of_a_minute_is_noted_and_the_others_cost_one_statement(django_assert_num_queries):
    api_key, key = mint()

    with django_assert_num_queries(2):
        authenticate(f"Bearer {key.reveal()}")
    authenticate(f"Bearer {key.reveal()}")  # the database says something else of it: that it is noted
    with django_assert_num_queries(1):
        authenticate(f"Bearer {key.reveal()}")

    api_key.refresh_from_db()
    assert api_key.last_used_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_request_never_waits_for_whoever_holds_its_key():
    api_key, key = mint()
    let_in = []

    def call():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")  # waiting at all would fail
        let_in.append(authenticate(f"Bearer {key.reveal()}"))
        connection.close()

    with transaction.atomic():
        ApiKey.objects.select_for_update().get(pk=api_key.pk)
        caller = threading.Thread(target=call)
        caller.start()
        caller.join(timeout=10)

    assert len(let_in) == 1
    api_key.refresh_from_db()
    assert api_key.last_used_at is None


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_being_revoked_works_until_the_revocation_is_committed_and_never_after():
    api_key, key = mint()
    authenticate(f"Bearer {key.reveal()}")

    with transaction.atomic():
        revoke_api_key(api_key_id=api_key.pk, actor=OWNER)
        elsewhere = []

        def call():
            elsewhere.append(authenticate(f"Bearer {key.reveal()}"))
            connection.close()

        caller = threading.Thread(target=call)
        caller.start()
        caller.join(timeout=10)
        assert len(elsewhere) == 1

    with pytest.raises(AuthenticationFailed):
        authenticate(f"Bearer {key.reveal()}")
