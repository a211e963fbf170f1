"""`./dev bench` from one end to the other, as small as can be. It says whether the tool works, and nothing
about speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "dev"), "bench", *options]
    return subprocess.run(command, cwd=ROOT, env={**os.environ}, text=True, capture_output=True, check=False)


@pytest.mark.slow
def test_it_measures_loaded_cards_whose_ledger_is_true_and_leaves_nothing_behind(tmp_path: Path) -> None:
    small = ("--cards", "200", "--seconds", "0.3", "--rounds", "1", "--only", "retrieve,debit")
    done = bench(*small, "--beneath", "--json", str(tmp_path / "figures.json"))

    assert done.returncode == 0, done.stderr
    (database,) = json.loads((tmp_path / "figures.json").read_text())["databases"]
    assert (database["cards"], database["entries"]) == (200, 1000)
    assert database["true"][-1] == "The ledger is true: 200 gift cards verified."
    assert set(database["requests"]) == {"debit", "retrieve"}
    for each in database["requests"].values():
        assert each["service"]["per_second"] > 0
        assert each["service"]["server_ms"] > 0
        assert not each["pgbench"] or not each["pgbench"]["trouble"]
    assert set(database["beneath"]) == {"statement", "view", "api_view"}
    assert "| an empty view of Django |" in done.stdout
    assert "| debit |" in done.stdout
    assert "| retrieve |" in done.stdout


@pytest.mark.slow
def test_a_batch_is_issued_and_counted_beside_raw_copy(tmp_path: Path) -> None:
    done = bench("--cards", "0", "--batch", "400", "--rounds", "2", "--json", str(tmp_path / "figures.json"))

    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert kept["databases"] == []
    assert (kept["batch"]["cards"], kept["batch"]["rounds"]) == (400, 2)
    for figure in ("per_second", "of_copy", "program_us", "megabytes"):
        assert kept["batch"][figure] > 0, figure
    assert "**400 cards issued at once, in 2 parts**" in done.stdout


def test_a_request_that_there_is_not_is_refused_before_anything_is_started() -> None:
    done = bench("--only", "debit,nothing")
    assert done.returncode == 2
    assert "nothing: there are debit, " in done.stderr
