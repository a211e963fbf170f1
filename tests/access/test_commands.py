"""`create_api_key` prints a key and nothing else; `revoke_api_key` ends it."""

import json

import pytest
from django.core.management import CommandError, call_command

from access.credentials import is_well_formed
from access.models import ApiKey
from access.queries import credential_of
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.secret import Secret
from markets.operations import create_market

pytestmark = pytest.mark.django_db

OWNER = Actor.system("set-up")


def known(text):
    credential = credential_of(Secret(text))
    assert credential is not None
    return credential


def create(capsys, *options):
    call_command("create_api_key", "--name", "till", "--mode", "test", *options)
    return capsys.readouterr()


def test_the_key_stands_alone_on_standard_output(capsys):
    printed = create(capsys)

    text = printed.out.removesuffix("\n")
    assert is_well_formed(text)
    assert known(text).caller.mode == Mode.TEST
    assert "not shown again" in printed.err
    assert text not in printed.err


def test_json_has_id_client_id_and_key(capsys):
    shown = json.loads(create(capsys, "--json").out)

    credential = known(shown["key"])
    assert shown.keys() == {"id", "client_id", "key"}
    assert str(credential.api_key_id) == shown["id"]
    assert shown["client_id"].startswith("gcc_test_")


def test_scopes_and_markets_are_those_asked_for(capsys):
    italy = create_market(caller=Caller(Mode.TEST, OWNER), name="Italy", code="it")

    text = create(capsys, "--scopes", "gift_cards:read,admin", "--market", "it").out.strip()

    credential = known(text)
    assert credential.scopes == {"gift_cards:read", "admin"}
    assert credential.caller.market_ids == {italy.pk}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--scopes", "gift_cards:fly"], "scopes can't include gift_cards:fly"),
        (["--scopes", ""], "scopes can't be blank"),
        (["--market", "atlantis"], "markets can't include atlantis"),
        (["--mode", "prod"], "invalid choice: 'prod'"),
    ],
)
def test_a_wrong_option_is_named_in_one_sentence(capsys, options, sentence):
    with pytest.raises(CommandError, match=sentence) as refusal:
        create(capsys, *options)

    assert "\n" not in str(refusal.value)
    assert capsys.readouterr().out == ""


def test_a_key_is_revoked_by_its_client_id(capsys):
    shown = json.loads(create(capsys, "--json").out)

    call_command("revoke_api_key", shown["client_id"])

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"Revoked till: test key {shown['client_id']}.\n")
    assert credential_of(Secret(shown["key"])) is None


def test_keys_are_revoked_by_their_applications_name(capsys):
    texts = [create(capsys).out.strip() for _ in range(2)]

    call_command("revoke_api_key", "till")
    call_command("revoke_api_key", "till")

    assert [credential_of(Secret(text)) for text in texts] == [None, None]
    assert capsys.readouterr().err.endswith("Already revoked.\n")


def test_what_names_no_key_is_refused_and_not_repeated(capsys):
    text = create(capsys).out.strip()

    with pytest.raises(CommandError, match="No API key has this id") as refusal:
        call_command("revoke_api_key", text)

    assert text not in str(refusal.value)


def test_a_key_gets_a_successor_and_ends_when_it_is_told_to(capsys):
    old = json.loads(create(capsys, "--json").out)

    call_command("rotate_api_key", old["client_id"], "--overlap-hours", "0")

    new = capsys.readouterr().out.removesuffix("\n")
    assert known(new).application_id == ApiKey.objects.get(pk=old["id"]).application_id
    assert credential_of(Secret(old["key"])) is None


def test_what_is_no_single_key_is_not_rotated(capsys):
    create(capsys)
    create(capsys)
    for text in ("till", "gck_test_pasted"):
        with pytest.raises(CommandError, match="No API key has this id") as refused:
            call_command("rotate_api_key", text)
        assert text not in str(refused.value)
