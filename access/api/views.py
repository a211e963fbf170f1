"""`GET /api/organization` and `GET /api/application`: the first that a client asks for, with any scope."""

from typing import Any, cast

from django.db.models import QuerySet

from access.api.serializers import ApplicationSerializer, OrganizationSerializer
from access.models import Application, Organization
from access.queries import Credential as KeyCredential
from api.credential import Credential
from api.singletons import SingletonView


class OrganizationView(SingletonView):
    serializer_class = OrganizationSerializer
    address = "organization"

    def row(self, credential: Credential) -> QuerySet[Any]:
        return Organization.objects.filter(pk=credential.organization_id)


class ApplicationView(SingletonView):
    serializer_class = ApplicationSerializer
    address = "application"

    def row(self, credential: Credential) -> QuerySet[Any]:
        return Application.objects.filter(pk=cast(KeyCredential, credential).application_id)
