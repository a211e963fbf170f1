"""The figures as Markdown, for the terminal and for docs/performance.md alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.batch import OfBatch
from benchmarks.figures import Cost, Figures, OfDatabase, OfRequest

MEMORY: Final = 130
GROWTH: Final = 1.3
HOT_OF_SPREAD: Final = 0.70
P99_OF_MEDIAN: Final = 10
OF_COPY: Final = 1.3
BATCH_MEMORY: Final = 100


@dataclass(frozen=True, slots=True)
class About:
    """A request in words, and what it may cost: CPU in milliseconds, and the part of pgbench's throughput."""

    title: str
    cpu_ms: float | None = None
    of_pgbench: float | None = None


ABOUT: Final = {
    "debit": About("debit", 0.8, 0.35),
    "debit_keyed": About("debit with `Idempotency-Key`", None, 0.25),
    "debit_full": About("debit, answered with the logs"),
    "hot": About("debit of one hot card"),
    "hot_64": About("the same at 64 connections"),
    "retrieve": About("retrieve", 0.35),
    "retrieve_full": About("retrieve with the logs", 0.6),
    "list": About("list of 25 with two includes", 0.8),
    "list_full": About("the same with the logs", 1.5),
    "list_deep": About("page of 25 behind nine tenths, by cursor"),
    "filter_one": About("list filtered by a reference: one card"),
    "filter_many": About("list filtered by a status: all cards"),
    "create": About("create", 0.8),
    "look_up": About("look-up by code"),
}


BENEATH: Final = {
    "statement": "ten lines of Python that send one SELECT through psycopg",
    "view": "an empty view of Django",
    "api_view": "an empty view of REST framework",
}


def report(figures: Figures) -> str:
    parts = [heading(figures)]
    for database in figures.databases:
        parts += ["\n".join(table(database)), "\n".join(remarks(database))]
        if database.beneath:
            parts.append("\n".join(beneath(database)))
    if len(figures.databases) > 1:
        parts.append("\n".join(growth(figures.databases[0], figures.databases[-1])))
    if figures.batch:
        parts.append("\n".join(at_once(figures.batch)))
    return "\n\n".join(parts)


def heading(figures: Figures) -> str:
    note = f" **{figures.note}.**" if figures.note else ""
    machine = "; ".join(f"{name} {value}" for name, value in figures.machine.items())
    method = "; ".join(f"{name} {value}" for name, value in figures.method.items())
    return (
        f"Measured {figures.measured_at} at commit {figures.commit or 'unknown'}.{note} {machine}. {method}."
    )


def table(database: OfDatabase) -> Iterator[str]:
    with_plain = any(each.plain for each in database.requests.values())
    yield f"**{database.cards:,} cards, {database.entries:,} entries**"
    yield ""
    columns = [
        "request",
        "requests/s",
        "CPU ms: Python + PostgreSQL",
        "target",
        "of pgbench",
        "target",
        "p50 / p99 ms",
    ]
    if with_plain:
        columns += ["plain DJA: requests/s", "CPU ms"]
    yield row(columns)
    yield row("---" for _ in columns)
    for name, each in database.requests.items():
        yield row([*cells(ABOUT[name], each), *(plain_cells(each) if with_plain else ())])


def cells(about: About, each: OfRequest) -> Iterator[str]:
    cost = each.service
    yield about.title
    yield f"{cost.per_second:,.0f}"
    yield f"{cost.server_ms:.2f} + {cost.postgres_ms:.2f} = {cost.cpu_ms:.2f}"
    yield "" if about.cpu_ms is None else f"≤ {about.cpu_ms}: {verdict(met=cost.cpu_ms <= about.cpu_ms)}"
    if each.pgbench and each.pgbench.per_second:
        part = cost.per_second / each.pgbench.per_second
        yield f"{part:.0%} of {each.pgbench.per_second:,.0f}/s, {each.pgbench.postgres_ms:.2f} ms"
        yield (
            ""
            if about.of_pgbench is None
            else f"≥ {about.of_pgbench:.0%}: {verdict(met=part >= about.of_pgbench)}"
        )
    else:
        yield f"not repeated: {each.pgbench.trouble}" if each.pgbench else ""
        yield ""
    yield f"{cost.p50:.1f} / {cost.p99:.1f}"


def plain_cells(each: OfRequest) -> Iterator[str]:
    if each.plain is None:
        yield from ("", "")
        return
    yield f"{each.plain.per_second:,.0f} ({ratio(each.service.per_second, each.plain.per_second)})"
    times = ratio(each.plain.cpu_ms, each.service.cpu_ms)
    yield f"{each.plain.server_ms:.2f} + {each.plain.postgres_ms:.2f} ({times})"


def remarks(database: OfDatabase) -> Iterator[str]:
    asked = database.requests
    if "debit" in asked and "hot" in asked:
        part = asked["hot"].service.per_second / asked["debit"].service.per_second
        target = f"≥ {HOT_OF_SPREAD:.0%}: {verdict(met=part >= HOT_OF_SPREAD)}"
        yield f"- One hot card reaches {part:.0%} of what spread cards do (target {target})."
    if "hot_64" in asked:
        times = spread(asked["hot_64"].service)
        target = f"< {P99_OF_MEDIAN}: {verdict(met=times < P99_OF_MEDIAN)}"
        yield f"- At 64 connections on one card p99 is {times:.1f} times the median (target {target})."
    most = max(database.memory_after, default=0)
    yield (
        f"- Memory of each worker: {megabytes(database.memory_before)} at the beginning, "
        f"{megabytes(database.memory_after)} after {database.requests_served:,} requests "
        f"(target ≤ {MEMORY} MB: {verdict(met=most <= MEMORY)})."
    )
    yield f"- Loaded in {database.load_seconds:,.0f} s; {database.megabytes:,.0f} MB on disk."
    yield from (f"- True at the end: {each.rstrip('.')}." for each in database.true)


def beneath(database: OfDatabase) -> Iterator[str]:
    yield "**Beneath a retrieval**: behind the same server, under the same load, in the same rounds"
    yield ""
    yield row(["application", "requests/s", "CPU ms: Python + PostgreSQL"])
    yield row(["---"] * 3)
    for name, cost in database.beneath.items():
        cpu = f"{cost.server_ms:.2f} + {cost.postgres_ms:.2f} = {cost.cpu_ms:.2f}"
        yield row([BENEATH[name], f"{cost.per_second:,.0f}", cpu])


def growth(small: OfDatabase, large: OfDatabase) -> Iterator[str]:
    yield f"**Growth from {small.cards:,} to {large.cards:,} cards** (target ≤ {GROWTH} times the CPU)"
    yield ""
    yield row(["request", "CPU ms", "times", "", "p50 ms"])
    yield row(["---"] * 5)
    for name in small.requests:
        if name in large.requests:
            before, after = small.requests[name].service, large.requests[name].service
            times = after.cpu_ms / before.cpu_ms if before.cpu_ms else 0.0
            yield row(
                [
                    ABOUT[name].title,
                    f"{before.cpu_ms:.2f} → {after.cpu_ms:.2f}",
                    f"{times:.2f}",
                    verdict(met=times <= GROWTH),
                    f"{before.p50:.1f} → {after.p50:.1f}",
                ]
            )


def at_once(batch: OfBatch) -> Iterator[str]:
    yield f"**{batch.cards:,} cards issued at once, in {batch.rounds} parts**"
    yield ""
    copy = f"{batch.of_copy:.2f} times as long as raw COPY of the same rows"
    target = f"≤ {OF_COPY}: {verdict(met=batch.of_copy <= OF_COPY)}"
    yield f"- {batch.per_second:,} cards/s, {copy} (target {target})."
    yield (
        f"- CPU for each card: {batch.program_us:.0f} µs of the program and {batch.postgres_us:.0f} of "
        f"PostgreSQL, which needs {batch.copy_postgres_us:.0f} for raw COPY."
    )
    memory = f"≤ {BATCH_MEMORY} MB: {verdict(met=batch.megabytes <= BATCH_MEMORY)}"
    yield f"- Memory of the program: {batch.megabytes:.0f} MB at the most (target {memory})."
    yield "- True at the end: each has a code of its own, one entry and one event, and so have the copies."


def spread(cost: Cost) -> float:
    return cost.p99 / cost.p50 if cost.p50 else 0.0


def verdict(*, met: bool) -> str:
    return "met" if met else "**not met**"


def ratio(one: float, other: float) -> str:
    return f"{one / other:.1f} times" if other else ""


def megabytes(workers: Iterable[float]) -> str:
    return " and ".join(f"{each:.0f}" for each in workers) + " MB"


def row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
