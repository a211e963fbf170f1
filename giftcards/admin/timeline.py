"""One story of a card: every event, together with the ledger entry it posted."""

from collections.abc import Mapping
from dataclasses import replace

from back_office.timeline import LATEST, Happening, Timeline, happening_of, latest_events
from events.models import Event
from giftcards.admin.wording import signed, worded
from giftcards.models import GiftCard, LedgerEntry
from giftcards.operations.issuing import ISSUED_TOPIC


def card_timeline(card: GiftCard) -> Timeline:
    """The latest 100, newest first. An entry without an event would be a mistake, and still is shown. What is
    announced to programs beside a verb is left out: people read the verb."""
    events = latest_events(card.pk)
    entries = {entry.sequence: entry for entry in card.ledger_entries.order_by("-sequence")[: LATEST + 1]}
    told = [
        (event.created_at, _told(event, entries, card)) for event in events if event.topic != ISSUED_TOPIC
    ]
    posted = {event.data.get("entry_sequence") for event in events}
    cut = len(events) > LATEST
    # Beyond the oldest event shown, entries have their events, only not on this page.
    since = events[-1].created_at if cut else None
    for sequence, entry in entries.items():
        if sequence not in posted and (since is None or entry.created_at > since):
            told.append((entry.created_at, _entry_alone(entry, card)))
    told.sort(key=lambda moment: moment[0], reverse=True)
    return Timeline([row for _, row in told[:LATEST]], is_cut=len(told) > LATEST, has_money=True)


def _told(event: Event, entries: Mapping[int, LedgerEntry], card: GiftCard) -> Happening:
    row = happening_of(event)
    entry = entries.get(event.data.get("entry_sequence", 0))
    if entry is not None:
        return _with_money(row.what, row.reason, row.detail, entry, card)
    held = event.data.get("authorized_amount_cents")
    if held is None:
        return row
    verb = "holds" if event.topic.endswith(".authorize") else "releases"
    return replace(row, detail=f"{verb} {worded(held, card)}")


def _entry_alone(entry: LedgerEntry, card: GiftCard) -> Happening:
    return _with_money(entry.get_kind_display(), entry.reason, "", entry, card)


def _with_money(what: str, reason: str, detail: str, entry: LedgerEntry, card: GiftCard) -> Happening:
    told = (
        f"entry {entry.sequence}, {entry.kind}",
        f"payment {entry.payment_id}" if entry.payment_id else "",
        detail,
    )
    return Happening(
        at=entry.created_at,
        what=what,
        actor=entry.actor_name,
        reason=reason,
        detail=" · ".join(part for part in told if part),
        amount=signed(entry.amount_cents, card),
        sign=(entry.amount_cents > 0) - (entry.amount_cents < 0),
        balance=worded(entry.balance_cents, card),
        reference=entry.reference or "",
        order_number=entry.order_number or "",
    )
