"""The server's figures stand in three places, and are the same."""

import re
from runpy import run_path

from tests.server import GRANIAN, ROOT


def test_the_guide_starts_the_server_with_as_many_processes_and_threads_as_we_do():
    own = run_path(str(ROOT / "dev"))["SERVER"].split()
    (documented,) = re.findall(r"granian (.+) config.wsgi", (ROOT / "docs/operations.md").read_text())

    (threads,) = (each for each in own if each.startswith("--blocking-threads="))
    (workers,) = (each for each in own if each.startswith("--workers="))
    assert set(own) <= set(GRANIAN)
    guide = set(re.sub(r"(--\S+) (\w+)", r"\1=\2", documented).split())
    assert {threads, workers, "--respawn-failed-workers"} <= guide <= set(own)
