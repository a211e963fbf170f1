"""A resource without an id in its address."""

import pytest
from django.urls import include, path

from api.routers import ResourceRouter
from api.serializers import ResourceSerializer
from api.singletons import SingletonView
from tests.api.conftest import ROOT
from tests.library.models import Library
from tests.library.views import LibraryView


class HomeSerializer(ResourceSerializer):
    class Meta(ResourceSerializer.Meta):
        model = Library
        resource_name = "homes"
        fields = ("name", "reference")


class HomeView(LibraryView, SingletonView):
    """The library that a reader belongs to."""

    serializer_class = HomeSerializer
    address = "home"
    scopes = {"read": None}

    def row(self, credential):
        return Library.objects.visible_to(credential.caller)


router = ResourceRouter()
router.register_singleton(HomeView)
urlpatterns = [path("api/", include(router.urls))]


@pytest.fixture(autouse=True)
def _home(settings, city, school):
    settings.ROOT_URLCONF = __name__


def test_it_is_read_at_an_address_without_an_id(as_, school):
    answer = as_("school").get("home")

    assert answer.status == 200
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/home"},
        "data": {
            "id": str(school.pk),
            "type": "homes",
            "links": {"self": f"{ROOT}/home"},
            "attributes": {"name": "School Library", "reference": None},
            "relationships": {},
            "meta": {"mode": "test", "organization_id": "00000000-0000-7000-8000-00000000acee"},
        },
    }


def test_it_takes_sparse_fields(as_):
    document = as_("school").get("home?fields[homes]=name").document

    assert document["data"]["attributes"] == {"name": "School Library"}


@pytest.mark.parametrize(
    "query", ["sort=name", "page[size]=1", "filter[q][name_eq]=x", "include=books", "x=1"]
)
def test_it_takes_nothing_that_belongs_to_lists(as_, query):
    answer = as_("school").get(f"home?{query}")

    assert (answer.status, answer.error["source"]) == (400, {"parameter": query.split("=")[0]})


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_it_is_only_read(as_, method):
    answer = as_("school").request(method, "home", {})

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["homes", "home/1", "home/"])
def test_there_is_nothing_beside_it(as_, path):
    assert as_("school").get(path).status == 404


def test_whoever_has_a_token_may_read_it_and_nobody_else(as_):
    assert as_("").get("home").status == 401
    assert as_("school").get("home").status == 200
