from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from api.bind_parameters import BindParameter
from api.computed import BatchField, ComputedField
from api.credential import Credential
from api.fields import StrictBoolean, StrictInteger, StrictString, Timestamp
from api.matchers import AttributeFilter, Operand
from api.serializers import ResourceSerializer
from tests.library.models import Author, Book, Genre, Library

COMMON = ["reference", "reference_origin", "metadata", "created_at", "updated_at"]


class LibrarySerializer(ResourceSerializer):
    included_serializers = {"books": "tests.library.serializers.BookSerializer"}

    class Meta(ResourceSerializer.Meta):
        model = Library
        resource_name = "libraries"
        fields = ["name", *COMMON, "books"]
        read_only_fields = ["books"]
        filterable = ("name",)


def shown_name(name: str, email: str | None) -> str:
    return f"{name} <{email}>" if email else name


def numbers_of_books(keys: list[UUID], credential: Credential) -> Mapping[UUID, int]:
    rows = Author.objects.filter(pk__in=keys).annotate(count=Count("books")).filter(count__gt=0)
    return dict(rows.values_list("pk", "count"))


class AuthorSerializer(ResourceSerializer):
    address = ComputedField(columns=("name", "email"), compute=shown_name)
    book_count = BatchField(load=numbers_of_books, default=int)

    included_serializers = {"books": "tests.library.serializers.BookSerializer"}

    class Meta(ResourceSerializer.Meta):
        model = Author
        resource_name = "authors"
        fields = ["name", "email", "address", "book_count", *COMMON, "books"]
        read_only_fields = ["books"]
        filterable = ("name", "email", "created_at")
        sortable = ("name", "created_at")


class GenreSerializer(ResourceSerializer):
    related_serializers = {"books": "tests.library.serializers.BookSerializer"}

    class Meta(ResourceSerializer.Meta):
        model = Genre
        resource_name = "genres"
        fields = ["name", *COMMON, "books"]
        read_only_fields = ["books"]
        links_only = ("books",)
        filterable = ("name",)


def masked_isbn(isbn: str | None, *, credential: Credential) -> str | None:
    if isbn is None or "isbn:reveal" in credential.scopes:
        return isbn
    return "*" * (len(isbn) - 4) + isbn[-4:]


class IsbnFilter(AttributeFilter):
    """Only whole numbers, written with their hyphens."""

    matchers = frozenset({"eq"})

    def read(self, matcher: str, text: str) -> Operand:
        if "-" not in text:
            raise ValueError(text)
        return Operand((text,))

    def build(self, matcher: str, parameters: Sequence[BindParameter], form: Any, *, prefix: str) -> Q:
        return Q(**{f"{prefix}isbn": parameters[0]})


class BookSerializer(ResourceSerializer):
    isbn = ComputedField(
        columns=("isbn",),
        compute=masked_isbn,
        for_credential=True,
        write=StrictString(min_length=10, max_length=17, allow_null=True, required=False),
    )
    due_at = Timestamp(allow_date=True, allow_null=True, required=False)
    author_name = StrictString(source="author.name", read_only=True)
    _shelve = StrictBoolean(write_only=True, required=False)
    _add_pages = StrictInteger(write_only=True, required=False)

    included_serializers = {
        "author": AuthorSerializer,
        "library": LibrarySerializer,
        "genres": GenreSerializer,
    }

    class Meta(ResourceSerializer.Meta):
        model = Book
        resource_name = "books"
        fields = [
            *("title", "isbn", "pages", "lendable", "signed", "status", "homepage", "due_at", "author_name"),
            *COMMON,
            *("_shelve", "_add_pages", "author", "library", "genres"),
        ]
        read_only_fields = ["status"]
        create_only_fields = ("isbn",)
        update_only_fields = ("_shelve", "_add_pages")
        triggers = ("_shelve", "_add_pages")
        sensitive = ("isbn",)
        filterable: Mapping[str, Any] = {
            **dict.fromkeys(("title", "pages", "lendable", "signed", "status", "due_at", "metadata")),
            **dict.fromkeys(("reference", "created_at", "updated_at")),
            "isbn": IsbnFilter(),
        }
        sortable = ("title", "pages", "status", "signed", "due_at", "author_name", "reference", "created_at")
