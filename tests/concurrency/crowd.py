"""Many callers who begin at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TypeVar

from giftcards.verification import verify_ledger
from tests.server import PATIENCE, Api, Server

Result = TypeVar("Result")


def all_at_once(server: Server, key: str, actions: Sequence[Callable[[Api], Result]]) -> list[Result]:
    """What each action came to. Every one has its own thread and open connection before any begins."""
    barrier = Barrier(len(actions), timeout=PATIENCE)
    with ExitStack() as connections, ThreadPoolExecutor(len(actions)) as threads:
        callers = [connections.enter_context(server.caller(key)) for _ in actions]

        def begin(action: Callable[[Api], Result], caller: Api) -> Result:
            caller.get(f"{server.address}/healthz/live")
            barrier.wait()
            return action(caller)

        return [each.result() for each in list(map(threads.submit, [begin] * len(actions), actions, callers))]


def assert_ledger_is_true() -> None:
    lies = [str(lie) for _cards, portion in verify_ledger() for lie in portion]
    assert lies == []
