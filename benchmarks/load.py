"""The load generator: one process, so and so many kept connections, and a next request on each as soon as the
last one is answered. Standard library alone, and as little work as possible for each request.

    python -m benchmarks.load < task.json > result.json

The task is `Task` as JSON; the result tells requests, seconds, statuses and latencies in milliseconds. No
request is broken off at the end, so what it counts is what the server did.
"""

import json
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asking import Subject, maker

LARGEST_READ = 262_144


@dataclass(frozen=True, slots=True)
class Task:
    """`requests` ends it earlier than `seconds`, where it is not 0."""

    port: int
    request: str
    subject: dict[str, Any]
    connections: int
    seconds: float
    requests: int = 0
    seed: str = ""


@dataclass(slots=True)
class Result:
    """Latencies in milliseconds. The server may have done up to `unanswered` more."""

    requests: int
    seconds: float
    own_cpu: float
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p99: float = 0.0
    unanswered: int = 0

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass(slots=True)
class Exchange:
    """One connection: what has come of the answer to its request."""

    connection: socket.socket
    sent_at: float = 0.0
    answer: bytes = b""
    length: int = 0


@dataclass(slots=True)
class Run:
    task: Task
    make: Callable[[], bytes]
    poll: select.epoll = field(default_factory=select.epoll)
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    statuses: Counter[bytes] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def connect(self, until: ExitStack) -> None:
        until.callback(self.poll.close)
        for _ in range(self.task.connections):
            connection = until.enter_context(
                socket.create_connection(("127.0.0.1", self.task.port), timeout=60)
            )
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.exchanges[connection.fileno()] = Exchange(connection)
            self.poll.register(connection.fileno(), select.EPOLLIN)


def result_of(task: Task) -> Result:
    run = Run(task, maker(task.request, Subject(**task.subject), task.seed))
    with ExitStack() as until:
        run.connect(until)
        began, began_cpu = time.perf_counter(), time.process_time()
        drive(run)
        seconds, own_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    run.latencies.sort()
    return Result(
        requests=len(run.latencies),
        seconds=seconds,
        own_cpu=own_cpu,
        statuses={status.decode(): number for status, number in run.statuses.items()},
        p50=1000 * run.latencies[len(run.latencies) // 2],
        p99=1000 * run.latencies[len(run.latencies) * 99 // 100],
    )


def drive(run: Run) -> None:
    clock = time.perf_counter
    ends_at = clock() + run.task.seconds
    sent, under_way = 0, 0

    def send(exchange: Exchange) -> None:
        nonlocal sent, under_way
        if clock() >= ends_at or (run.task.requests and sent >= run.task.requests):
            return
        sent += 1
        under_way += 1
        exchange.answer, exchange.length, exchange.sent_at = b"", 0, clock()
        exchange.connection.sendall(run.make())

    for exchange in run.exchanges.values():
        send(exchange)
    while under_way:
        for number, _event in run.poll.poll(60) or silence():
            exchange = run.exchanges[number]
            received = exchange.connection.recv(LARGEST_READ)
            if not received:
                raise ConnectionError("The server has closed a connection.")
            exchange.answer += received
            if not exchange.length:
                exchange.length = whole_length(exchange.answer)
            if exchange.length and len(exchange.answer) >= exchange.length:
                run.latencies.append(clock() - exchange.sent_at)
                run.statuses[exchange.answer[9:12]] += 1
                under_way -= 1
                send(exchange)


def silence() -> Any:
    raise TimeoutError("The server has not answered for 60 s.")


def whole_length(answer: bytes) -> int:
    """Of the whole answer in bytes; 0 as long as its headers are not all there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    headers = answer[:end].lower()
    start = headers.find(b"\r\ncontent-length:")
    if start < 0:
        raise ValueError("The server has sent an answer without a length.")
    return end + 4 + int(headers[start + 17 :].split(b"\r\n", 1)[0])


def main() -> None:
    result = result_of(Task(**json.load(sys.stdin)))
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
