"""The net below the views: whatever goes wrong at Medusa's addresses is told in its envelope."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from api.middleware import KEPT_HEADERS, root_in
from medusa.answers import refused
from medusa.refusals import of_status

ROOTS: Final = frozenset({"/admin", "/store"})
OURS: Final = frozenset({"application/json", "text/plain"})
MESSAGES: Final = {
    400: "The request could not be read",
    403: "Access denied",
    404: "There is nothing at this address",
    405: "This address does not know this method",
    413: "The request's body is too large",
    429: "Too many requests",
    500: "An unknown error occurred.",
    503: "The service is not available at the moment",
}


class MedusaMiddleware:
    """Words the errors that no view did: unknown addresses, refused hosts, limits, crashes. Nothing is
    redirected: who follows to https has sent a key in the clear, and would again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if root_in(request.path_info) in ROOTS:
            response = _answered(response)
            response["Cache-Control"] = "no-store"  # answers carry codes
        return response


def _answered(response: HttpResponse) -> HttpResponse:
    if 300 <= response.status_code < 400:
        return refused(of_status(400, "This address is for https only"))
    if response.status_code < 400 or _media_type(response) in OURS:
        return response
    return _worded(response)


def _media_type(response: HttpResponse) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0]


def _worded(response: HttpResponse) -> HttpResponse:
    status = response.status_code
    kept = {header: response[header] for header in KEPT_HEADERS if header in response.headers}
    message = MESSAGES.get(status) or MESSAGES[400 if status < 500 else 500]
    return refused(of_status(status, message, kept))
