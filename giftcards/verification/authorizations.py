"""A card's authorizations: what is held is there, each resolves once, and a capture takes what it was told
to."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from giftcards.models import AuthorizationStatus, Kind
from giftcards.verification.lies import Flaw, Lie, Row, flaws_in_numbers


def lies_in_authorizations(
    card: Row,
    entries: Sequence[Row],
    authorizations: Sequence[Row],
    events_of: Mapping[UUID, Sequence[Row]],
) -> Iterator[Lie]:
    yield from _lies_in_what_is_held(card, authorizations)
    ids = {each["id"] for each in authorizations}
    yield from _lies_in_captures(card, entries, ids)
    yield from _lies_in_events_of_card(card, ids, events_of.get(card["id"], ()))
    for authorization in authorizations:
        captures = [entry for entry in entries if entry["authorization_id"] == authorization["id"]]
        flaws = (
            *_flaws_in_row(card, authorization, captures),
            *_flaws_in_story(authorization, events_of.get(authorization["id"], ())),
        )
        for text, number in flaws:
            yield Lie(card["id"], f"its authorization {authorization['id']}: {text}", number)


def _lies_in_what_is_held(card: Row, authorizations: Sequence[Row]) -> Iterator[Lie]:
    held = sum(each["amount_cents"] for each in authorizations if each["status"] == AuthorizationStatus.OPEN)
    if card["authorized_cents"] != held:
        yield Lie(
            card["id"],
            f"it says that {card['authorized_cents']} are held, its open authorizations hold {held}",
        )
    if held > card["balance_cents"]:
        yield Lie(card["id"], f"{held} are held of a balance of {card['balance_cents']}")


def _lies_in_captures(card: Row, entries: Sequence[Row], ids: set[UUID]) -> Iterator[Lie]:
    for entry in entries:
        if (entry["kind"] == Kind.CAPTURE) != (entry["authorization_id"] in ids):
            yield Lie(
                card["id"], "captures name an authorization of the card, others none", entry["sequence"]
            )


def _lies_in_events_of_card(card: Row, ids: set[UUID], events: Sequence[Row]) -> Iterator[Lie]:
    """A hold that was taken away, its own events with it, is still told of by its card."""
    there = {None, *map(str, ids)}
    for event in events:
        if (told := event["data"].get("authorization_id")) not in there:
            text = f"{event['topic']} tells of authorization {told}, which is not there"
            yield Lie(card["id"], text, event["sequence"])


def _flaws_in_row(card: Row, authorization: Row, captures: Sequence[Row]) -> Iterator[Flaw]:
    captured = authorization["captured_amount_cents"]
    if (authorization["mode"], authorization["currency_code"]) != (card["mode"], card["currency_code"]):
        yield "its mode or currency is not the card's", None
    if captured > authorization["amount_cents"]:
        yield f"{captured} captured of {authorization['amount_cents']}", None
    if (captured > 0) != (authorization["status"] == AuthorizationStatus.CAPTURED):
        yield f"it is {authorization['status']} with {captured} captured", None
    taken = [-entry["amount_cents"] for entry in captures]
    if taken != ([captured] if captured else []):
        yield f"{captured} captured, its entries take {taken}", None


def _flaws_in_story(authorization: Row, events: Sequence[Row]) -> Iterator[Flaw]:
    """Created open, changed while nobody minds, resolved at most once and so for ever."""
    yield from flaws_in_numbers(events, authorization["mode"])
    status = AuthorizationStatus.OPEN.value
    for event in events:
        after = event["data"].get("status")
        if status not in {after, AuthorizationStatus.OPEN}:
            yield f"{event['topic']} cannot take it from {status} to {after}", event["sequence"]
        status = after
        if event["data"].get("amount_cents") != authorization["amount_cents"]:
            yield "the event tells another amount", event["sequence"]
    last = events[-1]["data"] if events else {}
    told = (last.get("status"), last.get("captured_amount_cents"))
    if told != (authorization["status"], authorization["captured_amount_cents"]):
        yield f"it is {authorization['status']}, its events end in {told[0]}, or tell another capture", None
