"""schemathesis reads the document of a running service and holds the service to it: no server error, no
status and no shape that the document does not tell of, nothing refused that it allows, nothing taken that it
forbids.

Every request is the same each time. `SCHEMATHESIS=long ./dev test tests/openapi -s` makes many more, others
each time, and follows what one answer leads to.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from giftcards.models import Attachment
from giftcards.operations import create_attachment
from tests.fixtures.cast import TEST, a_draft, an_inactive_card
from tests.isolation.scene import things
from tests.server import a_key, server

__all__ = ["server"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LONG: Final = os.environ.get("SCHEMATHESIS") == "long"
HERE: Final = Path(__file__).parent
SCHEMATHESIS: Final = Path(sys.executable).with_name("schemathesis")
THOROUGHLY: Final = (
    "gift_cards_(create|add_to_tags)|gift_card_payments_create|gift_card_lookups_create|"
    "markets_update|tags_(list|create|delete)"
)
PROFILES: Final = {
    # Every limit of every schema of the routes that differ most.
    "limits": ["--phases=coverage", f"--include-operation-id-regex=^({THOROUGHLY})$"],
    # A few made-up requests to every route.
    "samples": ["--phases=fuzzing", "--max-examples=2"],
}
LONG_PROFILES: Final = {"everything": ["--phases=coverage,fuzzing,stateful", "--max-examples=50"]}


@pytest.mark.parametrize("profile", LONG_PROFILES if LONG else PROFILES)
def test_the_service_does_what_the_document_says(server, tmp_path, profile):
    run = subprocess.run(
        [
            *(SCHEMATHESIS, "--no-color", "run", f"{server.address}/api/openapi.json"),
            *(f"--header=Authorization: Bearer {a_key()}", "--continue-on-failure"),
            *([] if LONG else ["--generation-deterministic"]),
            *(LONG_PROFILES if LONG else PROFILES)[profile],
        ],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(HERE),
            "EXAMPLES": json.dumps(examples()),
        },
        cwd=tmp_path,
        stdout=None if LONG else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    told = run.stdout or ""
    assert run.returncode == 0, told[-20_000:]
    assert LONG or sum(map(int, re.findall(r"(\d+) generated", told))) > 100, told


def examples() -> dict[str, list[str]]:
    """Some ids of each type; cards in several statuses, so that triggers find theirs."""
    scene = things("alpha", by=TEST, email="ada@example.com")
    ids = {name: [str(key)] for name, key in {**scene.ids, **scene.money}.items()}
    ids["gift_cards"] += [str(a_draft().id), str(an_inactive_card().id)]
    note: Attachment = create_attachment(caller=TEST, name="note", attachable=scene.card)
    return ids | {"attachments": [str(note.id)]}
