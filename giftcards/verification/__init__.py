"""Recomputing the whole ledger: a balance is believed only when its entries, chain and events all agree.

Checked for every card:
1. its entries are numbered 1…n without gaps, and its row stands at the last of them;
2. each balance is the one before plus the amount, the first entry is the issue of the face value;
3. each hash follows from the entry's content and its predecessor, and the row carries the last one;
4. card, entries and events agree on mode, card and entries on currency;
5. its events are numbered without gaps, move only as the state machine allows, tell each entry once with its
   amount and balance, and end in the card's status;
6. no entry is left behind without its card.
"""

from giftcards.verification.lies import Lie
from giftcards.verification.run import verify_ledger

__all__ = ["Lie", "verify_ledger"]
