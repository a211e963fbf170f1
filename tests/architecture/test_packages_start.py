"""A package that imports models before there are apps fails in whichever process imports it first, and not in
this one, where everything has long been imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(config.name for config in apps.get_app_configs() if Path(config.path) == ROOT / config.name)


def fresh(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("package", OURS)
def test_a_package_is_imported_before_there_are_apps(package):
    result = fresh(f"import {package}, {package}.apps")
    assert (result.returncode, result.stderr) == (0, "")


def test_all_apps_get_ready_in_a_fresh_process():
    result = fresh("import django; django.setup()")
    assert (result.returncode, result.stderr) == (0, "")
    assert {"kernel", "events", "giftcards"} <= set(OURS)


def test_an_early_import_of_models_would_be_noticed():
    assert "AppRegistryNotReady" in fresh("import giftcards.models").stderr
