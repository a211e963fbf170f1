from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

BACK_OFFICE = "/back-office/"

# JSON needs nothing. Should a browser ever take an answer for a page, it may load and run nothing.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# The admin theme's Alpine.js compiles its attributes ('unsafe-eval') and sets styles from them.
# Everything is served by ourselves; no page of the admin may be framed.
ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = ADMIN if request.path_info.startswith(BACK_OFFICE) else NOTHING
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
