"""Query parameters that are not understood: 400 by name, on every verb, before anything happens."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.fixtures.cast import a_draft, as_stored
from tests.giftcards.api.documents import errors, problem

pytestmark = pytest.mark.django_db

TITLES = {
    "FILTER_NOT_ALLOWED": "Filter not allowed",
    "INVALID_FIELD": "Invalid field",
    "INVALID_FILTERS_SYNTAX": "Invalid filters syntax",
    "INVALID_FILTER_VALUE": "Invalid filter value",
    "INVALID_INCLUDE": "Invalid include",
    "INVALID_PAGE_OBJECT": "Invalid page object",
    "INVALID_PAGE_VALUE": "Invalid page value",
    "INVALID_SORT_CRITERIA": "Invalid sort criteria",
    "PARAM_NOT_ALLOWED": "Param not allowed",
}
PROFILE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
SIZE = "page[size] must be a whole number from 1 to 25."
NUMBER = "page[number] must be a whole number from 1 to 1000000000."

ANYWHERE: list[tuple[str, str, str, str]] = [
    ("include", "owner", "INVALID_INCLUDE", "owner can't be included in gift_cards."),
    ("include", "market.owner", "INVALID_INCLUDE", "market.owner can't be included in gift_cards."),
    ("include", "market,", "INVALID_INCLUDE", " can't be included in gift_cards."),
    ("include", "status", "INVALID_INCLUDE", "status can't be included in gift_cards."),
    ("include", "a.b.c.d", "INVALID_INCLUDE", "a.b.c.d is too deep (maximum is 3 levels)."),
    ("fields[gift_cards]", "sattus", "INVALID_FIELD", "sattus is not a field of gift_cards."),
    ("fields[gift_cards]", "_purchase", "INVALID_FIELD", "_purchase is not a field of gift_cards."),
    ("fields[gift_cards]", "code_digest", "INVALID_FIELD", "code_digest is not a field of gift_cards."),
    ("fields[orders]", "id", "INVALID_FIELD", "fields[orders] names no resource type that can be read here."),
    ("fields", "status", "INVALID_FIELD", "fields is not a parameter of this service."),
    ("unknown", "1", "PARAM_NOT_ALLOWED", "unknown is not allowed."),
    ("limit", "1", "PARAM_NOT_ALLOWED", "limit is not allowed."),
]
IN_LISTS: list[tuple[str, str, str, str]] = [
    ("sort", "sattus", "INVALID_SORT_CRITERIA", "gift_cards can't be sorted by sattus."),
    ("sort", "code", "INVALID_SORT_CRITERIA", "gift_cards can't be sorted by code."),
    ("sort", "--status", "INVALID_SORT_CRITERIA", "gift_cards can't be sorted by -status."),
    ("sort", "", "INVALID_SORT_CRITERIA", "gift_cards can't be sorted by ."),
    ("sort", "status,-status", "INVALID_SORT_CRITERIA", "status is given more than once."),
    *(("page[size]", size, "INVALID_PAGE_VALUE", SIZE) for size in ("0", "26", "-1", "1.0", "x", "", "٣")),
    *(
        ("page[number]", number, "INVALID_PAGE_VALUE", NUMBER)
        for number in ("0", "-1", "x", "", "99999999999")
    ),
    ("page[offset]", "1", "INVALID_PAGE_OBJECT", "page[offset] is neither page[number] nor page[size]."),
    ("page", "1", "INVALID_PAGE_OBJECT", "page is neither page[number] nor page[size]."),
    *(
        ("filter[q][" + name + "]", "1", "FILTER_NOT_ALLOWED", f"{name} is not a filter of gift_cards.")
        for name in (
            "nothing_eq",
            "status",
            "status_is",
            "balance_cents_cont",
            "single_use_gt",
            "metadata_eq",
            "code_not_eq",
            "code_lt",
            "code_null",
            "code_i_cont",
            "code_digest_eq",
            "code_last_four_eq",
            "balance_float_eq",
            "formatted_balance_eq",
            "balance_log_null",
            "recipient_email_eq",
            "market_eq",
            "market_mode_eq",
            "owner_name_eq",
            "status_or_nothing_eq",
            "status_or_balance_cents_cont",
            "market_gift_cards_code_eq",
            "status__in",
            "_eq",
        )
    ),
    *(
        (
            "filter[q][" + name + "]",
            value,
            "INVALID_FILTER_VALUE",
            f"{name} can't be compared with this value.",
        )
        for name, value in [
            ("balance_cents_eq", "1e3"),
            ("balance_cents_eq", "1.0"),
            ("balance_cents_eq", ""),
            ("balance_cents_gt", "x"),
            ("balance_cents_in", "1,x"),
            ("balance_cents_eq", str(10**30)),
            ("single_use_eq", "yes"),
            ("status_eq", "sold"),
            ("status_in", "active,sold"),
            ("expires_at_lt", "tomorrow"),
            ("created_at_gteq", "2031-02-30"),
            ("expires_at_null", "maybe"),
            ("id_eq", "7"),
            ("id_in", "7,8"),
            ("market_id_eq", "berlin"),
            ("metadata_jcont", "[]"),
            ("metadata_jcont", "{"),
            ("code_start", "short"),
            ("code_end", "12345"),
            ("code_end", "nul\0"),
            ("code_cont", "nul\0"),
            ("code_or_reference_cont", "nul\0"),
            ("reference_eq", "nul\0"),
            ("gift_card_recipient_email_or_code_cont", "nul\0"),
        ]
    ),
    *(
        (name, "1", "INVALID_FILTERS_SYNTAX", f"{name} is not written filter[q][attribute_matcher].")
        for name in (
            "filter",
            "filter[status]",
            "filter[q]",
            "filter[q][]",
            "filter[status_eq]",
            "filter[q][a][b]",
        )
    ),
]


def ids(rows: list[Any]) -> list[str]:
    return [f"{row[0]}={row[1]!r:.20}" for row in rows]


def refusal(name: str, code: str, detail: str) -> Any:
    return errors(problem(400, code, TITLES[code], detail, parameter=name))


def in_the_words_of_the_profile(name: str, value: str, document: Any) -> Any:
    """What the cursor pagination profile adds to two of its errors, on every list."""
    (error,) = document["errors"]
    if (name, value) == ("page[size]", "26"):
        error |= {"links": {"type": f"{PROFILE}/max-size-exceeded"}, "meta": {"page": {"maxSize": 25}}}
    if "can't be sorted by" in error["detail"]:
        error |= {"links": {"type": f"{PROFILE}/unsupported-sort"}}
    return document


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"), [*ANYWHERE, *IN_LISTS], ids=ids([*ANYWHERE, *IN_LISTS])
)
class TestAListThatAsksForWhatThereIsNot:
    def test_is_refused(self, api, name, value, code, detail):
        answer = api.get(f"gift_cards?{quote(name)}={quote(value)}")

        expected = in_the_words_of_the_profile(name, value, refusal(name, code, detail))
        assert (answer.status, answer.document) == (400, expected)


@pytest.mark.parametrize(("name", "value", "code", "detail"), ANYWHERE, ids=ids(ANYWHERE))
class TestAnyOtherVerbThatAsksForWhatThereIsNot:
    def test_is_refused_before_anything_happens(self, api, name, value, code, detail):
        card = a_draft()
        before = as_stored(card.pk)
        about = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_purchase": True}}

        for method, document in (("GET", None), ("PATCH", {"data": about}), ("DELETE", None)):
            answer = api.send(method, f"gift_cards/{card.pk}?{quote(name)}={quote(value)}", document)
            assert (answer.status, answer.document) == (400, refusal(name, code, detail))

        assert as_stored(card.pk) == before


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("sort", "status", "INVALID_SORT_CRITERIA"),
        ("page[size]", "5", "INVALID_PAGE_OBJECT"),
        ("filter[q][status_eq]", "draft", "FILTER_NOT_ALLOWED"),
    ],
)
def test_one_card_is_not_sorted_paged_or_filtered(api, name, value, code):
    card = a_draft()
    detail = f"{name} is only allowed where a list is read."

    for method in ("GET", "DELETE"):
        answer = api.send(method, f"gift_cards/{card.pk}?{quote(name)}={quote(value)}")
        assert (answer.status, answer.document) == (400, refusal(name, code, detail))


@pytest.mark.parametrize("name", ["sort", "include", "page[size]", "filter[q][status_eq]"])
def test_a_parameter_is_given_once(api, name):
    answer = api.get(f"gift_cards?{quote(name)}=1&{quote(name)}=2")

    assert (answer.status, answer.error["detail"]) == (400, f"{name} is given more than once.")
    assert answer.error["source"] == {"parameter": name}
