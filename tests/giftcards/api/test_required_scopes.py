"""What a key must be allowed to, for what an update asks for."""

import pytest

from access.scopes import Scope
from giftcards.api.triggers import required_scopes


@pytest.mark.parametrize(
    ("update", "scopes"),
    [
        ({}, (Scope.ISSUE,)),
        ({"reference": "A"}, (Scope.ISSUE,)),
        ({"_purchase": True}, (Scope.ISSUE,)),
        ({"_activate": True}, (Scope.ISSUE,)),
        ({"_deactivate": True, "reference": "A"}, (Scope.ISSUE,)),
        ({"_balance_change_cents": -1}, (Scope.SPEND,)),
        ({"_balance_change_cents": 1}, (Scope.RECHARGE,)),
        ({"_balance_change_cents": -1, "_reference": "order-1"}, (Scope.SPEND,)),
        ({"_balance_change_cents": -1, "reference": "A"}, (Scope.SPEND, Scope.ISSUE)),
        ({"_cash_out": True}, (Scope.SPEND,)),
        ({"_cash_out": True, "_reason": "Asked for"}, (Scope.SPEND,)),
        ({"_cash_out": True, "reference": "A"}, (Scope.SPEND, Scope.ISSUE)),
        ({"_archive": True}, (Scope.ISSUE,)),
        ({"_unarchive": True, "_reason": "Asked for"}, (Scope.ISSUE,)),
        ({"balance_cents": 1, "_archive": True}, (Scope.ISSUE,)),
        ({"_cash_out": False, "_purchase": True}, (Scope.ISSUE,)),
        ({"balance_cents": 1, "_cash_out": True}, (Scope.SPEND, Scope.ISSUE)),
        ({"balance_cents": 1}, (Scope.ADJUST,)),
        ({"balance_cents": 1, "_reason": "Typing mistake"}, (Scope.ADJUST,)),
        ({"balance_cents": 1, "_purchase": False}, (Scope.ADJUST,)),
        ({"balance_cents": 1, "reference": "A"}, (Scope.ISSUE,)),
        # A balance beside another trigger is no adjustment: it must not open that trigger's door.
        ({"balance_cents": 1, "_purchase": True}, (Scope.ISSUE,)),
        ({"balance_cents": 1, "_activate": True}, (Scope.ISSUE,)),
    ],
)
def test_each_update_needs_the_scope_of_what_it_does(update, scopes):
    assert required_scopes(update) == scopes
