"""The ledger under `/api/gift_card_transactions`, and a card's under `/api/gift_cards/{id}/transactions`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson
from django.db.models import Q
from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.bind_parameters import BindParameter
from api.computed import ComputedField
from api.fields import Timestamp
from api.matchers import AttributeFilter, Operand
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards.api.amounts import float_of, formatted
from giftcards.api.authorizations import LOCALE
from giftcards.models import LedgerEntry

ACTOR: Final = {"kind": "actor_kind", "id": "actor_id", "name": "actor_name"}
NOBODY: Final = "nobody"
"""Has a member that actors don't have."""


def actor_of(kind: str, key: str, name: str) -> dict[str, str]:
    return {"kind": kind, "id": key, "name": name}


class ActorFilter(AttributeFilter):
    """`jcont` with some of its members: `{"kind": "user", "name": "Ada"}`."""

    matchers: ClassVar[frozenset[str]] = frozenset({"jcont"})

    def read(self, matcher: str, text: str) -> Operand:
        told = orjson.loads(text)
        if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
            raise ValueError(text)
        if any("\0" in each for each in told.values()):
            raise ValueError(text)
        if not told.keys() <= ACTOR.keys():
            return Operand((), NOBODY)
        return Operand(tuple(told.values()), tuple(told))

    def build(self, matcher: str, parameters: Sequence[BindParameter], form: Any, *, prefix: str) -> Q:
        if form == NOBODY:
            return Q(pk__in=[])
        members = {f"{prefix}{ACTOR[name]}": each for name, each in zip(form, parameters, strict=True)}
        return Q(**members, **{f"{prefix}pk__isnull": False})


class TransactionSerializer(ResourceSerializer):
    """`amount_cents` is signed; `balance_cents` is the card's balance after it. `original` is what a refund
    gives back, and `refunds` what was given back of a debit or capture."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "gift_card": "giftcards.api.serializers.GiftCardSerializer",
        "market": "markets.api.serializers.MarketSerializer",
        "authorization": "giftcards.api.authorizations.AuthorizationSerializer",
        "payment": "giftcards.api.payments.PaymentSerializer",
        "original": "giftcards.api.transactions.TransactionSerializer",
        "refunds": "giftcards.api.refunds.RefundSerializer",
    }

    amount_float = float_of("amount_cents")
    formatted_amount = formatted("amount_cents", locale=LOCALE)
    balance_float = float_of("balance_cents")
    formatted_balance = formatted("balance_cents", locale=LOCALE)
    actor = ComputedField(columns=tuple(ACTOR.values()), compute=actor_of)
    # Every resource has one; an entry never changes.
    updated_at = Timestamp(source="created_at", read_only=True)
    original = ResourceRelatedField(read_only=True)
    refunds = ResourceRelatedField(many=True, read_only=True)

    class Meta(ResourceSerializer.Meta):
        model = LedgerEntry
        resource_name = "gift_card_transactions"
        fields = (
            "sequence",
            "kind",
            "currency_code",
            "amount_cents",
            "amount_float",
            "formatted_amount",
            "balance_cents",
            "balance_float",
            "formatted_balance",
            "actor",
            "reason",
            "reference",
            "order_number",
            "created_at",
            "updated_at",
            "gift_card",
            "market",
            "authorization",
            "payment",
            "original",
            "refunds",
        )
        read_only_fields = fields
        # A card of no market is spent in any, and pays together with cards of any; who is restricted to some
        # markets sees the card, and not those.
        guarded = ("market", "payment")
        ways_back = {"refunds": "original__pk"}
        filterable: Mapping[str, AttributeFilter | None] = {
            "actor": ActorFilter(),
            **dict.fromkeys(
                (
                    "sequence",
                    "kind",
                    "currency_code",
                    "amount_cents",
                    "balance_cents",
                    "reason",
                    "reference",
                    "order_number",
                    "created_at",
                    "updated_at",
                )
            ),
        }
        sortable = ("sequence", "created_at", "updated_at")


class TransactionViewSet(ResourceViewSet):
    """Nobody writes here: entries follow from what is done to a card."""

    serializer_class = TransactionSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ}
