"""The same load by wrk, where it is installed: it leaves more of the processors to what is measured.

It is given a script that chooses like `benchmarks.asking` does. Two things it does worse: it breaks off what
is under way when its time is over, so the server may have done a few requests more than it counts; and it
tells apart good statuses and bad ones only.
"""

import json
import random
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.asking import PAGES, Subject, written
from benchmarks.cards import FIRST_NUMBER, KEY_START, code_of, first_spent
from benchmarks.load import Result, Task

CODES: Final = 2_000
SCRIPT: Final = """
local made = %(made)s
local codes = { %(codes)s }
local half, first, card = %(half)d, %(first_spent)d, %(card)d
local function key(number) return string.format("%(start)s%%d", %(first)d + number) end
local function hex(digits) return string.format("%%0" .. digits .. "x", math.random(0, 16 ^ digits - 1)) end
local choices = {
    spent = function() return key(card > 0 and card or 2 * math.random(first / 2, half)) end,
    read = function() return key(card > 0 and card or 2 * math.random(0, half - 1) + 1) end,
    code = function() return codes[math.random(1, #codes)] end,
    unique = function()
        return table.concat({ hex(4) .. hex(4), hex(4), hex(4), hex(4), hex(4) .. hex(4) .. hex(4) }, "-")
    end,
    number = function() return tostring(2 * math.random(0, half - 1) + 1) end,
    page = function() return tostring(math.random(1, %(pages)d)) end,
}

function init()
    math.randomseed(%(seed)d)
end

function request()
    local chosen = {}
    return (made:gsub("<(%%l+)>", function(mark)
        chosen[mark] = chosen[mark] or choices[mark]()
        return chosen[mark]
    end))
end

function done(summary, latency)
    local errors = summary.errors
    io.stderr:write(string.format(
        '{"requests": %%d, "microseconds": %%d, "bad": %%d, "lost": %%d, "p50": %%f, "p99": %%f}',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000
    ))
end
"""


def program() -> str | None:
    return shutil.which("wrk")


def result_of(task: Task, status: int) -> Result:
    """`unanswered` are those that it may have broken off. Raises ConnectionError."""
    found = program()
    assert found is not None
    used_before = _used()
    with tempfile.TemporaryDirectory(prefix="giftcards-") as folder:
        script = Path(folder, "load.lua")
        script.write_text(script_of(task))
        command = [found, "--threads=1", f"--connections={task.connections}", "--timeout=60s"]
        command += [f"--duration={max(1, round(task.seconds))}s", f"--script={script}"]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{task.port}"], text=True, capture_output=True, check=True
        )
    told = json.loads(done.stderr)
    if told["lost"]:
        raise ConnectionError(f"The server has closed {told['lost']} connections.")
    good = told["requests"] - told["bad"]
    statuses = {str(status): good, "4xx or 5xx": told["bad"]}
    return Result(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        own_cpu=_used() - used_before,
        statuses={status: number for status, number in statuses.items() if number},
        p50=told["p50"],
        p99=told["p99"],
        unanswered=task.connections,
    )


def script_of(task: Task) -> str:
    subject = Subject(**task.subject)
    chance = random.Random(task.seed)
    codes = (code_of(2 * chance.randrange(subject.cards // 2) + 1) for _ in range(CODES))
    return SCRIPT % {
        "made": _quoted(written(task.request, subject).decode()),
        "codes": ", ".join(map(_quoted, codes)),
        "half": subject.cards // 2,
        "card": subject.card,
        "first_spent": first_spent(subject.cards),
        "start": KEY_START,
        "first": FIRST_NUMBER,
        "pages": PAGES,
        "seed": chance.getrandbits(31),
    }


def _quoted(text: str) -> str:
    """As Lua reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
    return f'"{escaped}"'


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
