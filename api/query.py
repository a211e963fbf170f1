"""The query string, read on every verb: what is not understood is refused, never ignored.

    include=market,gift_card_recipient   fields[markets]=name   sort=-created_at   page[number]=2
    filter[q][…]=…

JSON:API keeps lower-case family names for itself, so an unknown one is an error; names with any other
character are the clients' own and pass. `sort`, `page` and `filter` belong to lists: on anything else they
are refused too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NoReturn, TypeAlias

from django.http import HttpRequest, QueryDict

from api.cursors import UNSUPPORTED_SORT, CursorPage
from api.declaration import Declaration
from api.errors import Rejection, brief, error
from api.paging import Page, read_cursor_page, read_page
from api.query_strings import is_worth_keeping, query_string
from api.shapes import Order

Include: TypeAlias = tuple[tuple[str, "Include"], ...]
Tree: TypeAlias = dict[str, "Tree"]
SparseFields: TypeAlias = tuple[tuple[str, frozenset[str]], ...]

DEPTH: Final = 3
FIELDS_KEY: Final = re.compile(r"fields\[([^\[\]]+)\]")
LONGEST_PREDICATE: Final = 255
PREDICATE_KEY: Final = re.compile(rf"filter\[q\]\[([^\[\]]{{1,{LONGEST_PREDICATE}}})\]")
TIME_RANGE: Final = re.compile(r"(\w+_at)_(?:lt|lteq|gt|gteq)")
IDENTITY: Final = frozenset({"id", "type"})
"""Clients list these in sparse fields; a resource always has them."""


@dataclass(frozen=True, slots=True)
class Query:
    include: Include = ()
    include_asked: bool = False
    fields: SparseFields = ()
    order: Order = ("pk",)
    page: Page | CursorPage = field(default_factory=Page)
    predicates: tuple[tuple[str, str], ...] = ()


def query_of(request: HttpRequest, declaration: Declaration, **about: bool) -> Query:
    """`read_query` of a request; what clients ask again and again is read once."""
    text = query_string(request)
    if is_worth_keeping(text):
        return _known_query(text, declaration, **about)
    return read_query(request.GET, declaration, **about)


@lru_cache(maxsize=512)
def _known_query(text: str, declaration: Declaration, **about: bool) -> Query:
    return read_query(QueryDict(text.encode("iso-8859-1")), declaration, **about)


def read_query(
    parameters: QueryDict,
    declaration: Declaration,
    *,
    is_list: bool,
    is_linkage: bool = False,
    by_cursor: bool = False,
) -> Query:
    """What the client asks of resources of this declaration: a list of them, one, or only linkage to them."""
    families = _by_family(parameters)
    included = families.get("include", {})
    if included and is_linkage:
        refuse("INVALID_INCLUDE", "A relationship's own address includes nothing.", "include")
    predicates = _predicates(
        _only_in_lists(families.get("filter", {}), "FILTER_NOT_ALLOWED", is_list=is_list)
    )
    criteria = _sort(families.get("sort", {}), declaration, is_list=is_list)
    order = _order(criteria or (_newest_first(predicates, declaration),), declaration)
    page = _only_in_lists(families.get("page", {}), "INVALID_PAGE_OBJECT", is_list=is_list)
    return Query(
        include=_include(included.get("include", ""), declaration),
        include_asked=bool(included),
        fields=_fields(families.get("fields", {}), declaration.family),
        order=order,
        page=read_cursor_page(page, order, declaration.type) if by_cursor else read_page(page),
        predicates=predicates,
    )


FAMILIES: Final = {
    "include": re.compile(r"include"),
    "fields": FIELDS_KEY,
    "sort": re.compile(r"sort"),
    "page": re.compile(r"page.*", re.DOTALL),
    "filter": re.compile(r"filter.*", re.DOTALL),
}
CODES: Final = {"include": "INVALID_INCLUDE", "fields": "INVALID_FIELD", "sort": "INVALID_SORT_CRITERIA"}


def _by_family(parameters: QueryDict) -> dict[str, dict[str, str]]:
    families: dict[str, dict[str, str]] = {}
    for key, values in parameters.lists():
        family = key.partition("[")[0]
        if family not in FAMILIES:
            if re.fullmatch(r"[a-z]*", family):
                refuse("PARAM_NOT_ALLOWED", f"{brief(key)} is not allowed.", key)
            continue
        if not FAMILIES[family].fullmatch(key):
            refuse(CODES[family], f"{brief(key)} is not a parameter of this service.", key)
        if len(values) > 1:
            refuse(CODES.get(family, "BAD_REQUEST"), f"{brief(key)} is given more than once.", key)
        families.setdefault(family, {})[key] = values[0]
    return families


def _only_in_lists(parameters: dict[str, str], code: str, *, is_list: bool) -> dict[str, str]:
    if parameters and not is_list:
        key = next(iter(parameters))
        refuse(code, f"{brief(key)} is only allowed where a list is read.", key)
    return parameters


def _include(text: str, declaration: Declaration) -> Include:
    tree: Tree = {}
    for path in text.split(",") if text else ():
        steps = path.split(".")
        if len(steps) > DEPTH:
            refuse("INVALID_INCLUDE", f"{brief(path)} is too deep (maximum is {DEPTH} levels).", "include")
        branch, at = tree, declaration
        for step in steps:
            relationship = at.relationships.get(step)
            if relationship is None or not relationship.includable:
                refuse(
                    "INVALID_INCLUDE", f"{brief(path)} can't be included in {declaration.type}.", "include"
                )
            branch, at = branch.setdefault(step, {}), relationship.target
    return _frozen(tree)


def _frozen(tree: Tree) -> Include:
    return tuple((name, _frozen(tree[name])) for name in sorted(tree))


def _fields(parameters: dict[str, str], types: Mapping[str, Declaration]) -> SparseFields:
    chosen = []
    for key, text in sorted(parameters.items()):
        declaration = types.get(key[len("fields[") : -1])
        if declaration is None:
            refuse("INVALID_FIELD", f"{brief(key)} names no resource type that can be read here.", key)
        names = frozenset(text.split(",")) if text else frozenset()
        unknown = sorted(names - declaration.readable.keys() - declaration.relationships.keys() - IDENTITY)
        if unknown:
            refuse("INVALID_FIELD", f"{brief(unknown[0])} is not a field of {declaration.type}.", key)
        chosen.append((declaration.type, names - IDENTITY))
    return tuple(chosen)


def _sort(parameters: dict[str, str], declaration: Declaration, *, is_list: bool) -> tuple[str, ...]:
    _only_in_lists(parameters, "INVALID_SORT_CRITERIA", is_list=is_list)
    if "sort" not in parameters:
        return ()
    criteria = tuple(parameters["sort"].split(","))
    names = [criterion.removeprefix("-") for criterion in criteria]
    for name in names:
        if name not in declaration.sortable:
            detail = f"{declaration.type} can't be sorted by {brief(name)}."
            raise Rejection(
                error("INVALID_SORT_CRITERIA", detail, parameter="sort", type_of_problem=UNSUPPORTED_SORT)
            )
        if names.count(name) > 1:
            refuse("INVALID_SORT_CRITERIA", f"{name} is given more than once.", "sort")
    return criteria


def _predicates(parameters: dict[str, str]) -> tuple[tuple[str, str], ...]:
    predicates = []
    for key, value in parameters.items():
        match = PREDICATE_KEY.fullmatch(key)
        if match is None:
            refuse(
                "INVALID_FILTERS_SYNTAX", f"{brief(key)} is not written filter[q][attribute_matcher].", key
            )
        predicates.append((match[1], value))
    return tuple(predicates)


def refuse(code: str, detail: str, parameter: str) -> NoReturn:
    raise Rejection(error(code, detail, parameter=parameter))


def _newest_first(predicates: Iterable[tuple[str, str]], declaration: Declaration) -> str:
    """By the key, since keys are in order of time. But by the time itself where a range of it is asked for:
    in its index those rows lie side by side, whereas by their keys all that are newer come first."""
    for predicate, _ in predicates:
        match = TIME_RANGE.fullmatch(predicate)
        if match and match[1] in declaration.sortable and declaration.column_of(match[1]) == "created_at":
            return f"-{match[1]}"
    return "-id"


def _order(criteria: Sequence[str], declaration: Declaration) -> Order:
    """The key decides ties, so that pages don't overlap."""
    descending = criteria[-1].startswith("-")
    columns = [
        ("-" if criterion.startswith("-") else "") + declaration.column_of(criterion.removeprefix("-"))
        for criterion in criteria
    ]
    keys = [index for index, column in enumerate(columns) if column.removeprefix("-") == "pk"]
    return tuple(columns[: keys[0] + 1]) if keys else (*columns, "-pk" if descending else "pk")
