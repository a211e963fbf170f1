"""Who calls: mode, actor and reach travel together and cannot be changed on the way."""

from dataclasses import FrozenInstanceError

import pytest

from kernel.caller import Actor, ActorKind, Caller
from kernel.keys import uuid7
from kernel.modes import Mode

BERLIN, PARIS = uuid7(), uuid7()
SEED = Actor.system("seed_demo")


def test_a_system_process_acts_under_its_name():
    assert (SEED.kind, SEED.id, SEED.name) == (ActorKind.SYSTEM, "seed_demo", "seed_demo")


def test_a_caller_without_markets_reaches_them_all():
    assert Caller(Mode.TEST, SEED).reaches_market(BERLIN)


@pytest.mark.parametrize(("market_id", "reached"), [(BERLIN, True), (PARIS, False), (None, True)])
def test_a_caller_with_markets_reaches_these_and_what_belongs_to_none(market_id, reached):
    assert Caller(Mode.TEST, SEED, frozenset({BERLIN})).reaches_market(market_id) is reached


def test_a_caller_with_no_market_at_all_is_not_one_with_every_market():
    assert not Caller(Mode.TEST, SEED, frozenset()).reaches_market(BERLIN)


def test_nobody_changes_mode_on_the_way():
    caller = Caller(Mode.TEST, SEED)

    with pytest.raises(FrozenInstanceError):
        caller.mode = Mode.LIVE  # type: ignore[misc]
