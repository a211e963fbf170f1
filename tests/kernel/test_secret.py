"""A secret shows itself to nobody who does not ask for it by name."""

import copy
import logging
import pickle

import pytest
from django.template import Context, Template
from django.views.debug import ExceptionReporter

from kernel.secret import Secret

TEXT = "gck_live_sentinel"


@pytest.mark.parametrize(
    "turned_into_text",
    [
        repr,
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: format(secret, "^40"),
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 (old formatting is tested on purpose)
        lambda secret: repr({"key": [secret]}),
        lambda secret: Template("{{ key }}").render(Context({"key": secret})),
        lambda secret: repr(getattr(secret, "__dict__", None)),
    ],
)
def test_it_hides_from_every_way_of_becoming_text(turned_into_text):
    assert TEXT not in turned_into_text(Secret(TEXT))


def test_it_hides_from_logs(caplog):
    logging.getLogger("till").warning("key %s of %r", Secret(TEXT), {"key": Secret(TEXT)})

    assert TEXT not in caplog.text


def test_it_hides_from_djangos_error_report():
    def fail(key):
        raise RuntimeError(f"no such key {key}")

    with pytest.raises(RuntimeError) as caught:
        fail(Secret("gck_live_" + "sentinel"))
    report = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_html()

    assert "no such key" in report
    assert TEXT not in report


def test_it_refuses_to_be_pickled():
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(TEXT))


def test_it_refuses_to_be_changed():
    secret = Secret(TEXT)

    with pytest.raises(AttributeError):
        secret._text = "other"
    with pytest.raises(AttributeError):
        del secret._text


def test_it_is_revealed_by_name_only():
    assert Secret(TEXT).reveal() == TEXT
    assert copy.deepcopy(Secret(TEXT)).reveal() == TEXT


def test_it_equals_a_secret_of_the_same_text_and_never_a_plain_text():
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1
