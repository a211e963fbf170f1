"""Every POST and PATCH looks at its `Idempotency-Key`: a malformed one is noticed everywhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from api.declaration import declaration_of
from tests.fixtures.client import MEDIA_TYPE, api_client

WRITES = {"post", "patch"}
NOBODYS_ID = "00000000-0000-7000-8000-000000000000"


def writes() -> Iterator[tuple[str, str]]:
    """Method and address of each, the relationships spelled out."""
    patterns: list[Any] = get_resolver().url_patterns
    (api,) = (each for each in patterns if str(each.pattern) == "api/")
    for route in api.url_patterns:
        view: Any = route.callback
        for method in WRITES & getattr(view, "actions", {}).keys():
            address = f"/api/{route.pattern}".replace("<str:pk>", NOBODYS_ID)
            for name, each in declaration_of(view.cls.serializer_class).relationships.items():
                # Nothing can be added to a to-one relationship: 405, whatever else is sent.
                if each.many or method == "patch":
                    yield method, address.replace("<str:relationship>", name)


def test_all_kinds_of_writes_are_looked_at():
    kinds = {(method, address.count("/")) for method, address in writes()}

    assert kinds == {("post", 2), ("patch", 3), ("post", 5), ("patch", 5)}


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "address"), sorted(set(writes())))
def test_a_malformed_key_is_refused(method, address):
    headers = {"accept": MEDIA_TYPE, "authorization": api_client().authorization, "idempotency-key": ""}

    answer = Client().generic(method.upper(), address, b"{}", MEDIA_TYPE, headers=headers)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")
