"""The net below the views: nothing under /api is ever HTML, whoever answered."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from api import rate_limits
from api.documents import API_ROOT, answer_errors
from api.errors import Rejection, error
from api.negotiation import MEDIA_TYPE

LIMITED: Final = frozenset({API_ROOT, "/oauth", "/admin", "/store"})
"""Where the addresses begin whose requests are counted."""

CODES: Final = {
    400: ("BAD_REQUEST", "The request could not be read."),
    403: ("UNAUTHORIZED", "Access denied."),
    404: ("RECORD_NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not know this method."),
    413: ("PAYLOAD_TOO_LARGE", "The request's body is too large."),
    500: ("INTERNAL_SERVER_ERROR", "Something went wrong on our side; it has been recorded."),
    503: ("SERVICE_UNAVAILABLE", "The service is not available at the moment."),
}


KEPT_HEADERS: Final = ("Allow", "Retry-After", "WWW-Authenticate", *rate_limits.HEADERS)
"""Those of somebody else's page that still hold."""


class JsonApiMiddleware:
    """Outermost: words every error that no view did (unrouted addresses, refused hosts, crashes), also under
    DEBUG, and tells caches that answers depend on Accept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not is_api(request.path_info):
            return response
        if response.status_code >= 400 and not is_json_api(response):
            response = worded(response)
        if "Vary" in response.headers:
            patch_vary_headers(response, ["Accept"])
        else:
            response.headers["Vary"] = "Accept"
        return response


class RateLimitMiddleware:
    """Tells every client what it has left, and counts what no view has: whoever calls is not known then, so
    it counts for the address.

    That is after the answer was made, which cost what it cost; nobody who is not known changes anything. A
    503 is not counted: where the database is away, asking it once more would only make the answer late.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if root_in(request.path_info) not in LIMITED:
            return response
        if not rate_limits.is_counted(request) and response.status_code != 503:
            try:
                rate_limits.admit_address(request)
            except Rejection as refusal:
                response = answer_errors(refusal)
        rate_limits.note_on(response, request)
        return response


def is_api(path: str) -> bool:
    return root_in(path) == API_ROOT


def root_in(path: str) -> str:
    """`/api` of `/api/markets`, and of `/api`."""
    return "/" + path[1:].partition("/")[0]


def is_json_api(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").partition(";")[0] == MEDIA_TYPE


def worded(response: HttpResponse) -> HttpResponse:
    """A JSON:API errors document in the place of somebody else's page, with the headers that still hold."""
    status = response.status_code
    code, detail = CODES.get(status, CODES[400] if status < 500 else CODES[500])
    answer = answer_errors(Rejection(error(code, detail, status=status)))
    for header in KEPT_HEADERS:
        if header in response.headers:
            answer[header] = response.headers[header]
    return answer
