from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.scenarios.base import Scenario

DEBITS: Final = 10
"""Of each connection in one round: 1 cent, 2 cents, 3 cents …"""


class LostUpdate(Scenario):
    """Every connection debits the same card. The balance is what it was without what was acknowledged."""

    name = "lost-update"

    def play(self, attack: Attack, number: int) -> None:
        spent = attack.connections * DEBITS * (DEBITS + 1) // 2
        card_id = attack.issue(self.name, 2 * spent)

        def spend(client: Client) -> None:
            for cents in range(1, DEBITS + 1):
                client.get(attack.change(self.name, "debit", card_id, cents=cents))

        attack.crowd([spend] * attack.connections)
