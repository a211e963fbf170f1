"""/store/gift-cards/:code: what a customer's code is worth.

Whatever can't be spent is answered like a code that was never given, after the same statements. Tries are
counted like those of `gift_card_lookups`, here by address alone: nobody shows a key that is his own.
"""

from django.http import HttpRequest, HttpResponse

from api.client_address import client_address
from giftcards.api.code_tries import Asker, admit, count_failure
from giftcards.lookups import usable_cards
from giftcards.queries import available_balances
from kernel.caller import Caller
from kernel.secret import Secret
from medusa.answers import MissingCard, answer
from medusa.callers import shopper
from medusa.documents import region


def get_gift_card(request: HttpRequest, code: str) -> HttpResponse:
    caller = shopper(request)
    asker = _asker(request, caller)
    admit(asker)
    card = usable_cards([Secret(code)], caller).select_related("market").first()
    if card is None:
        count_failure(asker)
        raise MissingCard("code", code)
    shown = {
        "id": str(card.pk),
        "code": card.code().reveal(),
        "value": card.initial_balance_cents,
        "balance": available_balances([card.pk])[card.pk],
        "region": None if card.market is None else region(card.market),
    }
    return answer({"gift_card": shown})


def _asker(request: HttpRequest, caller: Caller) -> Asker:
    address = f"{caller.mode.value} {client_address(request)}"
    return Asker(key=address, address=address, mode=f"all {caller.mode.value}")
