"""Asking the service in this process, and looking at every answer for what is not the asker's."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.test import Client

from api.declaration import Declaration
from kernel.keys import uuid7
from tests.fixtures.client import MEDIA_TYPE
from tests.isolation.everything import Case


class Asker:
    """One client for all requests of a test: to make one costs more than most requests."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.client = Client()

    def ask(self, method: str, address: str, document: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {"accept": MEDIA_TYPE, "authorization": self.case.client.authorization, **headers}
        content = b"" if document is None else json.dumps(document).encode()
        answer = self.client.generic(method.upper(), f"/api/{address}", content, MEDIA_TYPE, headers=sent)
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def get(self, address: str, **query: str) -> Any:
        """The document of a list, or of anything; whatever it is, it shows nothing of theirs."""
        status, document = self.ask("get", _with(address, query))
        assert status == 200, (address, query, document)
        assert self.case.leaks(document) == set(), (address, query)
        return document

    def every(self, address: str, **query: str) -> list[Any]:
        """All resources of a list, page by page."""
        found: list[Any] = []
        for number in range(1, 100):
            document = self.get(address, **query, **{"page[size]": "25", "page[number]": str(number)})
            found += document["data"]
            if number >= document["meta"]["page_count"]:
                assert document["meta"]["record_count"] == len(found)
                break
        return found

    def mine(self, resource_type: str) -> str:
        _, document = self.ask("get", f"{resource_type}?sort=id")
        identifier: str = document["data"][0]["id"]
        return identifier

    def answers_alike(self, method: str, address: str, document: Any, theirs: UUID) -> tuple[int, Any]:
        """Their id is answered like one that was never given, to the letter."""
        nobodys = str(uuid7())
        known = self.ask(method, address, document)
        asked = json.dumps([address, document]).replace(str(theirs), nobodys)
        unknown = self.ask(method, *json.loads(asked))
        same = json.loads(json.dumps(unknown).replace(nobodys, str(theirs)))
        assert [*known] == same, (method, address, document)
        return known


def _with(address: str, query: dict[str, str]) -> str:
    return "&".join([f"{address}?", *(f"{key}={value}" for key, value in query.items())]).replace("?&", "?")


def include_paths(declaration: Declaration, depth: int) -> Iterator[str]:
    for name, relationship in declaration.relationships.items():
        if relationship.includable:
            yield name
            if depth > 1:
                yield from (f"{name}.{path}" for path in include_paths(relationship.target, depth - 1))
