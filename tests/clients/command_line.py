"""The vendor's command line, unmodified, in a home of its own.

Its plugins are linked, as its own `plugins:link` writes that down: installing them would ask a registry.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.clients.official_clients import PACKAGES, Node
from tests.clients.tls_server import TlsServer
from tests.server import PATIENCE

PLUGINS: Final = ("resources", "triggers")
COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Printed(NamedTuple):
    status: int
    text: str
    complaint: str

    @property
    def document(self) -> Any:
        """What `--json` prints, before a sentence for people."""
        assert self.status == 0, self.complaint
        document, _end = json.JSONDecoder().raw_decode(self.text)
        return document


@dataclass(frozen=True)
class CommandLine:
    node: Node
    server: TlsServer
    home: Path

    def link_plugins(self) -> None:
        linked = []
        for plugin in PLUGINS:
            name = f"@commercelayer/cli-plugin-{plugin}"
            linked.append({"type": "link", "name": name, "root": str(PACKAGES / name)})
        manifest = {"private": True, "oclif": {"schema": 1, "plugins": linked}, "dependencies": {}}
        (self.home / "data").mkdir()
        (self.home / "data" / "package.json").write_text(json.dumps(manifest))

    def run(self, *words: object) -> Printed:
        program = PACKAGES / "@commercelayer" / "cli" / "bin" / "run"
        finished = subprocess.run(
            [self.node.node, program, *map(str, words)],
            cwd=self.home,
            env={
                "PATH": os.defpath,
                "HOME": str(self.home),
                "XDG_CONFIG_HOME": str(self.home / "config"),
                "COMMERCELAYER_DATA_DIR": str(self.home / "data"),
                "COMMERCELAYER_CONFIG_DIR": str(self.home / "config"),
                "COMMERCELAYER_CACHE_DIR": str(self.home / "cache"),
                "NO_UPDATE_NOTIFIER": "1",
                **self.server.environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        text, complaint = (COLOURS.sub("", each).strip() for each in (finished.stdout, finished.stderr))
        return Printed(finished.returncode, text, complaint)

    def token_file(self) -> Path:
        (file,) = (self.home / "config" / "applications").glob("*.token.json")
        return file
