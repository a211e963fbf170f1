"""Django's middleware for people with browsers: sessions, forms, messages. Only the back office has those.

Each class is Django's own below `/back-office/`, and passes everything else on: no other address knows
cookies, takes a form, or is found by a slash behind it. As classes of their own they keep their places in
`MIDDLEWARE`, where Django's checks look for them.
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware import common, csrf
from django.utils.deprecation import MiddlewareMixin

from config.content_security_policy import BACK_OFFICE

WITH_OR_WITHOUT_SLASH: Final = BACK_OFFICE.rstrip("/")


def is_back_office(request: HttpRequest) -> bool:
    return request.path_info.startswith(WITH_OR_WITHOUT_SLASH)


class _OnlyThere(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if is_back_office(request) else self.get_response(request)


class SessionMiddleware(_OnlyThere, sessions.SessionMiddleware):
    pass


class CsrfViewMiddleware(_OnlyThere, csrf.CsrfViewMiddleware):
    """Its check is a hook of views, which Django calls beside the chain."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., HttpResponseBase],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        if not is_back_office(request):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class AuthenticationMiddleware(_OnlyThere, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(_OnlyThere, messages.MessageMiddleware):
    pass


class CommonMiddleware(_OnlyThere, common.CommonMiddleware):
    """Elsewhere, what it does for everybody: refuses hosts that are not ours, tells how long an answer is."""

    def __call__(self, request: HttpRequest) -> Any:
        if is_back_office(request):
            return super().__call__(request)
        request.get_host()
        response: Any = self.get_response(request)
        if not response.streaming and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        return response
