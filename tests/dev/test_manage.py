import signal
from pathlib import Path

import pytest

from tests.dev.conftest import COUNT_TABLES, descendants, wait_for


def waiting_for(file: Path) -> str:
    return (
        "import pathlib, time\n"
        "from django.db import connection\n"
        "connection.ensure_connection()\n"
        f"pathlib.Path({str(file)!r} + '.waits').touch()\n"
        f"while not pathlib.Path({str(file)!r}).exists(): time.sleep(0.02)\n"
        "connection.introspection.table_names()\n"
        "print('done')"
    )


def test_up_or_down_it_is_the_same_database(dev):
    down = dev("manage", "shell", "-v0", "-c", COUNT_TABLES)
    with dev.running():
        up = dev("manage", "shell", "-v0", "-c", COUNT_TABLES)
    after = dev("manage", "shell", "-v0", "-c", COUNT_TABLES)
    assert (up.returncode, up.stderr) == (after.returncode, after.stderr) == (0, "")
    assert up.stdout == after.stdout
    assert int(up.stdout) > 10
    assert down.returncode == 0


def test_only_the_command_writes_to_standard_output(fresh):
    result = fresh("manage", "shell", "-v0", "-c", "print('mine')")
    assert result.stdout == "mine\n"
    assert result.stderr == "Making the database ...\n"


def test_before_the_first_run_a_command_says_what_is_missing(fresh):
    result = fresh("manage", "create_api_key", "--name", "Till", "--mode", "test")
    assert result.returncode == 1
    said = "Migrations are not applied to this database: `migrate` does that, and `./dev run`."
    assert result.stderr.splitlines() == ["Making the database ...", said]


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_status_is_the_commands_own(dev, status):
    result = dev("manage", "shell", "-v0", "-c", f"raise SystemExit({status})")
    assert result.returncode == status


def test_two_at_once_share_the_database_and_the_last_one_is_not_cut_off(dev, tmp_path):
    first_may_end, second_may_end = tmp_path / "first", tmp_path / "second"
    first = dev.start("manage", "shell", "-v0", "-c", waiting_for(first_may_end))
    wait_for(Path(f"{first_may_end}.waits").exists, "the first command")
    second = dev.start("manage", "shell", "-v0", "-c", waiting_for(second_may_end))
    wait_for(Path(f"{second_may_end}.waits").exists, "the second command")
    assert any("postgres" in command for command in descendants(first.pid).values())
    assert not any("postgres" in command for command in descendants(second.pid).values())

    first_may_end.touch()
    wait_for(
        lambda: not any("manage.py" in command for command in descendants(first.pid).values()), "its end"
    )
    assert first.poll() is None, "the owner left while another used its database"
    second_may_end.touch()

    assert second.communicate(timeout=60) == ("done\n", "")
    assert first.communicate(timeout=60) == ("done\n", "")
    assert (first.returncode, second.returncode) == (0, 0)


def test_two_first_comers_agree_who_makes_the_database(fresh):
    both = [fresh.start("manage", "shell", "-v0", "-c", "print('mine')") for _ in range(2)]
    outputs = [child.communicate(timeout=60) for child in both]
    assert [child.returncode for child in both] == [0, 0]
    assert [output for output, _errors in outputs] == ["mine\n", "mine\n"]
    assert sorted(errors for _output, errors in outputs) == ["", "Making the database ...\n"]


def test_stopped_by_a_signal_it_takes_its_database_along(dev, tmp_path):
    command = dev.start("manage", "shell", "-v0", "-c", waiting_for(tmp_path / "never"))
    wait_for(Path(f"{tmp_path / 'never'}.waits").exists, "the command")
    family = descendants(command.pid)
    command.send_signal(signal.SIGTERM)
    command.communicate(timeout=60)
    assert command.returncode == 128 + signal.SIGTERM
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]


def test_after_a_manual_migrate_the_next_run_looks_for_itself(dev):
    with dev.running() as service:
        service.stop()
    stamp = dev.data / "postgres" / "giftcards-migrations"
    assert stamp.is_file()
    assert dev("manage", "migrate", "-v0").returncode == 0
    assert not stamp.exists()
    with dev.running() as service:
        assert service.stop() == (0, "Migrating the database ...\n")
    assert stamp.is_file()
