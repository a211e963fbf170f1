"""The attacker's own evidence: one line of JSON per request sent and per answer received.

A line that a request is sent is handed to the operating system first; a line with an answer is on the disk
before the answer counts. So nothing was acknowledged that the file does not say, whoever is killed.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from giftcards.torture.records import Attempt, Card, Change, Evidence, Story

VERSION: Final = 1


class NoLog(Exception):
    """The file is no log of ours; the message is a sentence."""


class Log:
    """Many threads write to it. Those that wait for the disk at the same time share one fsync."""

    def __init__(self, path: Path, *, run: str, url: str, seed: int, told: Callable[[], object]) -> None:
        self.path = path
        self.evidence = Evidence(run=run, url=url)
        self._told = told
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._writing, self._syncing = threading.Lock(), threading.Lock()
        self._written = self._synced = 0
        self._write({"log": VERSION, "run": run, "url": url, "seed": seed}, durably=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def card(self, card: Card) -> None:
        self._write(
            {"card": card.id, "scenario": card.scenario, "start_cents": card.start_cents}, durably=True
        )

    def sent(self, change: Change) -> None:
        self._write(change.as_json())
        self._told()

    def answered(self, change: Change, attempt: Attempt) -> None:
        self._write(
            {
                "answer": change.name,
                "status": attempt.status,
                "again": attempt.again,
                "made": attempt.made,
                "error": attempt.error,
            },
            durably=True,
        )

    def found(self, scenario: str, sentence: str) -> None:
        """Something that must not be, noticed at once."""
        self._write({"found": sentence, "scenario": scenario}, durably=True)

    def _write(self, line: dict[str, Any], *, durably: bool = False) -> None:
        with self._writing:
            os.write(self._file, json.dumps({"at": round(time.time(), 3), **line}).encode() + b"\n")
            self._written += 1
            mine = self._written
            if not durably:
                take(self.evidence, line)
        if durably:
            self._sync(mine)
            with self._writing:
                take(self.evidence, line)

    def _sync(self, mine: int) -> None:
        with self._syncing:
            if self._synced < mine:
                upto = self._written
                os.fsync(self._file)
                self._synced = upto


def read_log(path: Path) -> Evidence:
    """Raises NoLog. A last line that the attacker could not finish was not counted, and is not now."""
    try:
        *lines, _unfinished = path.read_text().split("\n")
        first = json.loads(lines[0])
        if first["log"] != VERSION:
            raise NoLog(f"{path} was written by another version of this command.")
        evidence = Evidence(run=first["run"], url=first["url"])
        for line in lines[1:]:
            take(evidence, json.loads(line))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NoLog(f"{path} is not a log of this command: {error}.") from error
    return evidence


def take(evidence: Evidence, line: dict[str, Any]) -> None:
    if "change" in line:
        change = Change.from_json(line)
        story = evidence.stories.setdefault(change.name, Story(change))
        story.sent += 1
    elif "answer" in line:
        attempt = Attempt(status=line["status"], again=line["again"], made=line["made"], error=line["error"])
        evidence.stories[line["answer"]].attempts.append(attempt)
    elif "card" in line:
        evidence.cards.append(Card(line["card"], line["scenario"], line["start_cents"]))
    elif "found" in line:
        evidence.findings.append((line["scenario"], line["found"]))
