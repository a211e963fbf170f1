"""Loaded by schemathesis, which knows the document and nothing else: what it is told besides.

`EXAMPLES` has ids by resource type. Half of the good requests are about one of them, for a made-up id leads
to 404; and a good request names in its body what it names in its address, and a currency that there is.
"""

import json
import os
import re
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData, UnsupportedMethodResponse

EXAMPLES: dict[str, list[str]] = json.loads(os.environ["EXAMPLES"])
BEYOND_SCHEMAS = {
    409: {"CONFLICT"},  # names that are taken
    422: {"VALIDATION_ERROR"},  # the business's own rules
    423: {"LOCKED"},
    400: {
        "INVALID_FILTER_VALUE",  # dates that no calendar has, parts of codes
        "INVALID_PAGE_VALUE",  # cursors that are none
        "INVALID_PAGE_OBJECT",  # cursors and page numbers together
        "INVALID_SORT_CRITERIA",  # up and down at once
        "FILTER_NOT_ALLOWED",  # ways of more than one relationship, which the document does not spell out
    },
}
"""Refusals, by status and code, of requests that no schema can call wrong."""

PLAUSIBLE = {"currency_code": "EUR", "time_zone": "Europe/Berlin", "locale": "de_DE"}
"""In the place of other texts, of which nearly every one would be refused and the rest of its request too."""

counted = iter(range(10**9))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if not is_good(case):
        return
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f"request {next(counted)}"
    if "id" in (case.path_parameters or {}) and next(counted) % 2:
        known = EXAMPLES.get(case.path.split("/")[1])
        if known:
            case.path_parameters["id"] = known[next(counted) % len(known)]
    data = case.body.get("data") if isinstance(case.body, dict) else None
    if isinstance(data, dict) and "relationships" not in case.path:
        if "id" in data:
            data["id"] = case.path_parameters["id"]
        attributes = data.get("attributes", {})
        attributes |= {name: text for name, text in PLAUSIBLE.items() if attributes.get(name)}
        for each in data.get("relationships", {}).values():
            name_examples(each.get("data"))
    elif data:
        name_examples(data)


def name_examples(linkage: Any) -> None:
    for each in linkage if isinstance(linkage, list) else [linkage]:
        known = EXAMPLES.get(each["type"]) if each else None
        if known:
            each["id"] = known[next(counted) % len(known)]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """False for what is no failure."""
    if isinstance(failure, RejectedPositiveData):
        return not codes_of(response) <= BEYOND_SCHEMAS.get(response.status_code, set())
    if isinstance(failure, UnsupportedMethodResponse | AllowHeaderMismatch):
        # JSON:API wants 403 for writing to a relationship that is read only, which the document leaves out.
        # Which kind of body has come is asked before.
        known = {403, 405, 415}
        return re.search(r"/relationships/\w+$", case.path) is None or response.status_code not in known
    if isinstance(failure, AcceptedNegativeData):
        # One field without a name is written like no fields at all.
        return not re.search(r"fields%5B\w+%5D=(&|$)", response.request.url)
    return True


def is_good(case: Any) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


def codes_of(response: Any) -> set[str]:
    return {error["code"] for error in response.json()["errors"]}
