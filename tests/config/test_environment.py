import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import code_keys, database_url, flag, secret, whole_number

ROOT = Path(__file__).resolve().parents[2]


def encoded(byte: int, length: int = 32) -> str:
    return base64.urlsafe_b64encode(bytes([byte]) * length).decode()


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a_secret").write_text("from the file\n")
    assert secret("A_SECRET", tmp_path) == "from the file"
    monkeypatch.setenv("A_SECRET", "from the environment")
    assert secret("A_SECRET", tmp_path) == "from the environment"


def test_a_missing_secret_is_told_by_name_and_file(tmp_path):
    with pytest.raises(ImproperlyConfigured, match=r"^A_SECRET is not set, .*/secrets/a_secret; ./dev run"):
        secret("A_SECRET", tmp_path)


def test_an_empty_file_is_no_secret(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a_secret").write_text("\n")
    with pytest.raises(ImproperlyConfigured):
        secret("A_SECRET", tmp_path)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("", False), ("0", False), ("No", False)]
)
def test_flags_are_1_or_0(monkeypatch, text, value):
    monkeypatch.setenv("A_FLAG", text)
    assert flag("A_FLAG") is value


def test_another_flag_is_refused(monkeypatch):
    monkeypatch.setenv("A_FLAG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="A_FLAG must be 1 or 0"):
        flag("A_FLAG")


@pytest.mark.parametrize(("text", "value"), [("", 7), ("12", 12), ("0", 0), ("60", 60)])
def test_numbers_are_whole_and_within_their_limits(monkeypatch, text, value):
    monkeypatch.setenv("A_NUMBER", text)
    assert whole_number("A_NUMBER", 7, at_least=0, at_most=60) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "of at least 1"),
        ("-1", "of at least 1"),
        ("1.5", "of at least 1"),
        ("١", "of at least 1"),
        ("9" * 5000, "of at least 1"),
        ("61", "at most 60"),
    ],
)
def test_other_numbers_are_refused(monkeypatch, text, message):
    monkeypatch.setenv("A_NUMBER", text)
    with pytest.raises(ImproperlyConfigured, match=f"^A_NUMBER must be .*{message}"):
        whole_number("A_NUMBER", 7, at_most=60)


def test_code_keys_are_numbered(monkeypatch):
    keys = code_keys(f"1:{encoded(7)}, 2:{encoded(8).rstrip('=')}")
    assert keys == {1: bytes([7]) * 32, 2: bytes([8]) * 32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sesame",
        encoded(7),
        f"one:{encoded(7)}",
        f"²:{encoded(7)}",
        f"1:{encoded(7, length=31)}",
        f"1:{encoded(7)},",
        f"1:{encoded(7)},1:{encoded(8)}",
        f"1:{encoded(7)[:-4]}*!==",
    ],
)
def test_malformed_code_keys_are_refused_without_repeating_them(text):
    with pytest.raises(ImproperlyConfigured) as refusal:
        code_keys(text)
    assert "32 bytes in base64url" in str(refusal.value)
    assert encoded(7) not in str(refusal.value)


def settings_in(environment: dict[str, str], expression: str) -> str:
    """What a setting is in a fresh process, because this one has read its settings already."""
    code = f"from config import settings; print({expression})"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIFTCARDS_")}
    secrets = {"GIFTCARDS_SECRET_KEY": "s" * 60, "GIFTCARDS_CODE_KEYS": f"1:{encoded(7)}"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, **secrets, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or result.stderr.strip().splitlines()[-1]


def test_only_the_server_keeps_connections_and_cuts_statements_short():
    options = "settings.DATABASES['default']['OPTIONS']"
    age = "settings.DATABASES['default']['CONN_MAX_AGE']"
    assert settings_in({}, age) == "0"
    assert settings_in({"GIFTCARDS_SERVING": "1"}, age) == "None"
    assert "statement_timeout" not in settings_in({}, options)
    serving = settings_in({"GIFTCARDS_SERVING": "1"}, options)
    assert "statement_timeout=15s" in serving
    assert "lock_timeout=2s" in settings_in({}, options)


def test_a_database_server_that_vanishes_without_a_word_is_given_up_within_seconds():
    """Its machine is switched off: nobody ends the connection, and Linux would try for 15 minutes."""
    options = "settings.DATABASES['default']['OPTIONS']"
    assert settings_in({}, f"{options}['tcp_user_timeout']") == "10000"
    assert settings_in({}, f"[{options}['keepalives_' + name] for name in ('idle', 'interval')]") == "[5, 5]"
    patient = {"DATABASE_URL": "postgresql://db/giftcards?tcp_user_timeout=60000"}
    assert settings_in(patient, f"{options}['tcp_user_timeout']") == "60000"


def test_several_hosts_are_named_of_which_the_one_that_may_be_written_to_is_used():
    url = "postgresql://gc:p%40ss@db1,db2/giftcards?port=5432,5433&target_session_attrs=read-write"
    database = "settings.DATABASES['default']"
    options = "[settings.DATABASES['default']['OPTIONS'][name] for name in ('port', 'target_session_attrs')]"
    assert settings_in({"DATABASE_URL": url}, f"{database}['HOST']") == "db1,db2"
    assert settings_in({"DATABASE_URL": url}, options) == "['5432,5433', 'read-write']"


@pytest.mark.parametrize("url", ["", "sqlite:///db", "mysql://root:hunter2@localhost/x"])
def test_only_postgresql_is_a_database(url):
    message = settings_in({"DATABASE_URL": url}, "0")
    assert "DATABASE_URL must be a postgresql:// address" in message
    assert "hunter2" not in message


MALFORMED = [
    "postgresql://gc:hunter2/more@127.0.0.1/giftcards",
    "postgresql://gc:1/hunter2@127.0.0.1/giftcards",
    "postgresql://gc:hunter2@more@127.0.0.1/giftcards",
    "postgresql://gc:1#hunter2@127.0.0.1/giftcards",
    "postgresql://gc:1?hunter2@127.0.0.1/giftcards",
    "postgresql://gc:hunter2%@127.0.0.1/giftcards",
    "postgresql://gc:hunter2@127.0.0.1:port/giftcards",
    "postgresql://gc:hunter2@[127.0.0.1/giftcards",
    "postgresql://gc:hunter2@127.0.0.1/giftcards?nonsense",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_address_is_refused_without_repeating_it(url):
    message = settings_in({"DATABASE_URL": url}, "0")
    assert message.endswith("DATABASE_URL is not a valid address.")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gc:hunter%2F2%40@127.0.0.1:5432/giftcards?sslmode=require",
        "postgresql://gc@%2Frun%2Fpg/giftcards?options=-c%20a%3Db",
        "postgresql://[::1]/giftcards",
    ],
)
def test_an_address_may_have_every_part(url):
    assert database_url(url) == url


def test_a_socket_folder_may_stand_in_the_query():
    url = "postgresql:///giftcards?host=/run/pg&user=giftcards"
    options = settings_in({"DATABASE_URL": url}, "settings.DATABASES['default']['OPTIONS']")
    assert "'host': '/run/pg'" in options
    assert "'user': 'giftcards'" in options


def test_forwarded_headers_are_trusted_only_when_asked_to():
    asked = "getattr(settings, 'USE_X_FORWARDED_HOST', False)"
    assert settings_in({}, asked) == "False"
    assert settings_in({"GIFTCARDS_TRUST_FORWARDED": "1"}, asked) == "True"


def test_secrets_made_for_this_run_are_private(settings):
    secrets = settings.DATA_FOLDER / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
