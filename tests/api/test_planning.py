"""Reading by the compiled plan: what the toolkit itself would render, in a constant number of queries."""

from typing import Any

import orjson
import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework import serializers as drf
from rest_framework_json_api.renderers import JSONRenderer

from api.computed import BatchField
from api.declaration import declaration_of
from api.planning import plan_for
from api.plans import Reading
from api.serializers import ResourceSerializer
from tests.library.cast import READERS
from tests.library.models import Author, Book, Genre, Library
from tests.library.serializers import AuthorSerializer, BookSerializer, GenreSerializer, LibrarySerializer

READING = Reading(READERS["publisher"], "https://books.example/api")


def rendered_by_the_toolkit(serializer_class, instance) -> Any:
    serializer = serializer_class(instance, context={"credential": READING.credential})
    resource = JSONRenderer.build_json_resource_obj(
        serializer.fields, serializer.data, instance, declaration_of(serializer_class).type, serializer
    )
    return orjson.loads(orjson.dumps(resource))


def read(serializer_class, queryset, include=(), fields=()) -> Any:
    plan = plan_for(declaration_of(serializer_class), include, fields)
    return orjson.loads(orjson.dumps(plan.read(queryset, READING)))


def with_everything_included(serializer_class):
    relationships = declaration_of(serializer_class).relationships.values()
    return tuple((each.name, ()) for each in relationships if each.includable)


@pytest.fixture
def full_shelf(author, city, genre):
    other = Author.objects.create(mode="test", name="Erich Kästner")
    adventure = Genre.objects.create(mode="test", name="adventure")
    for number in range(5):
        book = Book.objects.create(
            mode="test",
            title=f"Volume {number}",
            isbn=f"978-{number:010}" if number else None,
            pages=number or None,
            author=author if number % 2 else other,
            library=city if number < 3 else None,
            due_at="2026-03-29T01:30:00.123456Z" if number else None,
            metadata={"shelf": [number, None, 1.5, "ü"]},
        )
        book.genres.set([genre, adventure][: number % 3])


@pytest.mark.parametrize(
    "serializer_class", [BookSerializer, AuthorSerializer, GenreSerializer, LibrarySerializer]
)
def test_reads_what_the_toolkit_renders(serializer_class, full_shelf):
    model = serializer_class.Meta.model
    resources, _ = read(
        serializer_class, model.objects.order_by("pk"), with_everything_included(serializer_class)
    )
    rendered = [rendered_by_the_toolkit(serializer_class, each) for each in model.objects.order_by("pk")]
    assert resources, "nothing to compare"
    for resource, expected in zip(resources, rendered, strict=True):
        assert (resource["type"], resource["id"]) == (expected["type"], expected["id"])
        assert resource["attributes"] == expected["attributes"]
        assert list(resource["attributes"]) == list(expected["attributes"])
        linkage = {name: each["data"] for name, each in resource["relationships"].items() if "data" in each}
        assert linkage == {name: expected["relationships"][name]["data"] for name in linkage}


def test_included_resources_are_what_reading_them_gives(full_shelf):
    _, included = read(BookSerializer, Book.objects.order_by("pk"), with_everything_included(BookSerializer))
    alone = [
        *read(AuthorSerializer, Author.objects.all())[0],
        *read(LibrarySerializer, Library.objects.all())[0],
        *read(GenreSerializer, Genre.objects.all())[0],
    ]
    assert sorted(included, key=lambda each: each["id"]) == sorted(alone, key=lambda each: each["id"])


def test_queries_do_not_grow_with_rows(full_shelf, django_assert_num_queries):
    everything = (("author", (("books", ()),)), ("genres", ()), ("library", ()))
    for size in (1, 5):
        # books, genres of the books, books of the authors, book counts of the authors
        with django_assert_num_queries(4):
            read(BookSerializer, Book.objects.order_by("pk")[:size], everything)


def test_what_is_not_asked_for_is_not_loaded(author, django_assert_num_queries):
    with django_assert_num_queries(1):
        resources, _ = read(
            AuthorSerializer, Author.objects.all(), fields=(("authors", frozenset({"name"})),)
        )
    assert [each["attributes"] for each in resources] == [{"name": "Astrid Lindgren"}]
    plan = plan_for(declaration_of(AuthorSerializer), (), (("authors", frozenset({"name"})),))
    assert plan.columns.selected[1:] == ["name"]  # beside the key


def test_linkage_alone_selects_keys_alone(book, django_assert_num_queries):
    """A to-many listed in sparse fields without being included: one query more, and nothing in `included`."""
    with django_assert_num_queries(2):
        (resource,), included = read(
            BookSerializer, Book.objects.all(), fields=(("books", frozenset({"genres"})),)
        )
    assert resource["relationships"]["genres"]["data"] == [
        {"type": "genres", "id": str(book.genres.get().pk)}
    ]
    assert included == []


def test_fields_with_the_same_load_share_its_one_call(author, django_assert_num_queries):
    calls = []

    def load(keys, credential):
        calls.append(keys)
        return dict.fromkeys(keys, 7)

    class CountingSerializer(ResourceSerializer):
        once = BatchField(load=load, default=int)
        twice = BatchField(load=load, default=int, compute=lambda number: number * 2)

        class Meta(ResourceSerializer.Meta):
            model = Author
            resource_name = "authors"
            fields = ["once", "twice"]

    resources, _ = read(CountingSerializer, Author.objects.all())
    assert calls == [[author.pk]]
    assert resources[0]["attributes"] == {"once": 7, "twice": 14}


def test_a_resource_reached_by_two_ways_is_there_once_with_all_its_linkage(book):
    """Full linkage: the author's other books are included, this book is the primary data already."""
    sequel = Book.objects.create(mode="test", title="Ronia II", author=book.author)
    (resource,), included = read(
        BookSerializer, Book.objects.filter(pk=book.pk), (("author", (("books", (("genres", ()),)),)),)
    )
    assert resource["relationships"]["genres"]["data"] == [
        {"type": "genres", "id": str(book.genres.get().pk)}
    ]
    assert [(each["type"], each["id"]) for each in included] == [
        ("authors", str(book.author.pk)),
        ("books", str(sequel.pk)),
        ("genres", str(book.genres.get().pk)),
    ]


def test_a_method_field_cannot_be_compiled():
    class MethodSerializer(ResourceSerializer):
        shout = drf.SerializerMethodField()

        class Meta(ResourceSerializer.Meta):
            model = Author
            resource_name = "authors"
            fields = ["shout"]

    with pytest.raises(ImproperlyConfigured, match="declare a ComputedField"):
        plan_for(declaration_of(MethodSerializer), (), ())
