"""Amounts are integers; what a person reads has as many decimals as the money has."""

from decimal import Decimal

import pytest
from babel import Locale, localedata
from babel.numbers import parse_pattern
from hypothesis import given
from hypothesis import strategies as st

from giftcards.money import exponent, format_amount, to_float

NARROW, WIDE = "\u202f", "\xa0"


@pytest.mark.parametrize(
    ("currency_code", "decimals"),
    [
        ("JPY", 0),
        ("USD", 2),
        ("EUR", 2),
        ("HUF", 2),
        ("KWD", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("MRU", 2),
        ("ISK", 0),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency_code, decimals):
    assert exponent(currency_code) == decimals


@pytest.mark.parametrize("currency_code", ["XYZ", "usd", "XAU", "US"])
def test_what_is_no_money_has_no_decimals(currency_code):
    with pytest.raises(ValueError, match=currency_code):
        exponent(currency_code)


@pytest.mark.parametrize(
    ("amount_cents", "currency_code", "amount"),
    [
        (0, "USD", 0.0),
        (1, "USD", 0.01),
        (123_450, "USD", 1234.5),
        (1, "JPY", 1.0),
        (1, "KWD", 0.001),
        (1, "CLF", 0.0001),
        (-5, "USD", -0.05),
        (10**13, "USD", 100_000_000_000.0),
        (10**13, "JPY", 10_000_000_000_000.0),
        (10**13 + 1, "USD", 100_000_000_000.01),
        (10**13 + 1, "CLF", 1_000_000_000.0001),
        (2**63, "USD", 92_233_720_368_547_758.08),
    ],
)
def test_a_float_is_the_nearest_to_the_exact_amount(amount_cents, currency_code, amount):
    assert to_float(amount_cents, currency_code) == amount


@given(amount_cents=st.integers(0, 10**13), currency_code=st.sampled_from(["JPY", "USD", "KWD", "CLF"]))
def test_a_float_leads_back_to_the_very_amount(amount_cents, currency_code):
    assert round(to_float(amount_cents, currency_code) * 10 ** exponent(currency_code)) == amount_cents


@pytest.mark.parametrize(
    ("amount_cents", "currency_code", "locale", "text"),
    [
        (0, "USD", "en_US", "$0.00"),
        (1, "USD", "en_US", "$0.01"),
        (123_450, "USD", "en_US", "$1,234.50"),
        (123_450, "USD", "en-US", "$1,234.50"),
        (-5, "USD", "en_US", "-$0.05"),
        (123_450, "EUR", "de_DE", f"1.234,50{WIDE}€"),
        (123_450, "EUR", "fr_FR", f"1{NARROW}234,50{WIDE}€"),
        (123_450, "CHF", "de_CH", f"CHF{WIDE}1\u2019234.50"),
        (1_234_500_000, "INR", "en_IN", "₹1,23,45,000.00"),
        (1_234, "JPY", "ja_JP", "￥1,234"),
        (1_234, "JPY", "en_US", "¥1,234"),
        (1_234, "KWD", "de_DE", f"1,234{WIDE}KWD"),
        (1, "CLF", "de_DE", f"0,0001{WIDE}CLF"),
        (10**13, "USD", "en_US", "$100,000,000,000.00"),
        (10**13 + 1, "USD", "en_US", "$100,000,000,000.01"),
        (2**63, "USD", "en_US", "$92,233,720,368,547,758.08"),
    ],
)
def test_an_amount_is_worded_for_a_person(amount_cents, currency_code, locale, text):
    assert format_amount(amount_cents, currency_code, locale) == text


@pytest.mark.parametrize(
    ("currency_code", "decimals"),
    # Those for which Babel's own table says otherwise: people round them in cash, the account does not.
    [
        ("HUF", 2),
        ("CLF", 4),
        ("TWD", 2),
        ("IDR", 2),
        ("COP", 2),
        ("PKR", 2),
        ("UYW", 4),
        ("IQD", 3),
        ("LBP", 2),
    ],
)
@pytest.mark.parametrize("locale", ["en_US", "de_DE", "hu_HU", "es_CO"])
def test_no_cent_is_hidden_where_babel_would_round(currency_code, decimals, locale):
    shown = [format_amount(amount, currency_code, locale) for amount in range(1, 4)]

    assert len(set(shown)) == 3
    digits = "".join(character for character in shown[0] if character.isdigit())
    assert digits == "0" * decimals + "1"


@given(
    one=st.integers(0, 10**13),
    other=st.integers(0, 10**13),
    currency_code=st.sampled_from(["JPY", "USD", "KWD", "CLF", "HUF"]),
    locale=st.sampled_from(["en_US", "de_CH", "hi_IN", "ar_EG", "pt_BR"]),
)
def test_two_amounts_never_look_the_same(one, other, currency_code, locale):
    same = format_amount(one, currency_code, locale) == format_amount(other, currency_code, locale)

    assert same is (one == other)


def test_every_language_is_worded_as_babel_does():
    """Babel is asked once for each locale and currency, not for each amount."""
    languages = [locale for locale in localedata.locale_identifiers() if "_" not in locale]
    for locale in [*languages, "de_CH", "en_IN", "es_AR", "pt_PT"]:
        for amount_cents, currency_code in ((0, "USD"), (-99, "KWD"), (1_234_567_890, "EUR")):
            worded = format_amount(amount_cents, currency_code, locale)
            assert worded == _by_babel(amount_cents, currency_code, locale), (locale, currency_code)


def _by_babel(amount_cents, currency_code, locale):
    babel_locale, decimals = Locale.parse(locale), exponent(currency_code)
    pattern = parse_pattern(babel_locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    amount = Decimal(amount_cents).scaleb(-decimals)
    return pattern.apply(amount, babel_locale, currency=currency_code, currency_digits=False)
