"""`filter[q][code_…]` tells whether there is a code, as a look-up does, for the same scope. So whoever is not
shown codes may guess as little by one as by the other."""

import pytest
from django.db import connection

from access.scopes import Scope
from giftcards import codes
from giftcards.api.code_tries import FAILURES, TRIES
from giftcards.models import GiftCard
from giftcards.operations import debit
from kernel.secret import Secret
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.client import api_client
from tests.medusa.asking import the_shop

pytestmark = pytest.mark.django_db

CODE = "A-CODE-OF-SOMEBODY"
GUESSES = [f"A-GUESS-{number}" for number in range(9)]
READING = [Scope.READ]


def counted(window):
    """For the key, the address and, of failures, the mode: the same number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT number FROM api_throttlecount WHERE scope = %s", [window.scope])
        numbers = [number for (number,) in cursor.fetchall()]
    assert len(numbers) < 2
    return numbers[0] if numbers else 0


@pytest.fixture
def api():
    an_active_card(code=CODE, reference="here")
    return api_client(scopes=READING)


def search(api, query, path="gift_cards"):
    return api.get(f"{path}?filter[q][{query}")


@pytest.mark.parametrize(
    ("query", "tries", "failures"),
    [
        (f"code_eq]={CODE}", 1, 0),
        ("code_eq]=A-GUESS-0", 1, 1),
        ("code_start]=A-CODE-O", 1, 0),
        ("code_start]=A-GUESS-", 1, 1),
        ("code_cont]=A-GUESS-", 1, 1),
        ("reference_or_code_cont]=A-GUESS-", 1, 1),
        (f"code_in]={CODE}", 1, 0),
        (f"code_in]={','.join(GUESSES)}", 9, 9),
        (f"code_in]={','.join([CODE, *GUESSES])}", 10, 9),
        (f"reference_or_code_in]={','.join(['here', *GUESSES])}", 10, 10),
        (f"code_eq]={CODE}&page[number]=2", 1, 1),
        ("code_eq]=A-GUESS-0&page[number]=2", 1, 1),
        ("code_eq]=A-GUESS-0&sort=id&page[after]=", 0, 0),
        # Codes that came from Medusa may have any length.
        ("code_eq]=GC-7", 1, 1),
        ("code_in]=GC-7,GC-8", 2, 2),
        # What is no guess at a code.
        ("code_end]=BODY", 0, 0),
        ("code_cont]=BODY", 0, 0),
        ("code_cont]=ada", 0, 0),
        ("reference_eq]=A-GUESS-0", 0, 0),
        ("balance_cents_gt]=1", 0, 0),
    ],
)
def test_each_code_that_is_searched_for_is_a_try_and_each_that_is_not_there_a_failure(
    api, query, tries, failures
):
    search(api, query)

    assert (counted(TRIES), counted(FAILURES)) == (tries, failures)


def test_a_short_code_is_found_by_searches_that_count_alone():
    card = an_active_card(code=CODE)
    sealed = codes.seal(Secret("GC-7"), card_id=card.pk)
    GiftCard.objects.filter(pk=card.pk).update(code_digest=sealed.digest, code_last_four=sealed.last_four)
    api = api_client(scopes=READING)

    for matcher, number in {"eq": 1, "in": 1, "cont": 0}.items():
        assert len(search(api, f"code_{matcher}]=GC-7").document["data"]) == number, matcher


@pytest.mark.parametrize("path", ["gift_card_transactions", "gift_card_authorizations"])
def test_through_a_relationship_it_is_the_same(api, path):
    search(api, f"gift_card_code_in]={','.join(GUESSES)}", path)

    assert (counted(TRIES), counted(FAILURES)) == (9, 9)


def test_rows_of_one_known_card_hide_no_guesses(api):
    card = an_active_card(code="KNOWN-CODE")
    for _ in GUESSES:
        debit(caller=TEST, card_id=card.pk, amount_cents=1)
    search(api, f"gift_card_code_in]={','.join(['KNOWN-CODE', *GUESSES])}", "gift_card_transactions")

    assert counted(FAILURES) == 9


def test_a_card_beyond_the_keys_markets_is_not_there(settings):
    an_active_card(code=CODE, market=a_market(code="berlin"))
    a_market(code="paris")
    search(api_client(scopes=READING, market_codes=["paris"]), f"code_in]={CODE}")

    assert counted(FAILURES) == 1


def test_a_key_searches_for_so_many_in_a_minute(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 3

    assert [search(api, f"code_eq]={CODE}").status for _ in range(3)] == [200] * 3
    refused = search(api, f"code_eq]={CODE}")
    assert (refused.status, refused.error["code"]) == (429, "THROTTLED")
    assert int(refused.headers["Retry-After"]) in range(50, 61)
    assert api.create("gift_card_lookups", code=CODE).status == 429
    assert search(api, "status_eq]=active").status == 200


def test_whoever_guesses_is_held_back(api, settings):
    settings.GIFTCARDS_CODE_FAILURES = 6
    settings.GIFTCARDS_CODE_FAILURES_OF_ONE = 3
    for guess in GUESSES[:6]:
        assert search(api, f"code_eq]={guess}").document["data"] == []

    assert search(api, f"code_eq]={CODE}").status == 429


def test_whoever_is_shown_codes_searches_as_often_as_he_likes(settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 1
    shown = api_client(scopes=[Scope.READ, Scope.REVEAL_CODES])

    an_active_card(code=CODE)

    assert [search(shown, f"code_eq]={guess}").status for guess in GUESSES] == [200] * 9
    assert search(shown, f"code_in]={','.join([CODE, *GUESSES])}").status == 200
    assert (counted(TRIES), counted(FAILURES)) == (0, 0)


@pytest.mark.parametrize(("q", "tries", "failures"), [(CODE, 1, 0), ("A-GUESS-0", 1, 1), ("BODY", 0, 0)])
def test_medusas_search_counts_too(api, q, tries, failures):
    shop = the_shop(scopes=READING)

    assert shop.get(f"/admin/gift-cards?q={q}").status == 200
    assert (counted(TRIES), counted(FAILURES)) == (tries, failures)


def test_medusas_search_is_refused_beyond(api, settings):
    settings.GIFTCARDS_CODE_TRIES_PER_KEY = 1
    shop = the_shop(scopes=READING)

    assert [shop.get(f"/admin/gift-cards?q={CODE}").status for _ in range(2)] == [200, 429]
