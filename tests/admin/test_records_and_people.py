"""The ledger and the events can only be read; people are managed by superusers; no page lets data run."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from access.models import Organization, User
from access.operations import the_organization
from events.models import Event
from giftcards.models import Batch, LedgerEntry, Verification
from giftcards.operations import BatchTerms, Occasion, change_balance, issue_batch
from kernel.clock import database_now
from recipients.models import GiftCardRecipient
from recipients.operations import update_recipient
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.payloads import HOSTILE

pytestmark = pytest.mark.django_db


def page_of(thing, page="change"):
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}", args=[thing.pk])


@pytest.mark.parametrize("model", [LedgerEntry, Event])
def test_not_even_a_superuser_changes_the_records(back_office, model):
    an_active_card()
    row = model.objects.first()
    before = list(model.objects.order_by("id").values())
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")

    assert back_office.get(page_of(row)).status_code == 200
    assert back_office.post(page_of(row), {"reason": "x"}).status_code == 403
    assert back_office.post(page_of(row, "delete"), {"post": "yes"}).status_code == 403
    assert back_office.get(add).status_code == 403
    assert back_office.post(add, {"reason": "x"}).status_code == 403
    assert list(model.objects.order_by("id").values()) == before


def test_verifications_are_listed_and_nobody_changes_them(back_office):
    recorded = Verification.objects.create(
        scope="full", started_at=database_now(), cards=12, lies=1, first_lie="Gift card 1: it lies."
    )
    listed = reverse("admin:giftcards_verification_changelist")

    assert "it lies" in back_office.get(listed).content.decode()
    assert "it lies" in back_office.get(page_of(recorded)).content.decode()
    assert back_office.post(page_of(recorded), {"lies": 0}).status_code == 403


def test_batches_are_listed_and_nobody_changes_them(back_office):
    terms = BatchTerms(number=3, amount_cents=2_500, market=a_market())
    batch = issue_batch(caller=TEST, terms=terms, occasion=Occasion(reference="spring"))
    Batch.objects.filter(pk=batch.pk).update(issued=2)
    listed = reverse("admin:giftcards_batch_changelist")

    assert "cut off or under way" in back_office.get(listed).content.decode()
    Batch.objects.filter(pk=batch.pk).update(issued=3)
    assert "complete" in back_office.get(page_of(batch)).content.decode()
    assert back_office.post(page_of(batch), {"number": 4}).status_code == 403


def test_nothing_is_deleted_by_selection(rf, owner):
    request = rf.get("/")
    request.user = owner

    assert [page for page in admin.site._registry.values() if page.get_actions(request)] == []


@pytest.mark.parametrize("page", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_every_list_opens_and_asks_to_log_in_first(back_office, client, page):
    an_active_card(market=a_market(), recipient_email="ada@example.com")
    address = reverse(f"admin:{page._meta.app_label}_{page._meta.model_name}_changelist")

    assert back_office.get(address).status_code == 200
    assert back_office.get(address, {"q": "x y'\"%_", "p": "1"}).status_code == 200
    assert client.get(address).headers["Location"].startswith("/back-office/login/")


def test_events_are_found_by_subject_and_topic(back_office):
    card = an_active_card()
    events = reverse("admin:events_event_changelist")

    assert back_office.get(events, {"q": str(card.pk)}).context["cl"].result_list.count() == 4
    assert back_office.get(events, {"q": "gift_cards.activate"}).context["cl"].result_list.count() == 1


def test_a_superuser_adds_a_person_and_sets_a_password(back_office):
    password = "another long pass phrase"
    back_office.post(
        reverse("admin:access_user_add"),
        {"email": "clerk@shop.example", "password1": password, "password2": password, "is_staff": "on"},
    )
    person = User.objects.get(email="clerk@shop.example")
    assert person.check_password(password)
    assert (person.is_staff, person.is_superuser) == (True, False)

    changed = "a third long pass phrase"
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    back_office.post(address, {"password1": changed, "password2": changed})
    person.refresh_from_db()
    assert person.check_password(changed)


def test_a_person_is_switched_off_not_deleted(back_office):
    person = User.objects.create_user("clerk@shop.example", is_staff=True)

    back_office.post(page_of(person), {"email": person.email, "name": "Clerk"})

    person.refresh_from_db()
    assert (person.is_active, person.name) == (False, "Clerk")
    assert back_office.post(page_of(person, "delete"), {"post": "yes"}).status_code == 403


def test_only_superusers_manage_people(back_office_of, owner):
    every = [f"access.{verb}_user" for verb in ("add", "change", "delete", "view")]
    clerk = back_office_of(*every, "auth.change_group", "auth.add_group")
    group = Group.objects.create(name="support")

    assert clerk.get(page_of(owner)).status_code == 200
    assert clerk.post(page_of(owner), {"email": owner.email, "is_superuser": "on"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[owner.pk])
    assert clerk.post(password, {"password1": "x", "password2": "x"}).status_code == 403
    assert clerk.post(reverse("admin:access_user_add"), {"email": "me@x.example"}).status_code == 403
    assert clerk.post(page_of(group), {"name": "owners"}).status_code == 403


def test_there_is_one_organization(back_office):
    organization = the_organization()

    assert back_office.get(reverse("admin:access_organization_add")).status_code == 403
    back_office.post(page_of(organization), {"name": "Acme", "slug": "acme"})
    assert Organization.objects.get().slug == "acme"


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_people_type_is_text_on_every_page(back_office, payload):
    market = a_market(name=payload, code=payload, reference=payload, metadata={payload: payload})
    card = an_active_card(
        market=market,
        recipient_email="ada@example.com",
        reference=payload,
        metadata={payload: [payload]},
        image_url="https://shop.example/?a=%3Cscript%3E",
    )
    recipient = update_recipient(
        caller=TEST,
        recipient_id=GiftCardRecipient.objects.get().pk,
        changes={"first_name": payload, "last_name": payload},
    )
    occasion = Occasion(reason=payload, reference=payload, order_number=payload)
    change_balance(caller=TEST, card_id=card.pk, amount_cents=-1, occasion=occasion)
    entry, event = LedgerEntry.objects.latest("id"), Event.objects.latest("id")
    owners = [page_of(thing) for thing in (card, market, recipient, entry, event)]
    models = (type(card), type(market), type(recipient), LedgerEntry, Event)
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in models
    ]
    dialogs = [page_of(card, "debit"), page_of(market, "disable"), page_of(market, "delete")]

    for address in [*owners, *lists, *dialogs]:
        page = back_office.get(address).content.decode()
        if "<" in payload or '"' in payload:
            assert payload not in page, address
        assert "<script>stolen" not in page
        assert "debug" not in page or "{% debug %}" in page
