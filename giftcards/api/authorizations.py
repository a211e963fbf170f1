"""Authorizations under `/api/gift_card_authorizations`: what is held of a card for an order."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import Q
from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.bind_parameters import BindParameter
from api.computed import BatchField
from api.credential import Credential
from api.fields import StrictBoolean, StrictInteger, StrictString, Timestamp
from api.matchers import AttributeFilter, Operand
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.api.amounts import float_of, formatted
from giftcards.api.triggers import naming, notes_in, only_trigger
from giftcards.models import Authorization, AuthorizationStatus, GiftCard
from giftcards.models.authorization import reads_as
from giftcards.queries import statuses_by_the_clock
from kernel.caller import Caller
from markets.models import Market

TRIGGERS: Final = ("_capture", "_capture_amount_cents", "_void")
LOCALE: Final = "gift_card__market__locale"


def statuses_of(authorization_ids: list[UUID], credential: Credential) -> Mapping[UUID, str]:
    return statuses_by_the_clock(authorization_ids)


class StatusFilter(AttributeFilter):
    """By the clock, as the attribute reads."""

    matchers: ClassVar[frozenset[str]] = frozenset({"eq", "not_eq", "in", "not_in"})

    def read(self, matcher: str, text: str) -> Operand:
        named = {text} if matcher in {"eq", "not_eq"} else set(text.split(","))
        every = set(AuthorizationStatus.values)
        if not named <= every:
            raise ValueError(text)
        return Operand((), frozenset(every - named if matcher.startswith("not_") else named))

    def build(self, matcher: str, parameters: Sequence[BindParameter], form: Any, *, prefix: str) -> Q:
        return reads_as(form, prefix)


class AuthorizationSerializer(ResourceSerializer):
    included_serializers: ClassVar[Mapping[str, str]] = {
        "gift_card": "giftcards.api.serializers.GiftCardSerializer",
        "market": "markets.api.serializers.MarketSerializer",
        "transactions": "giftcards.api.transactions.TransactionSerializer",
    }
    related_serializers: ClassVar[Mapping[str, str]] = {"events": "events.api.serializers.EventSerializer"}

    amount_float = float_of("amount_cents")
    formatted_amount = formatted("amount_cents", locale=LOCALE)
    captured_amount_float = float_of("captured_amount_cents")
    formatted_captured_amount = formatted("captured_amount_cents", locale=LOCALE)
    status = BatchField(load=statuses_of, default=lambda: None, returns=AuthorizationStatus)
    expires_at = Timestamp(
        required=False, allow_null=True, allow_date=True, help_text="Until when it is held."
    )
    gift_card = ResourceRelatedField(queryset=GiftCard.objects.all())
    market = ResourceRelatedField(queryset=Market.objects.all(), required=False, allow_null=True)
    transactions = ResourceRelatedField(many=True, read_only=True)
    events = ResourceRelatedField(many=True, read_only=True)
    _capture = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="Spends all that is held."
    )
    _capture_amount_cents = StrictInteger(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Spends so much of what is held, and releases the rest.",
    )
    _void = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="Gives up what is held."
    )
    _reason = StrictString(write_only=True, required=False, allow_null=True, help_text="Why, for the record.")

    class Meta(ResourceSerializer.Meta):
        model = Authorization
        resource_name = "gift_card_authorizations"
        fields = (
            "status",
            "currency_code",
            "amount_cents",
            "amount_float",
            "formatted_amount",
            "captured_amount_cents",
            "captured_amount_float",
            "formatted_captured_amount",
            "expires_at",
            "order_number",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "gift_card",
            "market",
            "transactions",
            "events",
            *TRIGGERS,
            "_reason",
        )
        read_only_fields = ("currency_code", "captured_amount_cents", "created_at", "updated_at")
        create_only_fields = ("amount_cents", "expires_at", "gift_card", "market")
        update_only_fields = TRIGGERS
        triggers = TRIGGERS
        links_only = ("events",)
        # A card of no market is held for orders of any; who is restricted to some sees the card, not those.
        guarded = ("market",)
        ways_back = {"events": "subject_id"}
        filterable: Mapping[str, AttributeFilter | None] = {
            "status": StatusFilter(),
            **dict.fromkeys(
                (
                    "currency_code",
                    "amount_cents",
                    "captured_amount_cents",
                    "expires_at",
                    "order_number",
                    "reference",
                    "reference_origin",
                    "metadata",
                    "created_at",
                    "updated_at",
                )
            ),
        }
        sortable = ("expires_at", "order_number", "reference", "created_at")


class AuthorizationViewSet(ResourceViewSet):
    serializer_class = AuthorizationSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.SPEND,
        "update": Scope.SPEND,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        card: GiftCard = values["gift_card"]
        with naming(
            insufficient_balance="amount_cents",
            operation="gift_card",
            market="gift_card",
            spent_in="market",
            reason="_reason",
        ):
            authorization = operations.authorize(
                caller=caller,
                card_id=card.pk,
                amount_cents=values["amount_cents"],
                expires_at=values.get("expires_at"),
                spent_in=values.get("market"),
                attributes=notes_in(values),
                reason=values.get("_reason") or "",
            )
        return authorization.pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        with naming(reason="_reason"):
            _requested(values)(caller=caller, authorization_id=pk, reason=values.get("_reason") or "")


def _requested(values: Mapping[str, Any]) -> Callable[..., Authorization]:
    """The operation with all but `caller`, `authorization_id` and `reason` filled in."""
    trigger, changes = only_trigger(values, TRIGGERS), notes_in(values)
    if trigger is None:
        return partial(operations.update_authorization, changes=changes)
    if trigger == "_void":
        return partial(operations.void, changes=changes)
    amount_cents = values["_capture_amount_cents"] if trigger == "_capture_amount_cents" else None
    return partial(operations.capture, amount_cents=amount_cents, changes=changes)
