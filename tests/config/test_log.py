"""A refused host is told in a line: whoever scans the internet would fill the log with tracebacks."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of Django's loggers writes."""
    handler = next(each for each in logging.getLogger("django").handlers if each.name == "stderr")
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    if before is not None:
        handler.setStream(before)


@override_settings(ALLOWED_HOSTS=["shop.example"])
def test_a_foreign_host_is_one_line_of_the_log(log: io.StringIO) -> None:
    answer = Client().get("/api/gift_cards", headers={"host": "192.0.2.7"})

    assert answer.status_code == 400
    (line,) = log.getvalue().splitlines()
    assert "ERROR django.security.DisallowedHost: Invalid HTTP_HOST header: '192.0.2.7'." in line
