"""The same in REST framework."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

BODY = b'{"data":null}'
HEADERS = {"Content-Type": "application/vnd.api+json", "Content-Length": str(len(BODY))}

settings.configure(
    SECRET_KEY="none",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework_json_api.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)

from rest_framework.request import Request  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class View(APIView):
    def get(self, request: Request, pk: str) -> HttpResponse:
        return HttpResponse(BODY, headers=HEADERS)


urlpatterns = [path("api/gift_cards/<pk>", View.as_view())]
application = get_wsgi_application()
