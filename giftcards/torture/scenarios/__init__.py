"""What is tried, in this order."""

from typing import Final

from giftcards.torture.scenarios.authorizations import Authorizations
from giftcards.torture.scenarios.base import Scenario
from giftcards.torture.scenarios.double_spend import DoubleSpend
from giftcards.torture.scenarios.lost_update import LostUpdate
from giftcards.torture.scenarios.payments import Payments
from giftcards.torture.scenarios.refunds import Refunds
from giftcards.torture.scenarios.retry import Retry
from giftcards.torture.scenarios.verbs import Verbs

__all__ = ["SCENARIOS", "Scenario"]

SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        LostUpdate(),
        DoubleSpend(),
        Retry(),
        Verbs(),
        Authorizations(),
        Refunds(),
        Payments(),
    )
}
