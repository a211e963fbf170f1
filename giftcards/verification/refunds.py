"""A card's refunds: each gives back an earlier debit or capture, all of one together no more than it took."""

from collections import Counter
from collections.abc import Iterator, Sequence

from giftcards.models import Kind
from giftcards.models.ledger import SPENDING
from giftcards.verification.lies import Lie, Row


def lies_in_refunds(card: Row, entries: Sequence[Row]) -> Iterator[Lie]:
    spent = {entry["sequence"]: entry for entry in entries if entry["kind"] in SPENDING}
    given_back: Counter[int] = Counter()
    for entry in entries:
        number, original = entry["sequence"], entry["original_sequence"]
        if entry["kind"] != Kind.REFUND:
            if original is not None:
                yield Lie(card["id"], f"it is a {entry['kind']} and gives back entry {original}", number)
        elif original not in spent or original > number:
            yield Lie(card["id"], f"it gives back entry {original}, which took nothing before it", number)
        else:
            given_back[original] += entry["amount_cents"]
            if entry["payment_id"] != spent[original]["payment_id"]:
                yield Lie(card["id"], f"it is of another payment than entry {original}", number)
    for number, amount in given_back.items():
        if amount > (taken := -spent[number]["amount_cents"]):
            yield Lie(card["id"], f"{amount} given back of {taken}", number)
