"""The service as Medusa's client sees it: plain JSON, a key in a header, one member in each answer."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from access.operations import mint_api_key
from kernel.caller import Actor
from kernel.modes import Mode

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def told(self) -> tuple[int, Any]:
        return self.status, self.body

    @property
    def card(self) -> dict[str, Any]:
        assert self.status == 200, self.body
        return dict(self.body["gift_card"])


@dataclass(frozen=True)
class Medusa:
    """Somebody who asks; `headers` say who."""

    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = Client(raise_request_exception=False).generic(
            method, path, content, "application/json", headers={**self.headers, **headers}
        )
        if response.status_code == 401:
            assert response.headers["Content-Type"].startswith("text/plain")
            return Answer(401, response.content.decode(), response.headers)
        assert response.headers["Content-Type"] == JSON
        assert response.headers["Cache-Control"] == "no-store"
        body = json.loads(response.content) if response.content else None
        return Answer(response.status_code, body, response.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, {} if body is None else body, **headers)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path, {})

    def create(self, region: Any, **fields: Any) -> dict[str, Any]:
        given = {"region_id": str(region.pk), "value": 1000, **fields}
        return self.post("/admin/gift-cards", given).card

    def update(self, card: dict[str, Any], **fields: Any) -> Answer:
        return self.post(f"/admin/gift-cards/{card['id']}", fields)

    def read(self, card: dict[str, Any]) -> dict[str, Any]:
        return self.get(f"/admin/gift-cards/{card['id']}").card

    def list(self, query: str = "") -> list[Any]:
        return list(self.get(f"/admin/gift-cards{query}").body["gift_cards"])


def a_secret(mode: Mode = Mode.TEST, **choices: Any) -> str:
    """The text of a new key: `scopes=`, `market_codes=` as for `mint_api_key`."""
    _, secret = mint_api_key(application_name="shop", mode=mode, actor=Actor.system("tests"), **choices)
    return secret.reveal()


def the_shop(mode: Mode = Mode.TEST, **choices: Any) -> Medusa:
    return Medusa({"x-medusa-access-token": a_secret(mode, **choices)})


def refusal(kind: str, message: str) -> dict[str, str]:
    return {"type": kind, "message": message}


ANYBODY = Medusa()
