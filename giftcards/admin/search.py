"""Finding cards by what people have in hand. Each way uses an index; none looks inside a code."""

from django.db.models import Q, QuerySet

from giftcards.code_format import possible_suffixes
from giftcards.codes import digests
from giftcards.models import GiftCard
from kernel.modes import Mode
from recipients.models import GiftCardRecipient

# In every index that searching uses, the mode stands first.
BOTH_MODES = Q(mode__in=Mode.values)


def cards_with_code(text: str) -> QuerySet[GiftCard]:
    """By the whole code: at most one card in each mode."""
    return GiftCard.objects.filter(BOTH_MODES, code_digest__in=digests(text.strip()))


def cards_matching(term: str, cards: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
    """By last four characters of the code, recipient's e-mail or reference, each whole."""
    text = term.strip()
    recipients = GiftCardRecipient.objects.filter(BOTH_MODES).with_email(text)
    found = Q(reference=text) | Q(gift_card_recipient__in=list(recipients))
    endings = possible_suffixes(text)
    if endings:
        found |= Q(code_last_four__in={*endings, text.upper(), text.lower()})
    return cards.filter(BOTH_MODES, found)
