"""The merchant's tags, and what a card's page shows of tags and attachments."""

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import Tag
from giftcards.operations import create_attachment, create_tag
from tests.fixtures.cast import LIVE, TEST, an_active_card, edit
from tests.fixtures.payloads import HOSTILE

pytestmark = pytest.mark.django_db

TAGS = "/back-office/giftcards/tag/"


def page_of(thing, page="change"):
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}", args=[thing.pk])


def told(tag_id):
    events = Event.objects.filter(subject_id=tag_id).order_by("sequence")
    return [(event.topic, event.mode, event.actor_name, event.reason) for event in events]


def test_a_tag_is_made_renamed_and_deleted_by_operations(back_office, owner):
    back_office.post(f"{TAGS}add/", {"mode": "live", "name": "fair", "metadata": "{}"})
    tag = Tag.objects.get()
    back_office.post(page_of(tag), {"name": "fair-2026", "metadata": "{}", "reason": "clearer"})
    renamed = Tag.objects.get()
    back_office.post(page_of(tag, "delete"), {"post": "yes"})

    assert (tag.name, tag.mode, renamed.name) == ("fair", "live", "fair-2026")
    assert not Tag.objects.exists()
    assert told(tag.pk) == [
        ("tags.create", "live", owner.email, ""),
        ("tags.update", "live", owner.email, "clearer"),
        ("tags.destroy", "live", owner.email, ""),
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Can't be blank."),
        ("two words", "Can only have letters, digits, - and _."),
        ("taken", "Has already been taken."),
    ],
)
def test_what_a_tag_refuses_stands_at_its_field(back_office, name, sentence):
    create_tag(caller=TEST, name="taken")

    answer = back_office.post(f"{TAGS}add/", {"mode": "test", "name": name, "metadata": "{}"})

    assert answer.context["adminform"].form.errors == {"name": [sentence]}
    assert Tag.objects.count() == 1


def test_tags_need_their_permissions(back_office_of):
    tag = create_tag(caller=LIVE, name="fair")
    clerk = back_office_of("giftcards.view_tag")

    assert clerk.get(page_of(tag)).status_code == 200
    assert clerk.post(page_of(tag), {"name": "other"}).status_code == 403
    assert clerk.post(f"{TAGS}add/", {"mode": "live", "name": "other"}).status_code == 403
    assert clerk.post(page_of(tag, "delete"), {"post": "yes"}).status_code == 403
    assert Tag.objects.get().name == "fair"


def test_a_card_shows_its_tags_and_attachments(back_office):
    card = an_active_card()
    edit(card, tags=[create_tag(caller=TEST, name=name) for name in ("vip", "fair")])
    create_attachment(
        caller=TEST,
        attachable=card,
        name="Invoice",
        description="Paid in cash",
        url="https://shop.example/7.pdf",
    )
    for payload in HOSTILE:
        create_attachment(caller=TEST, attachable=card, name=payload, description=payload)

    glance = back_office.get(page_of(card))
    page = glance.content.decode()

    assert [tag.name for tag in glance.context["glance"]["tags"]] == ["fair", "vip"]
    for shown in ("fair", "vip", "Invoice", "Paid in cash", "https://shop.example/7.pdf"):
        assert shown in page
    for payload in HOSTILE:
        if "<" in payload or '"' in payload:
            assert payload not in page


def test_a_card_without_them_says_nothing_of_them(back_office):
    page = back_office.get(page_of(an_active_card())).content.decode()

    assert "<dt>Tags</dt>" not in page
    assert 'id="attachments"' not in page
