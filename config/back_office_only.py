"""Django's middleware for people with browsers: sessions, forms, messages. Only the back office has those: no
other address knows cookies, takes a form, or is found by a slash behind it."""

import logging
from collections.abc import Callable
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware import csrf
from django.shortcuts import render
from psycopg.errors import QueryCanceled

from api.documents import root_of
from api.exceptions import is_overtaken
from config.content_security_policy import BACK_OFFICE

logger = logging.getLogger(__name__)

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


class UnavailableMiddleware:
    """A page that says so where the database does not answer, or not in time."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A hook of views as well."""
        is_known = isinstance(exception, OperationalError | InterfaceError) or is_overtaken(exception)
        if not is_known or not is_back_office(request):
            return None
        logger.warning("The database did not answer the back office: %s", exception)
        told = {
            "only_reads": request.method in {"GET", "HEAD"},
            "is_too_slow": isinstance(exception.__cause__, QueryCanceled),
        }
        return render(request, "back_office/unavailable.html", told, status=503)
