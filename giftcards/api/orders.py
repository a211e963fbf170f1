"""Orders under `/api/gift_card_orders`: what a shop has sold, and what cards paid for it."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypedDict, cast
from uuid import UUID

from rest_framework.request import Request
from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.computed import BatchField, ComputedField
from api.credential import Credential
from api.fields import (
    Email,
    Metadata,
    StrictBoolean,
    StrictDecimal,
    StrictField,
    StrictInteger,
    StrictObject,
    StrictObjects,
    StrictString,
    Uuid,
)
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.api.triggers import naming, only_trigger
from giftcards.models import Order, OrderLine
from giftcards.models.order import status_of
from giftcards.operations import LineTold, OrderChanges, RecipientTold, UnitTold
from giftcards.queries import OrderTotals, order_card_totals, order_lines
from kernel.caller import Caller
from markets.models import Market

TRIGGERS: Final = ("_cancel",)

RECIPIENT: Final[Mapping[str, StrictField]] = {
    "email": Email(),
    "first_name": StrictString(required=False, allow_null=True),
    "last_name": StrictString(required=False, allow_null=True),
}
UNIT: Final[Mapping[str, StrictField]] = {
    "gift_card_recipient": Uuid(required=False, allow_null=True),
    "recipient": StrictObject(members=RECIPIENT, required=False, allow_null=True),
    "message": StrictString(required=False, allow_null=True),
}
LINE: Final[Mapping[str, StrictField]] = {
    "denomination": Uuid(required=False, allow_null=True),
    "amount_cents": StrictInteger(required=False, allow_null=True),
    "quantity": StrictInteger(required=False),
    "tax_rate": StrictDecimal(max_digits=7, decimal_places=4, required=False, allow_null=True),
    "metadata": Metadata(required=False),
    "units": StrictObjects(members=UNIT, required=False),
    "active": StrictBoolean(required=False),
}


class LineShown(TypedDict):
    denomination: str | None
    amount_cents: int
    quantity: int
    tax_rate: float | None
    metadata: dict[str, Any]


def lines_of(order_ids: list[UUID], credential: Credential) -> Mapping[UUID, list[OrderLine]]:
    return order_lines(order_ids)


def totals_of(order_ids: list[UUID], credential: Credential) -> Mapping[UUID, OrderTotals]:
    return order_card_totals(order_ids)


def total(name: str) -> BatchField:
    return BatchField(
        load=totals_of, compute=lambda totals: getattr(totals, name), default=lambda: 0, returns=int
    )


def shown_lines(lines: list[OrderLine]) -> list[LineShown]:
    return [
        {
            "denomination": None if line.denomination_id is None else str(line.denomination_id),
            "amount_cents": line.unit_amount_cents,
            "quantity": line.quantity,
            "tax_rate": None if line.tax_rate is None else float(line.tax_rate),
            "metadata": line.metadata,
        }
        for line in lines
    ]


class OrderSerializer(ResourceSerializer):
    """What was bought with it are `bought_gift_cards`, one for each unit of its `lines`; what paid for it are
    `gift_cards`, by `payments`."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "market": "markets.api.serializers.MarketSerializer",
        "bought_gift_cards": "giftcards.api.serializers.GiftCardSerializer",
        "gift_cards": "giftcards.api.serializers.GiftCardSerializer",
        "payments": "giftcards.api.payments.PaymentSerializer",
    }
    related_serializers: ClassVar[Mapping[str, str]] = {"events": "events.api.serializers.EventSerializer"}

    status = ComputedField(columns=("cancelled_at",), compute=status_of)
    lines = BatchField(
        load=lines_of,
        compute=shown_lines,
        default=list,
        write=StrictObjects(members=LINE, required=False),
        help_text="Each sells `quantity` cards of a `denomination`, or of `amount_cents` each.",
    )
    gift_card_total_cents = total("gift_card_total_cents")
    gift_card_tax_total_cents = total("gift_card_tax_total_cents")
    market = ResourceRelatedField(queryset=Market.objects.all())
    bought_gift_cards = ResourceRelatedField(many=True, read_only=True)
    gift_cards = ResourceRelatedField(many=True, read_only=True)
    payments = ResourceRelatedField(many=True, read_only=True)
    events = ResourceRelatedField(many=True, read_only=True)
    _cancel = StrictBoolean(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Refunds its payments, and takes back the cards that were bought with it.",
    )
    _reason = StrictString(write_only=True, required=False, allow_null=True, help_text="Why, for the record.")

    class Meta(ResourceSerializer.Meta):
        model = Order
        resource_name = "gift_card_orders"
        fields = (
            "status",
            "display_number",
            "customer_email",
            "currency_code",
            "lines",
            "gift_card_total_cents",
            "gift_card_tax_total_cents",
            "cancelled_at",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "market",
            "bought_gift_cards",
            "gift_cards",
            "payments",
            "events",
            *TRIGGERS,
            "_reason",
        )
        read_only_fields = ("currency_code", "cancelled_at", "created_at", "updated_at")
        create_only_fields = ("lines", "market")
        update_only_fields = TRIGGERS
        triggers = TRIGGERS
        links_only = ("events",)
        ways_back = {"gift_cards": "ledger_entries__payment__order_id", "events": "subject_id"}
        repeating = ("gift_cards",)
        filterable = ("display_number", "customer_email", "reference", "created_at")
        sortable = ("created_at",)


class OrderViewSet(ResourceViewSet):
    serializer_class = OrderSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ}

    def required_scope(self, request: Request, values: Mapping[str, Any]) -> str:
        """Who sells cards issues them. What is only noted may be told by who sells and by who spends. To
        cancel pays money back, as a cash-out does, and puts away the cards that were sold."""
        held = self.credential.scopes
        if values.get("_cancel"):
            return Scope.ISSUE if Scope.SPEND in held and self._has_sold() else Scope.SPEND
        return Scope.ISSUE if values.get("lines") or Scope.SPEND not in held else Scope.SPEND

    def _has_sold(self) -> bool:
        """By its cards: an order from elsewhere has sold some without lines."""
        orders = Order.objects.visible_to(self.credential.caller)
        return orders.filter(pk=self.key, bought_gift_cards__isnull=False).exists()

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        with naming(reason="_reason"):
            order = operations.place_order(
                caller=caller,
                market=values["market"],
                attributes=_changes(values),
                lines=[_line(told) for told in values.get("lines", ())],
                reason=values.get("_reason") or "",
            )
        return order.pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        operation = operations.cancel_order if only_trigger(values, TRIGGERS) else operations.update_order
        with naming(reason="_reason"):
            operation(
                caller=caller, order_id=pk, changes=_changes(values), reason=values.get("_reason") or ""
            )


def _changes(values: Mapping[str, Any]) -> OrderChanges:
    names = OrderChanges.__optional_keys__
    return cast(OrderChanges, {name: value for name, value in values.items() if name in names})


def _line(told: Mapping[str, Any]) -> LineTold:
    return LineTold(**{**told, "units": [_unit(each) for each in told.get("units", ())]})


def _unit(told: Mapping[str, Any]) -> UnitTold:
    recipient = told.get("recipient")
    return UnitTold(**{**told, "recipient": None if recipient is None else RecipientTold(**recipient)})
