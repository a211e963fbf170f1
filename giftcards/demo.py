"""A small demo: something to look at in each mode on the first run. Made by operations, like everything
else."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from access.models import Organization, User
from access.operations import mint_api_key, the_organization
from giftcards import operations
from giftcards.models import GiftCard
from giftcards.operations import GiftCardChanges, Occasion
from kernel.caller import Actor, Caller
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.secret import Secret
from markets.models import Market
from markets.operations import create_market, update_market

ADMIN_EMAIL: Final = "admin@example.com"
SEEDING: Final = Actor.system("seed_demo")


@dataclass(frozen=True, slots=True)
class DemoCredentials:
    """Made for this database alone; shown by the program that seeds it."""

    admin_email: str
    admin_password: Secret
    test_key: Secret
    live_key: Secret


def is_pristine() -> bool:
    """True until the first organization is there: a demo is never mixed into a merchant's data."""
    return not Organization.objects.exists()


@transaction.atomic
def seed_demo() -> DemoCredentials:
    """Two markets in different currencies and a disabled one, recipients, and cards in every status, in both
    modes."""
    the_organization()
    password = Secret(secrets.token_urlsafe(12))
    User.objects.create_superuser(ADMIN_EMAIL, password.reveal(), name="Demo admin")
    keys = {mode: mint_api_key(application_name="Demo shop", mode=mode, actor=SEEDING)[1] for mode in Mode}
    for mode in Mode:
        _seed_mode(Caller(mode, SEEDING))
    return DemoCredentials(ADMIN_EMAIL, password, keys[Mode.TEST], keys[Mode.LIVE])


def _seed_mode(caller: Caller) -> None:
    europe = create_market(
        caller=caller,
        name="Europe",
        code="eu",
        currency_code="EUR",
        time_zone="Europe/Berlin",
        locale="de_DE",
    )
    japan = create_market(
        caller=caller, name="Japan", code="jp", currency_code="JPY", time_zone="Asia/Tokyo", locale="ja_JP"
    )
    closed = create_market(
        caller=caller,
        name="United Kingdom (closed)",
        code="uk",
        currency_code="GBP",
        time_zone="Europe/London",
        locale="en_GB",
    )
    update_market(caller=caller, market_id=closed.id, disabled=True, reason="The shop has closed")
    _seed_cards(caller, europe, japan)


def _seed_cards(caller: Caller, europe: Market, japan: Market) -> None:
    _card(caller, balance_cents=5000, market=europe, recipient_email="ada@example.com")
    inactive = _card(caller, balance_cents=2500, market=europe, recipient_email="grace@example.com")
    operations.purchase(caller=caller, card_id=inactive.id)

    active = _active(
        _card(caller, balance_cents=10000, market=europe, recipient_email="ada@example.com"), caller
    )
    _spend(active, caller, 2990, "1001")
    _spend(active, caller, 1250, "1002")
    operations.recharge(
        caller=caller, card_id=active.id, amount_cents=2000, occasion=Occasion(reason="Birthday")
    )
    _active(_card(caller, balance_cents=8000, market=japan, recipient_email="hana@example.com"), caller)

    redeemed = _active(_card(caller, balance_cents=1500, market=japan, rechargeable=False), caller)
    _spend(redeemed, caller, 1500, "2001")
    single_use = _active(_card(caller, balance_cents=3000, market=europe, single_use=True), caller)
    _spend(single_use, caller, 1999, "1003")

    yesterday = database_now() - timedelta(days=1)
    _active(_card(caller, balance_cents=4000, market=europe, expires_at=yesterday), caller)


def _card(caller: Caller, **attributes: object) -> GiftCard:
    given = GiftCardChanges(**attributes)  # type: ignore[typeddict-item]
    return operations.create_gift_card(caller=caller, attributes=given)


def _active(card: GiftCard, caller: Caller) -> GiftCard:
    operations.purchase(caller=caller, card_id=card.id)
    return operations.activate(caller=caller, card_id=card.id)


def _spend(card: GiftCard, caller: Caller, amount_cents: int, order_number: str) -> None:
    occasion = Occasion(reference=f"order-{order_number}", order_number=order_number)
    operations.debit(caller=caller, card_id=card.id, amount_cents=amount_cents, occasion=occasion)
