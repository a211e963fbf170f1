"""What a merchant sells gift cards as: a product, and the amounts that it comes in."""

from typing import Final, Self

from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q

from kernel.caller import Caller
from kernel.keys import uuid7
from kernel.models import Resource
from kernel.modes import Mode
from markets.models import CodeFormat, Market

LONGEST_DESCRIPTION: Final = 2000
HANDLE: Final = "[a-z0-9]+(-[a-z0-9]+)*"

NO_AMOUNT: Final = 'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1e13 || @.floor() != @)'
"""A jsonpath; strict, so that what is no object is refused as well."""


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the caller's mode that are sold everywhere or in one of the caller's markets."""
        products = self.filter(mode=caller.mode)
        return products if caller.market_ids is None else products.filter(_sold_in(caller, "pk"))


class Product(Resource):
    """`markets` are where it is sold; none means everywhere. What is null is the market's to say: the format
    of the codes, and how many months its cards are valid."""

    name = models.CharField(max_length=255)
    description = models.CharField(max_length=LONGEST_DESCRIPTION, null=True, blank=True)  # noqa: DJ001 (unset is null)
    handle = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (the same: unique when set)
    image_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001 (the same)
    code_format = models.CharField(max_length=16, choices=CodeFormat, null=True, blank=True)  # noqa: DJ001 (the same)
    validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    markets: "models.ManyToManyField[Market, ProductMarket]" = models.ManyToManyField(
        Market, through="ProductMarket", related_name="gift_card_products", blank=True
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["mode", "handle"], name="product_handle_is_unique_per_mode"),
            # Not a key of its own: what refers to a product refers to its mode as well, so that both agree.
            models.UniqueConstraint(fields=["id", "mode"], name="product_is_referred_to_with_mode"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="product_mode_is_test_or_live"),
            models.CheckConstraint(
                condition=Q(handle__regex=f"^{HANDLE}$"), name="product_handle_is_words_and_hyphens"
            ),
            models.CheckConstraint(
                condition=Q(code_format__in=CodeFormat.values), name="product_code_format_is_known"
            ),
            models.CheckConstraint(condition=Q(validity_months__gte=1), name="product_validity_is_a_time"),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="product_by_key"),
            models.Index(fields=["mode", "created_at", "id"], name="product_by_creation"),
            models.Index(fields=["mode", "name", "id"], name="product_by_name"),
            models.Index(fields=["mode", "reference", "id"], name="product_by_reference"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


class ProductMarket(models.Model):
    """One of the markets that a product is sold in; the database holds that all three agree on mode.

    Such a market cannot be deleted: losing the row would sell the product everywhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="availabilities", db_constraint=False, db_index=False
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="+", db_constraint=False)
    mode = models.CharField(max_length=4, choices=Mode)

    class Meta:
        verbose_name = "product's market"
        constraints = (
            models.UniqueConstraint(fields=["product", "market"], name="product_is_sold_in_a_market_once"),
        )

    def __str__(self) -> str:
        return f"{self.product_id} in {self.market_id}"


class DenominationQuerySet(models.QuerySet["Denomination"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the products that the caller sees."""
        denominations = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return denominations
        return denominations.filter(_sold_in(caller, "product_id"))


class Denomination(Resource):
    """One value that a product comes in. `amounts` are minor units by ISO code, `{"USD": 2500, "EUR": 2300}`:
    whole, above 0, one in each currency that it is sold in. Without an image it has its product's."""

    # The database holds the reference together with the mode.
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="denominations", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=255)
    amounts = models.JSONField()
    image_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001 (unset is null)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DenominationQuerySet.as_manager()

    class Meta:
        constraints = (
            # As above: order lines refer to both.
            models.UniqueConstraint(fields=["id", "mode"], name="denomination_is_referred_to_with_mode"),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="denomination_mode_is_test_or_live"
            ),
            # Defence in depth: operations refuse such amounts with a sentence.
            models.CheckConstraint(
                condition=~Func(
                    F("amounts"),
                    template=f"jsonb_path_exists(%(expressions)s, '{NO_AMOUNT}')",
                    output_field=models.BooleanField(),
                ),
                name="denomination_amounts_are_whole_and_above_zero",
            ),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="denomination_by_key"),
            models.Index(fields=["mode", "created_at", "id"], name="denomination_by_creation"),
            models.Index(fields=["mode", "reference", "id"], name="denomination_by_reference"),
            models.Index(fields=["product", "id"], name="denomination_by_product"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


def _sold_in(caller: Caller, product: str) -> Q:
    """`product` is the column of its key."""
    markets = ProductMarket.objects.filter(product_id=OuterRef(product))
    return Q(~Exists(markets)) | Q(Exists(markets.filter(market_id__in=caller.market_ids or ())))
