"""What a value may be: one row each, as JSON brings it, with the value read or the symbol of its refusal."""

import datetime
import json
from decimal import Decimal

import pytest

from api.fields import (
    CurrencyCode,
    Email,
    InvalidValue,
    Metadata,
    StrictBoolean,
    StrictChoice,
    StrictDecimal,
    StrictInteger,
    StrictObject,
    StrictObjects,
    StrictString,
    StrictStrings,
    Timestamp,
    Url,
    Uuid,
    timestamp_text,
)

UTC = datetime.UTC


def outcome(field, value):
    try:
        return field.run_validation(value)
    except InvalidValue as refusal:
        return (refusal.symbol, refusal.message)


NOT_A_NUMBER = ("not_a_number", "is not a number")
NOT_AN_INTEGER = ("not_an_integer", "must be an integer")
TOO_LARGE = ("less_than_or_equal_to", "must be less than or equal to 10000000000000")
TOO_SMALL = ("greater_than_or_equal_to", "must be greater than or equal to -10000000000000")
INVALID = ("invalid", "is invalid")
NOT_IN_LIST = ("inclusion", "is not included in the list")
NOT_A_STRING = ("not_a_string", "must be a string")
BLANK = ("blank", "can't be blank")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (-1, -1),
        (10**13, 10**13),
        ("15000", 15000),
        ("-5", -5),
        ("0", 0),
        ("-0", 0),
        (10**13 + 1, TOO_LARGE),
        (2**63, TOO_LARGE),
        (10**400, TOO_LARGE),
        (-(10**13) - 1, TOO_SMALL),
        ("99999999999999", TOO_LARGE),
        ("9" * 5000, NOT_A_NUMBER),
        (1.0, NOT_AN_INTEGER),
        (1e30, NOT_AN_INTEGER),
        ("1e3", NOT_A_NUMBER),
        ("15000.0", NOT_A_NUMBER),
        (" 5", NOT_A_NUMBER),
        ("5\n", NOT_A_NUMBER),
        ("+5", NOT_A_NUMBER),
        ("007", NOT_A_NUMBER),
        ("1_000", NOT_A_NUMBER),
        ("٣", NOT_A_NUMBER),
        ("", NOT_A_NUMBER),
        (True, NOT_A_NUMBER),
        ([], NOT_A_NUMBER),
        ({}, NOT_A_NUMBER),
        (None, BLANK),
    ],
)
def test_integers(value, expected):
    assert outcome(StrictInteger(), value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, Decimal(7)),
        (7.1, Decimal("7.1")),
        ("7.1", Decimal("7.1")),
        ("-0.0001", Decimal("-0.0001")),
        (1e300, Decimal("1e300")),
        (10**400, Decimal(10**400)),
        (float("inf"), NOT_A_NUMBER),
        (float("nan"), NOT_A_NUMBER),
        ("NaN", NOT_A_NUMBER),
        ("1e3", NOT_A_NUMBER),
        ("7,1", NOT_A_NUMBER),
        (".5", NOT_A_NUMBER),
        ("07", NOT_A_NUMBER),
        ("٣", NOT_A_NUMBER),
        ("", NOT_A_NUMBER),
        (True, NOT_A_NUMBER),
        ([], NOT_A_NUMBER),
        (None, BLANK),
    ],
)
def test_decimals(value, expected):
    assert outcome(StrictDecimal(max_digits=7, decimal_places=4), value) == expected


def test_a_declared_range_is_told_in_words():
    assert outcome(StrictInteger(min_value=0), -1) == (
        "greater_than_or_equal_to",
        "must be greater than or equal to 0",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        ("True", NOT_IN_LIST),
        ("1", NOT_IN_LIST),
        ("", NOT_IN_LIST),
        (1, NOT_IN_LIST),
        (0, NOT_IN_LIST),
        ([], NOT_IN_LIST),
        (None, BLANK),
    ],
)
def test_booleans(value, expected):
    assert outcome(StrictBoolean(), value) is expected or outcome(StrictBoolean(), value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ronia", "Ronia"),
        (" untrimmed ", " untrimmed "),
        ("", BLANK),
        ("   ", BLANK),
        (None, BLANK),
        (5, NOT_A_STRING),
        (True, NOT_A_STRING),
        (["a"], NOT_A_STRING),
        ("NUL\0", INVALID),
        ("half \ud800", INVALID),
        ("elevenchars", ("too_long", "is too long (maximum is 10 characters)")),
        ("no", ("too_short", "is too short (minimum is 3 characters)")),
    ],
)
def test_strings(value, expected):
    assert (
        outcome(StrictString(min_length=3, max_length=10 if value != " untrimmed " else 11), value)
        == expected
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], []),
        (["a", " b ", "", "a"], ["a", " b ", "", "a"]),
        (None, BLANK),
        ("a", ("not_a_list", "must be a list of strings")),
        ({"0": "a"}, ("not_a_list", "must be a list of strings")),
        (["a", 1], ("not_a_list", "must be a list of strings")),
        (["a", None], ("not_a_list", "must be a list of strings")),
        ([["a"]], ("not_a_list", "must be a list of strings")),
    ],
)
def test_lists_of_strings(value, expected):
    assert outcome(StrictStrings(), value) == expected


def test_an_empty_string_is_null_where_null_is_allowed():
    """The dashboard sends `image_url: ""` for "no image" (contract §1)."""
    assert outcome(StrictString(allow_null=True), "") is None
    assert outcome(Url(allow_null=True), "") is None
    assert outcome(Url(allow_blank=True), "") == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("HTTP://example.com", "HTTP://example.com"),
        ("javascript:alert(1)", INVALID),
        ("ftp://example.com", INVALID),
        ("//example.com", INVALID),
        ("https://", INVALID),
        ("https://exa mple.com", INVALID),
        (7, NOT_A_STRING),
    ],
)
def test_addresses(value, expected):
    assert outcome(Url(), value) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Email(), "a@example.com", "a@example.com"),
        (Email(), "example.com", INVALID),
        (CurrencyCode(), "EUR", "EUR"),
        (CurrencyCode(), "eur", INVALID),
        (CurrencyCode(), "EURO", INVALID),
        (StrictChoice(choices=["a"]), "a", "a"),
        (StrictChoice(choices=["a"]), "b", NOT_IN_LIST),
        (StrictChoice(choices=["1"]), 1, NOT_IN_LIST),
        (StrictChoice(choices=["a"]), [], NOT_IN_LIST),
        (Uuid(), "00000000-0000-7000-8000-00000000000", INVALID),
        (Uuid(), "{00000000-0000-7000-8000-000000000000}", INVALID),
        (Uuid(), 5, INVALID),
    ],
)
def test_texts_of_a_kind(field, value, expected):
    assert outcome(field, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21T10:00:00Z", datetime.datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00.123+02:00", datetime.datetime(2026, 11, 21, 8, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-21T10:00Z", datetime.datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21", datetime.date(2026, 11, 21)),
        ("2026-11-21T10:00:00", INVALID),
        ("2026-11-21 10:00:00Z", INVALID),
        ("2026-02-30", INVALID),
        ("2026-11-21T25:00:00Z", INVALID),
        ("0001-01-01T00:00:00+14:00", INVALID),
        ("9999-12-31T23:59:59-14:00", INVALID),
        ("20261121T100000Z", INVALID),
        ("٢026-11-21", INVALID),
        ("", INVALID),
        (1732183200, INVALID),
        (None, BLANK),
    ],
)
def test_timestamps(value, expected):
    assert outcome(Timestamp(allow_date=True), value) == expected


def test_a_date_is_only_taken_where_it_is_declared():
    assert outcome(Timestamp(), "2026-11-21") == INVALID


def test_timestamps_are_written_with_milliseconds_and_z():
    berlin = datetime.timezone(datetime.timedelta(hours=1))
    value = datetime.datetime(2026, 1, 1, 0, 30, 0, 987654, tzinfo=berlin)
    assert timestamp_text(value) == "2025-12-31T23:30:00.987Z"


def nested(depth: int):
    value: object = 1
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {}),
        (None, {}),
        ({"a": [1, 1.5, None, True, "ü"]}, {"a": [1, 1.5, None, True, "ü"]}),
        (nested(8), nested(8)),
        (nested(9), ("too_deep", "is nested too deeply (maximum is 8 levels)")),
        ({"a": "x" * 20_000}, ("too_large", "is too large (maximum is 16384 bytes)")),
        ([], ("not_an_object", "must be an object")),
        ("{}", ("not_an_object", "must be an object")),
        ({"a": "NUL\0"}, INVALID),
        ({"NUL\0": 1}, INVALID),
        ({"a": 2**53 + 1}, INVALID),
        ({"a": 10**400}, INVALID),
        (json.loads('{"a": 1e400}'), INVALID),
        (json.loads('{"a": 1e300}'), INVALID),
        (json.loads('{"a": NaN}'), INVALID),
    ],
)
def test_metadata(value, expected):
    assert outcome(Metadata(), value) == expected


MEMBERS = {"count": StrictInteger(), "note": StrictString(required=False, allow_null=True)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], []),
        ([{"count": 1}], [{"count": 1}]),
        (
            [{"count": "2", "note": ""}, {"count": 3, "note": "a"}],
            [{"count": 2, "note": None}, {"count": 3, "note": "a"}],
        ),
    ],
)
def test_a_list_of_objects_has_what_is_declared(value, expected):
    assert StrictObjects(members=MEMBERS).run_validation(value) == expected


@pytest.mark.parametrize(
    ("value", "symbol", "at", "told"),
    [
        ({}, "not_a_list_of_objects", (), None),
        (["a"], "not_an_object", (0,), "a"),
        ([{"count": 1}, {}], "blank", (1, "count"), None),
        ([{"count": 1.5}], "not_an_integer", (0, "count"), 1.5),
        ([{"count": 1, "other": 2}], "not_allowed", (0, "other"), 2),
        ([None], "blank", (0,), None),
    ],
)
def test_what_is_wrong_inside_of_a_list_is_found(value, symbol, at, told):
    with pytest.raises(InvalidValue) as refusal:
        StrictObjects(members=MEMBERS).run_validation(value)

    assert (refusal.value.symbol, refusal.value.at, refusal.value.value) == (symbol, at, told)


def test_an_object_within_an_object_is_pointed_at_by_the_whole_way():
    field = StrictObject(members={"inner": StrictObjects(members=MEMBERS)})

    with pytest.raises(InvalidValue) as refusal:
        field.run_validation({"inner": [{"count": True}]})

    assert (refusal.value.at, refusal.value.value) == (("inner", 0, "count"), True)
