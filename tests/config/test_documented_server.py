"""The server's figures stand in four places, and are the same."""

import re
from runpy import run_path

from tests.server import GRANIAN, ROOT


def test_each_thread_of_a_server_process_has_a_connection_and_the_guide_says_so(settings):
    own = run_path(str(ROOT / "dev"))["SERVER"].split()
    (documented,) = re.findall(r"granian (.+) config.wsgi", (ROOT / "docs/operations.md").read_text())

    threads = f"--blocking-threads={settings.SERVER_THREADS}"
    assert threads in own
    assert set(own) <= set(GRANIAN)
    guide = set(re.sub(r"(--\S+) (\w+)", r"\1=\2", documented).split())
    assert {threads, "--respawn-failed-workers"} <= guide <= set(own)
