"""What processes use, as the kernel counts it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

TICKS: Final = os.sysconf("SC_CLK_TCK")
STATE, PARENT, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM = 0, 1, 11, 12, 13, 14
"""Fields of /proc/<pid>/stat, behind the name in brackets."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of a process, all that it has started, and those of them that have ended since."""

    seconds: float

    @classmethod
    def of(cls, pid: int) -> Self:
        table = _table()
        own = family(pid, table)
        ticks = sum(int(table[each][USER]) + int(table[each][SYSTEM]) for each in own)
        ticks += sum(int(table[each][CHILDREN_USER]) + int(table[each][CHILDREN_SYSTEM]) for each in own)
        return cls(ticks / TICKS)

    def __sub__(self, earlier: Self) -> float:
        return self.seconds - earlier.seconds


def family(pid: int, table: dict[int, list[str]]) -> list[int]:
    """The process and all below it."""
    found = [pid] if pid in table else []
    for parent in found:
        found += [each for each, fields in table.items() if int(fields[PARENT]) == parent]
    return found


def children(pid: int) -> list[int]:
    return family(pid, _table())[1:]


def parent(pid: int) -> int:
    return int(_table()[pid][PARENT])


def memory(pid: int) -> float:
    """Resident, in MB."""
    for line in Path("/proc", str(pid), "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _table() -> dict[int, list[str]]:
    table = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue  # it has ended
            table[int(folder.name)] = stat.rpartition(")")[2].split()
    return table
