import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GIFTCARDS_SERVING", "1")

from django.core.wsgi import get_wsgi_application  # noqa: E402 -- the settings read the lines above

application = get_wsgi_application()
