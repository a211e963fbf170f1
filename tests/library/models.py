from django.db import models
from django.db.models import Q

from kernel.caller import Caller
from kernel.models import Resource


class WithinMode(models.QuerySet):
    def visible_to(self, caller: Caller):
        return self.filter(mode=caller.mode)


class WithinLibraries(models.QuerySet):
    """A caller's markets stand for libraries here."""

    library = "library"

    def visible_to(self, caller: Caller):
        rows = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return rows
        return rows.filter(self.within(caller))

    def within(self, caller: Caller) -> Q:
        return Q(library__in=caller.market_ids) | Q(library__isnull=True)


class OnlyLibraries(WithinLibraries):
    def within(self, caller: Caller) -> Q:
        return Q(pk__in=caller.market_ids)


class Library(Resource):
    name = models.CharField(max_length=50)

    objects = OnlyLibraries.as_manager()


class Author(Resource):
    name = models.CharField(max_length=50)
    email = models.EmailField(unique=True, null=True, blank=True)

    objects = WithinMode.as_manager()


class Genre(Resource):
    name = models.CharField(max_length=20)

    objects = WithinMode.as_manager()


class Book(Resource):
    class Status(models.TextChoices):
        ORDERED = "ordered"
        SHELVED = "shelved"

    title = models.CharField(max_length=40)
    isbn = models.CharField(max_length=17, null=True, blank=True)  # noqa: DJ001 (unset is null on the wire)
    pages = models.PositiveIntegerField(null=True, blank=True)
    lendable = models.BooleanField(default=True)
    signed = models.BooleanField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ORDERED)
    homepage = models.URLField(null=True, blank=True)  # noqa: DJ001
    due_at = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    library = models.ForeignKey(
        Library, on_delete=models.PROTECT, related_name="books", null=True, blank=True
    )
    genres = models.ManyToManyField(Genre, related_name="books", blank=True)

    objects = WithinLibraries.as_manager()
