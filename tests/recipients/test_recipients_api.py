"""`/api/gift_card_recipients`, as its clients see it: test key, live key, a key that may not."""

import pytest

from access.models import Organization
from access.scopes import Scope
from kernel.modes import Mode
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft
from tests.fixtures.client import ROOT, ApiClient, api_client

pytestmark = pytest.mark.django_db

TYPE = "gift_card_recipients"


def ada(**attributes):
    return create_recipient(**{"caller": TEST, "email": "ada@example.com", **attributes})


def milliseconds(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def as_resource(recipient):
    return {
        "type": TYPE,
        "id": str(recipient.pk),
        "links": {"self": f"{ROOT}/{TYPE}/{recipient.pk}"},
        "attributes": {
            "email": recipient.email,
            "first_name": recipient.first_name,
            "last_name": recipient.last_name,
            "reference": recipient.reference,
            "reference_origin": recipient.reference_origin,
            "metadata": recipient.metadata,
            "created_at": milliseconds(recipient.created_at),
            "updated_at": milliseconds(recipient.updated_at),
        },
        "relationships": {},
        "meta": {"mode": recipient.mode, "organization_id": str(Organization.objects.get().pk)},
    }


def test_a_recipient_is_created_from_all_attributes():
    told = {
        "email": "Ada@example.com",
        "first_name": "Ada",
        "last_name": "King",
        "reference": "7",
        "reference_origin": "crm",
        "metadata": {"vip": True},
    }
    answer = api_client().create(TYPE, **told)

    recipient = GiftCardRecipient.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/{TYPE}/{recipient.pk}"
    assert answer.document["data"] == as_resource(recipient)
    assert {name: answer.document["data"]["attributes"][name] for name in told} == told


def test_a_recipient_is_read():
    client, recipient = api_client(), ada()

    answer = client.get(f"{TYPE}/{recipient.pk}")

    assert answer.status == 200
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/{TYPE}/{recipient.pk}"},
        "data": as_resource(recipient),
    }


def test_recipients_are_listed_within_the_mode_by_address():
    client = api_client()
    first, second = ada(), ada(email="bob@example.com")
    ada(caller=LIVE)

    answer = client.get(f"{TYPE}?sort=email")

    assert answer.document["data"] == [as_resource(first), as_resource(second)]
    assert answer.document["meta"] == {"record_count": 2, "page_count": 1}
    found = client.get(f"{TYPE}?filter[q][email_eq]=bob@example.com").document["data"]
    assert found == [as_resource(second)]


def test_a_recipient_is_updated():
    client, recipient = api_client(), ada(first_name="Ada", reference="7")

    answer = client.update(f"{TYPE}/{recipient.pk}", first_name="", last_name="King", email="ADA@example.com")

    recipient.refresh_from_db()
    assert answer.status == 200
    assert (recipient.first_name, recipient.last_name, recipient.reference) == (None, "King", "7")
    assert answer.document["data"] == as_resource(recipient)


@pytest.mark.parametrize(
    ("attributes", "title", "pointer"),
    [
        ({}, "can't be blank", "/data"),
        ({"email": ""}, "can't be blank", "/data/attributes/email"),
        ({"email": "ada"}, "is invalid", "/data/attributes/email"),
        ({"email": "ADA@Example.com"}, "has already been taken", "/data/attributes/email"),
        ({"email": "b@example.com", "first_name": 7}, "must be a string", "/data/attributes/first_name"),
        ({"email": "b@example.com", "metadata": []}, "must be an object", "/data/attributes/metadata"),
    ],
)
def test_a_refused_value_is_pointed_at(attributes, title, pointer):
    client = api_client()
    ada()

    assert client.create(TYPE, **attributes).refusal == (422, "VALIDATION_ERROR", title, pointer)
    assert GiftCardRecipient.objects.count() == 1


def test_what_is_not_to_be_written_is_refused_by_name():
    answer = api_client().create(TYPE, email="ada@example.com", frist_name="Ada")

    assert answer.refusal == (400, "PARAM_NOT_ALLOWED", "Param not allowed", "/data/attributes/frist_name")
    assert not GiftCardRecipient.objects.exists()


def test_a_recipient_goes_unless_cards_depend_on_it():
    client, recipient = api_client(), ada()
    card = a_draft(gift_card_recipient=recipient)

    refused = client.delete(f"{TYPE}/{recipient.pk}")
    assert (refused.status, refused.error["code"]) == (423, "LOCKED")

    client.delete(f"gift_cards/{card.pk}")
    assert client.delete(f"{TYPE}/{recipient.pk}").status == 204
    assert client.get(f"{TYPE}/{recipient.pk}").status == 404


def test_a_live_key_finds_no_test_recipient():
    stranger, recipient = api_client(Mode.LIVE), ada()

    for answer in (
        stranger.get(f"{TYPE}/{recipient.pk}"),
        stranger.update(f"{TYPE}/{recipient.pk}", first_name="Mine"),
        stranger.delete(f"{TYPE}/{recipient.pk}"),
    ):
        assert (answer.status, answer.error["code"]) == (404, "RECORD_NOT_FOUND")
    assert stranger.get(TYPE).document["data"] == []


def test_reading_needs_its_scope_and_writing_that_of_issuing():
    recipient = ada()
    reader, issuer = api_client(scopes=[Scope.READ]), api_client(scopes=[Scope.ISSUE])

    assert reader.get(TYPE).status == 200
    assert issuer.create(TYPE, email="bob@example.com").status == 201
    for answer in (
        issuer.get(TYPE),
        reader.create(TYPE, email="eve@example.com"),
        reader.update(f"{TYPE}/{recipient.pk}", first_name="Eve"),
        reader.delete(f"{TYPE}/{recipient.pk}"),
    ):
        assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")


def test_without_a_key_nobody_is_let_in():
    assert ApiClient("").get(TYPE).refusal == (401, "INVALID_TOKEN", "Invalid token", None)
