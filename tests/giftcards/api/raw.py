"""Requests whose bytes matter, headers included: what no JSON library would write."""

import json

from django.test import Client

from tests.fixtures.client import MEDIA_TYPE, Answer, ApiClient


def send_raw(api: ApiClient, method: str, path: str, body: str | bytes, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    content_type = headers.pop("content_type", MEDIA_TYPE)
    # Among the headers: without a body the test client drops its own, which real clients don't.
    sent = {"accept": MEDIA_TYPE, "authorization": api.authorization, "content-type": content_type, **headers}
    response = Client(raise_request_exception=False).generic(
        method, f"/api/{path}", content, content_type, headers=sent
    )
    assert response.headers["Content-Type"] == MEDIA_TYPE
    return Answer(response.status_code, json.loads(response.content), response.headers)
