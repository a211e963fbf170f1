"""`/api/events` and a card's events: what happened, for those who may see what it happened to."""

from uuid import uuid4

import pytest

from access.operations import mint_api_key
from access.scopes import Scope
from events import subjects
from events.models import Event
from events.operations import record
from giftcards.operations import Occasion, debit, delete_gift_card, update_gift_card
from kernel.caller import Actor
from kernel.keys import uuid7
from kernel.modes import Mode
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, edit
from tests.fixtures.client import ROOT, api_client
from tests.giftcards.api.documents import absent, document, errors, resource, time_text
from tests.giftcards.tags.wording import a_tag

pytestmark = pytest.mark.django_db


def event_resource(event, **attributes):
    whole = {
        "name": event.topic,
        "resource_type": "gift_cards",
        "resource_id": str(event.subject_id),
        "sequence": event.sequence,
        "actor_kind": "api_key",
        "actor_name": "The till",
        "reason": "",
        "data": {"status": "draft"},
        "created_at": time_text(event.created_at),
        "updated_at": time_text(event.created_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("events", event, whole | attributes)


def events_of(card):
    return list(Event.objects.filter(subject_id=card.pk).order_by("-sequence"))


def names(answer):
    return [each["attributes"]["name"] for each in answer.document["data"]]


def test_an_event_tells_who_did_what_and_why(api):
    card = an_active_card()
    told = Occasion(reason="Two coffees", reference="order-7", order_number="#7")
    debit(caller=TEST, card_id=card.pk, amount_cents=1200, occasion=told)
    event = events_of(card)[0]

    answer = api.get(f"events/{event.pk}")

    assert answer.status == 200
    data = {"status": "active", "entry_sequence": 2, "amount_cents": -1200, "balance_cents": 8800}
    assert answer.document == document(
        event_resource(event, name="gift_cards.debit", reason="Two coffees", data=data), f"events/{event.pk}"
    )


def test_a_cards_events_are_listed_newest_first(api):
    card = an_active_card(code="SECRET-CODE-1234")
    a_draft()
    activated, purchased, announced, created = events_of(card)

    answer = api.get(f"gift_cards/{card.pk}/events")

    issue = {"status": "inactive", "entry_sequence": 1, "amount_cents": 10_000, "balance_cents": 10_000}
    page = f"{ROOT}/gift_cards/{card.pk}/events?page%5Bnumber%5D=1&page%5Bsize%5D=10"
    assert answer.document == document(
        [
            event_resource(activated, name="gift_cards.activate", data={"status": "active"}),
            event_resource(purchased, name="gift_cards.purchase", data=issue),
            event_resource(announced, name="gift_card.created", data={"id": str(card.pk)}),
            event_resource(created, name="gift_cards.create"),
        ],
        f"gift_cards/{card.pk}/events",
        links={"first": page, "last": page},
        meta={"record_count": 4, "page_count": 1},
    )
    assert "SECRET" not in str(answer.document)


def test_names_of_what_changed_are_shown_and_values_are_not(api):
    card = edit(a_draft(), recipient_email="ada@example.com", reference="A-7")

    answer = api.get(f"gift_cards/{card.pk}/events?filter[q][name_eq]=gift_cards.update")

    (event,) = answer.document["data"]
    assert sorted(event["attributes"]["data"]["changed"]) == ["gift_card_recipient_id", "reference"]
    assert "ada@" not in str(answer.document)


def test_events_are_listed_newest_first(api):
    create_recipient(caller=TEST, email="ada@example.com")
    a_draft()
    a_draft(by=LIVE)

    assert names(api.get("events?filter[q][resource_type_not_eq]=api_keys")) == [
        "gift_cards.create",
        "gift_card_recipients.create",
    ]


def test_events_are_filtered(api):
    card = an_active_card()
    a_tag()
    newest = events_of(card)[0]

    def found(query):
        return sorted(names(api.get(f"events?{query}")))

    assert found("filter[q][name_in]=gift_cards.activate,tags.create") == [
        "gift_cards.activate",
        "tags.create",
    ]
    assert found("filter[q][resource_type_eq]=tags") == ["tags.create"]
    assert found(f"filter[q][resource_id_eq]={card.pk}&filter[q][sequence_lteq]=1") == ["gift_cards.create"]
    moment = newest.created_at.isoformat().replace("+00:00", "Z")
    at = f"filter[q][created_at_gteq]={moment}&filter[q][updated_at_lteq]={moment}"
    assert found(at) == ["gift_cards.activate"]
    assert found("filter[q][actor_kind_eq]=system&filter[q][name_start]=gift_cards") == []
    assert found("filter[q][actor_name_eq]=The till&filter[q][name_end]=purchase") == ["gift_cards.purchase"]


def test_sparse_fields_and_order(api):
    card = an_active_card()

    answer = api.get(f"gift_cards/{card.pk}/events?fields[events]=name&sort=created_at")

    assert [event["attributes"] for event in answer.document["data"]] == [
        {"name": name}
        for name in ("gift_cards.create", "gift_card.created", "gift_cards.purchase", "gift_cards.activate")
    ]


def test_a_card_links_to_its_events_and_never_includes_them(api):
    card = a_draft()
    address = f"gift_cards/{card.pk}"
    only_links = {
        "links": {"self": f"{ROOT}/{address}/relationships/events", "related": f"{ROOT}/{address}/events"}
    }

    shown = api.get(f"{address}?fields[gift_cards]=events").document["data"]["relationships"]
    assert shown == {"events": only_links}
    assert api.get(f"{address}?include=events").error["code"] == "INVALID_INCLUDE"
    linkage = api.get(f"{address}/relationships/events").document["data"]
    assert linkage == [{"type": "events", "id": str(event.pk)} for event in events_of(card)]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_nobody_changes_what_has_happened(api, method):
    card = a_draft()
    (event,) = events_of(card)
    before = Event.objects.values().get(pk=event.pk)

    for path in ("events", f"events/{event.pk}", f"gift_cards/{card.pk}/events"):
        answer = api.send(method, path, {"data": []})
        assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    for path in (f"gift_cards/{card.pk}/relationships/events",):
        assert api.send(method, path, {"data": []}).status in {403, 405}
    assert Event.objects.values().get(pk=event.pk) == before


class TestReach:
    """A key that is restricted to markets sees the events of what it sees, and of nothing else."""

    @pytest.fixture
    def scene(self):
        markets = {code: a_market(code=code, name=code) for code in ("it", "es")}
        cards = {code: a_draft(market=market) for code, market in markets.items()}
        cards["none"] = a_draft()
        return markets, cards

    def test_of_cards(self, scene):
        _markets, cards = scene
        italian = api_client(market_codes=["it"])

        for code, seen in {"it": True, "none": True, "es": False}.items():
            (event,) = events_of(cards[code])
            answer = italian.get(f"events/{event.pk}")
            assert answer.status == (200 if seen else 404)
            if not seen:
                assert answer.document == errors(absent("events", event.pk))
        listed = italian.get("events?filter[q][resource_type_eq]=gift_cards")
        assert {each["attributes"]["resource_id"] for each in listed.document["data"]} == {
            str(cards["it"].pk),
            str(cards["none"].pk),
        }
        assert listed.document["meta"]["record_count"] == 2
        elsewhere = italian.get(f"events?filter[q][resource_id_eq]={cards['es'].pk}")
        assert elsewhere.document["data"] == []
        assert italian.get(f"gift_cards/{cards['es'].pk}/events").status == 404
        assert italian.get(f"gift_cards/{cards['es'].pk}/relationships/events").status == 404

    def test_where_a_card_is_now_counts(self, scene):
        markets, cards = scene
        italian = api_client(market_codes=["it"])
        update_gift_card(caller=TEST, card_id=cards["it"].pk, changes={"market": markets["es"]})

        assert italian.get(f"events?filter[q][resource_id_eq]={cards['it'].pk}").document["data"] == []

    def test_of_markets_tags_and_recipients(self, scene):
        create_recipient(caller=TEST, email="ada@example.com")
        a_tag()
        italian = api_client(market_codes=["it"])

        seen = names(italian.get("events?filter[q][resource_type_not_eq]=gift_cards"))
        assert seen == ["tags.create", "gift_card_recipients.create", "markets.create"]

    def test_of_attachments(self, scene, api):
        _markets, cards = scene
        for card in cards.values():
            attachable = {"attachable": {"data": {"type": "gift_cards", "id": str(card.pk)}}}
            api.create("attachments", attachable, name="Note")

        listed = api_client(market_codes=["it"]).get("events?filter[q][name_eq]=attachments.create")
        assert {each["attributes"]["data"]["gift_card_id"] for each in listed.document["data"]} == {
            str(cards["it"].pk),
            str(cards["none"].pk),
        }

    def test_of_what_is_gone_or_unheard_of(self, scene):
        _markets, cards = scene
        delete_gift_card(caller=TEST, card_id=cards["it"].pk)
        record(caller=TEST, subject_type="novelties", subject_id=uuid7(), topic="novelties.create")

        query = "events?filter[q][name_in]=gift_cards.destroy,novelties.create"
        assert names(api_client(market_codes=["it"]).get(query)) == []
        assert len(names(api_client().get(query))) == 2

    def test_without_the_choke_point_they_would_be_seen(self, scene, monkeypatch):
        """The control: it is `visible_to` that keeps another market's events away."""
        _markets, cards = scene
        italian = api_client(market_codes=["it"])
        monkeypatch.setattr(Event.objects.__class__, "visible_to", lambda events, _caller: events.all())

        (event,) = events_of(cards["es"])
        assert italian.get(f"events/{event.pk}").status == 200

    def test_another_modes_key_sees_nothing(self, scene):
        _markets, cards = scene
        live = api_client(Mode.LIVE)

        (event,) = events_of(cards["none"])
        assert live.get(f"events/{event.pk}").document == errors(absent("events", event.pk))
        assert live.get("events?filter[q][resource_type_eq]=gift_cards").document["data"] == []
        assert live.get(f"gift_cards/{cards['none'].pk}/events").status == 404

    def test_an_event_that_never_was_is_not_found(self, api):
        for key in (uuid4(), "nonsense"):
            assert api.get(f"events/{key}").status == 404

    def test_every_resource_of_the_api_has_its_events_seen(self):
        """Whoever adds a resource says whose events these are; else a restricted key sees none of them."""
        assert subjects._visible.keys() == {
            "gift_cards",
            "gift_card_authorizations",
            "gift_card_payments",
            "gift_card_orders",
            "gift_card_products",
            "gift_card_denominations",
            "tags",
            "attachments",
            "markets",
            "gift_card_recipients",
        }


class TestKeys:
    """That there is another key, and what it may do, concerns administrators."""

    @pytest.fixture
    def minted(self):
        api_key, _ = mint_api_key(application_name="till", mode=Mode.TEST, actor=Actor.system("owner"))
        return Event.objects.get(subject_id=api_key.pk)

    def test_an_administrator_sees_them(self, minted):
        answer = api_client(scopes=[Scope.READ, Scope.ADMIN]).get(f"events/{minted.pk}")

        assert answer.status == 200
        assert answer.document["data"]["attributes"]["name"] == "api_keys.create"

    @pytest.mark.parametrize(
        "choices", [{"scopes": [s for s in Scope if s != Scope.ADMIN]}, {"market_codes": ["it"]}]
    )
    def test_nobody_else_does(self, minted, choices):
        a_market(code="it")
        client = api_client(**choices)

        assert client.get(f"events/{minted.pk}").status == 404
        assert client.get("events?filter[q][resource_type_eq]=api_keys").document["meta"]["record_count"] == 0
        assert client.get(f"events?filter[q][resource_id_eq]={minted.subject_id}").document["data"] == []

    def test_no_secret_is_among_what_they_tell(self, minted):
        shown = api_client().get(f"events/{minted.pk}").document["data"]["attributes"]["data"]

        assert shown.keys() == {"application", "client_id", "scopes", "expires_at", "markets"}


def test_reading_needs_its_scope():
    (event,) = events_of(a_draft())
    client = api_client(scopes=[scope for scope in Scope if scope != Scope.READ])

    for path in ("events", f"events/{event.pk}", f"gift_cards/{event.subject_id}/events"):
        assert (client.get(path).status, client.get(path).error["code"]) == (403, "UNAUTHORIZED")
