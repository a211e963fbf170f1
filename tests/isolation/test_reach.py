"""What is beyond a key's reach does not exist for it: in addresses, bodies, filters and includes alike."""

import json

import httpx
import pytest

from access.models import Organization
from giftcards.models import GiftCard
from kernel.keys import uuid7
from tests.fixtures.cast import as_stored
from tests.isolation.scene import (
    SCENES,
    Scene,
    a_key_of_one_market_and_things_of_another,
    a_test_key_and_live_things,
)
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True)

TRIGGERS = (
    {"_purchase": True},
    {"_activate": True},
    {"_deactivate": True},
    {"_cash_out": True},
    {"_archive": True},
    {"_unarchive": True},
    {"_balance_change_cents": -1},
    {"_balance_change_cents": 1},
    {"balance_cents": 0},
    {"metadata": {"mine": True}},
)


@pytest.fixture(params=SCENES, ids=lambda scene: scene.__name__)
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.param()
    return made


def error_of(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    (error,) = answer.json()["errors"]
    assert error["status"] == str(answer.status_code)
    return answer.status_code, error["code"], error.get("source", {})


NOT_FOUND: tuple[int, str, dict[str, str]] = (404, "RECORD_NOT_FOUND", {})


def test_nothing_of_theirs_is_read_changed_or_deleted_by_its_address(server: Server, scene: Scene):
    before = scene.theirs.stored()

    with scene.caller(server) as caller:
        for resource, theirs in scene.theirs.ids.items():
            assert error_of(caller.get(f"/{resource}/{theirs}")) == NOT_FOUND
            assert error_of(caller.update(resource, theirs, {"reference": "mine"})) == NOT_FOUND
            assert error_of(caller.delete(f"/{resource}/{theirs}")) == NOT_FOUND

    assert scene.theirs.stored() == before


def test_an_id_of_theirs_is_answered_like_one_that_was_never_given(server: Server, scene: Scene):
    with scene.caller(server) as caller:
        for resource, theirs in scene.theirs.ids.items():
            unknown = uuid7()
            answers = [caller.get(f"/{resource}/{key}") for key in (theirs, unknown)]
            assert answers[0].text == answers[1].text.replace(str(unknown), str(theirs))


def test_no_verb_moves_their_card(server: Server, scene: Scene):
    before = scene.theirs.stored()

    with scene.caller(server) as caller:
        for attributes in TRIGGERS:
            answer = caller.trigger(scene.theirs.card.id, **attributes)
            assert error_of(answer) == NOT_FOUND

    assert scene.theirs.stored() == before


def test_nothing_leads_there_from_their_card(server: Server, scene: Scene):
    card = f"/gift_cards/{scene.theirs.card.id}"

    with scene.caller(server) as caller:
        for name in ("market", "gift_card_recipient"):
            assert error_of(caller.get(f"{card}/{name}")) == NOT_FOUND
            assert error_of(caller.get(f"{card}/relationships/{name}")) == NOT_FOUND
            emptied = caller.patch(f"{card}/relationships/{name}", content=json.dumps({"data": None}))
            assert error_of(emptied) == NOT_FOUND


def test_no_card_of_mine_is_tied_to_what_is_theirs(server: Server, scene: Scene):
    before = as_stored(scene.mine.card.id)
    cards = GiftCard.objects.count()
    names = {"markets": "market", "gift_card_recipients": "gift_card_recipient"}

    with scene.caller(server) as caller:
        for resource, name in names.items():
            if resource not in scene.theirs.ids:
                continue
            theirs = {name: (resource, str(scene.theirs.ids[resource]))}
            pointed = (404, "RECORD_NOT_FOUND", {"pointer": f"/data/relationships/{name}/data"})
            created = caller.create("gift_cards", {"balance_cents": 100, "currency_code": "EUR"}, **theirs)
            assert error_of(created) == pointed
            assert error_of(caller.update("gift_cards", scene.mine.card.id, {}, **theirs)) == pointed
            linked = caller.patch(
                f"/gift_cards/{scene.mine.card.id}/relationships/{name}",
                content=json.dumps({"data": {"type": resource, "id": str(scene.theirs.ids[resource])}}),
            )
            assert error_of(linked) == (404, "RECORD_NOT_FOUND", {"pointer": "/data"})

    assert as_stored(scene.mine.card.id) == before
    assert GiftCard.objects.count() == cards


def test_my_card_is_not_spent_in_their_market(server: Server, scene: Scene):
    before = as_stored(scene.mine.card.id)

    with scene.caller(server) as caller:
        answer = caller.trigger(
            scene.mine.card.id, _balance_change_cents=-1, _market_id=str(scene.theirs.ids["markets"])
        )

    assert error_of(answer) == (404, "RECORD_NOT_FOUND", {"pointer": "/data/attributes/_market_id"})
    assert as_stored(scene.mine.card.id) == before


def test_no_payment_takes_from_their_card(server: Server, scene: Scene):
    """Not even together with mine; and their code is answered like one that was never given."""
    cards = (scene.mine.card, scene.theirs.card)
    before = [as_stored(card.id) for card in cards]
    linkage = [{"type": "gift_cards", "id": str(card.id)} for card in cards]

    with scene.caller(server) as caller:

        def pay(attributes, **relationships):
            data = {
                "type": "gift_card_payments",
                "attributes": {"amount_cents": 1, **attributes},
                "relationships": relationships,
            }
            return caller.post("/gift_card_payments", content=json.dumps({"data": data}))

        by_id = pay({}, gift_cards={"data": linkage})
        by_code, by_no_code = (
            pay({"codes": [scene.mine.code, code]}) for code in (scene.theirs.code, "never-given-to-anybody")
        )

    pointer = {"pointer": "/data/relationships/gift_cards/data/1"}
    assert error_of(by_id) == (404, "RECORD_NOT_FOUND", pointer)
    assert error_of(by_code) == (422, "VALIDATION_ERROR", {"pointer": "/data/attributes/codes"})
    assert by_code.content == by_no_code.content
    assert [as_stored(card.id) for card in cards] == before


def test_filters_find_nothing_of_theirs(server: Server, scene: Scene):
    theirs, recipient = scene.theirs, scene.theirs.card.gift_card_recipient_id
    filters = {
        "gift_cards": {
            "id_eq": theirs.card.id,
            "code_eq": theirs.code,
            "code_start": theirs.code[:8],
            "reference_eq": "paris",
            "market_id_eq": theirs.ids["markets"],
            "market_id_in": theirs.ids["markets"],
            "market_name_eq": "paris",
            "market_name_or_reference_cont": "paris",
            "gift_card_recipient_id_eq": recipient,
            "gift_card_recipient_email_eq": "grace@example.com",
        },
        "markets": {"id_eq": theirs.ids["markets"], "code_eq": "paris", "name_i_cont": "PARIS"},
    }
    if "gift_card_recipients" in theirs.ids:
        filters["gift_card_recipients"] = {"id_in": recipient, "email_eq": "grace@example.com"}

    with scene.caller(server) as caller:
        for resource, predicates in filters.items():
            for predicate, value in predicates.items():
                answer = caller.get(f"/{resource}", params={f"filter[q][{predicate}]": str(value)})
                assert (answer.status_code, answer.json()["data"]) == (200, []), predicate
                assert answer.json()["meta"] == {"record_count": 0, "page_count": 1}


def test_lists_and_includes_have_mine_alone(server: Server, scene: Scene):
    with scene.caller(server) as caller:
        cards = caller.get("/gift_cards", params={"include": "market,gift_card_recipient"}).json()
        markets = caller.get("/markets").json()

    mode, organization = scene.mine.card.mode, str(Organization.objects.get().pk)
    mine = {name: str(key) for name, key in scene.mine.ids.items()}
    sold = GiftCard.objects.get(order_id=scene.mine.money["gift_card_orders"])
    assert {each["id"] for each in cards["data"]} == {mine["gift_cards"], str(sold.pk)}
    assert {each["id"] for each in cards["included"]} == {mine["markets"], mine["gift_card_recipients"]}
    assert {each["id"] for each in markets["data"]} == {mine["markets"]}
    for each in [*cards["data"], *cards["included"], *markets["data"]]:
        assert each["meta"] == {"mode": mode, "organization_id": organization}


def test_one_address_is_two_recipients_in_two_modes(server: Server):
    scene = a_test_key_and_live_things()

    with scene.caller(server) as caller:
        answer = caller.update("gift_cards", scene.mine.card.id, {"recipient_email": "grace@example.com"})

    assert answer.status_code == 200
    scene.mine.card.refresh_from_db(fields=["gift_card_recipient"])
    assert scene.mine.card.gift_card_recipient_id != scene.theirs.card.gift_card_recipient_id


def test_a_key_of_one_market_opens_no_other(server: Server):
    scene = a_key_of_one_market_and_things_of_another()

    with scene.caller(server) as caller:
        opened = caller.create("markets", {"name": "Rome"})

    (error,) = opened.json()["errors"]
    assert (opened.status_code, error["meta"]["error"]) == (422, "market_restricted")
