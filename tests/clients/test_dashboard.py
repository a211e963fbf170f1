"""The dashboard's requests: sent by either version of its SDK they are those of the table, and however they
are sent they get the table's answers, whole."""

import json
import re
from string import Template
from typing import Any

import pytest

from tests.clients.dashboard import CASES, Case, Scene
from tests.clients.official_clients import Node
from tests.clients.tap import Noted, Tap
from tests.fixtures.cast import as_stored
from tests.fixtures.client import ROOT
from tests.server import a_key

pytestmark = pytest.mark.django_db(transaction=True)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def comparable(document: Any) -> Any:
    """The document with any time for any other, and what is included in one order: JSON:API gives it none."""
    same = json.loads(TIME.sub("a time", json.dumps(document)))
    if "included" in same:
        same["included"].sort(key=lambda each: (each["type"], each["id"]))
    return same


def requested(case: Case, scene: Scene) -> tuple[str, str, Any]:
    filled = Template(json.dumps([f"/api/{case.target}", case.body])).substitute(scene.ids)
    target, body = json.loads(filled)
    return case.method, target, body


def sent(noted: Noted) -> tuple[str, str, Any]:
    return noted.method, noted.target, json.loads(noted.sent) if noted.sent else None


def assert_answered_as_recorded(tap: Tap, scene: Scene) -> None:
    for case, noted in zip(CASES, tap.noted, strict=True):
        text = noted.content.decode().replace(f"{tap.address}/api", ROOT)
        target = requested(case, scene)[1].removeprefix("/api/")
        assert noted.status == case.status, case.name
        assert comparable(json.loads(text)) == comparable(case.document(scene, target)), case.name


def created_id(tap: Tap) -> str:
    where = [case.name for case in CASES].index("a new card")
    key: str = json.loads(tap.noted[where].content)["data"]["id"]
    return key


def test_the_sdk_sends_what_is_recorded(node: Node, tap: Tap, sdk: str, scene: Scene):
    node.drive("dashboard", tap, sdk=sdk, key=a_key(), **scene.ids)

    scene.ids["created"] = created_id(tap)
    assert [sent(each) for each in tap.noted] == [requested(case, scene) for case in CASES]
    assert_answered_as_recorded(tap, scene)


def test_what_is_recorded_is_answered_without_any_sdk(tap: Tap, scene: Scene):
    with tap.server.caller(a_key()) as caller:
        for case in CASES:
            method, target, content = requested(case, scene)
            before = as_stored(scene.edited.id)
            caller.request(method, f"{tap.address}{target}", content=content and json.dumps(content))
            if case.name == "a new card":
                scene.ids["created"] = created_id(tap)
            if "edit form" in case.name:
                assert as_stored(scene.edited.id) == before, case.name

    assert_answered_as_recorded(tap, scene)
