import pytest

from kernel.refusals import Invalid, InvalidSet
from kernel.validation import (
    DEEPEST_JSON,
    LARGEST_JSON,
    LARGEST_JSON_NUMBER,
    RESOURCE_CHECKS,
    boolean,
    changed_attributes,
    checked,
    json_object,
    optional_text,
    required_text,
)


def nested(levels):
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize("blank", [None, "", "  ", "\t\n"])
def test_a_required_text_is_not_blank(blank):
    with pytest.raises(Invalid, match="name can't be blank") as refusal:
        required_text("name", blank)

    assert refusal.value.error == "blank"


@pytest.mark.parametrize("empty", [None, ""])
def test_an_emptied_optional_text_is_null(empty):
    assert optional_text("reference", empty) is None


@pytest.mark.parametrize("unstorable", ["a\x00b", "\ud800", "x\udfff"])
def test_a_text_that_postgresql_cannot_hold_is_refused(unstorable):
    with pytest.raises(Invalid, match="NUL character or half a surrogate pair"):
        optional_text("reference", unstorable)


def test_a_text_of_255_characters_is_kept_and_a_longer_one_refused():
    assert optional_text("reference", "é" * 255) == "é" * 255
    with pytest.raises(Invalid, match=r"is too long \(maximum is 255 characters\)") as refusal:
        optional_text("reference", "é" * 256)

    assert refusal.value.count == 255


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": 1}])
def test_text_is_text(value):
    with pytest.raises(Invalid, match="must be a string"):
        optional_text("reference", value)


@pytest.mark.parametrize("value", [None, 0, 1, "true", []])
def test_a_boolean_is_true_or_false(value):
    with pytest.raises(Invalid, match="is not included in the list"):
        boolean("private", value)


def test_null_empties_metadata():
    assert json_object("metadata", None) == {}


@pytest.mark.parametrize("value", [[], "", "{}", 0, [{"a": 1}]])
def test_metadata_is_an_object(value):
    with pytest.raises(Invalid, match="must be an object"):
        json_object("metadata", value)


@pytest.mark.parametrize(
    "value",
    [{"a": "\x00"}, {"\x00": 1}, {"a": [{"b": "\ud800"}]}, {"a": float("nan")}, {"a": [float("-inf")]}],
)
def test_metadata_that_postgresql_cannot_hold_is_refused(value):
    with pytest.raises(Invalid, match="can't contain"):
        json_object("metadata", value)


def test_a_backslash_and_the_letters_of_a_nul_escape_are_harmless():
    assert json_object("metadata", {"a": "\\u0000"}) == {"a": "\\u0000"}


@pytest.mark.parametrize("number", [LARGEST_JSON_NUMBER + 1, -LARGEST_JSON_NUMBER - 1, 10**30, 1e17, -1e300])
def test_a_number_in_metadata_comes_back_as_it_went_in(number):
    assert json_object("metadata", {"a": [LARGEST_JSON_NUMBER, 0.1]}) == {"a": [2**53, 0.1]}
    with pytest.raises(Invalid, match="or numbers beyond 9007199254740992"):
        json_object("metadata", {"a": [number]})


def test_metadata_is_nested_only_so_deep():
    assert json_object("metadata", nested(DEEPEST_JSON)) == nested(DEEPEST_JSON)
    for too_deep in (nested(DEEPEST_JSON + 1), nested(100_000)):
        with pytest.raises(Invalid, match=r"nested too deeply \(maximum is 8 levels\)") as refusal:
            json_object("metadata", too_deep)
        assert (refusal.value.error, refusal.value.count) == ("too_deep", 8)


def test_metadata_is_only_so_large():
    around = len('{"a":"é"}'.encode()) - len("é".encode())
    largest = {"a": "é" * ((LARGEST_JSON - around) // 2)}
    assert json_object("metadata", largest) == largest
    with pytest.raises(Invalid, match=r"too large \(maximum is 16384 bytes\)") as refusal:
        json_object("metadata", {"a": largest["a"] + "é"})
    assert (refusal.value.error, refusal.value.count) == ("too_large", 16_384)


def test_all_refused_values_are_named_at_once():
    with pytest.raises(InvalidSet) as refusals:
        checked({"reference": 1, "reference_origin": "shop", "metadata": []}, RESOURCE_CHECKS)

    assert [refusal.about for refusal in refusals.value.refusals] == ["reference", "metadata"]


def test_in_metadata_one_and_true_differ():
    class Holder:
        metadata = {"a": 1}
        name = "same"

    assert changed_attributes(Holder(), {"metadata": {"a": True}, "name": "same"}) == ["metadata"]
