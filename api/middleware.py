"""The net below the views: nothing under /api is ever HTML, whoever answered."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from api.documents import API_ROOT, answer_errors
from api.errors import Rejection, error
from api.negotiation import MEDIA_TYPE

CODES: Final = {
    400: ("BAD_REQUEST", "The request could not be read."),
    403: ("UNAUTHORIZED", "Access denied."),
    404: ("RECORD_NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not know this method."),
    413: ("PAYLOAD_TOO_LARGE", "The request's body is too large."),
    500: ("INTERNAL_SERVER_ERROR", "Something went wrong on our side; it has been recorded."),
    503: ("SERVICE_UNAVAILABLE", "The service is not available at the moment."),
}


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
        patch_vary_headers(response, ["Accept"])
        return response


def is_api(path: str) -> bool:
    return path == API_ROOT or path.startswith(f"{API_ROOT}/")


def is_json_api(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").partition(";")[0] == MEDIA_TYPE


def worded(response: HttpResponse) -> HttpResponse:
    """A JSON:API errors document in the place of somebody else's page, with the headers that still hold."""
    status = response.status_code
    code, detail = CODES.get(status, CODES[400] if status < 500 else CODES[500])
    answer = answer_errors(Rejection(error(code, detail, status=status)))
    for header in ("Allow", "Retry-After", "WWW-Authenticate"):
        if header in response.headers:
            answer[header] = response.headers[header]
    return answer
