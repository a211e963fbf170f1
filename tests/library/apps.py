from django.apps import AppConfig


class LibraryConfig(AppConfig):
    """Books, their authors and libraries: resources that are no gift cards, so that the wire is tested alone.

    It has no migrations: the test runner makes its tables.
    """

    name = "tests.library"
