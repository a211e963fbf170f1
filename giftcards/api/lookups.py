"""`POST /api/gift_card_lookups`: a checkout asks what a code is worth.

The code is in the body and in no answer. Whatever can't be spent is answered like a code that was never
given: one 404, equal to the byte, after the same statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from psycopg import Binary
from rest_framework.request import Request
from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.bind_parameters import parameter_at
from api.columns import Columns
from api.compiled_statements import CompiledStatement, compiled, reach_of
from api.computed import ComputedField
from api.declaration import declaration_of
from api.documents import root_of
from api.errors import Rejection, error
from api.fields import StrictString
from api.plans import Resource, members_of
from api.serializers import ResourceSerializer
from api.views import once_per_key
from giftcards import codes
from giftcards.api.available import available_cents, available_float, formatted_available
from giftcards.api.code_tries import TriesCodes
from giftcards.api.serializers import GiftCardSerializer
from giftcards.lookups import usable_cards_of
from giftcards.models import GiftCard
from kernel.caller import Caller
from kernel.secret import Secret
from kernel.statements import Row


class LookupSerializer(ResourceSerializer):
    """The card's own row under another type, with what a checkout needs to know."""

    included_serializers: ClassVar[Mapping[str, type[ResourceSerializer]]] = {"gift_card": GiftCardSerializer}

    code = StrictString(write_only=True, help_text="In any spelling.")
    masked_code = ComputedField(columns=("code_last_four",), compute=codes.mask)
    available_balance_cents = available_cents()
    available_balance_float = available_float()
    formatted_available_balance = formatted_available()
    gift_card = ResourceRelatedField(source="*", read_only=True)

    class Meta(ResourceSerializer.Meta):
        model = GiftCard
        resource_name = "gift_card_lookups"
        fields = (
            "code",
            "masked_code",
            "currency_code",
            "available_balance_cents",
            "available_balance_float",
            "formatted_available_balance",
            "expires_at",
            "status",
            "gift_card",
        )
        read_only_fields = ("currency_code", "expires_at", "status")
        sensitive = ("code",)


@dataclass(frozen=True, slots=True)
class UsableCard:
    """`giftcards.lookups.usable_cards`, by a statement that is compiled once for all codes."""

    code: Secret

    def fetch(self, columns: Columns, caller: Caller) -> list[Row]:
        digests = tuple(codes.digests(self.code.reveal()))
        return _statement(columns, len(digests), reach_of(caller)).fetch(digests)


@lru_cache(maxsize=64)
def _statement(columns: Columns, digests: int, reach: Caller) -> CompiledStatement:
    """Run with so many digests. It is compiled with others, because `in` takes nothing but values of a column
    of bytes; nothing else in there is bytes."""
    stand_ins = [bytes([number]) for number in range(digests)]
    statement, indexes = compiled(usable_cards_of(stand_ins, reach).values_list(*columns.selected)), count()
    parameters = [
        parameter_at(next(indexes)) if isinstance(each, Binary) else each for each in statement.parameters
    ]
    return replace(statement, parameters=tuple(parameters))


class NoUsableCard(Rejection):
    def __init__(self) -> None:
        detail = "There is no gift card with this code that can be used here."
        super().__init__(error("RECORD_NOT_FOUND", detail, pointer="/data/attributes/code"))


class LookupViewSet(TriesCodes):
    """It changes nothing, and is a POST because a code must not stand in an address."""

    serializer_class = LookupSerializer
    scopes: ClassVar[Mapping[str, str]] = {"create": Scope.READ}
    unusable = (NoUsableCard,)

    @property
    def readable_type(self) -> str:
        return declaration_of(GiftCardSerializer).type

    def codes_in(self, request: Request) -> int:
        return 1

    @once_per_key
    def create(self, request: Request) -> HttpResponse:
        code = Secret(self._values(pk=None)["code"])
        resources, included = self._read(UsableCard(code))
        if not resources:
            raise NoUsableCard
        (resource,) = resources
        self.created = UUID(resource["id"])
        _lead_to_the_card(resource, root_of(request))
        return self._answer(resource, included)


def _lead_to_the_card(resource: Resource, root: str) -> None:
    """The look-up itself has no address: what its links lead to is the card."""
    del resource["links"]
    relationships = members_of(resource["relationships"])
    if "gift_card" in relationships:
        relationships["gift_card"]["links"] = {"related": f"{root}/gift_cards/{resource['id']}"}
    resource["relationships"] = relationships
