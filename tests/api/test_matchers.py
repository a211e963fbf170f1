"""Every matcher on every kind of attribute, with and without a value, against the same said in Python."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest

from api.columns import columns_named
from api.declaration import declaration_of
from api.fields import timestamp_text
from api.filtering import search_for
from api.matchers import MATCHERS, Kind, OperandKind, kind_of
from api.selecting import Selection
from tests.library.cast import READERS
from tests.library.models import Author, Book, Library
from tests.library.serializers import BookSerializer, LibrarySerializer

BOOKS = declaration_of(BookSerializer)
CALLER = READERS["librarian"].caller
KEYS = [f"00000000-0000-7000-8000-00000000000{digit}" for digit in "123"]
TIMES = ["2026-11-21T10:00:00.123456Z", "2026-11-21T10:00:00.123999Z", "2026-11-21T10:00:00.124Z"]

ATTRIBUTES: dict[str, tuple[Kind, list[Any]]] = {
    "reference": (Kind.TEXT, [None, "", "Order 7", "order 7", "50% of_all", "Ordinal\\"]),
    "library_name": (Kind.TEXT, [None, "", "Central", "cEntral station"]),
    "status": (Kind.CHOICE, ["ordered", "shelved"]),
    "pages": (Kind.NUMBER, [None, 0, 7, 8]),
    "due_at": (Kind.TIME, [None, *TIMES]),
    "library_id": (Kind.KEY, [None, *KEYS]),
    "signed": (Kind.TRUTH, [None, True, False]),
    "metadata": (Kind.OBJECT, [{}, {"a": 1}, {"a": 1, "b": {"c": [2, 3]}}]),
}
"""Attributes of all kinds, and the values that the rows have."""

OPERANDS: dict[Kind, list[str]] = {
    Kind.TEXT: ["Order 7", "ORD", "7", "%", "o%7", "order_7", "ord%\\", "c%", "\\", ""],
    Kind.CHOICE: ["ordered", "shelved"],
    Kind.NUMBER: ["0", "7", "-1", "9999999999999"],
    Kind.TIME: [*(f"{time[:23].rstrip('Z').ljust(23, '0')}Z" for time in TIMES), TIMES[1]],
    Kind.KEY: KEYS[:2],
    Kind.TRUTH: ["true", "false"],
    Kind.OBJECT: ["{}", '{"a": 1}', '{"b": {"c": [3]}}', '{"c": 1}'],
}


def shown(value: Any) -> Any:
    """As the wire shows it: what a timestamp is compared by."""
    return timestamp_text(value) if hasattr(value, "tzinfo") else value


def read(kind: Kind, text: str) -> Any:
    """An operand as Python would compare it."""
    if kind is Kind.NUMBER:
        return int(text)
    if kind is Kind.TRUTH:
        return text == "true"
    if kind is Kind.OBJECT:
        return json.loads(text)
    return f"{text[:23]}Z" if kind is Kind.TIME else text


def alike(value: str, pattern: str) -> bool:
    """`%` as fnmatch's star, everything else quoted."""
    quoted = "".join("*" if letter == "%" else f"[{letter}]" for letter in pattern.upper())
    return fnmatchcase(value.upper(), quoted)


def contains(value: Any, part: Any) -> bool:
    """PostgreSQL's containment of jsonb."""
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], each) for key, each in part.items()
        )
    if isinstance(part, list):
        return isinstance(value, list) and all(any(contains(one, each) for one in value) for each in part)
    return bool(value == part)


PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: value == operand,
    "in": lambda value, operands: value in operands,
    "lt": lambda value, operand: value < operand,
    "lteq": lambda value, operand: value <= operand,
    "gt": lambda value, operand: value > operand,
    "gteq": lambda value, operand: value >= operand,
    "matches": alike,
    "start": lambda value, operand: value.upper().startswith(operand.upper()),
    "end": lambda value, operand: value.upper().endswith(operand.upper()),
    "cont": lambda value, operand: operand.upper() in value.upper(),
    "i_cont": lambda value, operand: operand.upper() in value.upper(),
    "jcont": contains,
    "true": lambda value, operand: value is operand,
    "false": lambda value, operand: value is not operand,
}
OPPOSITES = {
    "not_eq": "eq",
    "not_in": "in",
    "does_not_match": "matches",
    "not_start": "start",
    "not_end": "end",
    "not_cont": "cont",
}
ABOUT_ABSENCE: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "not_null": lambda value: value is not None,
    "blank": lambda value: value is None or value in ("", {}),
    "present": lambda value: value is not None and value not in ("", {}),
}


def expected(matcher: str, value: Any, operand: Any) -> bool:
    """What the contract's §6 says of one value; `operand` is a list for `_any` and `_all`."""
    if matcher in ABOUT_ABSENCE:
        return ABOUT_ABSENCE[matcher](value) is operand
    if matcher.endswith("_or_null"):
        return value is None or expected(matcher.removesuffix("_or_null"), value, operand)
    for ending, quantifier in (("_any", any), ("_all", all)):
        if matcher.endswith(ending):
            return quantifier(expected(matcher.removesuffix(ending), value, each) for each in operand)
    if value is None:
        return False
    if matcher in OPPOSITES:
        return not PLAIN[OPPOSITES[matcher]](value, operand)
    return PLAIN[matcher](value, operand)


def operands(matcher: str, kind: Kind) -> list[tuple[str, Any]]:
    """Texts behind the equals sign, with what they mean."""
    row = MATCHERS[matcher]
    if row.operand is OperandKind.BOOLEAN:
        return [("true", True), ("false", False)]
    single = [(text, read(kind, text)) for text in OPERANDS[kind]]
    if row.operand in {OperandKind.VALUES, OperandKind.TEXTS}:
        pairs = product(single, repeat=2)
        return [(f"{one},{other}", [first, second]) for (one, first), (other, second) in pairs]
    return single


@pytest.fixture
def shelf(author):
    """One book for each value of each attribute; it has no value for the others that can do without."""
    libraries = {key: Library.objects.create(pk=key, mode="test", name="") for key in KEYS}
    for attribute, (_kind, values) in ATTRIBUTES.items():
        for value in values:
            row: dict[str, Any] = {attribute: value}
            if attribute == "library_name":
                row = {"library": value if value is None else Library.objects.create(mode="test", name=value)}
            if attribute == "library_id":
                row = {"library": None if value is None else libraries[value]}
            Book.objects.create(mode="test", title="Ronia", author=author, **row)
    return Book.objects.select_related("library")


def value_of(book: Book, attribute: str) -> Any:
    if attribute.startswith("library_"):
        found = book.library and getattr(book.library, attribute.removeprefix("library_"))
        return str(found) if attribute == "library_id" and found else found
    return shown(getattr(book, attribute))


CASES = [
    (attribute, matcher)
    for matcher, row in MATCHERS.items()
    for attribute, (kind, _) in ATTRIBUTES.items()
    if kind in row.kinds
]


def keys_found(predicate: str, text: str) -> list[Any]:
    books = Selection(BOOKS).narrowed_by(search_for([(predicate, text)], BOOKS))
    return [key for (key,) in books.fetch(columns_named("pk"), CALLER)]


@pytest.mark.parametrize(("attribute", "matcher"), CASES)
def test_finds_what_python_would(shelf, attribute, matcher):
    books = list(shelf)
    for text, operand in operands(matcher, ATTRIBUTES[attribute][0]):
        wanted = {book.pk for book in books if expected(matcher, value_of(book, attribute), operand)}
        found = keys_found(f"{attribute}_{matcher}", text)
        assert set(found) == wanted, text
        assert len(found) == len(wanted), "no row twice"


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_the_attributes_are_of_the_kinds_that_they_stand_for(attribute):
    kind, values = ATTRIBUTES[attribute]
    if attribute.startswith("library_"):
        name = attribute.removeprefix("library_")
        field = declaration_of(LibrarySerializer).fields.get(name)
        assert field is None or kind_of(field) is kind
    else:
        assert kind_of(BOOKS.fields[attribute]) is kind
    assert len(values) > 1
    assert {kind for kind, _ in ATTRIBUTES.values()} == set(Kind)


PLAIN_FORMS = """
    eq not_eq eq_or_null not_eq_or_null matches does_not_match lt lteq gt gteq present blank null not_null in
    not_in in_or_null not_in_or_null start not_start end not_end cont not_cont i_cont jcont true false
"""
QUANTIFIED = "matches does_not_match lt lteq gt gteq start not_start end not_end cont not_cont"


def test_the_table_is_the_contracts_list():
    quantified = {f"{name}_{form}" for name in QUANTIFIED.split() for form in ("any", "all")}
    assert set(MATCHERS) == {*PLAIN_FORMS.split(), *quantified}


@pytest.mark.parametrize("text", ["true", "false"])
@pytest.mark.parametrize(
    "matcher", [name for name, row in MATCHERS.items() if row.operand is OperandKind.BOOLEAN]
)
def test_a_boolean_matcher_turned_false_is_its_opposite(shelf, matcher, text):
    """`code_null=false` means not null (contract §6)."""
    opposite = {"true": "false", "null": "not_null", "blank": "present"}
    opposite |= {value: key for key, value in opposite.items()}
    other = "false" if text == "true" else "true"

    def found(name: str, value: str) -> set[Any]:
        return set(keys_found(f"signed_{name}", value))

    assert found(matcher, text) == found(opposite[matcher], other)
    assert found(matcher, text)


def test_a_timestamp_is_found_by_what_the_wire_shows_of_it(wire, book):
    """Stored by the microsecond, shown by the millisecond."""
    Book.objects.update(created_at="2026-11-21T10:00:00.123456Z")
    text = wire.get(f"books/{book.pk}").document["data"]["attributes"]["created_at"]
    assert text == "2026-11-21T10:00:00.123Z"
    found = {
        matcher: len(wire.get(f"books?filter[q][created_at_{matcher}]={text}").document["data"])
        for matcher in ("eq", "in", "lteq", "gteq", "not_eq", "not_in", "lt", "gt")
    }
    assert found == {"eq": 1, "in": 1, "lteq": 1, "gteq": 1, "not_eq": 0, "not_in": 0, "lt": 0, "gt": 0}


def test_the_end_of_time_can_be_compared_with(wire, book):
    Book.objects.update(due_at="9999-12-31T23:59:59.999999Z")
    document = wire.get("books?filter[q][due_at_lteq]=9999-12-31T23:59:59.999Z").document
    assert len(document["data"]) == 1


def test_several_attributes_and_quantifiers_together(wire, book):
    Author.objects.update(email="A.Lindgren@Example.com")
    for predicate in (
        "author_email_or_title_cont_any]=nobody,ronia",
        "author_email_or_title_cont_all]=lind,example",
        "author_email_or_title_not_cont_all]=x1,x2",
        "title_or_reference_eq_or_null]=nothing",
        "author_name_or_library_name_start]=city",
    ):
        assert len(wire.get(f"books?filter[q][{predicate}").document["data"]) == 1, predicate
    for predicate in (
        "author_email_or_title_cont_all]=lind,ronia",
        "title_not_cont_any]=ron,nia",
        "author_name_or_library_name_not_start]=astrid,city",
    ):
        found = len(wire.get(f"books?filter[q][{predicate}").document["data"])
        assert found == (1 if "not_start" in predicate else 0), predicate
