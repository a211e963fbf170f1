"""The organization and the application as JSON:API sees them: who is served, and who is calling."""

from typing import Any

from access.models import Application, Organization
from api.computed import ComputedField
from api.credential import Credential
from api.fields import StrictString, Timestamp
from api.serializers import ResourceSerializer


class OrganizationSerializer(ResourceSerializer):
    slug = StrictString(read_only=True)
    updated_at = Timestamp(source="created_at", read_only=True)

    class Meta(ResourceSerializer.Meta):
        model = Organization
        resource_name = "organizations"
        fields = ("name", "slug", "created_at", "updated_at")
        read_only_fields = fields


def _market_scopes(application_id: Any, *, credential: Credential) -> str:
    market_ids = credential.caller.market_ids
    if market_ids is None:
        return "market:all"
    return " ".join(f"market:id:{market_id}" for market_id in sorted(market_ids))


class ApplicationSerializer(ResourceSerializer):
    """`scopes` are the markets that the calling key reaches, in the contract's words (§7)."""

    public_access = ComputedField(columns=("id",), compute=lambda _: False, returns=bool)
    redirect_uri = ComputedField(columns=("id",), compute=lambda _: None, returns=str | None)
    scopes = ComputedField(columns=("id",), compute=_market_scopes, for_credential=True)
    updated_at = Timestamp(source="created_at", read_only=True)

    class Meta(ResourceSerializer.Meta):
        model = Application
        resource_name = "applications"
        fields = ("name", "kind", "public_access", "redirect_uri", "scopes", "created_at", "updated_at")
        read_only_fields = fields
