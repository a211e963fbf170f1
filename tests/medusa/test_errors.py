"""Nothing at these addresses is HTML, and nothing is redirected, whatever breaks."""

import pytest
from django.db import OperationalError
from django.test import Client

from medusa import gift_cards
from tests.medusa.asking import ANYBODY, refusal

pytestmark = pytest.mark.django_db

MISSING = (404, refusal("not_found", "There is nothing at this address"))
UNKNOWN = (500, {"code": "unknown_error", "type": "unknown_error", "message": "An unknown error occurred."})


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin/customers",
        "/admin/customers/",
        "/store",
        "/store/carts/1",
        "/admin/login/",
    ],
)
def test_an_address_that_leads_nowhere(path):
    for method in ("GET", "POST", "DELETE"):
        assert ANYBODY.send(method, path).told == MISSING


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/admin/gift-cards", "GET, HEAD, POST"),
        ("PATCH", "/admin/gift-cards/1/", "DELETE, GET, HEAD, POST"),
        ("GET", "/admin/auth/token", "POST"),
        ("POST", "/store/regions", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_know(method, path, allowed):
    answer = ANYBODY.send(method, path)

    assert answer.told == (405, refusal("not_allowed", f"This address is for {allowed}"))
    assert answer.headers["Allow"] == allowed


def test_a_head_is_a_get_without_its_body(shop):
    answer = shop.send("HEAD", "/admin/gift-cards")

    assert (answer.status, answer.body) == (200, None)


def test_a_host_that_is_not_ours(settings, shop):
    settings.ALLOWED_HOSTS = ["gifts.example"]

    assert shop.get("/admin/gift-cards").told == (
        400,
        refusal("invalid_data", "The request could not be read"),
    )


def test_nobody_is_led_to_https_with_a_key_that_was_sent_in_the_clear(settings, shop):
    settings.SECURE_SSL_REDIRECT = True

    assert shop.get("/admin/gift-cards").told == (
        400,
        refusal("invalid_data", "This address is for https only"),
    )


def test_a_crash(shop, monkeypatch):
    monkeypatch.setattr(gift_cards, "page_of", lambda *_args, **_more: 1 / 0)

    assert shop.get("/admin/gift-cards").told == UNKNOWN


def test_a_database_that_is_away(shop, monkeypatch):
    def broken(*_args, **_more):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(gift_cards, "page_of", broken)
    answer = shop.get("/admin/gift-cards")

    assert (answer.status, answer.body["code"], answer.body["type"]) == (503, "api_error", "database_error")


def test_a_body_that_is_too_large(shop):
    answer = shop.send("POST", "/admin/gift-cards", b'"' + b"x" * 3_000_000 + b'"')

    assert (answer.status, answer.body["type"]) == (413, "invalid_data")


def test_too_many_requests_are_told_so(shop, settings):
    settings.GIFTCARDS_RATE_LIMIT_PER_KEY, settings.GIFTCARDS_RATE_LIMIT_PER_ADDRESS = 2, 2

    statuses = [shop.get("/admin/gift-cards").status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert [ANYBODY.get("/store/regions").status for _ in range(3)] == [200, 200, 429]
    limited = ANYBODY.get("/store/regions")
    assert limited.body["code"] == "too_many_requests"
    assert {"X-Ratelimit-Limit", "Retry-After"} <= {*limited.headers}


def test_the_back_office_is_where_it_was():
    assert Client().get("/back-office/login/").status_code == 200
