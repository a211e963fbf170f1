"""`./dev bench`: what requests cost, on a database and a server of its own."""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Final, NoReturn

from benchmarks import batch, document, figures, servers, wrk
from benchmarks.asking import REQUESTS
from benchmarks.databases import asked
from benchmarks.measuring import WrongAnswerError
from benchmarks.report import report
from benchmarks.running import NotTrueError, Plan, run

SIZES: Final = [10_000, 1_000_000]


def sizes(text: str) -> list[int]:
    numbers = [int(each) for each in text.replace("_", "").split(",")]
    if numbers == [0]:
        return []
    if min(numbers) < 100:
        raise argparse.ArgumentTypeError("at least 100 cards, or 0 for none")
    return sorted(set(numbers))


def names(text: str) -> list[str]:
    listed = text.split(",")
    if unknown := [each for each in listed if each not in REQUESTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(REQUESTS)}")
    return [each for each in REQUESTS if each in listed]


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--cards", type=sizes, default=SIZES, metavar="N,N…", help="sizes (%(default)s)")
    parser.add_argument(
        "--batch", type=int, default=0, metavar="N", help="issue N cards at once as well, beside raw COPY"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="of each sample (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="whose median counts (%(default)s)")
    parser.add_argument("--connections", type=int, default=8, help="at the same time (%(default)s)")
    parser.add_argument(
        "--only", type=names, default=list(REQUESTS), metavar="NAME,NAME…", help=", ".join(REQUESTS)
    )
    parser.add_argument(
        "--compare", choices=["plain"], help="with the same models in unmodified DJA viewsets"
    )
    parser.add_argument(
        "--beneath", action="store_true", help="with applications that do next to nothing, as well"
    )
    parser.add_argument("--soak", type=int, default=0, metavar="N", help="measure memory after N requests")
    parser.add_argument("--no-pgbench", action="store_true", help="leave pgbench out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures are written")
    parser.add_argument("--note", default="", help="what a reader of the figures must know")
    parser.add_argument(
        "--pg", type=Path, metavar="FOLDER", help="other PostgreSQL programs than the built-in"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of PostgreSQL"
    )
    parser.add_argument(
        "--document",
        action="store_true",
        help=f"measure nothing: write {document.PAGE.name} and its plot from --json or {document.KEPT.name}",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    if chosen.document:
        document.write(figures.Figures.read(chosen.json or document.KEPT))
        return 0
    os.environ.pop("DATABASE_URL", None)
    if chosen.pg:
        os.environ["PG_BIN"] = str(chosen.pg)
    try:
        found = measured(chosen)
    except (servers.DEV.Trouble, WrongAnswerError, NotTrueError, batch.LostRowsError) as trouble:
        print(f"bench: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(report(found))
    return 0


def measured(chosen: argparse.Namespace) -> figures.Figures:
    plan = Plan(
        names=chosen.only,
        connections=chosen.connections,
        seconds=chosen.seconds,
        rounds=chosen.rounds,
        soak=chosen.soak,
        with_plain=chosen.compare == "plain",
        with_beneath=chosen.beneath,
        with_pgbench=not chosen.no_pgbench,
    )
    with servers.cluster(*chosen.set) as cluster:
        version = asked(cluster, "postgres", "SHOW server_version")
        settings = ", ".join([*servers.SETTINGS, *chosen.set])
        found = figures.begun(note=chosen.note, postgresql=f"{version} ({settings})", method=method(plan))
        if chosen.cards:
            run(cluster, chosen.cards, plan, found)
        keep(found, chosen.json)  # what is found is found, whatever becomes of the batch
        if chosen.batch:
            found.batch = batch.measured(cluster, chosen.batch, plan.rounds)
            keep(found, chosen.json)
    return found


def keep(found: figures.Figures, file: Path | None) -> None:
    if file:
        found.write(file)


def method(plan: Plan) -> dict[str, str]:
    by = "wrk" if wrk.program() else "Python"
    rounds = f"medians of {plan.rounds} rounds of {plan.seconds:g} s"
    return {
        "server": f"granian {servers.DEV.SERVER.split('--workers-kill')[0].strip()}",
        "load": f"by {by}, {plan.connections} connections, {rounds}",
    }


def interrupt(_signum: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
