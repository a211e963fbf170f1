"""The net below the views: whatever goes wrong at these addresses is told in JSON, and nowhere else."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from access.api.oauth.answers import OAuthError, refused

ROOT: Final = "/oauth"
KEYS: Final = "/.well-known/jwks.json"


class OAuthMiddleware:
    """Outermost: words the errors that no view did (unknown addresses, refused hosts, crashes). A redirect to
    https becomes an error too: who follows it has sent its secret in the clear, and would again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not is_oauth(request.path_info) or is_json(response):
            return response
        if 300 <= response.status_code < 400:
            return refused(OAuthError("invalid_request", "This address is for https only."))
        if response.status_code >= 500:
            detail = "Something went wrong on our side; it has been recorded."
            return refused(OAuthError("server_error", detail, status=response.status_code))
        if response.status_code == 404:
            return refused(OAuthError("invalid_request", "There is nothing at this address.", status=404))
        return refused(
            OAuthError("invalid_request", "The request could not be read.", status=response.status_code)
        )


def is_oauth(path: str) -> bool:
    return path in {ROOT, KEYS} or path.startswith(f"{ROOT}/")


def is_json(response: HttpResponse) -> bool:
    """Whoever answered: a limit on requests speaks the wire's own dialect of it."""
    return response.headers.get("Content-Type", "").partition(";")[0].endswith("json")
