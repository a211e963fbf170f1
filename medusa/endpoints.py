"""One address and its methods, and what both slashes of it are."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from medusa.answers import refused
from medusa.refusals import of_status, refusal_for

View = Callable[..., HttpResponse]


def route(pattern: str, **views: View) -> URLPattern:
    """`pattern` without slashes at its ends; each view under the name of its method. With a slash at the end
    it is the same address: a redirect would lose what was posted."""
    return re_path(rf"^{pattern}/?$", endpoint(**views))


def endpoint(**views: View) -> View:
    """A view for these methods, whose refusals become answers here and only here."""
    allowed = ", ".join(sorted({*views, *({"HEAD"} if "GET" in views else ())}))

    @csrf_exempt
    @wraps(next(iter(views.values())))
    def answered(request: HttpRequest, **named: Any) -> HttpResponse:
        view = views.get("GET" if request.method == "HEAD" else str(request.method))
        if view is None:
            message = f"This address is for {allowed}"
            return refused(of_status(405, message, {"Allow": allowed}))
        try:
            return view(request, **named)
        except Exception as exception:
            if (refusal := refusal_for(exception, request)) is None:
                raise
            return refused(refusal)

    return answered
