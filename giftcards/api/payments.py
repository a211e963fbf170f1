"""Payments over several cards under `/api/gift_card_payments`; what was paid and given back is read from the
ledger."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Final, TypedDict
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.computed import BatchField
from api.credential import Credential
from api.fields import CurrencyCode, StrictBoolean, StrictInteger, StrictString, StrictStrings
from api.serializers import ResourceSerializer
from giftcards import money, operations
from giftcards.api.amounts import float_of, formatted
from giftcards.api.code_tries import TriesCodes
from giftcards.api.triggers import naming, notes_in, only_trigger
from giftcards.exceptions import UnusableCodes
from giftcards.models import GiftCard, Order, Payment, PaymentShare
from giftcards.queries import PaymentTotals, payment_totals, shares_of_payments
from kernel.caller import Caller
from kernel.secret import Secret
from markets.models import Market

TRIGGERS: Final = ("_refund", "_refund_amount_cents")


def totals_of(payment_ids: list[UUID], credential: Credential) -> Mapping[UUID, PaymentTotals]:
    return payment_totals(payment_ids)


class ShareShown(TypedDict):
    gift_card_id: str
    amount_cents: int
    is_taxable: bool
    tax_rate: float | None


def shares_of(payment_ids: list[UUID], credential: Credential) -> Mapping[UUID, list[PaymentShare]]:
    return shares_of_payments(payment_ids)


def shown_shares(shares: list[PaymentShare]) -> list[ShareShown]:
    return [
        {
            "gift_card_id": str(share.gift_card_id),
            "amount_cents": share.amount_cents,
            "is_taxable": share.is_taxable,
            "tax_rate": None if share.tax_rate is None else float(share.tax_rate),
        }
        for share in shares
    ]


def cents_of(total: str) -> BatchField:
    return _total(lambda totals: getattr(totals, total), returns=int)


def total_as_float(total: str) -> BatchField:
    return _total(lambda totals: money.to_float(getattr(totals, total), totals.currency_code), returns=float)


def formatted_total(total: str) -> BatchField:
    return _total(
        lambda totals: money.format_amount(
            getattr(totals, total),
            totals.currency_code,
            totals.locale or settings.GIFTCARDS_DEFAULT_LOCALE,
        ),
        returns=str,
    )


def _total(compute: Callable[[PaymentTotals], Any], *, returns: type) -> BatchField:
    return BatchField(load=totals_of, compute=compute, default=lambda: None, returns=returns)


class PaymentSerializer(ResourceSerializer):
    """The cards are named by `codes` or by `gift_cards`. What is read as `gift_cards` are those that gave
    something, and `transactions` how much, and what they got back; `shares` are kept as they were when they
    were given."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "gift_cards": "giftcards.api.serializers.GiftCardSerializer",
        "gift_card_order": "giftcards.api.orders.OrderSerializer",
        "market": "markets.api.serializers.MarketSerializer",
        "transactions": "giftcards.api.transactions.TransactionSerializer",
    }
    related_serializers: ClassVar[Mapping[str, str]] = {"events": "events.api.serializers.EventSerializer"}

    currency_code = CurrencyCode(required=False, allow_null=True)
    amount_float = float_of("amount_cents")
    formatted_amount = formatted("amount_cents")
    paid_amount_cents = cents_of("paid_cents")
    paid_amount_float = total_as_float("paid_cents")
    formatted_paid_amount = formatted_total("paid_cents")
    remaining_amount_cents = cents_of("remaining_cents")
    remaining_amount_float = total_as_float("remaining_cents")
    formatted_remaining_amount = formatted_total("remaining_cents")
    refunded_amount_cents = cents_of("refunded_cents")
    refunded_amount_float = total_as_float("refunded_cents")
    formatted_refunded_amount = formatted_total("refunded_cents")
    shares = BatchField(
        load=shares_of,
        compute=shown_shares,
        default=list,
        help_text="What each card gave, in the order of use, and the tax rate that it had.",
    )
    codes = StrictStrings(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Of the cards that pay; instead of `gift_cards`.",
    )
    gift_cards = ResourceRelatedField(many=True, queryset=GiftCard.objects.all(), required=False)
    gift_card_order = ResourceRelatedField(
        source="order", queryset=Order.objects.all(), required=False, allow_null=True
    )
    market = ResourceRelatedField(queryset=Market.objects.all(), required=False, allow_null=True)
    transactions = ResourceRelatedField(many=True, read_only=True)
    events = ResourceRelatedField(many=True, read_only=True)
    _refund = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="Gives back all that was paid."
    )
    _refund_amount_cents = StrictInteger(
        write_only=True, required=False, allow_null=True, help_text="Gives back so much of what was paid."
    )
    _reason = StrictString(write_only=True, required=False, allow_null=True, help_text="Why, for the record.")

    class Meta(ResourceSerializer.Meta):
        model = Payment
        resource_name = "gift_card_payments"
        fields = (
            "currency_code",
            "amount_cents",
            "amount_float",
            "formatted_amount",
            "paid_amount_cents",
            "paid_amount_float",
            "formatted_paid_amount",
            "remaining_amount_cents",
            "remaining_amount_float",
            "formatted_remaining_amount",
            "refunded_amount_cents",
            "refunded_amount_float",
            "formatted_refunded_amount",
            "partial",
            "shares",
            "order_number",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "codes",
            "gift_cards",
            "gift_card_order",
            "market",
            "transactions",
            "events",
            *TRIGGERS,
            "_reason",
        )
        read_only_fields = ("created_at", "updated_at")
        create_only_fields = (
            "amount_cents",
            "currency_code",
            "partial",
            "codes",
            "gift_cards",
            "gift_card_order",
            "market",
        )
        update_only_fields = TRIGGERS
        triggers = TRIGGERS
        sensitive = ("codes",)
        links_only = ("events",)
        # A card of no market is spent in any, and pays for orders of any; who is restricted to some sees the
        # payment, and not those.
        guarded = ("gift_card_order", "market")
        ways_back = {"gift_cards": "ledger_entries__payment_id", "events": "subject_id"}
        repeating = ("gift_cards",)
        filterable = (
            "currency_code",
            "amount_cents",
            "partial",
            "order_number",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
        )
        sortable = ("order_number", "reference", "created_at")


class PaymentViewSet(TriesCodes):
    serializer_class = PaymentSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.SPEND,
        "update": Scope.SPEND,
    }
    unusable = (UnusableCodes,)

    def codes_in(self, request: Request) -> int:
        return len(_codes_sent(request.data))

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        codes, cards = values.get("codes"), values.get("gift_cards")
        names = {"spent_in": "market", "order": "gift_card_order", "reason": "_reason"}
        with naming(insufficient_balance="amount_cents", **names):
            payment = operations.pay(
                caller=caller,
                amount_cents=values["amount_cents"],
                gift_cards=None if cards is None else [card.pk for card in cards],
                codes=None if codes is None else [Secret(code) for code in codes],
                currency_code=values.get("currency_code"),
                partial=values.get("partial", False),
                spent_in=values.get("market"),
                order=values.get("gift_card_order"),
                attributes=notes_in(values),
                reason=values.get("_reason") or "",
            )
        return payment.pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        trigger = only_trigger(values, TRIGGERS)
        with naming(amount_cents=trigger or "amount_cents", reason="_reason"):
            _requested(trigger, values)(caller=caller, payment_id=pk, reason=values.get("_reason") or "")


def _requested(trigger: str | None, values: Mapping[str, Any]) -> Callable[..., Payment]:
    """The operation with all but `caller`, `payment_id` and `reason` filled in."""
    changes = notes_in(values)
    if trigger is None:
        return partial(operations.update_payment, changes=changes)
    amount_cents = values[trigger] if trigger == "_refund_amount_cents" else None
    return partial(operations.refund_payment, amount_cents=amount_cents, changes=changes)


def _codes_sent(document: Any) -> list[Any]:
    """Before anything is checked: what is no list of codes is refused later."""
    for member in ("data", "attributes", "codes"):
        document = document.get(member) if isinstance(document, dict) else None
    return document if isinstance(document, list) else []
