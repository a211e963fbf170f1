"""The authorization: a part of a card's balance that is held for one order until it is captured or given up.

| from \\ verb | capture | void | lapse |
|---|---|---|---|
| open | captured | voided | expired |

It resolves once. Everything about it happens under its card's row lock.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Case, CharField, DateTimeField, F, Func, Q, Value, When
from django.db.models.functions import Coalesce
from django_fsm import FSMField, transition

from giftcards.models.gift_card import GiftCard
from kernel.caller import Caller
from kernel.models import Resource
from kernel.modes import Mode
from markets.models import Market


class AuthorizationStatus(models.TextChoices):
    OPEN = "open"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the cards that are visible to the caller."""
        authorizations = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return authorizations
        return authorizations.filter(
            Q(gift_card__market_id=None) | Q(gift_card__market_id__in=caller.market_ids)
        )

    def by_the_clock(self) -> models.QuerySet[Any]:
        """Each with `status_now`: what is open and has lapsed is expired, whether that is written down or
        not."""
        lapsed = When(reads_as({AuthorizationStatus.EXPIRED}), then=Value(AuthorizationStatus.EXPIRED.value))
        return self.annotate(status_now=Case(lapsed, default=F("status"), output_field=CharField()))


def reads_as(statuses: Collection[str], prefix: str = "") -> Q:
    """Those whose status by the clock is one of these: the card's own, where a test card has one.

    `prefix` is the ORM's way to the authorization.
    """
    written = Q(**{f"{prefix}status__in": sorted(statuses)})
    in_doubt = {AuthorizationStatus.OPEN, AuthorizationStatus.EXPIRED}.intersection(statuses)
    if len(in_doubt) != 1:
        return written
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    now = Coalesce(F(f"{prefix}gift_card__test_clock_at"), clock)
    is_open = Q(**{f"{prefix}status": AuthorizationStatus.OPEN})
    if AuthorizationStatus.OPEN in statuses:
        return written & (~is_open | Q(**{f"{prefix}expires_at__gt": now}))
    return written | (is_open & Q(**{f"{prefix}expires_at__lte": now}))


class Authorization(Resource):
    """`amount_cents` and `captured_amount_cents` are minor units of `currency_code`, which is the card's.

    An open one whose `expires_at` has passed counts no more, whatever `status` says: it is written down as
    expired when somebody needs what it held. `market` is where the shop said that it will be spent.
    """

    gift_card = models.ForeignKey(
        GiftCard, models.PROTECT, related_name="authorizations", db_constraint=False, db_index=False
    )
    status = FSMField(
        default=AuthorizationStatus.OPEN,
        choices=AuthorizationStatus,
        protected=True,
        db_index=False,
        max_length=8,
    )
    currency_code = models.CharField(max_length=3)
    amount_cents = models.BigIntegerField()
    captured_amount_cents = models.BigIntegerField(default=0, db_default=0)
    expires_at = models.DateTimeField()
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    order_number = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (unset is null on the wire)

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        constraints = (
            # No key of its own: a capture refers to all three, so that it posts to the card that was held.
            models.UniqueConstraint(
                fields=["id", "gift_card", "mode"], name="authorization_is_referred_to_with_its_card"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="authorization_mode_is_test_or_live"
            ),
            models.CheckConstraint(
                condition=Q(status__in=AuthorizationStatus.values), name="authorization_status_is_known"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="authorization_holds_something"),
            models.CheckConstraint(
                condition=Q(
                    status=AuthorizationStatus.CAPTURED,
                    captured_amount_cents__gt=0,
                    captured_amount_cents__lte=F("amount_cents"),
                )
                | (~Q(status=AuthorizationStatus.CAPTURED) & Q(captured_amount_cents=0)),
                name="authorization_captures_at_most_what_it_holds",
            ),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="authorization_by_key"),
            models.Index(fields=["mode", "created_at", "id"], name="authorization_by_creation"),
            models.Index(fields=["mode", "expires_at", "id"], name="authorization_by_expiry"),
            models.Index(fields=["mode", "status", "id"], name="authorization_by_status"),
            models.Index(fields=["mode", "reference", "id"], name="authorization_by_reference"),
            models.Index(fields=["mode", "order_number", "id"], name="authorization_by_order_number"),
            models.Index(fields=["gift_card", "id"], name="authorization_by_card"),
            models.Index(
                fields=["gift_card", "expires_at"],
                condition=Q(status=AuthorizationStatus.OPEN),
                name="authorization_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount_cents} {self.currency_code} ({self.status})"

    def has_lapsed(self, now: datetime) -> bool:
        """Holds strictly before `expires_at`."""
        return now >= self.expires_at

    @transition(field=status, source=AuthorizationStatus.OPEN, target=AuthorizationStatus.CAPTURED)
    def capture(self) -> None: ...

    @transition(field=status, source=AuthorizationStatus.OPEN, target=AuthorizationStatus.VOIDED)
    def void(self) -> None: ...

    @transition(field=status, source=AuthorizationStatus.OPEN, target=AuthorizationStatus.EXPIRED)
    def lapse(self) -> None: ...
