import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GIFTCARDS_SERVING", "1")

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, close_old_connections

from config.chunked_bodies import ChunkedBodies


def refuse_other_code_keys() -> None:
    from giftcards.code_keys import require_the_keys_of_this_database  # noqa: PLC0415 (it imports models)

    try:
        require_the_keys_of_this_database()
    except DatabaseError:
        pass  # away, or not migrated yet: /healthz/ready says so and asks again
    finally:
        close_old_connections()


try:
    application = ChunkedBodies(get_wsgi_application())
    refuse_other_code_keys()
except ImproperlyConfigured as mistake:
    sys.exit(f"The server does not start: {mistake}")
