"""What a process keeps for later requests has an end, whatever clients ask for."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.test_one_door import sources

WITHOUT_BOUND: Final = {
    "access/api/oauth/token_info.py": {"_needed"},
    "access/oauth/tokens.py": {"_still_counts"},
    "access/queries.py": {"_usable_keys"},
    "api/openapi/views.py": {"document", "sections", "serialized"},
    "api/requests.py": {"instances_of"},
    "api/validation.py": {"_required", "_whole_row"},
    "giftcards/models/gift_card.py": {"moves_of"},
    "giftcards/operations/drafting.py": {"_statement"},
    "giftcards/operations/posting.py": {"_statement"},
    "giftcards/wiping.py": {"wiped_models"},
    "kernel/saving.py": {"insertion", "_fields_of_new", "_names_of_new"},
    "markets/attributes.py": {"_time_zones"},
}
"""They take nothing, or one of our own models, declarations, verbs or classes."""


def decorated() -> Iterator[tuple[str, str, ast.expr]]:
    for name, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield from ((name, node.name, decorator) for decorator in node.decorator_list)


def test_only_what_we_count_ourselves_is_kept_without_a_bound():
    kept: dict[str, set[str]] = {}
    for module, function, decorator in decorated():
        if ast.unparse(decorator) in {"cache", "functools.cache"}:
            kept.setdefault(module, set()).add(function)

    assert kept == WITHOUT_BOUND


BOUNDED = [
    (f"{module}:{function}", decorator)
    for module, function, decorator in decorated()
    if "lru_cache" in ast.unparse(decorator)
]


@pytest.mark.parametrize("decorator", [each for _, each in BOUNDED], ids=[name for name, _ in BOUNDED])
def test_everything_else_has_one_that_it_says(decorator):
    assert isinstance(decorator, ast.Call), "lru_cache without a maxsize that somebody has thought of"
    ((name, bound),) = ((each.arg, ast.literal_eval(each.value)) for each in decorator.keywords)
    assert name == "maxsize"
    assert 0 < bound <= 4096
