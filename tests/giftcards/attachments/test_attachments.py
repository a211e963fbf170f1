"""`/api/attachments` and a card's: test key, live key, another market's key, a key that may not."""

from uuid import uuid4

import pytest
from django.db import IntegrityError

from access.scopes import Scope
from events.models import Event
from giftcards.models import Attachment
from giftcards.operations import create_attachment
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, as_stored
from tests.fixtures.client import ROOT, api_client
from tests.fixtures.raw_sql import set_column
from tests.giftcards.api.documents import (
    Document,
    absent,
    document,
    errors,
    gift_card,
    identifier,
    invalid,
    problem,
    resource,
    time_text,
)

pytestmark = pytest.mark.django_db


def attached_to(card):
    return {"attachable": {"data": identifier("gift_cards", card)}}


def a_note(card, *, by=TEST, **attributes):
    return create_attachment(caller=by, attachable=card, **{"name": "Note", **attributes})


def attachment_resource(attachment, *, linkage=None, **attributes):
    row = Attachment.objects.get(pk=attachment.pk)
    whole: Document = {
        "name": "Note",
        "description": None,
        "url": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("attachments", row, whole | attributes, relationships=("attachable",), data=linkage)


def events_of(attachment):
    events = Event.objects.filter(subject_id=attachment.pk).order_by("sequence")
    return [(event.topic, event.data) for event in events]


def test_a_note_is_attached_as_the_dashboard_does_it(api):
    card = an_active_card()
    before = as_stored(card.pk)
    told = {"name": "Lost", "description": "The holder\nlost it", "reference_origin": "app-gift-cards--note"}

    answer = api.create("attachments", attached_to(card), **told)

    note = Attachment.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/attachments/{note.pk}"
    assert answer.document == document(attachment_resource(note, **told), "attachments")
    assert events_of(note) == [("attachments.create", {"gift_card_id": str(card.pk)})]
    assert as_stored(card.pk) == before


def test_the_address_of_a_document_is_attached(api):
    told = {"name": "Receipt", "url": "https://shop.example/receipts/7.pdf", "metadata": {"pages": 2}}

    answer = api.create("attachments", attached_to(a_draft()), **told)

    assert answer.document["data"] == attachment_resource(Attachment.objects.get(), **told)


@pytest.mark.parametrize(
    "url", ["javascript:stolen()", "ftp://x.example/", "//x.example", "x", "data:text/html,x"]
)
def test_only_addresses_of_the_web_are_taken(api, url):
    answer = api.create("attachments", attached_to(a_draft()), name="Note", url=url)

    assert (answer.status, answer.document) == (
        422,
        errors(invalid("url", "invalid", "is invalid", value=url)),
    )
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("told", "error", "title", "more"),
    [
        ({"name": ""}, "blank", "can't be blank", {"value": ""}),
        ({"name": "x" * 256}, "too_long", "is too long (maximum is 255 characters)", {"count": 255}),
        (
            {"description": "x" * 10_001},
            "too_long",
            "is too long (maximum is 10000 characters)",
            {"count": 10_000},
        ),
    ],
)
def test_a_value_against_a_rule_is_refused(api, told, error, title, more):
    answer = api.create("attachments", attached_to(a_draft()), **{"name": "Note", **told})

    (about,) = told
    assert (answer.status, answer.document) == (422, errors(invalid(about, error, title, **more)))


def test_name_and_card_must_be_there(api):
    answer = api.create("attachments")

    assert answer.status == 422
    assert answer.document == errors(
        invalid("name", "blank", "can't be blank", at="/data"),
        invalid("attachable", "required", "must exist", at="/data"),
    )


def test_only_a_card_is_attachable(api):
    market = {"attachable": {"data": identifier("markets", a_market())}}

    answer = api.create("attachments", market, name="Note")

    assert answer.document == errors(
        problem(
            409,
            "TYPE_MISMATCH",
            "Type mismatch",
            "attachable must be of the type gift_cards.",
            pointer="/data/relationships/attachable/data/type",
        )
    )


def test_attachments_are_read_with_and_without_their_card(api):
    card = a_draft()
    note = a_note(card)

    assert api.get(f"attachments/{note.pk}").document == document(
        attachment_resource(note), f"attachments/{note.pk}"
    )
    linkage = {"attachable": identifier("gift_cards", card)}
    assert api.get(f"attachments/{note.pk}?include=attachable").document == document(
        attachment_resource(note, linkage=linkage),
        f"attachments/{note.pk}?include=attachable",
        included=[gift_card(card)],
    )
    assert api.get(f"attachments/{note.pk}/attachable").document["data"] == gift_card(card)
    relationship = api.get(f"attachments/{note.pk}/relationships/attachable").document
    assert relationship["data"] == identifier("gift_cards", card)


def test_a_card_is_read_with_its_attachments(api):
    card, other = a_draft(), a_draft()
    first, second = a_note(card, name="First"), a_note(card, name="Second")
    a_note(other)
    whole = [attachment_resource(first, name="First"), attachment_resource(second, name="Second")]

    read = api.get(f"gift_cards/{card.pk}?include=market,gift_card_recipient,attachments").document
    members = [identifier("attachments", each) for each in (first, second)]
    assert read["data"]["relationships"]["attachments"]["data"] == members
    assert read["included"] == whole
    assert api.get(f"gift_cards/{card.pk}/attachments?sort=created_at").document["data"] == whole
    linkage = api.get(f"gift_cards/{card.pk}/relationships/attachments?sort=id").document
    assert linkage["data"] == members


@pytest.mark.parametrize("method", ["PATCH", "POST", "DELETE"])
def test_what_is_attached_is_not_changed_from_the_cards_side(api, method):
    card = a_draft()
    note = a_note(card)

    answer = api.send(
        method, f"gift_cards/{card.pk}/relationships/attachments", {"data": [identifier("attachments", note)]}
    )

    assert (answer.status, answer.error["code"]) == (403, "PARAM_NOT_ALLOWED")
    assert Attachment.objects.count() == 1


def test_attachments_are_filtered(api):
    card = a_draft(reference="A")
    a_note(card, name="Lost", reference_origin="app-gift-cards--note")
    a_note(a_draft(), name="Found")

    def found(query):
        return [each["attributes"]["name"] for each in api.get(f"attachments?{query}").document["data"]]

    assert found("filter[q][reference_origin_eq]=app-gift-cards--note") == ["Lost"]
    assert found("filter[q][attachable_reference_eq]=A") == ["Lost"]
    assert found(f"filter[q][attachable_id_eq]={card.pk}") == ["Lost"]
    assert found("sort=name") == ["Found", "Lost"]


def test_an_attachment_is_changed(api):
    note = a_note(a_draft(), description="x", url="https://shop.example")

    answer = api.update(f"attachments/{note.pk}", name="Changed", description=None, url="")

    assert answer.document["data"] == attachment_resource(note, name="Changed")
    changed = ["name", "description", "url"]
    card_id = str(note.gift_card_id)
    assert events_of(note)[1:] == [("attachments.update", {"gift_card_id": card_id, "changed": changed})]


def test_what_changes_nothing_records_nothing(api):
    note = a_note(a_draft())
    before = Attachment.objects.values().get()

    assert api.update(f"attachments/{note.pk}", attached_to(note.gift_card), name="Note").status == 200
    assert Attachment.objects.values().get() == before
    assert len(events_of(note)) == 1


def test_an_attachment_moves_to_another_card_and_to_none_it_does_not(api):
    note, other = a_note(a_draft()), a_draft()

    answer = api.send(
        "PATCH", f"attachments/{note.pk}/relationships/attachable", attached_to(other)["attachable"]
    )
    assert (answer.status, answer.document["data"]) == (200, identifier("gift_cards", other))
    data = {"gift_card_id": str(other.pk), "changed": ["attachable"]}
    assert events_of(note)[1:] == [("attachments.update", data)]

    answer = api.update(f"attachments/{note.pk}", {"attachable": {"data": None}})
    assert answer.refusal == (422, "VALIDATION_ERROR", "must exist", "/data/relationships/attachable")
    assert Attachment.objects.get().gift_card == other


def test_an_attachment_is_deleted(api):
    note = a_note(an_active_card())

    assert api.delete(f"attachments/{note.pk}").status == 204
    assert not Attachment.objects.exists()
    assert events_of(note)[1:] == [("attachments.destroy", {"gift_card_id": str(note.gift_card_id)})]


def test_a_draft_goes_with_what_is_attached(api):
    card = a_draft()
    notes = [a_note(card), a_note(card)]

    assert api.delete(f"gift_cards/{card.pk}").status == 204
    assert not Attachment.objects.exists()
    for note in notes:
        assert events_of(note)[1:] == [("attachments.destroy", {"gift_card_id": str(card.pk)})]


class TestStrangers:
    def test_a_card_beyond_reach_has_no_attachments_and_gets_none(self):
        card = a_draft(market=a_market(code="it"))
        a_market(code="es")
        note = a_note(card)

        for stranger in (api_client(Mode.LIVE), api_client(market_codes=["es"])):
            missing = errors(absent("attachments", note.pk))
            assert stranger.get(f"attachments/{note.pk}").document == missing
            assert stranger.update(f"attachments/{note.pk}", name="Mine").document == missing
            assert stranger.delete(f"attachments/{note.pk}").document == missing
            assert stranger.get("attachments").document["data"] == []
            assert stranger.get(f"gift_cards/{card.pk}/attachments").status == 404
            creation = stranger.create("attachments", attached_to(card), name="Mine")
            place = "/data/relationships/attachable/data"
            assert creation.document == errors(absent("gift_cards", card.pk, pointer=place))
        assert list(Attachment.objects.values_list("name")) == [("Note",)]

    def test_within_its_markets_a_key_does_everything(self):
        card = a_draft(market=a_market(code="it"))
        italian = api_client(market_codes=["it"])

        note = italian.create("attachments", attached_to(card), name="Note").document["data"]
        assert italian.get("attachments").document["data"] == [note]
        assert italian.update(f"attachments/{note['id']}", name="Mine").status == 200
        assert italian.delete(f"attachments/{note['id']}").status == 204

    def test_an_attachment_is_not_moved_to_a_card_beyond_reach(self):
        italy, spain = a_draft(market=a_market(code="it")), a_draft(market=a_market(code="es"))
        note = a_note(italy)

        answer = api_client(market_codes=["it"]).update(f"attachments/{note.pk}", attached_to(spain))
        place = "/data/relationships/attachable/data"
        assert answer.document == errors(absent("gift_cards", spain.pk, pointer=place))

    def test_an_attachment_that_never_was_is_not_found(self, api):
        for key in (uuid4(), "nonsense"):
            assert api.get(f"attachments/{key}").status == 404

    def test_reading_and_writing_need_their_scopes(self):
        card = a_draft()
        note = a_note(card)
        reader = api_client(scopes=[Scope.READ])
        others = [scope for scope in Scope if scope not in {Scope.READ, Scope.ISSUE}]
        other = api_client(scopes=others)

        assert reader.get("attachments").status == 200
        for answer in (
            reader.create("attachments", attached_to(card), name="x"),
            reader.update(f"attachments/{note.pk}", name="x"),
            reader.delete(f"attachments/{note.pk}"),
            other.get("attachments"),
            other.create("attachments", attached_to(card), name="x"),
        ):
            assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")


def test_an_attachment_and_its_card_agree_on_mode():
    note = a_note(a_draft())

    with pytest.raises(IntegrityError, match="attachment_agrees_with_its_card"):
        set_column(note, "gift_card_id", a_draft(by=LIVE).pk)
