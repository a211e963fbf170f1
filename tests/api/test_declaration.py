"""A declaration that cannot be served stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.serializers import CharField, FloatField

from api.declaration import declaration_of
from api.routers import ResourceRouter
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from tests.library.models import Author, Book, Library
from tests.library.serializers import AuthorSerializer, BookSerializer


def serializer(model=Library, *, declared=None, **meta):
    options = {"model": model, "resource_name": "things", "fields": ["name"], **meta}
    attributes = {"Meta": type("Meta", (ResourceSerializer.Meta,), options), **(declared or {})}
    return type("ThingSerializer", (ResourceSerializer,), attributes)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            {"fields": ["name", "links"], "declared": {"links": CharField(source="name")}},
            "things: 'links' is a reserved member name.",
        ),
        (
            {"filterable": ("nonsense",)},
            "things: 'nonsense' is not declared; 'nonsense' has no column to filter by.",
        ),
        (
            {
                "filterable": ("size",),
                "fields": ["size"],
                "declared": {"size": FloatField(source="name")},
            },
            "things: 'size' holds nothing that matchers know.",
        ),
        ({"sortable": ("mode",)}, "things: 'mode' is not declared; 'mode' has no column to sort by."),
        ({"create_only_fields": ("nonsense",)}, "things: 'nonsense' is not declared."),
        ({"triggers": ("name",)}, "things: trigger 'name' is not write-only."),
        (
            {"model": Author, "fields": ["name", "books"]},
            "ThingSerializer: 'books' is in neither included_ nor related_serializers.",
        ),
        (
            {
                "model": Author,
                "fields": ["name", "books"],
                "links_only": ("books",),
                "declared": {"included_serializers": {"books": BookSerializer}},
            },
            "things: 'books' is too large to be included.",
        ),
        (
            {
                "model": Author,
                "fields": ["name", "books"],
                "guarded": ("books",),
                "declared": {"included_serializers": {"books": BookSerializer}},
            },
            "things: 'books' is guarded, and no relationship to one.",
        ),
    ],
)
def test_contradictions(arguments, complaint):
    with pytest.raises(ImproperlyConfigured) as refusal:
        declaration_of(serializer(**arguments))
    assert str(refusal.value) == complaint


def test_registering_is_what_checks():
    class ThingViewSet(ResourceViewSet):
        serializer_class = serializer(sortable=("nonsense",))

    with pytest.raises(ImproperlyConfigured):
        ResourceRouter().register(ThingViewSet)


def test_what_may_be_written_when():
    books = declaration_of(BookSerializer)
    assert {
        name: (books.writable(name, creating=True), books.writable(name, creating=False))
        for name in (
            "title",
            "isbn",
            "_shelve",
            "status",
            "author_name",
            "created_at",
            "author",
            "id",
            "nonsense",
        )
    } == {
        "title": (True, True),
        "isbn": (True, False),
        "_shelve": (False, True),
        "status": (False, False),
        "author_name": (False, False),
        "created_at": (False, False),
        "author": (True, True),
        "id": (False, False),
        "nonsense": (False, False),
    }


def test_uniqueness_is_left_to_the_database():
    """The toolkit would look for equal rows itself: across modes, and before the race is decided."""
    assert not [each for each in AuthorSerializer().fields["email"].validators if hasattr(each, "queryset")]


def test_the_family_is_everything_that_can_be_reached():
    assert set(declaration_of(AuthorSerializer).family) == {"authors", "books", "genres", "libraries"}
    assert declaration_of(AuthorSerializer).family["books"] is declaration_of(BookSerializer)
    assert declaration_of(BookSerializer).model is Book
