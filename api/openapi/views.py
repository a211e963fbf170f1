"""`/api/openapi.json` for programs and `/api/docs` for people, both for everybody: what they tell is no
secret, and the same for all."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from api.documents import json_bytes, root_of
from api.openapi import About, openapi_document
from api.openapi.page import USES, sections_of
from api.routers import ResourceRouter

JSON: Final = "application/json"
OPENAPI: Final = "application/vnd.oai.openapi+json"
MINUTES: Final = 5
"""For which nobody asks again; after that, the ETag tells whether anything is new."""

# A page without any script, and its own style sheet. The icon is an empty one: no browser asks for another.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def documentation(router: ResourceRouter, about: About) -> list[URLPattern]:
    """To be routed beside the router's own addresses, under the same prefix."""

    @cache
    def document() -> dict[str, Any]:
        return openapi_document(router.routes, about)

    @cache
    def sections() -> list[dict[str, Any]]:
        return sections_of(router.routes, document())

    @cache
    def serialized() -> bytes:
        return json_bytes(document())

    def for_programs(request: HttpRequest) -> HttpResponse:
        media_type = OPENAPI if OPENAPI in request.headers.get("Accept", "") else JSON
        return _kept(request, HttpResponse(serialized(), content_type=media_type))

    def for_people(request: HttpRequest) -> HttpResponse:
        context = {"about": about, "sections": sections(), "uses": USES, "root": root_of(request)}
        page = render(request, "api/docs.html", context)
        page["Content-Security-Policy"] = POLICY
        return _kept(request, page)

    return [path("openapi.json", _public(for_programs)), path("docs", _public(for_people))]


def _public(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    return require_safe(cache_control(public=True, max_age=MINUTES * 60)(view))


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Or 304, to whoever has it already."""
    etag = f'"{sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
