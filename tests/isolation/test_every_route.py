"""What is beyond a caller's reach exists for him in no route, filter, include, order, cursor or body.

Generated from the declarations and the router: a new type or relationship is asked about like the others, and
`test_everybody_has_one_of_everything` says if nobody has made one.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final
from uuid import UUID

import pytest

from api.cursors import PROFILE
from api.declaration import Declaration
from api.matchers import Kind, kind_of
from tests.fixtures.client import MEDIA_TYPE
from tests.isolation.asking import Asker, include_paths
from tests.isolation.everything import CASES, DECLARATIONS, OF_NO_MARKET, ROUTES, Case

pytestmark = pytest.mark.django_db

DEPTH: Final = 3
INCLUDES_AT_ONCE: Final = 12
LONGEST_PREDICATE: Final = 250
CREATED_FROM: Final[dict[str, dict[str, Any]]] = {
    "gift_cards": {"balance_cents": 1, "currency_code": "EUR"},
    "gift_card_authorizations": {"amount_cents": 1},
    "gift_card_refunds": {},
    "gift_card_payments": {"amount_cents": 1},
    "gift_card_orders": {},
    "attachments": {"name": "a"},
    "gift_card_products": {"name": "a"},
    "gift_card_denominations": {"name": "a", "amounts": {"EUR": 1}},
}
"""What a creation needs beside its relationships, of those types that have writable ones."""

every_case = pytest.mark.parametrize("name", CASES)
# To all that lies behind the credential, a token's caller is like a key's: the quick tests are enough for it.
every_key = pytest.mark.parametrize("name", [name for name in CASES if name != "token"])
every_type = pytest.mark.parametrize("resource_type", DECLARATIONS)


@pytest.fixture
def case(everybody: dict[str, Case], name: str, db: None) -> Case:
    return everybody[name]


@pytest.fixture
def asker(case: Case) -> Asker:
    return Asker(case)


# What there is.


def test_there_are_types_to_ask_about():
    assert len(DECLARATIONS) >= 11
    writable = {
        name
        for name, each in DECLARATIONS.items()
        if "post" in ROUTES[name].actions
        and any(each.writable(relationship, creating=True) for relationship in each.relationships)
    }
    assert writable == CREATED_FROM.keys()


@every_case
def test_everybody_has_one_of_everything(asker: Asker, name: str):
    for resource_type in DECLARATIONS:
        assert asker.every(resource_type), f"nothing of mine is of the type {resource_type}"
        if name in {"test", "live"} or resource_type not in OF_NO_MARKET:
            assert asker.case.beyond[resource_type], f"nothing of theirs is of the type {resource_type}"


@pytest.mark.parametrize("name", ["key"])
def test_a_leak_would_be_noticed(everybody: dict[str, Case], case: Case):
    """The control: whoever is not restricted sees what is theirs, in every type."""
    unrestricted = Asker(Case(everybody["test"].client, case.beyond, case.words, case.codes))

    for resource_type in DECLARATIONS.keys() - OF_NO_MARKET:
        with pytest.raises(AssertionError):
            unrestricted.every(resource_type)


# Reading.


@every_key
@every_type
def test_lists_with_whatever_they_include(asker: Asker, resource_type: str):
    paths = list(include_paths(DECLARATIONS[resource_type], DEPTH))
    for start in range(0, len(paths) or 1, INCLUDES_AT_ONCE):
        include = ",".join(paths[start : start + INCLUDES_AT_ONCE])
        asker.get(resource_type, include=include, **{"page[size]": "25"})


@every_case
@every_type
def test_linkage_by_sparse_fields_and_every_order(asker: Asker, resource_type: str):
    declaration = DECLARATIONS[resource_type]
    fields = {f"fields[{each.type}]": ",".join(each.relationships) for each in declaration.family.values()}
    asker.every(resource_type, **fields)
    for attribute in declaration.sortable:
        asker.get(resource_type, sort=f"-{attribute}", **{"page[size]": "25"})


@every_case
@every_type
def test_addresses_of_theirs_with_every_method(asker: Asker, resource_type: str):
    """Also of relationships, and of what they lead to."""
    relationships = DECLARATIONS[resource_type].relationships
    for theirs in sorted(asker.case.beyond[resource_type])[:1]:
        for address, view in ROUTES.items():
            if not address.startswith(f"{resource_type}/"):
                continue
            named = address.replace("<str:pk>", str(theirs))
            for relationship in relationships if "<str:relationship>" in address else [""]:
                for method in view.actions.keys() - {"head"}:
                    document = body_of(resource_type, theirs, address, relationship)
                    status, _ = asker.answers_alike(
                        method,
                        named.replace("<str:relationship>", relationship),
                        None if method == "get" else document,
                        theirs,
                    )
                    assert status in ({404} if method == "get" else {403, 404, 405, 422})


def body_of(resource_type: str, key: UUID, address: str, relationship: str) -> Any:
    if relationship:
        many = DECLARATIONS[resource_type].relationships[relationship].many
        return {"data": [] if many else None}
    return {"data": {"type": resource_type, "id": str(key), "attributes": {}, "relationships": {}}}


@every_key
@every_type
def test_whatever_mine_lead_to(asker: Asker, resource_type: str):
    relationships = DECLARATIONS[resource_type].relationships
    for mine in asker.every(resource_type)[::4]:
        asker.get(f"{resource_type}/{mine['id']}")
        for name, relationship in relationships.items():
            for address in (
                f"{resource_type}/{mine['id']}/relationships/{name}",
                f"{mine['type']}/{mine['id']}/{name}",
            ):
                read = asker.every if relationship.many else asker.get
                read(address)


# Searching.


@pytest.mark.parametrize("name", ["live", "key"])
@every_type
def test_filters_by_what_only_theirs_have(asker: Asker, resource_type: str):
    """Through every to-one relationship there is: values that stand in none of mine find none of mine."""
    asked = 0
    for predicate, values in predicates(DECLARATIONS[resource_type], asker.case):
        document = asker.get(resource_type, **{f"filter[q][{predicate}]": ",".join(sorted(values))})
        assert document["data"] == [], (predicate, values)
        asked += 1
    assert asked >= (0 if resource_type in OF_NO_MARKET else 1)


def predicates(declaration: Declaration, case: Case) -> Iterator[tuple[str, set[str]]]:
    """`a_or_b_in`, of as many attributes of one kind as fit, with every value that only theirs have."""
    by_kind: dict[Any, list[tuple[str, Declaration, str]]] = {}
    for name, at, attribute in targets(declaration, 2):
        special = at.filterable[attribute]
        kind = Kind.KEY if attribute == "id" else kind_of(at.fields[attribute]) if special is None else None
        if kind in {Kind.TEXT, Kind.NUMBER, Kind.KEY}:
            by_kind.setdefault(kind, []).append((name, at, attribute))
        elif attribute == "code":
            yield from ((f"{name}_{matcher}", {*case.codes}) for matcher in ("eq", "in", "cont"))
        elif kind is Kind.OBJECT:
            yield f"{name}_jcont", {json.dumps({"owner": case.words[0]})}
    for several in by_kind.values():
        for group in fitting(several):
            values = set(chain.from_iterable(only_theirs(at, attribute, case) for _, at, attribute in group))
            values -= set(chain.from_iterable(of_others(at, attribute, case) for _, at, attribute in group))
            if values:
                yield "_or_".join(name for name, *_ in group) + "_in", values


def targets(declaration: Declaration, depth: int, way: str = "") -> Iterator[tuple[str, Declaration, str]]:
    for attribute in declaration.filterable:
        yield way + attribute, declaration, attribute
    for name, relationship in declaration.relationships.items():
        if depth and not relationship.many:
            yield from targets(relationship.target, depth - 1, f"{way}{name}_")


def fitting(several: list[tuple[str, Declaration, str]]) -> Iterator[list[tuple[str, Declaration, str]]]:
    group: list[tuple[str, Declaration, str]] = []
    for each in several:
        if group and sum(len(name) + 4 for name, *_ in [*group, each]) > LONGEST_PREDICATE:
            yield group
            group = []
        group.append(each)
    yield group


def only_theirs(at: Declaration, attribute: str, case: Case) -> set[str]:
    return column(at, attribute, case, theirs=True)


def of_others(at: Declaration, attribute: str, case: Case) -> set[str]:
    return column(at, attribute, case, theirs=False)


def column(at: Declaration, attribute: str, case: Case, *, theirs: bool) -> set[str]:
    rows = at.model._default_manager.all()
    keys = case.beyond.get(at.type, set())
    rows = rows.filter(pk__in=keys) if theirs else rows.exclude(pk__in=keys)
    values = rows.values_list(at.column_of(attribute), flat=True)
    return {str(value) for value in values if value is not None and "," not in str(value)}


@every_case
@every_type
def test_what_is_shown_as_empty_is_found_as_empty(asker: Asker, resource_type: str):
    """Else the difference would tell that there is something."""
    for name, relationship in DECLARATIONS[resource_type].relationships.items():
        if relationship.many:
            continue
        listed = asker.every(resource_type, **{f"fields[{resource_type}]": name})
        for empty in (True, False):
            shown = {each["id"] for each in listed if (each["relationships"][name]["data"] is None) == empty}
            query = {f"filter[q][{name}_id_null]": str(empty).lower(), f"fields[{resource_type}]": name}
            assert {each["id"] for each in asker.every(resource_type, **query)} == shown, (name, empty)


@pytest.mark.parametrize("name", ["key", "token"])
@every_type
def test_a_cursor_of_somebody_else_leads_nowhere_else(
    everybody: dict[str, Case], asker: Asker, resource_type: str
):
    other = Asker(everybody["test"])
    profile = f'{MEDIA_TYPE};profile="{PROFILE}"'
    _, document = other.ask("get", f"{resource_type}?page[size]=25", accept=profile)
    for each in document["data"][::4]:
        cursor = each["meta"]["page"]["cursor"]
        for side in ("after", "before"):
            status, page = asker.ask("get", f"{resource_type}?page[{side}]={cursor}", accept=profile)
            assert status == 200
            assert asker.case.leaks(page) == set()


@every_case
def test_who_is_served_and_who_asks(asker: Asker):
    for address, view in ROUTES.items():
        if view.actions == {"get": "retrieve", "head": "retrieve"} and "/" not in address:
            asker.get(address)


# Writing.


@every_key
@every_type
def test_nothing_of_mine_is_tied_to_theirs(asker: Asker, resource_type: str):
    declaration = DECLARATIONS[resource_type]
    before = stored(asker.case)
    for name, relationship in declaration.relationships.items():
        for theirs in sorted(asker.case.beyond[relationship.target.type])[:1]:
            identifier = {"type": relationship.target.type, "id": str(theirs)}
            linkage = {"data": [identifier] if relationship.many else identifier}
            for method, address, document in writes(declaration, name, linkage, asker):
                status, _ = asker.answers_alike(method, address, document, theirs)
                assert status == (200 if method == "delete" else 404), (method, address, document)
    assert stored(asker.case) == before


def writes(declaration: Declaration, name: str, linkage: Any, asker: Asker) -> Iterator[tuple[str, str, Any]]:
    resource_type, many = declaration.type, declaration.relationships[name].many
    if declaration.writable(name, creating=True) and "post" in ROUTES[resource_type].actions:
        attributes = CREATED_FROM[resource_type]
        others = {
            other: {"data": {"type": each.target.type, "id": asker.mine(each.target.type)}}
            for other, each in declaration.relationships.items()
            if each.required and not each.many
        }
        data = {"type": resource_type, "attributes": attributes, "relationships": {**others, name: linkage}}
        yield "post", resource_type, {"data": data}
    updates = "patch" in ROUTES[f"{resource_type}/<str:pk>"].actions
    if not updates or not declaration.writable(name, creating=False):
        return
    mine = asker.mine(resource_type)
    data = {"type": resource_type, "id": mine, "attributes": {}, "relationships": {name: linkage}}
    yield "patch", f"{resource_type}/{mine}", {"data": data}
    address = f"{resource_type}/{mine}/relationships/{name}"
    yield "patch", address, linkage
    if many:
        yield "post", address, linkage
        yield "delete", address, linkage


def stored(case: Case) -> Any:
    return {
        name: sorted(map(repr, declaration.model._default_manager.filter(pk__in=case.beyond[name]).values()))
        for name, declaration in DECLARATIONS.items()
    }


@every_case
def test_codes_of_theirs_are_answered_like_codes_that_were_never_given(asker: Asker):
    for code in asker.case.codes:
        for address, attributes in (
            ("gift_card_lookups", lambda code: {"code": code}),
            ("gift_card_payments", lambda code: {"codes": [code], "amount_cents": 1}),
        ):
            documents = [
                {"data": {"type": address, "attributes": attributes(each), "relationships": {}}}
                for each in (code, "never-given-to-anybody")
            ]
            theirs, nobodys = (asker.ask("post", address, document) for document in documents)
            assert theirs == nobodys
            assert theirs[0] in {404, 422}


@pytest.mark.parametrize("name", ["live", "key", "token"])
def test_a_key_that_somebody_else_has_used_does_not_show_what_he_did(
    everybody: dict[str, Case], asker: Asker, name: str
):
    """The same application's: in the other mode nothing is known of it, in the same one not its answer."""
    theirs = next(iter(asker.case.beyond["gift_cards"]))
    data = {"type": "gift_cards", "id": str(theirs), "attributes": {"reference": "paris"}}
    status, _ = Asker(everybody["test"]).ask(
        "patch", f"gift_cards/{theirs}", {"data": data}, idempotency_key="their key"
    )
    assert status == 200

    status, document = asker.ask("patch", f"gift_cards/{theirs}", {"data": data}, idempotency_key="their key")

    assert status == (404 if name == "live" else 409)
    assert "data" not in document
