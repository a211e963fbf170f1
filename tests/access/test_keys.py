"""Keys are minted, rotated and revoked; each leaves an event, none leaves its text."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from access.credentials import digest
from access.models import ApiKey, ApiKeyMarket, Application
from access.operations import (
    mint_api_key,
    note_use,
    revoke_api_key,
    revoke_api_keys_known_as,
    rotate_api_key,
)
from access.queries import credential_of
from access.scopes import EVERY_SCOPE
from events.models import Event
from events.queries import timeline
from kernel.caller import Actor, ActorKind, Caller
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.refusals import InUse, Invalid, NotFound
from kernel.secret import Secret
from markets.operations import create_market, delete_market

pytestmark = pytest.mark.django_db

OWNER = Actor(ActorKind.USER, "1", "owner@shop.example")
TEST, LIVE = Caller(Mode.TEST, OWNER), Caller(Mode.LIVE, OWNER)


def mint(*, application_name="till", mode=Mode.TEST, **choices):
    return mint_api_key(application_name=application_name, mode=mode, actor=OWNER, **choices)


def known(key):
    credential = credential_of(key)
    assert credential is not None
    return credential


def test_a_new_key_may_do_everything_everywhere_unless_told_otherwise():
    api_key, key = mint()

    credential = known(key)
    assert credential.scopes == set(EVERY_SCOPE)
    assert credential.caller == Caller(
        Mode.TEST,
        Actor(ActorKind.API_KEY, str(api_key.pk), "till"),
        market_ids=None,
        administers=True,
    )
    assert credential.application_id == api_key.application_id
    assert credential.organization_id == api_key.application.organization_id
    assert api_key.created_by == "owner@shop.example"
    assert api_key.expires_at is None


def test_a_key_carries_the_scopes_it_was_given():
    _, key = mint(scopes=["gift_cards:spend", "gift_cards:read", "gift_cards:read"])

    assert known(key).scopes == {"gift_cards:read", "gift_cards:spend"}
    assert not known(key).caller.administers


def test_a_key_is_restricted_to_the_markets_it_was_given():
    italy = create_market(caller=TEST, name="Italy", code="it")
    create_market(caller=TEST, name="Spain", code="es")
    _, key = mint(market_codes=["it", "it"])

    assert known(key).caller.market_ids == {italy.pk}


def test_markets_are_named_by_code_or_id_in_any_mix():
    italy = create_market(caller=TEST, name="Italy", code="it")
    spain = create_market(caller=TEST, name="Spain")
    api_key, key = mint(market_codes=["it"], market_ids=[spain.pk, italy.pk])

    assert known(key).caller.market_ids == {italy.pk, spain.pk}
    assert timeline(api_key.pk).get().data["markets"] == sorted(["it", str(spain.pk)])


@pytest.mark.parametrize("name", ["Italy", None])
def test_a_market_id_of_the_other_mode_or_of_none_is_no_market(name):
    elsewhere = create_market(caller=LIVE, name=name).pk if name else UUID(int=7)

    with pytest.raises(Invalid, match=f"markets can't include {name or UUID(int=7)}: no such market in test"):
        mint(market_ids=[elsewhere])

    assert not ApiKey.objects.exists()


def test_the_keys_of_a_name_belong_to_one_application():
    first, _ = mint()
    second, _ = mint(mode=Mode.LIVE)

    assert first.application == second.application
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"application_name": " "}, "name can't be blank"),
        ({"application_name": "a" * 256}, r"name is too long \(maximum is 255 characters\)"),
        ({"scopes": []}, "scopes can't be blank"),
        ({"scopes": ["gift_cards:fly"]}, "scopes can't include gift_cards:fly; there are gift_cards:read, "),
        ({"market_codes": ["xx"]}, "markets can't include xx: no such market in test mode"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at must be in the future"),
    ],
)
def test_a_wrong_choice_is_named_and_nothing_is_made(choices, sentence):
    with pytest.raises(Invalid, match=sentence):
        mint(**choices)

    assert not ApiKey.objects.exists()
    assert not Application.objects.exists()


def test_a_market_of_the_other_mode_is_no_market():
    create_market(caller=LIVE, name="Italy", code="it")

    with pytest.raises(Invalid, match="no such market in test mode"):
        mint(market_codes=["it"])


def test_an_expired_key_is_unknown_by_the_databases_clock():
    api_key, key = mint(expires_at=database_now() + timedelta(hours=1))
    assert credential_of(key) is not None

    ApiKey.objects.filter(pk=api_key.pk).update(expires_at=database_now())

    assert credential_of(key) is None


def test_a_revoked_key_is_unknown_from_the_next_request_on():
    api_key, key = mint()
    _, other = mint()

    revoke_api_key(api_key_id=api_key.pk, actor=OWNER)

    assert credential_of(key) is None
    assert credential_of(other) is not None


def test_revoking_twice_changes_nothing():
    api_key, _ = mint()
    first = revoke_api_key(api_key_id=api_key.pk, actor=OWNER)

    assert revoke_api_key(api_key_id=api_key.pk, actor=OWNER).revoked_at == first.revoked_at
    assert [event.topic for event in timeline(api_key.pk)] == ["api_keys.create", "api_keys.revoke"]


def test_a_key_that_does_not_exist_is_not_found():
    for refuse in (
        lambda: revoke_api_key(api_key_id=uuid4(), actor=OWNER),
        lambda: rotate_api_key(api_key_id=uuid4(), overlap=timedelta(0), actor=OWNER),
        lambda: revoke_api_keys_known_as(identifier="nobody", actor=OWNER),
    ):
        with pytest.raises(NotFound):
            refuse()


@pytest.mark.parametrize("known_as", ["pk", "client_id"])
def test_a_key_is_revoked_by_either_of_its_ids(known_as):
    api_key, key = mint()
    _, other = mint()

    revoke_api_keys_known_as(identifier=str(getattr(api_key, known_as)), actor=OWNER)

    assert credential_of(key) is None
    assert credential_of(other) is not None


def test_all_keys_of_an_application_are_revoked_by_its_name():
    keys = [mint()[1], mint(mode=Mode.LIVE)[1]]
    _, other = mint(application_name="web")

    assert len(revoke_api_keys_known_as(identifier="till", actor=OWNER)) == 2
    assert [credential_of(key) for key in keys] == [None, None]
    assert credential_of(other) is not None
    assert revoke_api_keys_known_as(identifier="till", actor=OWNER) == []


def test_a_rotated_key_works_beside_its_successor_until_the_overlap_ends():
    create_market(caller=TEST, name="Italy", code="it")
    old, old_key = mint(scopes=["gift_cards:read"], market_codes=["it"])

    new, new_key = rotate_api_key(api_key_id=old.pk, overlap=timedelta(hours=1), actor=OWNER)

    before, after = known(old_key), known(new_key)
    assert before.scopes == after.scopes
    assert before.caller.market_ids == after.caller.market_ids
    assert before.application_id == after.application_id
    old.refresh_from_db()
    assert timedelta(minutes=59) < old.expires_at - database_now() <= timedelta(hours=1)
    assert new.expires_at is None


def test_without_an_overlap_the_old_key_ends_at_once():
    old, old_key = mint()
    _, new_key = rotate_api_key(api_key_id=old.pk, overlap=timedelta(0), actor=OWNER)

    assert credential_of(old_key) is None
    assert credential_of(new_key) is not None


def test_a_successor_lives_as_long_and_an_overlap_never_prolongs_the_old_key():
    expires_at = database_now() + timedelta(days=1)
    old, _ = mint(expires_at=expires_at)

    new, _ = rotate_api_key(api_key_id=old.pk, overlap=timedelta(days=30), actor=OWNER)

    old.refresh_from_db()
    assert old.expires_at == expires_at
    assert new.expires_at is not None
    assert abs(new.expires_at - expires_at) < timedelta(minutes=1)


def test_a_revoked_key_has_no_successor():
    api_key, _ = mint()
    revoke_api_key(api_key_id=api_key.pk, actor=OWNER)

    with pytest.raises(Invalid, match="revoked or has expired"):
        rotate_api_key(api_key_id=api_key.pk, overlap=timedelta(0), actor=OWNER)
    with pytest.raises(Invalid, match="overlap must be greater than or equal to 0"):
        rotate_api_key(api_key_id=api_key.pk, overlap=timedelta(-1), actor=OWNER)


def test_what_happened_to_a_key_is_told_by_its_events():
    old, _ = mint(scopes=["gift_cards:read"])
    new, _ = rotate_api_key(api_key_id=old.pk, overlap=timedelta(0), actor=OWNER)
    revoke_api_key(api_key_id=old.pk, actor=OWNER)

    told = timeline(old.pk)
    assert [event.topic for event in told] == ["api_keys.create", "api_keys.rotate", "api_keys.revoke"]
    assert {event.actor_name for event in told} == {"owner@shop.example"}
    assert told[0].data == {
        "client_id": old.client_id,
        "application": "till",
        "scopes": ["gift_cards:read"],
        "markets": [],
        "expires_at": None,
    }
    assert told[1].data["replaced_by"] == new.client_id


def test_no_table_holds_a_keys_text():
    api_key, key = mint()
    rotated, successor = rotate_api_key(api_key_id=api_key.pk, overlap=timedelta(0), actor=OWNER)

    for secret in (key, successor):
        random_part = secret.reveal().rsplit("_", 1)[1][:43]
        for model in (ApiKey, Event, Application, ApiKeyMarket):
            assert random_part not in repr(list(model.objects.values()))
    assert bytes(ApiKey.objects.get(pk=api_key.pk).digest) == digest(key)
    assert rotated.masked == f"gck_test_…{successor.reveal()[-4:]}"
    assert "gck_test_…" in str(rotated)


def test_an_unknown_key_is_nobody():
    assert credential_of(Secret("gck_test_unknown")) is None


def test_a_key_is_looked_up_in_one_statement(django_assert_num_queries):
    create_market(caller=TEST, name="Italy", code="it")
    _, key = mint(market_codes=["it"])

    with django_assert_num_queries(1):
        credential_of(key)


def test_use_is_noted_at_most_once_a_minute():
    api_key, key = mint()
    assert not known(key).use_is_noted

    note_use(api_key.pk)
    api_key.refresh_from_db()
    first = api_key.last_used_at
    note_use(api_key.pk)
    api_key.refresh_from_db()
    assert api_key.last_used_at == first
    assert known(key).use_is_noted

    ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=first - timedelta(minutes=1))
    assert not known(key).use_is_noted
    note_use(api_key.pk)
    api_key.refresh_from_db()
    assert api_key.last_used_at >= first


def test_a_market_stays_while_a_key_is_restricted_to_it():
    italy = create_market(caller=TEST, name="Italy", code="it")
    _, key = mint(market_codes=["it"])

    with pytest.raises(InUse, match="api key markets depend on it"):
        delete_market(caller=TEST, market_id=italy.pk)

    assert known(key).caller.market_ids == {italy.pk}


@pytest.mark.parametrize(
    ("mode", "constraint"),
    [("test", "restriction_agrees_with_market_on_mode"), ("live", "restriction_agrees_with_key_on_mode")],
)
def test_the_database_refuses_a_test_key_in_a_live_market(mode, constraint):
    api_key, _ = mint()
    market = create_market(caller=LIVE, name="Italy", code="it")

    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO access_apikeymarket (id, api_key_id, market_id, mode) VALUES (%s, %s, %s, %s)",
            [uuid4(), api_key.pk, market.pk, mode],
        )


def test_the_database_refuses_to_move_a_restricted_key_to_the_other_mode():
    create_market(caller=TEST, name="Italy", code="it")
    api_key, _ = mint(market_codes=["it"])

    with pytest.raises(IntegrityError, match="agrees_with_key_on_mode"), transaction.atomic():
        ApiKey.objects.filter(pk=api_key.pk).update(mode=Mode.LIVE)
