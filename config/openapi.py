"""What the OpenAPI document says that no route declares."""

from typing import Final

from access.scopes import Scope
from api.openapi import About

SCOPES: Final = {
    Scope.READ: "Read.",
    Scope.ISSUE: "Make, change and switch cards; write products, recipients, tags and attachments.",
    Scope.SPEND: "Take from cards: debits, authorizations, payments, cash-outs, and their refunds.",
    Scope.RECHARGE: "Add to cards.",
    Scope.ADJUST: "Set a card's balance.",
    Scope.REVEAL_CODES: "Read codes; without it they are masked.",
    Scope.ADMIN: "Write markets.",
}

ABOUT: Final = About(
    title="Gift cards",
    version="1",
    description=(
        "Gift cards, from their issue to their last cent. An access token belongs to one mode, test or live, "
        "and sees that mode only."
    ),
    token_address="/oauth/token",  # noqa: S106 (an address, no secret)
    scopes={scope.value: what for scope, what in SCOPES.items()},
)
