"""A token leads a client that has nothing else back to us."""

import jwt
import pytest
from django.test import override_settings

from access.models import Organization
from access.oauth.issuer import issuer_of
from tests.fixtures.oauth import a_client


@pytest.mark.parametrize(
    ("host", "domain", "slug_and_domain"),
    [
        ("auth.gifts.example", "", ("acme", "gifts.example")),
        ("AUTH.Gifts.Example:8443", "", ("acme", "gifts.example:8443")),
        ("shop.gifts.example", "", ("shop", "gifts.example")),
        ("gifts.example", "", ("gifts", "example")),
        ("acme.localhost:8000", "", ("acme", "localhost:8000")),
        ("localhost:8000", "", ("acme", "localhost:8000")),
        ("127.0.0.1:8000", "", ("acme", "127.0.0.1:8000")),
        ("[::1]:8000", "", ("acme", "[::1]:8000")),
        ("[::ffff:127.0.0.1]", "", ("acme", "[::ffff:127.0.0.1]")),
        ("auth.gifts.example", "gifts.example", ("acme", "gifts.example")),
        ("shop.gifts.example", "gifts.example", ("shop", "gifts.example")),
        ("10.0.0.7:8000", "gifts.example", ("acme", "gifts.example")),
        ("gifts.example", "gifts.example", ("acme", "gifts.example")),
        ("internal", "gifts.example:8443", ("acme", "gifts.example:8443")),
        ("a.b.gifts.example", "gifts.example", ("acme", "gifts.example")),
    ],
)
def test_slug_and_domain(host, domain, slug_and_domain):
    issuer = issuer_of(host, slug="acme", domain=domain)

    assert (issuer.slug, issuer.domain) == slug_and_domain
    assert issuer.iss == f"https://auth.{issuer.domain}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "configured", "slug", "iss"),
    [
        ("auth.gifts.example", "", "acme", "https://auth.gifts.example"),
        ("shop.gifts.example", "", "shop", "https://auth.gifts.example"),
        ("10.0.0.7", "gifts.example", "acme", "https://auth.gifts.example"),
    ],
)
def test_a_token_has_them_of_the_host_that_was_asked(host, configured, slug, iss):
    client = a_client()
    Organization.objects.update(slug="acme")

    with override_settings(GIFTCARDS_DOMAIN=configured):
        token = client.token(host=host)

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["organization"]["slug"], claims["iss"]) == (slug, iss)
