"""Answers that are kept to be given again: sealed, tied to their key, and shown to nobody who may see less
than whoever got them first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse

from api.credential import Credential
from api.models import IdempotencyKey, StoredResponse
from kernel.sealing import Sealed, seal, unseal

PURPOSE: Final = "idempotent answer"
KEPT_HEADERS: Final = ("Content-Type", "Location")
PORTION: Final = 5000


@dataclass(frozen=True, slots=True)
class Answer:
    """`scopes` and `market_ids` (None: every market) are those of the credential that it was given to."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    scopes: frozenset[str]
    market_ids: frozenset[UUID] | None

    @classmethod
    def given(cls, response: HttpResponse, credential: Credential) -> Self:
        return cls(
            status=response.status_code,
            headers={name: response[name] for name in KEPT_HEADERS if name in response},
            body=response.content,
            scopes=credential.scopes,
            market_ids=credential.caller.market_ids,
        )

    def may_be_shown_to(self, credential: Credential) -> bool:
        """It may contain a code, and things of any market that the first credential reached."""
        reach = credential.caller.market_ids
        reaches = reach is None or (self.market_ids is not None and self.market_ids <= reach)
        return reaches and self.scopes <= credential.scopes

    def response(self) -> HttpResponse:
        return HttpResponse(self.body, status=self.status, headers=dict(self.headers))


def sealed(answer: Answer, key_id: UUID) -> Sealed:
    """As it is kept beside its key."""
    about = {
        "headers": answer.headers,
        "scopes": sorted(answer.scopes),
        "market_ids": None if answer.market_ids is None else sorted(map(str, answer.market_ids)),
    }
    return seal(PURPOSE, json.dumps(about).encode() + b"\n" + answer.body, belongs_to=key_id.bytes)


def answer_to(key: IdempotencyKey) -> Answer | None:
    """None if it has been pruned. Raises Unreadable."""
    stored = getattr(key, "response", None)
    if stored is None:
        return None
    kept = Sealed(bytes(stored.ciphertext), stored.key_version)
    head, _, body = unseal(PURPOSE, kept, belongs_to=key.id.bytes).partition(b"\n")
    about = json.loads(head)
    markets = about["market_ids"]
    return Answer(
        status=key.status,
        headers=about["headers"],
        body=body,
        scopes=frozenset(about["scopes"]),
        market_ids=None if markets is None else frozenset(map(UUID, markets)),
    )


def older_than(age: timedelta) -> QuerySet[StoredResponse]:
    """By the database's clock."""
    return StoredResponse.objects.filter(created_at__lt=Now() - age)


def prune(age: timedelta) -> Iterator[int]:
    """Delete what is older, a few thousand answers in each transaction; yields how many. Keys stay."""
    while True:
        oldest = older_than(age).order_by("created_at").values("pk")[:PORTION]
        deleted, _ = StoredResponse.objects.filter(pk__in=oldest).delete()
        if not deleted:
            return
        yield deleted
