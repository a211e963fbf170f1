import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.plain.settings"
os.environ.setdefault("GIFTCARDS_SERVING", "1")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
