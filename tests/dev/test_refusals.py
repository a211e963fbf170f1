"""What a person can mend is told in one sentence on standard error, with status 1 and without a traceback."""

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.dev.conftest import ENVIRONMENT, ROOT, Dev, free_port


def refusal(dev: Dev, *command: str) -> str:
    result = dev(*command)
    assert result.returncode == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("dev: ")
    return sentence


@pytest.mark.parametrize("command", [("run", "--port=0"), ("manage", "check"), ("test",)])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://giftcards:hunter2@127.0.0.1:1/giftcards", "refused"),
        ("postgresql:///giftcards?host=/nowhere", "No such file"),
        ("mysql://root:hunter2@127.0.0.1/giftcards", "must start with postgresql://"),
    ],
)
def test_a_database_that_can_not_be_reached(fresh, command, url, reason):
    sentence = refusal(replace(fresh, environment={"DATABASE_URL": url}), *command)
    assert "DATABASE_URL" in sentence
    assert reason in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("command", [("run", "--port=0"), ("manage", "check"), ("test",)])
@pytest.mark.parametrize("password", ["hunter2%", "hunter/2", "hunter2@", "1#hunter", "1?hunter=2@"])
def test_an_address_that_is_none_is_not_repeated(fresh, command, password):
    url = f"postgresql://giftcards:{password}@127.0.0.1:1/giftcards"
    sentence = refusal(replace(fresh, environment={"DATABASE_URL": url}), *command)
    assert sentence == "dev: DATABASE_URL is not a valid address."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GIFTCARDS_DEBUG", "perhaps", "GIFTCARDS_DEBUG must be 1 or 0."),
        ("GIFTCARDS_CODE_KEYS", "hunter2", "GIFTCARDS_CODE_KEYS must be NUMBER:KEY"),
    ],
)
def test_a_setting_that_is_none(dev, name, value, sentence):
    mistaken = replace(dev, environment={name: value})
    managed = mistaken("manage", "showmigrations")
    assert managed.returncode == 1
    assert managed.stderr.startswith(sentence)
    assert len(managed.stderr.splitlines()) == 1
    run = mistaken("run", "--port", str(free_port()))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.splitlines()[0] == "Migrating the database ..."
    assert run.stderr.splitlines()[1].startswith(f"dev: {sentence}")
    assert len(run.stderr.splitlines()) == 2
    assert "hunter2" not in run.stderr + managed.stderr


def test_a_folder_without_postgresql_programs(fresh, tmp_path):
    dev = replace(fresh, environment={"PG_BIN": str(tmp_path)})
    assert refusal(dev, "manage", "check") == f"dev: PG_BIN={tmp_path} has no program initdb."


def test_a_data_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    data = tmp_path / "file" / "data"
    sentence = f"dev: The data folder {data} can't be made: Not a directory."
    assert refusal(Dev(data), "manage", "check") == sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_can_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    assert "can't be written to" in refusal(Dev(tmp_path), "manage", "check")


def test_an_impossible_port(fresh):
    assert "Port 70000 can't be used" in refusal(fresh, "run", "--port=70000")


def test_old_pythons_can_read_the_file():
    ast.parse((ROOT / "dev").read_text(), feature_version=(3, 6))


def test_a_python_that_is_too_old():
    pretend = "import sys; sys.version_info = (3, 9, 2); exec(open('dev').read())"
    result = subprocess.run(
        [sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == f"dev: needs Python 3.11 or newer, and {sys.executable} is 3.9.\n"


@pytest.fixture
def bare_copy(tmp_path):
    """A checkout in which nothing is installed yet."""
    shutil.copy(ROOT / "dev", tmp_path)
    (tmp_path / "requirements").mkdir()
    for lock in ("run", "test"):
        (tmp_path / "requirements" / f"{lock}.txt").write_text(f"nowhere==1 --hash=sha256:{'0' * 64}\n")
    return tmp_path


def run_in(folder, **environment):
    return subprocess.run(
        [sys.executable, "dev", "manage", "check"],
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_without_its_venv_package(bare_copy):
    (bare_copy / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None\n")
    result = run_in(bare_copy, PYTHONPATH=str(bare_copy))
    assert result.returncode == 1
    assert result.stderr == "dev: Python's module venv is incomplete; on Debian: apt install python3-venv.\n"


def test_a_package_without_a_wheel_for_this_platform(bare_copy):
    result = run_in(bare_copy, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(bare_copy))
    assert result.returncode == 1
    assert "dev: There is no wheel of nowhere==1 for Python here" in result.stderr.splitlines()[-1]
    assert not (bare_copy / ".venv" / "stamp").exists()


@pytest.mark.parametrize("arguments", [(), ("launch",)])
def test_an_unknown_command_shows_what_there_is(fresh, arguments):
    result = fresh(*arguments)
    assert result.returncode == 2
    for command in ("./dev run", "./dev test", "./dev manage", "./dev check"):
        assert command in result.stderr
    assert not fresh.data.exists()
    assert free_port()
