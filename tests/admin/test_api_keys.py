"""A key is minted by form, shown once, and revoked by dialog."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.urls import reverse

from access.models import ApiKey
from access.operations import mint_api_key
from access.queries import credential_of
from events.models import Event
from kernel.modes import Mode
from kernel.secret import Secret
from tests.fixtures.cast import TILL, a_market

pytestmark = pytest.mark.django_db

KEYS = "/back-office/access/apikey/"
KEY = re.compile(r"gck_(?:test|live)_[0-9A-Za-z]{49}")


def a_form(**given):
    return {"application_name": "Web shop", "mode": "live", "scopes": ["gift_cards:read"], **given}


def shown_in(answer):
    return KEY.findall(answer.content.decode())


def a_key():
    api_key, _ = mint_api_key(application_name="Till", mode=Mode.TEST, actor=TILL)
    return api_key


def test_a_new_key_works_and_is_shown_in_the_answer(back_office, owner):
    market = a_market()  # it has no code, and needs none

    answer = back_office.post(f"{KEYS}add/", a_form(mode="test", markets=[market.pk]))

    (text,) = shown_in(answer)
    credential = credential_of(Secret(text))
    assert credential is not None
    assert (credential.caller.mode, credential.scopes) == (Mode.TEST, frozenset({"gift_cards:read"}))
    assert credential.caller.market_ids == frozenset({market.pk})
    assert "no-store" in answer.headers["Cache-Control"]
    assert ApiKey.objects.get().created_by == owner.email
    assert Event.objects.get(topic="api_keys.create").actor_id == str(owner.pk)


def test_a_key_is_shown_once_and_kept_nowhere(back_office):
    answer = back_office.post(f"{KEYS}add/", a_form())
    (text,) = shown_in(answer)
    secret_part = text.removeprefix("gck_live_")[:43]
    api_key = ApiKey.objects.get()

    pages = [KEYS, reverse("admin:access_apikey_change", args=[api_key.pk]), "/back-office/"]
    kept = [
        *(back_office.get(page).content.decode() for page in pages),
        *(str(session.get_decoded()) for session in Session.objects.all()),
        *LogEntry.objects.values_list("object_repr", "change_message"),
        *Event.objects.values_list("data", flat=True),
        *map(str, get_messages(answer.wsgi_request)),
        *answer.headers.items(),
        *back_office.cookies.items(),
    ]
    assert LogEntry.objects.count() == 1
    assert secret_part not in str(kept)


def test_reloading_the_answer_neither_shows_the_key_nor_mints_another(back_office):
    form = back_office.get(f"{KEYS}add/").context["adminform"].form
    sent = a_form(ticket=form["ticket"].value())

    first = back_office.post(f"{KEYS}add/", sent)
    again = back_office.post(f"{KEYS}add/", sent, follow=True)

    assert len(shown_in(first)) == 1
    assert shown_in(again) == []
    assert "was shown already" in again.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"scopes": []}, "scopes", "Can't be blank."),
        ({"expires_at_0": "2001-01-01", "expires_at_1": "10:00"}, "expires_at", "Must be in the future."),
        ({"application_name": "a\x0bb" * 200}, "application_name", None),
    ],
)
def test_what_is_refused_stands_at_its_field(back_office, given, field, sentence):

    answer = back_office.post(f"{KEYS}add/", a_form(**given))

    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert sentence is None or errors[field] == [sentence]
    assert not ApiKey.objects.exists()


def test_every_market_can_be_chosen_in_its_own_mode(back_office):
    market = a_market(name="Rome")

    form = back_office.get(f"{KEYS}add/").context["adminform"].form
    answer = back_office.post(f"{KEYS}add/", a_form(mode="live", markets=[market.pk]))

    assert [str(label) for _, label in form.fields["markets"].choices] == ["Rome (test)"]
    errors = answer.context["adminform"].form.errors
    assert errors == {"markets": ["Can't include Rome: no such market in live mode."]}
    assert not ApiKey.objects.exists()


def test_revoking_is_a_dialog(back_office, owner):
    api_key = a_key()
    dialog = reverse("admin:access_apikey_revoke", args=[api_key.pk])

    assert "It can&#x27;t be undone." in back_office.get(dialog).content.decode()
    assert ApiKey.objects.usable().count() == 1

    back_office.post(dialog)
    assert ApiKey.objects.usable().count() == 0
    assert Event.objects.get(topic="api_keys.revoke").actor_id == str(owner.pk)
    page = back_office.get(reverse("admin:access_apikey_change", args=[api_key.pk]))
    assert dialog not in page.content.decode()


def test_only_superusers_mint_whatever_else_somebody_may(back_office_of):
    """A key does what its scopes say, not what the person may who minted it."""
    clerk = back_office_of("access.view_apikey", "access.add_apikey", "access.change_apikey")

    assert clerk.get(f"{KEYS}add/").status_code == 403
    assert clerk.post(f"{KEYS}add/", a_form()).status_code == 403
    assert f"{KEYS}add/" not in clerk.get(KEYS).content.decode()
    assert not ApiKey.objects.exists()


def test_revoking_needs_its_permission(back_office_of):
    api_key = a_key()
    clerk = back_office_of("access.view_apikey")

    assert clerk.post(reverse("admin:access_apikey_revoke", args=[api_key.pk])).status_code == 403
    assert ApiKey.objects.usable().count() == 1


def test_nothing_of_a_key_is_edited_or_deleted(back_office):
    api_key = a_key()
    page = reverse("admin:access_apikey_change", args=[api_key.pk])

    assert back_office.post(page, {"scopes": "admin"}).status_code == 403
    assert back_office.post(reverse("admin:access_apikey_delete", args=[api_key.pk])).status_code == 403
