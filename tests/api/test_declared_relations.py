"""Relationships that are no relation of the model: the same row under another type, and a column that names
us."""

import pytest
from django.urls import include, path
from rest_framework_json_api.relations import ResourceRelatedField

from api.fields import timestamp_text
from api.routers import ResourceRouter
from api.serializers import ResourceSerializer
from tests.api.conftest import ROOT
from tests.library.models import Author, Book, Library
from tests.library.views import LibraryView


class SignSerializer(ResourceSerializer):
    class Meta(ResourceSerializer.Meta):
        model = Library
        resource_name = "signs"
        fields = ("name", "created_at")
        read_only_fields = ("created_at",)
        filterable = ("name",)


class HouseSerializer(ResourceSerializer):
    """A library, and the sign above its door, which is no row of its own."""

    sign = ResourceRelatedField(source="*", read_only=True)
    included_serializers = {"sign": SignSerializer}

    class Meta(ResourceSerializer.Meta):
        model = Library
        resource_name = "houses"
        fields = ("reference", "created_at", "sign")
        read_only_fields = ("created_at",)


class VolumeSerializer(ResourceSerializer):
    included_serializers = {"library": HouseSerializer}

    class Meta(ResourceSerializer.Meta):
        model = Book
        resource_name = "volumes"
        fields = ("title", "created_at", "library")
        read_only_fields = ("created_at", "library")


class WriterSerializer(ResourceSerializer):
    works = ResourceRelatedField(many=True, read_only=True)
    homes = ResourceRelatedField(many=True, read_only=True)
    included_serializers = {"homes": HouseSerializer}
    related_serializers = {"works": VolumeSerializer}

    class Meta(ResourceSerializer.Meta):
        model = Author
        resource_name = "writers"
        fields = ("name", "works", "homes")
        links_only = ("works",)
        ways_back = {"works": "author_id", "homes": "books__author_id"}
        repeating = ("homes",)


class HouseViewSet(LibraryView):
    serializer_class = HouseSerializer


class VolumeViewSet(LibraryView):
    serializer_class = VolumeSerializer


class WriterViewSet(LibraryView):
    serializer_class = WriterSerializer


router = ResourceRouter()
for viewset in (HouseViewSet, VolumeViewSet, WriterViewSet):
    router.register(viewset)
urlpatterns = [path("api/", include(router.urls))]


@pytest.fixture(autouse=True)
def _declared(settings):
    settings.ROOT_URLCONF = __name__


def sign_of(library):
    return {
        "id": str(library.pk),
        "type": "signs",
        "links": {"self": f"{ROOT}/signs/{library.pk}"},
        "attributes": {"name": library.name, "created_at": timestamp_text(library.created_at)},
        "relationships": {},
        "meta": {"mode": "test", "organization_id": "00000000-0000-7000-8000-00000000acee"},
    }


def test_the_same_row_is_included_under_another_type_and_costs_no_query(
    wire, city, school, django_assert_num_queries
):
    with django_assert_num_queries(1):  # the page isn't full, and so their number is known
        document = wire.get("houses?include=sign&sort=id").document

    assert [house["relationships"]["sign"]["data"] for house in document["data"]] == [
        {"type": "signs", "id": str(library.pk)} for library in (city, school)
    ]
    assert document["included"] == [sign_of(city), sign_of(school)]


def test_it_is_included_through_another_relationship(wire, book, city):
    document = wire.get(f"volumes/{book.pk}?include=library.sign").document

    assert document["included"][1] == sign_of(city)


def test_it_is_read_by_its_own_addresses(wire, city):
    assert wire.get(f"houses/{city.pk}/sign").document["data"] == sign_of(city)
    linkage = wire.get(f"houses/{city.pk}/relationships/sign").document
    assert linkage["data"] == {"type": "signs", "id": str(city.pk)}


def test_it_is_filtered_through(wire, as_, city, school, book):
    assert [
        each["id"] for each in wire.get("houses?filter[q][sign_name_eq]=City Library").document["data"]
    ] == [str(city.pk)]
    predicate = "volumes?filter[q][library_sign_name_cont]=City"
    assert [each["id"] for each in wire.get(predicate).document["data"]] == [str(book.pk)]
    Book.objects.update(library=None)
    assert as_("school").get(predicate).document["data"] == []


def test_another_libraries_sign_is_not_seen(as_, city, school):
    assert as_("school").get(f"houses/{city.pk}/sign").status == 404
    assert as_("school").get("houses?filter[q][sign_name_eq]=City Library").document["data"] == []


def test_a_column_that_names_us_is_the_way_back(wire, author, book):
    Book.objects.create(mode="test", title="Another", author=Author.objects.create(mode="test", name="X"))

    document = wire.get(f"writers/{author.pk}/works").document

    assert [each["id"] for each in document["data"]] == [str(book.pk)]
    linkage = wire.get(f"writers/{author.pk}/relationships/works").document
    assert linkage["data"] == [{"type": "volumes", "id": str(book.pk)}]
    assert "data" not in wire.get(f"writers/{author.pk}").document["data"]["relationships"]["works"]


def test_what_several_rows_lead_to_is_shown_once(wire, author, city, school):
    """Each author has two books in each of the same two houses."""
    other = Author.objects.create(mode="test", name="X")
    for each in (author, other):
        for library in (city, school, city, school):
            Book.objects.create(mode="test", title="One", author=each, library=library)

    included = wire.get("writers?include=homes&sort=id").document
    related = wire.get(f"writers/{author.pk}/homes?sort=id").document
    linkage = wire.get(f"writers/{author.pk}/relationships/homes?sort=id").document

    houses = [{"type": "houses", "id": str(library.pk)} for library in (city, school)]
    assert [each["relationships"]["homes"]["data"] for each in included["data"]] == [houses, houses]
    assert [each["id"] for each in included["included"]] == [each["id"] for each in houses]
    assert [each["id"] for each in related["data"]] == [each["id"] for each in houses]
    assert related["meta"]["record_count"] == 2
    assert linkage["data"] == houses


def test_who_does_not_reach_it_is_not_led_there(as_, author, city, school):
    for library in (city, school):
        Book.objects.create(mode="test", title="One", author=author, library=library)

    document = as_("school").get(f"writers/{author.pk}/homes").document

    assert [each["id"] for each in document["data"]] == [str(school.pk)]
