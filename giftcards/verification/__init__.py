"""Recomputing the whole ledger: a balance is believed only when its entries, chain and events all agree.

Checked for every card:
1. its entries are numbered 1…n without gaps, and its row stands at the last of them;
2. each balance is the one before plus the amount, the first entry is the issue of the face value;
3. each hash follows from the entry's content and its predecessor, and the row carries the last one;
4. card, entries and events agree on mode, card and entries on currency;
5. its events are numbered without gaps, move only as the state machine allows, tell each entry once with its
   amount and balance, and end in the card's status;
6. what its open authorizations hold is what its row says, and at most its balance; each authorization is
   resolved at most once, captures at most what it held, and one entry took exactly that;
7. a refund gives back an earlier debit or capture of the same card, all refunds of one no more than it took;
8. events of authorizations have no gaps and end in what their row says.

Of every payment: its entries are of its mode and currency, took from each card once and together its amount
(at most that of a partial one), gave back no more, and its events have no gaps and tell the same; it has one
share of each card, of what it took from it and for its own order.

Of every order: its lines sell the cards that name them, as many and for as much as its first event tells; its
cards and payments are of its mode and currency; its events have no gaps and end in what its row says; and
what was paid for it was given back if it was cancelled.

No entry and no authorization is left behind without its card, no entry without its payment, and no event of
what posted an entry, held, paid or sold without what it tells of. What refers to a market or a recipient is
held by the database alone, and so is "one effect for each idempotency key". Not seen: an expiry that was
moved, and the last events of a card if they told of no entry and moved no status, and who did what for which
reason in an event: these two by a copy of the heads only (giftcards.heads).
"""

from giftcards.verification.lies import Lie
from giftcards.verification.run import verify_ledger

__all__ = ["Lie", "verify_ledger"]
