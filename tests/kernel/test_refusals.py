"""A refusal is one sentence for a person and one symbol for a program."""

import inspect

import pytest

from giftcards import exceptions
from kernel import refusals
from kernel.refusals import OPERATION, Conflict, InUse, Invalid, InvalidSet, NotFound, Refusal


def test_what_is_refused_about_a_value_begins_with_its_name():
    assert str(Invalid("name", "blank", "can't be blank")) == "name can't be blank"


def test_what_is_refused_about_the_operation_is_the_bare_sentence():
    assert str(Invalid(OPERATION, "expired", "is not possible")) == "is not possible"


def test_several_refusals_are_told_together():
    both = InvalidSet([Invalid("name", "blank", "can't be blank"), Invalid("code", "taken", "is taken")])

    assert str(both) == "name can't be blank; code is taken"
    assert [refusal.about for refusal in both.refusals] == ["name", "code"]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (NotFound("markets", 7), "There is nothing of type markets with this id."),
        (
            InUse("market", "gift cards depend on it"),
            "This market can't be deleted: gift cards depend on it.",
        ),
        (Conflict("code", "has already been taken"), "code has already been taken"),
    ],
)
def test_each_refusal_is_a_sentence(refusal, sentence):
    assert str(refusal) == sentence


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {
        line.split()[1] for line in (refusals.__doc__ or "").splitlines() if line.startswith(("├──", "└──"))
    }
    defined = {
        name
        for name, member in inspect.getmembers(refusals, inspect.isclass)
        if issubclass(member, Refusal) and member is not Refusal
    }

    assert drawn == defined


def test_every_rule_of_a_gift_card_refuses_in_the_same_way():
    rules = [
        member
        for _name, member in inspect.getmembers(exceptions, inspect.isclass)
        if member.__module__ == exceptions.__name__
    ]

    assert rules
    assert all(issubclass(rule, Invalid) for rule in rules)
