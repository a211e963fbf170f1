"""Error objects: one per problem, every one with a stable `code`, a `title` and a `detail`.

The codes are those of the contract (§3) where it names one; the others follow its manner. A `Rejection`
carries error objects to the edge; `api.exceptions` turns every other exception into one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.refusals import Invalid

STATUS_AND_TITLE: Final[Mapping[str, tuple[int, str]]] = {
    "BAD_REQUEST": (400, "Bad request"),
    "FILTER_NOT_ALLOWED": (400, "Filter not allowed"),
    "INVALID_FIELD": (400, "Invalid field"),
    "INVALID_FILTERS_SYNTAX": (400, "Invalid filters syntax"),
    "INVALID_FILTER_VALUE": (400, "Invalid filter value"),
    "INVALID_IDEMPOTENCY_KEY": (400, "Invalid idempotency key"),
    "INVALID_INCLUDE": (400, "Invalid include"),
    "INVALID_PAGE_OBJECT": (400, "Invalid page object"),
    "INVALID_PAGE_VALUE": (400, "Invalid page value"),
    "INVALID_RESOURCE": (400, "Invalid resource"),
    "INVALID_SORT_CRITERIA": (400, "Invalid sort criteria"),
    "PARAM_MISSING": (400, "Param missing"),
    "PARAM_NOT_ALLOWED": (400, "Param not allowed"),
    "INVALID_TOKEN": (401, "Invalid token"),
    "UNAUTHORIZED": (403, "Access denied"),
    "RECORD_NOT_FOUND": (404, "Record not found"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "NOT_ACCEPTABLE": (406, "Not acceptable"),
    "CONFLICT": (409, "Conflict"),
    "IDEMPOTENCY_KEY_IN_USE": (409, "Idempotency key in use"),
    "IDEMPOTENT_ANSWER_GONE": (409, "Answer gone"),
    "KEY_NOT_INCLUDED_IN_URL": (409, "Key is not included in URL"),
    "TYPE_MISMATCH": (409, "Type mismatch"),
    "PAYLOAD_TOO_LARGE": (413, "Payload too large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported media type"),
    "IDEMPOTENCY_KEY_REUSED": (422, "Idempotency key reused"),
    "VALIDATION_ERROR": (422, "Validation error"),
    "LOCKED": (423, "Locked"),
    "THROTTLED": (429, "Too many requests"),
    "INTERNAL_SERVER_ERROR": (500, "Internal server error"),
    "SERVICE_UNAVAILABLE": (503, "Service unavailable"),
}

LONGEST_ECHO: Final = 255
"""Characters of a refused value that come back in `meta.value`; nobody needs a megabyte of his own input."""


@dataclass(frozen=True, slots=True)
class ErrorObject:
    status: int
    code: str
    title: str
    detail: str
    source: Mapping[str, str] | None = None
    meta: Mapping[str, Any] | None = None
    type_of_problem: str | None = None
    """An address that identifies the problem, where a profile gives it one."""

    def as_json(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
            "status": str(self.status),
        }
        if self.source:
            members["source"] = dict(self.source)
        if self.meta:
            members["meta"] = dict(self.meta)
        if self.type_of_problem:
            members["links"] = {"type": self.type_of_problem}
        return members


class Rejection(Exception):
    """A request that is answered by error objects, all of them at once."""

    def __init__(self, *errors: ErrorObject, headers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(error.detail for error in errors))
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The common status of the errors; 400 or 500 where they differ, as JSON:API recommends."""
        statuses = {error.status for error in self.errors}
        if len(statuses) == 1:
            return statuses.pop()
        return 500 if any(status >= 500 for status in statuses) else 400


def error(
    code: str,
    detail: str,
    *,
    status: int | None = None,
    pointer: str | None = None,
    parameter: str | None = None,
    header: str | None = None,
    meta: Mapping[str, Any] | None = None,
    type_of_problem: str | None = None,
) -> ErrorObject:
    """An error object with the title of its code, and its status unless told otherwise."""
    usual_status, title = STATUS_AND_TITLE[code]
    source = {"pointer": pointer, "parameter": parameter, "header": header}
    return ErrorObject(
        status=status or usual_status,
        code=code,
        title=title,
        detail=detail,
        source={key: value for key, value in source.items() if value is not None},
        meta=meta,
        type_of_problem=type_of_problem,
    )


def validation_error(refusal: Invalid, *, about: str, value: object, pointer: str | None) -> ErrorObject:
    """A 422 as the contract words it: `title` is the sentence, `detail` is "<attribute> - <title>".

    `meta.attribute` and `meta.message` are what spraypaint reads; the others are the contract's.
    """
    meta: dict[str, Any] = {"error": refusal.error, "value": echo(value)}
    if refusal.count is not None:
        meta["count"] = refusal.count
    return ErrorObject(
        status=422,
        code="VALIDATION_ERROR",
        title=refusal.message,
        detail=f"{about} - {refusal.message}",
        source=None if pointer is None else {"pointer": pointer},
        meta=meta | {"attribute": about, "message": refusal.message},
    )


def echo(value: object) -> object:
    """What of a refused value may be shown again: scalars of a bearable length."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else None
    if isinstance(value, dict | list | tuple | set):
        return None
    text = str(value)
    return text if len(text) <= LONGEST_ECHO and text.isprintable() else None


def pointer(*steps: str) -> str:
    """A JSON Pointer (RFC 6901) to a member of the request document."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def brief(name: object) -> str:
    """A name out of a request as it may stand in a sentence."""
    text = str(name)
    return text if len(text) <= 100 else text[:100] + "…"
