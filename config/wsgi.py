import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GIFTCARDS_SERVING", "1")

from django.conf import settings
from django.core.cache import close_caches
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, close_old_connections, connection, reset_queries

from config.chunked_bodies import ChunkedBodies


def refuse_other_code_keys() -> None:
    from giftcards.code_keys import require_the_keys_of_this_database  # noqa: PLC0415 (it imports models)

    try:
        require_the_keys_of_this_database()
    except DatabaseError:
        pass  # away, or not migrated yet: /healthz/ready says so and asks again
    finally:
        connection.close()  # that of a thread which answers nobody


def leave_out_what_clears_nothing() -> None:
    """Of what Django does around each request: there is no cache to close and no log of queries to empty,
    the next request says which addresses there are before it looks for one, and looks at its thread's
    connection before it uses it."""
    for clears_nothing in (close_caches, close_old_connections, reset_urlconf):
        request_finished.disconnect(clears_nothing)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)


try:
    application = ChunkedBodies(get_wsgi_application())
    leave_out_what_clears_nothing()
    refuse_other_code_keys()
except ImproperlyConfigured as mistake:
    sys.exit(f"The server does not start: {mistake}")
