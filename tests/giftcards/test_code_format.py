"""A code is the same code however it is written down, and a slip of the pen is no code at all."""

import itertools
import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftcards import code_format, codes
from giftcards.admin.search import cards_with_code
from giftcards.code_format import (
    ALPHABET,
    MAKERS,
    canonical,
    new_grouped_16,
    new_human,
    new_uuid,
    possible_prefixes,
    prefix,
)
from giftcards.exceptions import CodeTaken
from giftcards.models import GiftCard
from markets.models import CodeFormat
from tests.fixtures.cast import a_draft, a_market
from tests.fixtures.client import api_client
from tests.fixtures.refusing import refused
from tests.giftcards.test_codes import found

HUMAN = "K7QM-X2P9-04TD-HW3C-8ZR5"
CHARACTERS = HUMAN.replace("-", "")


SHORT = "K7QM-X2P9-04TD-HW3N"


def is_human(characters: str) -> bool:
    return len(canonical(characters)) == 24


def is_short(characters: str) -> bool:
    return len(canonical(characters)) == 19


def spelled(code: str, between: str) -> str:
    return between.join(code.split("-"))


@pytest.mark.parametrize(("make", "count"), [(new_human, 5), (new_grouped_16, 4)])
def test_a_code_in_groups_has_so_many_of_four_without_look_alikes(make, count):
    made = {make().reveal() for _ in range(500)}

    assert len(made) == 500
    for code in made:
        groups = code.split("-")
        assert [len(group) for group in groups] == [4] * count
        assert set("".join(groups)) <= set(ALPHABET)
        assert canonical(code) == code
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)
    assert {character for code in made for character in code} == {*ALPHABET, "-"}


def test_nineteen_characters_are_random_and_the_last_follows_from_them():
    """95 bits: any nineteen characters begin exactly one code."""
    for code in (new_human().reveal() for _ in range(20)):
        characters = code.replace("-", "")
        assert [last for last in ALPHABET if is_human(characters[:-1] + last)] == [characters[-1]]


def test_a_shorter_code_is_random_to_its_last_character():
    """80 bits: all sixteen characters at every place begin and end a code."""
    made = [new_grouped_16().reveal().replace("-", "") for _ in range(2_000)]

    assert all({code[place] for code in made} == set(ALPHABET) for place in range(16))
    assert is_short(made[0][:-1] + "0")
    assert is_short(made[0][:-1] + "1")


@pytest.mark.parametrize(
    "spelling", [SHORT.lower(), spelled(SHORT, ""), spelled(SHORT, " "), SHORT.replace("0", "o")]
)
def test_every_spelling_of_a_shorter_code_is_the_code(spelling):
    assert canonical(spelling) == SHORT
    assert codes.digests(spelling) == codes.digests(SHORT)
    assert prefix(canonical(spelling)) == "K7QMX2P9"


def test_the_weights_of_the_places_all_differ_and_none_is_0():
    """Why every slip below is noticed, for all codes and not for those tried only: the sum is linear."""
    weights = [code_format._weighted_sum([0] * place + [1] + [0] * (19 - place)) for place in range(20)]

    assert len(set(weights)) == 20
    assert 0 not in weights


@given(values=st.lists(st.integers(0, 31), min_size=20, max_size=20), other=st.integers(1, 31))
def test_the_sum_is_linear(values, other):
    """Of the sum (exclusive or) of two codes it is the sum of theirs; and only 0 has the sum 0 at a place."""
    shifted = [value ^ other for value in values]

    total = code_format._weighted_sum(values) ^ code_format._weighted_sum([other] * 20)
    assert code_format._weighted_sum(shifted) == total
    assert code_format._times_x(other) != 0


@pytest.mark.parametrize("place", range(20))
def test_every_single_wrong_character_is_noticed(place):
    for characters in (CHARACTERS, new_human().reveal().replace("-", "")):
        for wrong in set(ALPHABET) - {characters[place]}:
            assert not is_human(characters[:place] + wrong + characters[place + 1 :])


@pytest.mark.parametrize("place", range(19))
def test_every_exchange_of_two_neighbours_is_noticed(place):
    """For every pair of different characters at these two places."""
    for one, other in itertools.permutations(ALPHABET, 2):
        values = [code_format.VALUES[each] for each in CHARACTERS]
        values[place : place + 2] = code_format.VALUES[one], code_format.VALUES[other]
        before = code_format._weighted_sum(values)
        values[place : place + 2] = code_format.VALUES[other], code_format.VALUES[one]
        assert code_format._weighted_sum(values) != before


def test_a_missing_or_an_added_character_is_no_code():
    assert not is_human(CHARACTERS[:-1])
    assert not is_human(CHARACTERS + "0")


@pytest.mark.parametrize(
    "spelling",
    [
        HUMAN.lower(),
        CHARACTERS,
        spelled(HUMAN, " "),
        spelled(HUMAN, "\N{EN DASH}"),
        spelled(HUMAN, "\N{NON-BREAKING HYPHEN}"),
        spelled(HUMAN, "\N{MINUS SIGN}"),
        spelled(HUMAN, " \N{EM DASH} "),
        spelled(HUMAN, "\N{NO-BREAK SPACE}"),
        spelled(HUMAN, "\N{THIN SPACE}"),
        spelled(HUMAN, "\N{ZERO WIDTH SPACE}"),
        spelled(HUMAN, "\N{SOFT HYPHEN}"),
        spelled(HUMAN, "_"),
        spelled(HUMAN, "\n"),
        f"\t{HUMAN}\r\n",
        f"\N{ZERO WIDTH NO-BREAK SPACE}{HUMAN}",
        HUMAN.replace("0", "O"),
        HUMAN.replace("0", "o"),
        "".join(chr(ord(each) + 0xFEE0) for each in HUMAN),  # full width, as East Asian keyboards type
    ],
)
def test_every_spelling_of_a_human_code_is_the_code(spelling):
    assert canonical(spelling) == HUMAN
    assert codes.digests(spelling) == codes.digests(HUMAN)


def test_i_and_l_are_read_as_1():
    one = next(code for code in iter(lambda: new_human().reveal(), None) if "1" in code)

    for look_alike in "IiLl":
        assert canonical(one.replace("1", look_alike)) == one


@pytest.mark.parametrize(
    "spell",
    [str.upper, str.title, lambda text: text.replace("-", ""), lambda text: f" {text.replace('-', ' ')}\n"],
)
def test_every_spelling_of_a_uuid_is_the_uuid(spell):
    code = str(uuid4())

    assert canonical(spell(code)) == code
    assert codes.digests(spell(code)) == codes.digests(code)


@pytest.mark.parametrize(
    "own",
    [
        "summer-2027-gift",
        "SUMMER-2027-GIFT",
        "Summer-2027-Gift",
        "OIL-OIL-OIL-OIL",
        "é" * 20,
        "ß" * 10,
        HUMAN[:-1] + "7",
        CHARACTERS[:-1] + "U",
        "1111-2222-3333-4444",
        "g" + uuid4().hex[1:],
        "-" * 20,
        "",
        HUMAN + " " * 200,
    ],
)
def test_somebodys_own_code_stays_letter_by_letter(own):
    assert canonical(own) == own


@given(text=st.text(max_size=60))
def test_a_canonical_spelling_is_its_own(text):
    once = canonical(text)

    assert canonical(once) == once


@given(text=st.text(alphabet=string.printable + "–—−\u200b ", max_size=60))
def test_only_spellings_of_one_code_are_the_same(text):
    """Nothing is added to what was typed, so no typing leads to a code that it does not contain."""
    once = canonical(text)

    if once != text:
        typed = [each.upper().translate(code_format.LOOK_ALIKES) for each in text if each.isalnum()]
        assert typed == [each.upper().translate(code_format.LOOK_ALIKES) for each in once if each.isalnum()]


def test_each_format_of_a_market_has_its_maker():
    assert MAKERS.keys() == set(CodeFormat.values)
    assert UUID(new_uuid().reveal()).version == 4


def test_the_first_eight_characters_of_a_human_code_leave_out_the_hyphen():
    spellings = (HUMAN, HUMAN.lower(), CHARACTERS)
    assert {prefix(canonical(each)) for each in spellings} == {"K7QMX2P9"}
    for typed in ("K7QM-X2P9", "k7qmx2p9", "K7QM X2P9"):
        assert prefix(HUMAN) in possible_prefixes(typed)
    assert possible_prefixes("K7QM") == possible_prefixes(HUMAN) == frozenset()


@pytest.mark.django_db
@pytest.mark.parametrize(("chosen", "length"), [("uuid", 36), ("human", 24), ("grouped_16", 19)])
def test_a_card_is_given_a_code_in_its_markets_format(chosen, length):
    card = a_draft(market=a_market(code_format=chosen))

    code = GiftCard.objects.get(pk=card.pk).code().reveal()
    assert len(code) == length
    assert canonical(code) == code
    assert len(a_draft().code().reveal()) == 36


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", [HUMAN, HUMAN.lower(), CHARACTERS, CHARACTERS.lower(), HUMAN.replace("0", "o")]
)
def test_a_card_with_a_human_code_of_somebodys_choice_is_found_by_every_spelling(given):
    card = a_draft(code=given)

    assert GiftCard.objects.get(pk=card.pk).code().reveal() == given
    for spelling in (HUMAN, CHARACTERS.lower(), spelled(HUMAN, " ")):
        assert found(spelling).get() == card


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (HUMAN, CHARACTERS.lower()),
        (CHARACTERS.lower(), HUMAN),
        ("5F0C3A529D1E4C558F0A2B7D6C1E9A43", "5f0c3a52-9d1e-4c55-8f0a-2b7d6c1e9a43"),
    ],
)
def test_a_code_is_taken_in_every_spelling(first, second):
    a_draft(code=first)

    with refused(CodeTaken, about="code", error="taken"):
        a_draft(code=second)


@pytest.mark.django_db
def test_codes_that_differ_in_case_alone_are_two_if_they_are_neither_format():
    lower, upper = a_draft(code="welcome-2027"), a_draft(code="WELCOME-2027")

    assert found("welcome-2027").get() == lower
    assert found("WELCOME-2027").get() == upper


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("matcher", "value"),
    [
        ("eq", "k7qm-x2p9-o4td-hw3c-8zr5"),
        ("in", "nothing,K7QMX2P904TDHW3C8ZR5"),
        ("cont", "K7QM X2P9 04TD HW3C 8ZR5"),
        ("start", "K7QM-X2P9"),
        ("start", "k7qmx2p9"),
        ("end", "8zr5"),
        ("cont", "k7qm x2p9"),
    ],
)
def test_a_list_is_searched_by_any_spelling(matcher, value):
    card = a_draft(code=HUMAN)
    a_draft(code="K7QMX2P8-SOMETHING-ELSE")

    listed = api_client().get(f"gift_cards?filter[q][code_{matcher}]={value}").document["data"]

    assert [each["id"] for each in listed] == [str(card.pk)]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [f" {HUMAN} ", CHARACTERS.lower(), HUMAN.replace("0", "o")])
def test_support_staff_find_a_card_by_any_spelling(typed):
    card = a_draft(code=HUMAN)

    assert list(cards_with_code(typed)) == [card]
