from typing import Self

from django.db import models

from kernel.caller import Caller
from kernel.models import Resource
from kernel.modes import Mode


class CodeFormat(models.TextChoices):
    """What the codes look like that are made for a market's gift cards."""

    UUID = "uuid", "UUID"
    HUMAN = "human", "Five groups of four letters and digits"
    GROUPED_16 = "grouped_16", "Four groups of four letters and digits"


class MarketQuerySet(models.QuerySet["Market"]):
    def visible_to(self, caller: Caller) -> Self:
        """The markets within the caller's mode and reach: the way in for all that serves a caller."""
        markets = self.filter(mode=caller.mode)
        return markets if caller.market_ids is None else markets.filter(pk__in=caller.market_ids)


class Market(Resource):
    """Where cards are sold and spent: their currency, their time zone, how amounts are written, and what
    the law of the place asks of them.

    Validities are months, null where there is none. Cards are cashed out while their balance is below
    `cash_out_below_cents`, minor units of `currency_code`; null: never. `tax_rate` is a percentage: 19 means
    19 of every 100.
    """

    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=255)
    code = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (unset is null: unique when set)
    checkout_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001 (the contract's unset value)
    private = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    currency_code = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    locale = models.CharField(max_length=32)
    # The database has the default too: processes of the version before insert without it.
    code_format = models.CharField(
        max_length=16, choices=CodeFormat, default=CodeFormat.UUID, db_default=CodeFormat.UUID
    )

    # Its policy for gift cards; what each means, giftcards.policy says.
    default_validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    minimum_validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    allows_expiry = models.BooleanField(default=True, db_default=True)
    keeps_single_use_remainder = models.BooleanField(default=True, db_default=True)
    cash_out_below_cents = models.BigIntegerField(null=True, blank=True)

    # What shops ask of it when they count taxes; what a card makes of its rate, giftcards.tax says.
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    tax_code = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (unset is null, as above)
    gift_cards_taxable = models.BooleanField(default=True, db_default=True)
    automatic_taxes = models.BooleanField(default=True, db_default=True)
    tax_provider_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (the same)

    objects = MarketQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mode", "number"], name="market_number_is_unique_per_mode"),
            models.UniqueConstraint(fields=["mode", "code"], name="market_code_is_unique_per_mode"),
            # Not a key of its own: what refers to a market refers to its mode as well, so that the two agree.
            models.UniqueConstraint(fields=["id", "mode"], name="market_is_referred_to_with_mode"),
            # A gift card refers to the currency too: it cannot differ from its market's, nor change under it.
            models.UniqueConstraint(
                fields=["id", "mode", "currency_code"], name="market_is_referred_to_with_currency"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="market_mode_is_test_or_live"
            ),
            models.CheckConstraint(
                condition=models.Q(code_format__in=CodeFormat.values), name="market_code_format_is_known"
            ),
            # A null passes each of these.
            models.CheckConstraint(
                condition=models.Q(default_validity_months__gte=1)
                & models.Q(default_validity_months__gte=models.F("minimum_validity_months")),
                name="market_default_validity_reaches_the_minimum",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum_validity_months__gte=1), name="market_minimum_validity_is_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(allows_expiry=True) | models.Q(default_validity_months=None),
                name="market_without_expiry_has_no_default_validity",
            ),
            models.CheckConstraint(
                condition=models.Q(cash_out_below_cents__gte=1), name="market_cashes_out_something"
            ),
            models.CheckConstraint(
                condition=models.Q(tax_rate__gte=0), name="market_tax_rate_is_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None
