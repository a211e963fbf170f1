"""The gift card as JSON:API sees it: the only declaration of the resource (contract §4)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from rest_framework_json_api.relations import ResourceRelatedField

from api.computed import ComputedField
from api.fields import (
    CurrencyCode,
    Email,
    StrictBoolean,
    StrictDecimal,
    StrictInteger,
    StrictString,
    Timestamp,
    Url,
)
from api.matchers import AttributeFilter
from api.serializers import ResourceSerializer
from events.api.serializers import EventSerializer
from giftcards.api import logs
from giftcards.api.amounts import float_of, formatted
from giftcards.api.attachments import AttachmentSerializer
from giftcards.api.authorizations import AuthorizationSerializer
from giftcards.api.available import available_cents, available_float, formatted_available
from giftcards.api.codes import CodeFilter, readable_code
from giftcards.api.tags import TagSerializer
from giftcards.api.transactions import TransactionSerializer
from giftcards.api.triggers import ABOUT_A_BALANCE_CHANGE, TAGGING, TRIGGERS
from giftcards.models import GiftCard, Tag
from giftcards.operations.attributes import LONGEST_MESSAGE
from giftcards.tax import effective_rate
from markets.api.serializers import MarketSerializer
from recipients.api.serializers import RecipientSerializer


def _unchanged(value: str | None) -> str | None:
    return value


def _tax_rate(
    own_rate: Decimal | None,
    market_rate: Decimal | None,
    market_taxes_cards: bool | None,  # noqa: FBT001 (columns come in their order)
) -> float | None:
    rate = effective_rate(
        own_rate, market_rate=market_rate, market_taxes_cards=market_taxes_cards is not False
    )
    return None if rate is None else float(rate)


class GiftCardSerializer(ResourceSerializer):
    included_serializers: ClassVar[Mapping[str, type[ResourceSerializer] | str]] = {
        "market": MarketSerializer,
        "gift_card_order": "giftcards.api.orders.OrderSerializer",
        "gift_card_recipient": RecipientSerializer,
        "tags": TagSerializer,
        "attachments": AttachmentSerializer,
    }
    related_serializers: ClassVar[Mapping[str, type[ResourceSerializer]]] = {
        "authorizations": AuthorizationSerializer,
        "transactions": TransactionSerializer,
        "events": EventSerializer,
    }

    code = ComputedField(
        columns=("id", "code_ciphertext", "code_key_version", "code_last_four"),
        compute=readable_code,
        for_credential=True,
        write=StrictString(required=False, allow_null=True),
    )
    currency_code = CurrencyCode(required=False, allow_null=True)
    balance_cents = StrictInteger(help_text="The face value; of an issued card, what is left.")
    balance_max_cents = StrictInteger(
        required=False, allow_null=True, help_text="The most that recharges may bring it to."
    )
    initial_balance_cents = StrictInteger(read_only=True)
    initial_balance_float = float_of("initial_balance_cents")
    formatted_initial_balance = formatted("initial_balance_cents")
    balance_float = float_of("balance_cents")
    formatted_balance = formatted("balance_cents")
    available_balance_cents = available_cents()
    available_balance_float = available_float()
    formatted_available_balance = formatted_available()
    balance_max_float = float_of("balance_max_cents")
    formatted_balance_max = formatted("balance_max_cents")
    balance_log = logs.balance_log()
    usage_log = logs.usage_log()
    image_url = Url(required=False, allow_null=True, allow_blank=True)
    expires_at = Timestamp(
        required=False,
        allow_null=True,
        allow_date=True,
        help_text="From then on it can't be spent. A date alone means the end of that day.",
    )
    test_clock_at = Timestamp(
        required=False, allow_null=True, help_text="Of a test card: the time that it takes for now."
    )
    tax_rate = ComputedField(
        columns=("own_tax_rate", "market__tax_rate", "market__gift_cards_taxable"),
        compute=_tax_rate,
        write=StrictDecimal(max_digits=7, decimal_places=4, required=False, allow_null=True),
        help_text="In percent: the market's, unless one is set on the card itself.",
    )
    recipient_email = ComputedField(
        columns=("gift_card_recipient__email",),
        compute=_unchanged,
        write=Email(required=False, allow_null=True, allow_blank=True),
    )
    message = StrictString(
        required=False,
        allow_null=True,
        max_length=LONGEST_MESSAGE,
        help_text="From who gives it.",
    )
    gift_card_order = ResourceRelatedField(source="order", read_only=True)
    tags = ResourceRelatedField(many=True, queryset=Tag.objects.all(), required=False)
    attachments = ResourceRelatedField(many=True, read_only=True)
    authorizations = ResourceRelatedField(many=True, read_only=True)
    transactions = ResourceRelatedField(source="ledger_entries", many=True, read_only=True)
    events = ResourceRelatedField(many=True, read_only=True)
    _purchase = StrictBoolean(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Issues a draft: from now on its balance is owed.",
    )
    _activate = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="Lets an inactive card be spent."
    )
    _deactivate = StrictBoolean(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Stops an active card, until it is activated again.",
    )
    _cash_out = StrictBoolean(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Pays the whole of a small balance out, where the market allows it.",
    )
    _archive = StrictBoolean(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Puts the card away: nothing new begins with it.",
    )
    _unarchive = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="Takes it out again."
    )
    _balance_change_cents = StrictInteger(
        write_only=True, required=False, allow_null=True, help_text="Below 0 a debit, above 0 a recharge."
    )
    _add_tags = StrictString(
        write_only=True,
        required=False,
        allow_null=True,
        max_length=4096,
        help_text="Names, separated by commas.",
    )
    _remove_tags = StrictString(
        write_only=True,
        required=False,
        allow_null=True,
        max_length=4096,
        help_text="Names, separated by commas.",
    )
    _reference = StrictString(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Beside `_balance_change_cents`: the order's id.",
    )
    _order_number = StrictString(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Beside `_balance_change_cents`: what the customer calls the order.",
    )
    _reason = StrictString(write_only=True, required=False, allow_null=True, help_text="Why, for the record.")
    _market_id = StrictString(
        write_only=True,
        required=False,
        allow_null=True,
        help_text="Beside `_balance_change_cents`: where it is spent.",
    )

    class Meta(ResourceSerializer.Meta):
        model = GiftCard
        resource_name = "gift_cards"
        fields = (
            "status",
            "code",
            "currency_code",
            "initial_balance_cents",
            "initial_balance_float",
            "formatted_initial_balance",
            "balance_cents",
            "balance_float",
            "formatted_balance",
            "available_balance_cents",
            "available_balance_float",
            "formatted_available_balance",
            "balance_max_cents",
            "balance_max_float",
            "formatted_balance_max",
            "balance_log",
            "usage_log",
            "single_use",
            "rechargeable",
            "distribute_discount",
            "image_url",
            "expires_at",
            "test_clock_at",
            "archived_at",
            "tax_rate",
            "recipient_email",
            "message",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "market",
            "gift_card_recipient",
            "gift_card_order",
            "tags",
            "attachments",
            "authorizations",
            "transactions",
            "events",
            *TRIGGERS,
            *TAGGING,
            *ABOUT_A_BALANCE_CHANGE,
            "_reason",
        )
        read_only_fields = ("status", "archived_at", "created_at", "updated_at")
        create_only_fields = ("code",)
        update_only_fields = (*TRIGGERS, *TAGGING, *ABOUT_A_BALANCE_CHANGE, "_reason")
        triggers = TRIGGERS
        sensitive = ("code",)
        links_only = ("authorizations", "transactions", "events")
        # A card may be taken to a market that its order is not of.
        guarded = ("gift_card_order",)
        ways_back = {"events": "subject_id"}
        filterable: Mapping[str, AttributeFilter | None] = {
            "code": CodeFilter(),
            **dict.fromkeys(
                (
                    "status",
                    "currency_code",
                    "balance_cents",
                    "balance_max_cents",
                    "single_use",
                    "rechargeable",
                    "expires_at",
                    "archived_at",
                    "reference",
                    "reference_origin",
                    "metadata",
                    "created_at",
                    "updated_at",
                )
            ),
        }
        sortable = (
            "status",
            "currency_code",
            "balance_cents",
            "balance_max_cents",
            "expires_at",
            "reference",
            "reference_origin",
            "created_at",
            "updated_at",
        )
