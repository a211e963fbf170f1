"""The wire knows nothing of gift cards: its own tests pass in a tree with nothing but wire and kernel."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import api

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("api", "config", "kernel", "pyproject.toml")
KEPT_FIXTURES = ("fixtures/races.py", "fixtures/locks.py")
KEPT_TESTS = ("api", "library", "schema", "conftest.py", "emptying.py", "settings.py", *KEPT_FIXTURES)
SETTINGS = """
from tests.settings import *
from tests.settings import DATABASES

INSTALLED_APPS = [
    *(f"django.contrib.{app}" for app in ("admin", "auth", "contenttypes", "sessions", "messages")),
    *("rest_framework", "django_filters", "kernel", "api", "tests.library"),
]
AUTH_USER_MODEL = "auth.User"
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None}
THEME = UNFOLD = LOGGING = {}
DATABASES["default"]["TEST"] = {"NAME": "test_the_wire_alone"}
"""


def copy(name: str, folder: Path) -> None:
    source, target = ROOT / name, folder / name
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def test_its_package_tells_what_each_module_is_about():
    rows = [line for line in (api.__doc__ or "").splitlines() if line.startswith("| ")][1:]
    told = {name for row in rows for name in re.findall(r"\w+", row.split("|")[2])}
    modules = {path.stem for path in Path(ROOT, "api").glob("*.py")} - {"__init__", "apps", "models"}

    assert told == modules | {"openapi"}


@pytest.mark.slow
def test_its_tests_pass_without_anything_of_the_business(tmp_path):
    for name in (*KEPT, *(f"tests/{kept}" for kept in KEPT_TESTS)):
        copy(name, tmp_path)
    Path(tmp_path, "tests", "alone.py").write_text(SETTINGS)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/api", "-q", "-x", "--create-db", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.alone", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert not Path(tmp_path, "giftcards").exists()
