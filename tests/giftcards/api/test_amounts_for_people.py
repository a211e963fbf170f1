"""An amount's other two faces: a float of major units, and a text in the market's locale."""

import pytest

from tests.fixtures.cast import a_draft, a_market, an_active_card
from tests.giftcards.api.documents import of_card

pytestmark = pytest.mark.django_db

NO_BREAK = "\u00a0"
NARROW = "\u202f"

WORDED = [
    ("USD", "en_US", 123_450, 1_234.5, "$1,234.50"),
    ("USD", "de_DE", 123_450, 1_234.5, f"1.234,50{NO_BREAK}$"),
    ("EUR", "it_IT", 123_450, 1_234.5, f"1.234,50{NO_BREAK}€"),
    ("EUR", "fr_FR", 123_450, 1_234.5, f"1{NARROW}234,50{NO_BREAK}€"),
    ("EUR", "en-IE", 5, 0.05, "€0.05"),
    ("JPY", "en_US", 123_450, 123_450.0, "¥123,450"),
    ("JPY", "de_DE", 123_450, 123_450.0, f"123.450{NO_BREAK}¥"),
    ("KWD", "en_US", 123_450, 123.45, "KWD123.450"),
    ("KWD", "de_DE", 1, 0.001, f"0,001{NO_BREAK}KWD"),
    ("CLF", "en_US", 123_450, 12.345, "CLF12.3450"),
    # Babel alone would show no decimals for these two.
    ("IQD", "en_US", 123_450, 123.45, "IQD123.450"),
    ("HUF", "en_US", 123_450, 1_234.5, "HUF1,234.50"),
    ("USD", "en_US", 0, 0.0, "$0.00"),
    ("USD", "en_US", 10**13, 1e11, "$100,000,000,000.00"),
]


def worded(cents, major, text, currency_code):
    """Every attribute that shows this amount in one of its faces, on a card worth it and at its maximum."""
    return {
        "currency_code": currency_code,
        "initial_balance_cents": cents,
        "initial_balance_float": major,
        "formatted_initial_balance": text,
        "balance_cents": cents,
        "balance_float": major,
        "formatted_balance": text,
        "balance_max_cents": cents,
        "balance_max_float": major,
        "formatted_balance_max": text,
    }


@pytest.mark.parametrize(("currency", "locale", "cents", "major", "text"), WORDED)
class TestAmounts:
    def test_are_worded_in_the_markets_locale(self, api, currency, locale, cents, major, text):
        market = a_market(currency_code=currency, locale=locale)
        card = a_draft(market=market, balance_cents=cents, balance_max_cents=cents)

        answer = api.get(f"gift_cards/{card.pk}")

        assert answer.document == of_card(card, **worded(cents, major, text, currency))

    def test_are_worded_in_the_settings_locale_without_a_market(
        self, api, settings, currency, locale, cents, major, text
    ):
        settings.GIFTCARDS_DEFAULT_LOCALE = locale
        card = a_draft(currency_code=currency, balance_cents=cents, balance_max_cents=cents)

        answer = api.get(f"gift_cards/{card.pk}")

        assert answer.document == of_card(card, **worded(cents, major, text, currency))


def test_each_face_shows_its_own_amount(api):
    card = an_active_card(balance_cents=10_000, balance_max_cents=20_000)

    answer = api.update(f"gift_cards/{card.pk}", _balance_change_cents=-3_333)

    shown = answer.document["data"]["attributes"]
    assert [shown[name] for name in ("initial_balance_float", "balance_float", "balance_max_float")] == [
        100.0,
        66.67,
        200.0,
    ]
    assert [
        shown[name] for name in ("formatted_initial_balance", "formatted_balance", "formatted_balance_max")
    ] == ["$100.00", "$66.67", "$200.00"]
