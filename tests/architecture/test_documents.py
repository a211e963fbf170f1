"""What the documents name is there."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.server import ROOT

DOCUMENTS: Final = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda document: str(document.relative_to(ROOT))
)
LINK: Final = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
FILE: Final = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|txt|md|html))`")
SETTING: Final = re.compile(r"GIFTCARDS_[A-Z_]+[A-Z]")


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_and_names_of_files_lead_somewhere(document):
    text = document.read_text()

    for target, anchor in LINK.findall(text):
        found = (document.parent / target).resolve() if target else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"
    for name in FILE.findall(text):
        assert (ROOT / name).exists(), name


def test_the_guide_names_every_variable_of_the_environment_that_is_read_and_no_other():
    read = {
        name
        for file in (ROOT / "config").glob("*.py")
        for name in re.findall(r'(?:environ\.get|flag|secret|whole_number)\("(\w+)"', file.read_text())
    }
    (table,) = re.findall(r"## Settings\n(.+?)\n## ", (ROOT / "docs/operations.md").read_text(), re.DOTALL)

    assert {name for name in read if name.startswith("GIFTCARDS_")} == set(SETTING.findall(table))
    assert "DATABASE_URL" in table
