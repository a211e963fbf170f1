"""A key without `codes:reveal` reads masked codes, wherever a code is read.

Generated from the declarations, like its neighbour: every address that can be read, every include and every
answer to a write.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import pytest

from access.scopes import EVERY_SCOPE, Scope
from tests.fixtures.client import api_client
from tests.isolation.asking import Asker, include_paths
from tests.isolation.everything import DECLARATIONS, Case

pytestmark = pytest.mark.django_db

CODES: Final = ("berlin-code-0001", "paris-code-0001", "common-code-0001")
GIVEN: Final = "given-by-a-client-0007"


def asker(*scopes: str) -> Asker:
    """For whom the codes themselves, in any letters, are what must not be shown."""
    return Asker(Case(api_client(scopes=scopes), {}, (*CODES, GIVEN), ()))


@pytest.fixture
def masked(everybody: dict[str, Case], db: None) -> Asker:
    return asker(*(scope for scope in EVERY_SCOPE if scope != Scope.REVEAL_CODES))


@pytest.fixture
def revealing(everybody: dict[str, Case], db: None) -> Asker:
    return asker(*EVERY_SCOPE)


def reads(resource_type: str, asker: Asker) -> Iterator[tuple[str, dict[str, str]]]:
    """The list with everything that it can include, one of it, and all that one leads to."""
    declaration = DECLARATIONS[resource_type]
    mine = asker.mine(resource_type)
    for include in include_paths(declaration, 2):
        yield resource_type, {"include": include}
    yield f"{resource_type}/{mine}", {}
    for name, relationship in declaration.relationships.items():
        yield f"{resource_type}/{mine}/relationships/{name}", {}
        yield f"{resource_type}/{mine}/{name}", {}
        for include in include_paths(relationship.target, 1):
            yield f"{resource_type}/{mine}/{name}", {"include": include}


@pytest.mark.parametrize("resource_type", DECLARATIONS)
def test_nothing_that_is_read_shows_a_code(masked: Asker, resource_type: str):
    for address, query in reads(resource_type, masked):
        masked.get(address, **query)


@pytest.mark.parametrize("resource_type", DECLARATIONS)
def test_with_the_scope_whatever_leads_to_a_card_shows_its_code(revealing: Asker, resource_type: str):
    """The control: the same addresses show codes to whoever may see them."""
    shown = set()
    for address, query in reads(resource_type, revealing):
        _, document = revealing.ask("get", with_query(address, query))
        shown |= revealing.case.leaks(document)

    leads_to_a_card = "gift_cards" in {
        each.target.type for each in DECLARATIONS[resource_type].relationships.values()
    }
    assert bool(shown) == (leads_to_a_card or resource_type == "gift_cards")


def with_query(address: str, query: dict[str, str]) -> str:
    return address + "?" * bool(query) + "&".join(f"{name}={value}" for name, value in query.items())


def answers_to_writes(asker: Asker, key: str) -> Iterator[Any]:
    """Every kind of write that is answered by a card, or may include one."""
    card = asker.mine("gift_cards")
    numbers = count()

    def write(method: str, address: str, **attributes: Any) -> Any:
        resource_type, _, pk = address.partition("?")[0].partition("/")
        data = {"type": resource_type, "attributes": attributes, "relationships": {}}
        if pk:
            data["id"] = pk
        if "amount_cents" in attributes and "codes" not in attributes:
            data["relationships"] = {"gift_card": {"data": {"type": "gift_cards", "id": card}}}
        return asker.ask(method, address, {"data": data}, idempotency_key=f"{key} {next(numbers)}")

    yield write("post", "gift_cards", balance_cents=1, currency_code="EUR", code=GIVEN)
    yield write("patch", f"gift_cards/{card}", reference="changed")
    yield write("patch", f"gift_cards/{card}", _balance_change_cents=-1)
    yield write("post", "gift_card_lookups?include=gift_card", code=CODES[0])
    yield write("post", "gift_card_authorizations?include=gift_card", amount_cents=1)
    yield write("post", "gift_card_payments?include=gift_cards", amount_cents=1, codes=[CODES[0]])
    # What can't be done names no code either.
    yield write("post", "gift_cards", balance_cents=1, currency_code="EUR", code=CODES[0])
    yield write("post", "gift_card_payments", amount_cents=1, codes=[CODES[0], "never-given-to-anybody"])


def test_no_answer_to_a_write_shows_a_code(masked: Asker):
    answers = list(answers_to_writes(masked, "masked"))

    assert [status for status, _ in answers] == [201, 200, 200, 200, 201, 201, 422, 422]
    for _, document in answers:
        text = json.dumps(document).lower()
        assert not [code for code in masked.case.words if code in text]


def test_an_answer_with_codes_is_not_repeated_to_who_may_not_see_them(revealing: Asker, masked: Asker):
    """The same application's keys: what one was shown, the other is not, though it knows the first one's
    idempotency key."""
    first = next(answers_to_writes(revealing, "shared"))
    assert GIVEN in json.dumps(first)

    status, document = next(answers_to_writes(masked, "shared"))

    assert status == 409
    assert GIVEN not in json.dumps(document)
