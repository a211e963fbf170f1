"""Django's middleware for people with browsers: sessions, forms, messages. Only the back office has those: no
other address knows cookies, takes a form, or is found by a slash behind it."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware import csrf

from api.documents import root_of
from config.content_security_policy import BACK_OFFICE

WITH_OR_WITHOUT_SLASH: Final = BACK_OFFICE.rstrip("/")

Handler = Callable[[HttpRequest], HttpResponse]


def is_back_office(request: HttpRequest) -> bool:
    return request.path_info.startswith(WITH_OR_WITHOUT_SLASH)


class BackOfficeOnlyMiddleware:
    """Leads every other request past whatever stands below it in `MIDDLEWARE`, to what answers. Below it,
    Django's own classes keep their places, where its checks look for them.

    What `CommonMiddleware` does for everybody is done here: it refuses hosts that are not ours, and tells how
    long an answer is.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.answer = innermost(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_back_office(request):
            return self.get_response(request)
        root_of(request)  # which asks for the host, and is remembered: links begin with it
        response = self.answer(request)
        if not response.streaming:
            response.headers["Content-Length"] = str(len(response.content))
        return response


def innermost(handler: Handler) -> Handler:
    """What the last middleware calls. Django wraps each into a function that catches its exceptions."""
    middleware: Any = getattr(handler, "__wrapped__", None)
    return innermost(middleware.get_response) if hasattr(middleware, "get_response") else handler


class CsrfViewMiddleware(csrf.CsrfViewMiddleware):
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
