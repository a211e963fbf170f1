from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.server import server

__all__ = ["server"]

Torture = Callable[..., "tuple[str, str]"]


@pytest.fixture
def torture(tmp_path: Path) -> Torture:
    """Runs the command; what it printed, and the sentence with which it failed, or nothing."""

    def run(url: str | None, key: str, **options: Any) -> tuple[str, str]:
        printed, failure = StringIO(), ""
        small = {"connections": 4, "rounds": 1, "seed": 1, "patience": 20, "log": tmp_path / "log"}
        if "check" in options:
            small = {}
        try:
            call_command(
                "torture", url=url, key=key, stdout=printed, stderr=StringIO(), **{**small, **options}
            )
        except CommandError as error:
            failure = str(error)
        return printed.getvalue(), failure

    return run
