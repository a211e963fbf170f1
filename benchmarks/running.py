"""A whole run: databases, servers, rounds in which everything is measured in turn, and what must be true at
the end."""

import contextlib
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks import databases, pgbench, statements
from benchmarks.asking import REQUESTS
from benchmarks.databases import Database
from benchmarks.figures import Cost, Figures, OfDatabase, OfRequest, PgbenchCost
from benchmarks.load import Result
from benchmarks.measuring import Load, Sample, generated, sample
from benchmarks.servers import DEV, PLAIN, ROOT, Cluster, Server, server

REPEATED: Final = ("debit", "debit_keyed", "retrieve", "retrieve_full", "list", "list_full", "create")
"""By pgbench."""

IN_PLAIN: Final = ("debit", "retrieve", "list", "create")
PLAIN_AT_MOST: Final = 1_000_000
"""Cards: it counts them all for each page, which takes ten seconds at ten times as many."""

VERIFIED_WHOLE: Final = 20_000
"""Cards up to which verify_ledger goes through all of them at the end; of more, through the last changed."""

BENEATH: Final = {
    "statement": "benchmarks.beneath.statement:application",
    "view": "benchmarks.beneath.view:application",
    "api_view": "benchmarks.beneath.api_view:application",
}
"""Asked as for `retrieve`, on the first database only: they know nothing of the others."""

WARMING_UP: Final = 320
"""Requests: twenty for each thread of two workers, each of which has a connection that must plan."""

DEBITS: Final = "SELECT count(*) FROM giftcards_ledgerentry WHERE kind = 'debit'"
SUMS: Final = (
    "SELECT (SELECT sum(balance_cents) FROM giftcards_giftcard WHERE status <> 'draft') || ' ' || "
    "(SELECT sum(amount_cents) FROM giftcards_ledgerentry)"
)
LAST_CHANGES: Final = "SELECT max(created_at) - interval '1 second' FROM giftcards_ledgerentry"


class NotTrueError(Exception):
    """What was answered and what is in the database differ; says how."""


@dataclass(frozen=True, slots=True)
class Plan:
    names: Sequence[str]
    connections: int
    seconds: float
    rounds: int
    soak: int = 0
    with_plain: bool = False
    with_beneath: bool = False
    with_pgbench: bool = True


@dataclass(slots=True)
class Running:
    """One database with its servers, and what was measured there so far."""

    cluster: Cluster
    database: Database
    plan: Plan
    service: Server
    plain: Server | None
    beneath: Mapping[str, Server]
    figures: OfDatabase
    debits_before: int = 0
    debits: int = 0
    unanswered: int = 0
    scripts: dict[str, str] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    plain_samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    beneath_samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    floors: dict[str, list[pgbench.Floor]] = field(default_factory=lambda: defaultdict(list))
    troubles: dict[str, str] = field(default_factory=dict)

    def get_ready(self) -> None:
        repeated = [name for name in REPEATED if name in self.plan.names]
        if repeated and self.plan.with_pgbench and pgbench.program(self.cluster):
            with statements.logging_server(self.cluster, self.database) as logging:
                for name in repeated:
                    self.write_script(name, logging)
        self.debits_before = databases.asked(self.cluster, self.database.name, DEBITS)
        for name in self.plan.names:
            self.warm_up(name, self.service)
            if self.plain and name in IN_PLAIN:
                self.warm_up(name, self.plain)
        for each in self.beneath.values():
            self.warm_up("retrieve", each)
        self.figures.memory_before = self.service.memory_per_worker()

    def write_script(self, name: str, logging: Server) -> None:
        try:
            self.scripts[name] = statements.script(self.cluster, logging, self.database, name)
        except statements.NotRepeatableError as trouble:
            self.troubles[name] = str(trouble)

    def warm_up(self, name: str, warmed: Server) -> None:
        """By their number, not for a time: where requests are slow, connections are cold for longer."""
        requests = max(1, round(WARMING_UP * min(1.0, self.plan.seconds)))
        load = Load(self.plan.connections, 60, requests=requests, seed=f"warming up {warmed.port}")
        self.count(name, generated(name, warmed, self.database.subject, load), warmed)

    def count(self, name: str, done: Result | Sample, asked: Server) -> None:
        if asked is self.service:
            self.figures.requests_served += done.requests
        if REQUESTS[name].method == "PATCH":
            self.debits += done.requests
            self.unanswered += done.unanswered

    def measure(self, name: str, turn: int) -> None:
        self.samples[name].append(self.sampled(name, self.service, turn))
        if self.plain and name in IN_PLAIN:
            self.plain_samples[name].append(self.sampled(name, self.plain, turn))
        if name in self.scripts:
            self.measure_floor(name)

    def measure_beneath(self, turn: int) -> None:
        for name, each in self.beneath.items():
            self.beneath_samples[name].append(self.sampled("retrieve", each, turn))

    def sampled(self, name: str, asked: Server, turn: int) -> Sample:
        load = Load(self.plan.connections, self.plan.seconds, seed=f"round {turn} {asked.port}")
        taken = sample(name, server=asked, cluster=self.cluster, subject=self.database.subject, load=load)
        self.count(name, taken, asked)
        return taken

    def measure_floor(self, name: str) -> None:
        connections, seconds = self.plan.connections, self.plan.seconds
        try:
            floor = pgbench.run(
                self.cluster, self.database, self.scripts[name], connections=connections, seconds=seconds
            )
        except pgbench.PgbenchError as trouble:
            self.troubles[name] = str(trouble)
            del self.scripts[name]
        else:
            self.floors[name].append(floor)
            if REQUESTS[name].method == "PATCH":
                self.debits += floor.transactions

    def finish(self) -> OfDatabase:
        self.soak()
        self.figures.memory_after = self.service.memory_per_worker()
        for name, taken in self.samples.items():
            of_request = OfRequest(Cost.of(taken))
            if self.plain_samples[name]:
                of_request.plain = Cost.of(self.plain_samples[name])
            if self.floors[name] and name not in self.troubles:
                of_request.pgbench = PgbenchCost.of(self.floors[name])
            elif name in self.troubles:
                of_request.pgbench = PgbenchCost(trouble=self.troubles[name])
            self.figures.requests[name] = of_request
        self.figures.beneath = {name: Cost.of(taken) for name, taken in self.beneath_samples.items()}
        self.figures.true = [*self.sums_agree(), self.ledger_is_true()]
        return self.figures

    def soak(self) -> None:
        """A request of each kind in turn, until so many are answered."""
        while self.figures.requests_served < self.plan.soak:
            for name in self.plan.names:
                seed = f"soaking {self.figures.requests_served}"
                load = Load(self.plan.connections, 600, requests=1000, seed=seed)
                self.count(name, generated(name, self.service, self.database.subject, load), self.service)

    def sums_agree(self) -> Iterator[str]:
        """Raises NotTrueError."""
        posted = databases.asked(self.cluster, self.database.name, DEBITS) - self.debits_before
        if not self.debits <= posted <= self.debits + self.unanswered:
            raise NotTrueError(f"{self.debits} debits were answered with success, and {posted} are posted.")
        broken_off = f", {posted - self.debits} of them broken off by wrk" if self.unanswered else ""
        yield f"{self.debits} debits were answered with success, and {posted} are posted{broken_off}"
        balances, entries = databases.asked(self.cluster, self.database.name, SUMS).split()
        if balances != entries:
            raise NotTrueError(f"Balances sum up to {balances}, entries to {entries}.")
        yield f"balances and entries both sum up to {balances}"

    def ledger_is_true(self) -> str:
        """Raises NotTrueError."""
        since = []
        if self.database.cards > VERIFIED_WHOLE:
            since = ["--since", databases.asked(self.cluster, self.database.name, LAST_CHANGES).isoformat()]
        command = [DEV.PYTHON, "manage.py", "verify_ledger", *since]
        environment = self.cluster.environment(self.database.name)
        done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise NotTrueError(done.stderr.strip().splitlines()[-1])
        return done.stdout.strip().splitlines()[-1]


@contextlib.contextmanager
def running(cluster: Cluster, cards: int, plan: Plan, *, is_first: bool) -> Iterator[Running]:
    database = databases.made(cluster, cards)
    with contextlib.ExitStack() as stack:
        environment = cluster.environment(database.name)
        service = stack.enter_context(server(environment))
        plain = (
            stack.enter_context(server(environment, PLAIN))
            if plan.with_plain and cards <= PLAIN_AT_MOST
            else None
        )
        asked = BENEATH if plan.with_beneath and is_first else {}
        beneath = {name: stack.enter_context(server(environment, each)) for name, each in asked.items()}
        entries = databases.asked(cluster, database.name, "SELECT count(*) FROM giftcards_ledgerentry")
        figures = OfDatabase(cards, entries, round(database.megabytes), round(database.load_seconds, 1))
        yield Running(cluster, database, plan, service, plain, beneath, figures)


def run(cluster: Cluster, sizes: Sequence[int], plan: Plan, figures: Figures) -> None:
    """Raises WrongAnswerError, NotTrueError."""
    with contextlib.ExitStack() as stack:
        all_running: list[Running] = []
        for cards in sizes:
            DEV.say(f"Loading {cards} cards ...")
            all_running.append(stack.enter_context(running(cluster, cards, plan, is_first=not all_running)))
            DEV.say(f"... in {all_running[-1].figures.load_seconds} s.")
        for each in all_running:
            each.get_ready()
        for turn in range(plan.rounds):
            DEV.say(f"Round {turn + 1} of {plan.rounds} ...")
            for name in plan.names if turn % 2 == 0 else reversed(plan.names):
                for each in all_running:
                    each.measure(name, turn)
            all_running[0].measure_beneath(turn)
        figures.databases = [each.finish() for each in all_running]
