"""Django with nothing in it but a view that answers at once."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

BODY = b'{"data":null}'
HEADERS = {"Content-Type": "application/vnd.api+json", "Content-Length": str(len(BODY))}

settings.configure(SECRET_KEY="none", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[], USE_TZ=True)  # noqa: S106


def view(request: HttpRequest, pk: str) -> HttpResponse:
    return HttpResponse(BODY, headers=HEADERS)


urlpatterns = [path("api/gift_cards/<pk>", view)]
application = get_wsgi_application()
