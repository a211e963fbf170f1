"""The wire's hooks, with operations as small as they can be."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from api.views import ResourceViewSet
from kernel.caller import Caller
from kernel.refusals import OPERATION, Conflict, InUse, Invalid, InvalidSet, NotFound
from tests.library.cast import READERS
from tests.library.models import Author, Book, Library
from tests.library.serializers import AuthorSerializer, BookSerializer, GenreSerializer, LibrarySerializer


class ByName(BaseAuthentication):
    """`Authorization: Bearer librarian`: the name of one of the cast."""

    def authenticate(self, request):
        name = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not name:
            return None
        if name not in READERS:
            raise AuthenticationFailed("Nobody has this token.")
        return None, READERS[name]

    def authenticate_header(self, request):
        return "Bearer"


class LibraryView(ResourceViewSet):
    authentication_classes = (ByName,)
    scopes = {"read": "read", "create": "write", "update": "write", "delete": "write"}


class LibraryViewSet(LibraryView):
    serializer_class = LibrarySerializer

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        library = find(Library, caller, pk)
        library.name = values.get("name", library.name)
        library.save()


class GenreViewSet(LibraryView):
    serializer_class = GenreSerializer


class AuthorViewSet(LibraryView):
    serializer_class = AuthorSerializer

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        try:
            with transaction.atomic():
                author = Author.objects.create(mode=caller.mode, **values)
        except IntegrityError as error:
            raise Conflict("email", "has already been taken") from error
        return author.id

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        author = find(Author, caller, pk)
        if author.books.exists():
            raise InUse("authors", "books depend on it")
        author.delete()


class BookViewSet(LibraryView):
    serializer_class = BookSerializer
    scopes = {"read": "read", "create": "write", "delete": "write"}

    def required_scope(self, request, values):
        return "shelve" if "_shelve" in values else "write"

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        genres = values.pop("genres", [])
        book = Book.objects.create(mode=caller.mode, **values)
        book.genres.set(genres)
        return book.id

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        book = find(Book, caller, pk)
        if values.pop("_shelve", False):
            if book.status == Book.Status.SHELVED:
                raise Invalid(OPERATION, "invalid_transition", "is not possible: the book is shelved")
            book.status = Book.Status.SHELVED
        if values.pop("_add_pages", 0) < 0:
            raise InvalidSet(
                [
                    Invalid("_add_pages", "greater_than_or_equal_to", "must be at least 0", count=0),
                    Invalid("pages", "invalid", "can't be torn out"),
                ]
            )
        if values.get("library") and book.status == Book.Status.SHELVED:
            raise Invalid("library", "shelved", "can't be changed for a shelved book")
        if "genres" in values:
            book.genres.set(values.pop("genres"))
        for name, value in values.items():
            setattr(book, name, value)
        book.save()

    def change_members(self, caller, pk, relationship, *, added, removed):
        book = find(Book, caller, pk)
        if book.status == Book.Status.SHELVED:
            raise Invalid(relationship, "shelved", "can't be changed for a shelved book")
        book.genres.add(*added)
        book.genres.remove(*removed)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        find(Book, caller, pk).delete()


def find(model, caller: Caller, pk: UUID):
    found = model.objects.visible_to(caller).filter(pk=pk).first()
    if found is None:
        raise NotFound(model._meta.model_name, pk)
    return found
