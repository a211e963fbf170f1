"""The people of the back office, and the organization they work for."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from access.models import Organization, User
from access.operations import the_organization
from kernel.caller import Actor, ActorKind

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_with_an_e_mail_address_in_any_capitals():
    clerk = User.objects.create_user("clerk@shop.example", "correct horse")

    assert authenticate(username="Clerk@Shop.Example", password="correct horse") == clerk
    assert authenticate(username="clerk@shop.example", password="wrong") is None
    assert not clerk.is_staff
    assert not clerk.is_superuser


def test_a_superuser_may_use_the_back_office():
    owner = User.objects.create_superuser("owner@shop.example", "correct horse")

    assert owner.is_staff
    assert owner.is_superuser


def test_a_person_needs_an_address():
    with pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("")


def test_one_address_is_one_person_whatever_its_capitals():
    User.objects.create_user("clerk@shop.example")

    with pytest.raises(IntegrityError, match="user_email_is_unique"), transaction.atomic():
        User.objects.create_user("CLERK@shop.example")


def test_a_person_is_known_by_name_or_else_by_address():
    assert User(email="a@shop.example", name="Ada").get_short_name() == "Ada"
    assert User(email="a@shop.example").get_full_name() == "a@shop.example"


def test_a_persons_doings_stand_under_the_address():
    clerk = User.objects.create_user("clerk@shop.example")

    assert clerk.actor == Actor(ActorKind.USER, str(clerk.pk), "clerk@shop.example")


def test_there_is_one_organization():
    assert the_organization() == the_organization()
    assert Organization.objects.count() == 1


def test_the_database_refuses_a_second_organization():
    the_organization()

    with pytest.raises(IntegrityError, match="there_is_one_organization"), transaction.atomic():
        Organization.objects.create(name="Another", slug="another")
