"""Resources without an id in their address, because each credential has one: `GET /api/organization`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from api.credential import Credential
from api.documents import root_of
from api.views import ResourceViewSet


class SingletonView(ResourceViewSet):
    """`address` is what stands after `/api/`; the type is the serializer's, as for any resource."""

    address: ClassVar[str]
    scopes: ClassVar[Mapping[str, str | None]] = {"read": None}

    def row(self, credential: Credential) -> QuerySet[Any]:
        """The one row that this credential is told of."""
        raise NotImplementedError

    def retrieve(self, request: Request, pk: str = "") -> HttpResponse:
        (resource,), included = self._read(self.row(self.credential))
        resource["links"] = {"self": f"{root_of(request)}/{self.address}"}
        return self._answer(resource, included)
