"""Recipients are kept by e-mail address, one for each mode, whatever its capitals."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from events.models import Event
from events.queries import timeline
from giftcards.operations import create_gift_card
from kernel.caller import Actor, Caller
from kernel.keys import uuid7
from kernel.modes import Mode
from kernel.refusals import Conflict, InUse, Invalid, NotFound
from recipients import operations
from recipients.models import GiftCardRecipient
from recipients.operations import (
    create_recipient,
    delete_recipient,
    find_or_create_recipient,
    update_recipient,
)
from tests.fixtures.locks import until_someone_waits_for_us

CLERK = Actor.system("clerk")
TEST, LIVE = Caller(Mode.TEST, CLERK), Caller(Mode.LIVE, CLERK)
ADA = "Ada@Example.com"


@pytest.mark.django_db
def test_a_recipient_keeps_what_it_is_told():
    ada = create_recipient(
        caller=TEST,
        email=ADA,
        first_name="Ada",
        last_name="",
        reference="7",
        reference_origin="crm",
        metadata={"vip": True},
    )

    ada.refresh_from_db()
    assert (ada.email, ada.first_name, ada.last_name) == (ADA, "Ada", None)
    assert (ada.reference, ada.reference_origin, ada.metadata) == ("7", "crm", {"vip": True})
    assert ada.mode == Mode.TEST
    assert [event.topic for event in timeline(ada.pk)] == ["gift_card_recipients.create"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attribute", "value", "sentence"),
    [
        ("email", None, "email can't be blank"),
        ("email", " ", "email can't be blank"),
        ("email", "ada", "email is invalid"),
        ("email", "ada@example.com ", "email is invalid"),
        ("email", "ada\x00@example.com", "email can't contain a NUL character"),
        ("email", "a@" + "b" * 250 + ".com", "email is too long"),
        ("first_name", "x" * 256, "first_name is too long"),
        ("last_name", "\ud800", "last_name can't contain"),
        ("metadata", "{}", "metadata must be an object"),
    ],
)
def test_a_refused_value_is_named_and_changes_nothing(attribute, value, sentence):
    with pytest.raises(Invalid, match=sentence):
        create_recipient(**{"caller": TEST, "email": ADA, attribute: value})
    assert not GiftCardRecipient.objects.exists()

    ada = create_recipient(caller=TEST, email=ADA)
    changes: Any = {"reference": "7", attribute: value}
    with pytest.raises(Invalid, match=sentence):
        update_recipient(caller=TEST, recipient_id=ada.pk, changes=changes)
    ada.refresh_from_db()
    assert ada.reference is None


@pytest.mark.django_db
def test_an_address_is_taken_once_in_each_mode_whatever_its_capitals():
    create_recipient(caller=TEST, email=ADA)
    create_recipient(caller=LIVE, email=ADA)
    bob = create_recipient(caller=TEST, email="bob@example.com")

    for spelling in (ADA, ADA.lower(), ADA.upper()):
        with pytest.raises(Invalid, match="email has already been taken") as refusal:
            create_recipient(caller=TEST, email=spelling)
        assert refusal.value.error == "taken"
        with pytest.raises(Invalid, match="email has already been taken"):
            update_recipient(caller=TEST, recipient_id=bob.pk, changes={"email": spelling})


@pytest.mark.django_db
def test_a_recipient_may_spell_the_same_address_differently():
    ada = create_recipient(caller=TEST, email=ADA)

    update_recipient(caller=TEST, recipient_id=ada.pk, changes={"email": ADA.lower()})

    ada.refresh_from_db()
    assert ada.email == ADA.lower()


@pytest.mark.django_db
def test_an_address_that_was_taken_at_this_moment_is_a_conflict(monkeypatch):
    create_recipient(caller=TEST, email=ADA)
    monkeypatch.setattr(operations, "_refuse_taken_email", lambda recipient: None)  # it saw nothing

    with pytest.raises(Conflict, match="email has already been taken"):
        create_recipient(caller=TEST, email=ADA)


@pytest.mark.django_db
def test_only_what_changes_is_recorded_and_by_name_only():
    ada = create_recipient(caller=TEST, email=ADA, first_name="Ada")

    update_recipient(
        caller=TEST, recipient_id=ada.pk, changes={"first_name": "Augusta", "email": ADA}, reason="asked to"
    )
    update_recipient(caller=TEST, recipient_id=ada.pk, changes={"first_name": "Augusta"})

    before = ada.updated_at
    ada.refresh_from_db()
    assert ada.first_name == "Augusta"
    assert ada.updated_at > before
    told = timeline(ada.pk).get(topic="gift_card_recipients.update")
    assert (told.data, told.reason) == ({"changed": ["first_name"]}, "asked to")


@pytest.mark.django_db
def test_no_event_holds_what_a_person_may_ask_us_to_forget():
    ada = create_recipient(caller=TEST, email=ADA, first_name="Augusta", last_name="King")
    update_recipient(caller=TEST, recipient_id=ada.pk, changes={"email": "ada@lovelace.example"})
    delete_recipient(caller=TEST, recipient_id=ada.pk)

    told = repr(list(Event.objects.values())).lower()
    assert Event.objects.count() == 3
    assert not [word for word in ("example", "augusta", "king") if word in told]


@pytest.mark.django_db
def test_a_recipient_of_a_gift_card_stays():
    ada = create_recipient(caller=TEST, email=ADA)
    create_gift_card(
        caller=TEST,
        attributes={"balance_cents": 100, "currency_code": "EUR", "gift_card_recipient": ada},
    )

    with pytest.raises(InUse, match="This recipient can't be deleted: gift cards depend on it"):
        delete_recipient(caller=TEST, recipient_id=ada.pk)

    assert GiftCardRecipient.objects.filter(pk=ada.pk).exists()


@pytest.mark.django_db
def test_the_other_mode_finds_no_recipient():
    ada = create_recipient(caller=TEST, email=ADA)

    assert not GiftCardRecipient.objects.visible_to(LIVE).exists()
    with pytest.raises(NotFound):
        update_recipient(caller=LIVE, recipient_id=ada.pk, changes={"email": ""})
    with pytest.raises(NotFound):
        delete_recipient(caller=LIVE, recipient_id=ada.pk)
    with pytest.raises(NotFound):
        delete_recipient(caller=TEST, recipient_id=uuid7())


@pytest.mark.django_db
def test_who_is_known_is_found_and_who_is_not_is_created():
    ada = find_or_create_recipient(caller=TEST, email=ADA)

    assert find_or_create_recipient(caller=TEST, email=ADA.upper()) == ada
    assert find_or_create_recipient(caller=LIVE, email=ADA) != ada
    assert ada.email == ADA
    assert timeline(ada.pk).count() == 1


@pytest.mark.django_db
def test_an_address_is_refused_under_the_callers_name_for_it():
    with pytest.raises(Invalid) as refusal:
        find_or_create_recipient(caller=TEST, email="ada", about="recipient_email")

    assert (refusal.value.about, refusal.value.error) == ("recipient_email", "invalid")


@pytest.mark.django_db
def test_the_database_refuses_a_second_spelling_and_a_third_mode():
    create_recipient(caller=TEST, email=ADA)

    with pytest.raises(IntegrityError, match="recipient_email_is_unique_per_mode"), transaction.atomic():
        GiftCardRecipient.objects.create(mode=Mode.TEST, email=ADA.lower())
    with pytest.raises(IntegrityError, match="recipient_mode_is_test_or_live"), transaction.atomic():
        GiftCardRecipient.objects.create(mode="prod", email=ADA)


@pytest.mark.django_db
def test_the_look_up_by_address_uses_the_unique_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = GiftCardRecipient.objects.visible_to(TEST).with_email(ADA).explain()

    assert "recipient_email_is_unique_per_mode" in plan
    assert "lower((email)::text) = " in plan


def ask_at_once(ask, count):
    """What `count` threads that start together get for the same address; None for a refusal."""
    start, got = threading.Barrier(count), []

    def ask_once():
        start.wait()
        try:
            got.append(ask(caller=TEST, email=ADA).pk)
        except (Conflict, Invalid):
            got.append(None)
        connection.close()

    threads = [threading.Thread(target=ask_once) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.django_db(transaction=True)
def test_all_who_name_a_new_address_at_once_get_the_same_recipient():
    got = ask_at_once(find_or_create_recipient, 12)

    assert len(got) == 12
    assert {GiftCardRecipient.objects.get().pk} == set(got)
    assert timeline(got[0]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_all_who_create_a_recipient_at_once_one_does():
    got = ask_at_once(create_recipient, 12)

    assert got.count(None) == 11
    assert GiftCardRecipient.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_looking_before_creating_would_not_be_enough():
    """The control: the plain way fails in the interleaving that the operation survives."""
    both_have_looked = threading.Barrier(2)

    def look_then_create(*, caller, email):
        assert not GiftCardRecipient.objects.filter(mode=caller.mode, email=email).exists()
        both_have_looked.wait()
        return create_recipient(caller=caller, email=email)

    assert ask_at_once(look_then_create, 2).count(None) == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_names_an_address_that_is_just_being_created_waits_and_finds_it():
    created, found = threading.Event(), []

    def find():
        created.wait()
        found.append(find_or_create_recipient(caller=TEST, email=ADA.lower()).pk)
        connection.close()

    finding = threading.Thread(target=find)
    finding.start()
    with transaction.atomic():
        ada = find_or_create_recipient(caller=TEST, email=ADA)
        created.set()
        until_someone_waits_for_us()
    finding.join(timeout=10)

    assert found == [ada.pk]


@pytest.mark.django_db
def test_a_caller_of_certain_markets_changes_a_name_but_no_address():
    ada = create_recipient(caller=TEST, email=ADA)
    clerk = Caller(Mode.TEST, CLERK, frozenset({uuid7()}))

    update_recipient(caller=clerk, recipient_id=ada.pk, changes={"first_name": "Ada", "email": ADA})
    with pytest.raises(Invalid, match="email can't be changed by a caller restricted to certain markets"):
        update_recipient(caller=clerk, recipient_id=ada.pk, changes={"email": "eve@example.com"})

    ada.refresh_from_db()
    assert (ada.first_name, ada.email) == ("Ada", ADA)
