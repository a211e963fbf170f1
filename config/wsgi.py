import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GIFTCARDS_SERVING", "1")

from django.core.wsgi import get_wsgi_application

from config.chunked_bodies import ChunkedBodies

application = ChunkedBodies(get_wsgi_application())
