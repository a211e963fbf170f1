"""A limit is one for all processes of the service, also while they are stormed."""

from collections import Counter
from typing import Any

import pytest

from tests.concurrency.crowd import all_at_once
from tests.server import CHECKED, Api, Server, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 300
CALLERS = 16
LIMITS: dict[str, Any] = {"GIFTCARDS_RATE_LIMIT_PER_KEY": str(LIMIT), "GIFTCARDS_RATE_LIMIT_SECONDS": "600"}


def storm(server: Server) -> Counter[int]:
    """Everybody asks until he is refused, so that neither process has a number left if it had any."""

    def ask(caller: Api) -> Counter[int]:
        statuses: Counter[int] = Counter()
        while not statuses[429]:
            statuses[caller.get("/application").status_code] += 1
        return statuses

    return sum(all_at_once(server, a_key(), [ask] * CALLERS), Counter())


def test_two_processes_admit_exactly_the_limit():
    with serving(CHECKED, **LIMITS) as server:
        statuses = storm(server)

    assert statuses == {200: LIMIT, 429: CALLERS}


def test_blocks_taken_in_two_statements_are_caught():
    with serving("tests.concurrency.without_one_statement:application", **LIMITS) as server:
        statuses = storm(server)

    assert statuses[200] > LIMIT
