"""What `/oauth` answers: JSON and nothing else, never kept by anybody on the way.

An error is told twice: as Commerce Layer's clients read it (`errors`), and as OAuth 2 has it (`error`,
`error_description`).
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from api.errors import Rejection
from api.exceptions import Context, rejection_for

NEVER_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
View = Callable[[HttpRequest], HttpResponse]


class OAuthError(Exception):
    """`error` is the symbol of RFC 6749 §5.2."""

    def __init__(
        self, error: str, detail: str, *, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.status = status
        self.headers = dict(headers or {})


def endpoint(*methods: str) -> Callable[[View], View]:
    """A view for these methods, whose refusals become answers here and only here."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponse:
            if request.method not in methods:
                detail = f"This address is for {' and '.join(methods)}."
                return refused(
                    OAuthError("invalid_request", detail, status=405, headers={"Allow": ", ".join(methods)})
                )
            try:
                return view(request)
            except OAuthError as error:
                return refused(error)
            except Exception as exception:
                if (rejection := rejection_for(exception, Context())) is None:
                    raise
                return _rejected(rejection)

        return answered

    return decorate


def answer(
    members: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    return JsonResponse(dict(members), status=status, headers={**NEVER_KEPT, **(headers or {})})


def refused(error: OAuthError) -> HttpResponse:
    told = {
        "title": error.error,
        "detail": error.detail,
        "code": error.error.upper(),
        "status": str(error.status),
    }
    return _errors([told], error.error, error.detail, error.status, error.headers)


def _rejected(rejection: Rejection) -> HttpResponse:
    """What the wire has words for: a database that is busy, a body that is too large, a token that is bad."""
    word = "invalid_request" if rejection.status < 500 else "temporarily_unavailable"
    headers = dict(rejection.headers)
    if rejection.status == 401:
        word, headers["WWW-Authenticate"] = "invalid_token", "Bearer"
    told = [error.as_json() for error in rejection.errors]
    return _errors(told, word, str(rejection), rejection.status, headers)


def _errors(
    told: list[dict[str, Any]], word: str, detail: str, status: int, headers: Mapping[str, str]
) -> HttpResponse:
    members = {"errors": told, "error": word, "error_description": detail}
    return answer(members, status=status, headers=headers)
