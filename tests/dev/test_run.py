import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import urllib.request
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.dev.conftest import COUNT_TABLES, Dev, descendants, free_port, is_alive, wait_for


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server_then_the_database(dev, signum):
    with dev.running() as service:
        log_so_far = (dev.data / "postgres.log").stat().st_size
        assert urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz/ready").status == 200

        status, errors = service.stop(signum)

        assert (status, errors) == (0, "")
        assert not [pid for pid in service.family if is_alive(pid)]
        log = (dev.data / "postgres.log").read_text()[log_so_far:]
        assert "database system is shut down" in log
        assert "terminating connection" not in log, "a client was still there when the database stopped"
        assert not (dev.data / "socket").is_symlink()


def test_the_welcome_has_all_that_a_newcomer_needs(dev):
    with dev.running() as service:
        known = json.loads((dev.data / "secrets" / "demo.json").read_text())
        for shown in ("admin_email", "admin_password", "test_key", "live_key"):
            assert known[shown] in service.welcome
        for address in ("api/docs", "back-office/"):
            assert f"http://127.0.0.1:{service.port}/{address}" in service.welcome


@pytest.mark.skipif(not shutil.which("curl"), reason="the printed line needs curl")
def test_the_printed_curl_line_works_when_pasted(dev):
    with dev.running() as service:
        (line,) = [line for line in service.welcome.splitlines() if "curl" in line]
        result = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
        assert json.loads(result.stdout)["data"]


def test_the_second_start_is_quick(dev):
    with dev.running() as first:
        first.stop()
    with dev.running() as second:
        assert second.stop() == (0, "")
        assert second.seconds() < 10, "it takes about one second on an idle machine"


def test_kill_9_leaves_nothing_running_and_nothing_in_the_way(dev):
    with dev.running() as service:
        service.process.kill()
        service.process.wait()
        service.wait_until_nothing_is_left()
    with dev.running() as again:
        assert again.stop() == (0, "")


def test_folders_that_a_killed_run_left_are_removed_when_they_are_empty_and_old(dev):
    abandoned, young, in_use = (Path(tempfile.mkdtemp(prefix="giftcards-", dir="/tmp")) for _ in range(3))
    (in_use / ".s.PGSQL.5432").touch()
    for folder in (abandoned, in_use):
        os.utime(folder, (0, 0))
    try:
        assert dev("manage", "check").returncode == 0
        assert [folder.exists() for folder in (abandoned, young, in_use)] == [False, True, True]
    finally:
        shutil.rmtree(in_use)
        young.rmdir()


@pytest.mark.parametrize(("program", "name"), [("granian", "server"), ("postgres", "database")])
def test_a_part_that_is_killed_takes_the_rest_with_it(dev, program, name):
    with dev.running() as service:
        os.kill(service.pid_of(program), signal.SIGKILL)
        _output, errors = service.process.communicate(timeout=60)
        assert service.process.returncode == 1
        assert f"dev: The {name} ended by itself" in errors
        service.wait_until_nothing_is_left()


def test_a_worker_that_is_killed_is_replaced(dev):
    with dev.running() as service:
        server = service.pid_of("granian")
        before = set(descendants(server))
        os.kill(min(before), signal.SIGKILL)

        wait_for(lambda: set(descendants(server)) - before, "a new worker")
        assert len(descendants(server)) == len(before) == 2
        for _ in range(20):
            assert urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz/ready").status == 200
        service.family = descendants(service.process.pid)
        assert service.stop() == (0, "")


def test_the_log_of_the_database_holds_nothing_of_what_people_wrote(dev):
    lost = """
from django.db import IntegrityError, connection
for statement in (
    "INSERT INTO recipients_giftcardrecipient (id, mode, email, metadata) VALUES "
    "(gen_random_uuid(), 'test', 'sentinel@example.com', '{}'), "
    "(gen_random_uuid(), 'test', 'sentinel@example.com', '{}')",
    "UPDATE recipients_giftcardrecipient SET email = 'sentinel@example.com', mode = 'none'",
):
    try:
        connection.cursor().execute(statement)
    except IntegrityError as error:
        print(error)
"""
    refused = dev("manage", "shell", "-v0", "-c", lost)
    assert refused.stdout.count("violates") == 2, refused
    log = (dev.data / "postgres.log").read_text()
    assert "violates" in log
    assert "sentinel" not in log


def test_connections_that_the_database_cut_are_not_used_again(dev):
    cut = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""
    with dev.running() as service:
        sockets = str((dev.data / "socket").readlink())
        with psycopg.connect(dbname="giftcards", user="giftcards", host=sockets) as database:
            assert database.execute(cut).fetchone() != (0,)
        for _ in range(4):
            assert urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz/ready").status == 200


def test_a_database_that_crashed_is_used_again_as_soon_as_it_is_back(dev):
    """PostgreSQL ends all its processes when one is killed, and begins anew."""
    with dev.running() as service:
        log = dev.data / "postgres.log"
        key = re.search(r"gck_test_\w+", service.welcome)
        assert key
        address, headers = (
            f"http://127.0.0.1:{service.port}/api/gift_cards",
            {"Authorization": f"Bearer {key[0]}"},
        )

        def answers() -> list[int]:
            return [httpx.get(address, headers=headers).status_code for _ in range(40)]

        assert answers() == [200] * 40
        starts = log.read_text().count("ready to accept connections")
        sockets = str((dev.data / "socket").readlink())
        with psycopg.connect(dbname="giftcards", user="giftcards", host=sockets) as database:
            os.kill(database.info.backend_pid, signal.SIGKILL)
        wait_for(lambda: log.read_text().count("ready to accept connections") > starts, "another start")

        assert answers() == [200] * 40


def test_an_existing_server_is_used_as_it_is(fresh):
    """The tests' own server stands for the one somebody has already."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE somebodys")
        try:
            url = f"postgresql:///somebodys?host={server.info.host}&user={server.info.user}"
            dev = replace(fresh, environment={"DATABASE_URL": url})
            with dev.running() as service:
                assert not any("postgres" in command for command in service.family.values())
                assert service.stop() == (0, "Migrating the database ...\n")
            assert not (dev.data / "postgres").exists()
            elsewhere = replace(dev, data=dev.data.with_suffix(".other"))
            refused = elsewhere("run", "--port", str(free_port()))
            assert refused.returncode == 1
            assert "nothing else can read the codes in the database" in refused.stderr
            assert len(refused.stderr.splitlines()) == 1
            assert not (elsewhere.data / "secrets" / "giftcards_code_keys").exists()
            tables = dev("manage", "shell", "-v0", "-c", COUNT_TABLES)
            assert int(tables.stdout) > 10
        finally:
            server.execute("DROP DATABASE somebodys WITH (FORCE)")


def test_a_stale_pid_file_does_not_block_a_start(dev):
    with dev.running() as service:
        service.stop()
    # As after a crash, with a number that belongs to another process by now.
    (dev.data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{dev.data}/postgres\n")
    with dev.running() as again:
        assert again.stop() == (0, "")


def test_a_second_run_on_the_same_data_is_refused(dev):
    with dev.running() as service:
        second = dev("run", "--port", str(free_port()))
        assert second.returncode == 1
        assert second.stderr == f"dev: Another ./dev run is using the data folder {dev.data}.\n"
        assert urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz/ready").status == 200


def test_a_taken_port_is_refused_even_if_it_could_be_shared(dev):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = dev("run", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"dev: Port {port} can't be used")
    assert len(result.stderr.splitlines()) == 1


def test_a_database_made_by_another_version_is_told_so(dev):
    with dev.running() as service:
        service.stop()
    version = dev.data / "postgres" / "PG_VERSION"
    here = version.read_text()
    version.write_text("9\n")
    try:
        result = dev("run", "--port", str(free_port()))
    finally:
        version.write_text(here)
    assert result.returncode == 1
    assert "initialized by PostgreSQL version 9, which is not compatible with this version" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_secrets_are_made_once_and_only_their_owner_reads_them(dev):
    with dev.running() as service:
        service.stop()
    secrets = dev.data / "secrets"
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    assert set(before) == {"giftcards_secret_key", "giftcards_code_keys", "demo.json"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    with dev.running() as service:
        service.stop()
    assert before == {file.name: file.read_bytes() for file in secrets.iterdir()}


def test_code_keys_that_are_gone_are_not_replaced(dev):
    with dev.running() as service:
        service.stop()
    file = dev.data / "secrets" / "giftcards_code_keys"
    file.rename(file.with_name("elsewhere"))
    try:
        result = dev("run", "--port", str(free_port()))
    finally:
        file.with_name("elsewhere").rename(file)
    assert result.returncode == 1
    assert "nothing else can read the codes in the database" in result.stderr


@pytest.mark.parametrize("replaced", ["file", "environment"])
def test_code_keys_of_another_database_are_refused(dev, replaced):
    with dev.running() as service:
        service.stop()
    file = dev.data / "secrets" / "giftcards_code_keys"
    ours, other = file.read_text(), f"1:{'A' * 43}="
    if replaced == "file":
        file.write_text(other)
    try:
        environment = {"GIFTCARDS_CODE_KEYS": other} if replaced == "environment" else {}
        result = replace(dev, environment=environment)("run", "--port", str(free_port()))
    finally:
        file.write_text(ours)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "Migrating the database ...",
        "dev: GIFTCARDS_CODE_KEYS are not the keys of this database: number 1 is another one.",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give up")
def test_under_root_postgresql_runs_as_nobody(dev):
    with dev.running() as service:
        owner = Path(f"/proc/{service.pid_of('postgres')}").stat().st_uid
        assert owner == pwd.getpwnam("nobody").pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that nobody can't enter")
def test_a_data_folder_that_nobody_can_enter_gets_its_database_elsewhere(tmp_path):
    tmp_path.chmod(0o700)
    dev = Dev(tmp_path / "data")
    made = dev("manage", "check", "--database=default")
    cluster = (dev.data / "postgres").readlink()
    try:
        assert made.returncode == 0
        assert cluster.parent == Path("/var/lib/giftcards")
        assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700, "a folder that is not ours was opened"
    finally:
        shutil.rmtree(cluster)


def test_a_run_waits_for_a_manage_that_came_first(fresh):
    go = fresh.data.with_suffix(".go")
    command = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)"
    manage = fresh.start("manage", "shell", "-v0", "-c", command)
    wait_for((fresh.data / "socket").exists, "the database of ./dev manage")
    service = fresh.start("run", "--port", str(free_port()))
    wait_for((fresh.data / "locks" / "run").exists, "./dev run to line up")
    go.touch()
    try:
        assert manage.wait(60) == 0
        assert service.stdout
        assert "Ready after" in service.stdout.readline()
    finally:
        service.terminate()
        assert service.communicate(timeout=60)[1].splitlines() == ["Migrating the database ..."]
        manage.communicate()
