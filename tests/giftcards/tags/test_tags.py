"""`/api/tags`, as its clients see it: test key, live key, another market's key, a key that may not."""

from uuid import uuid4

import pytest

from access.scopes import Scope
from events.models import Event
from giftcards.models import GiftCardTag, Tag
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, a_draft, a_market, an_active_card, as_stored, edit
from tests.fixtures.client import ROOT, api_client
from tests.giftcards.api.documents import absent, document, errors, identifier, invalid
from tests.giftcards.tags.wording import a_tag, tag_resource

pytestmark = pytest.mark.django_db


def events_of(tag):
    events = Event.objects.filter(subject_id=tag.pk).order_by("sequence")
    return [(event.topic, event.data) for event in events]


def test_a_tag_is_created(api):
    answer = api.create("tags", name="Summer_2026-b", reference="7", metadata={"color": "red"})

    tag = Tag.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/tags/{tag.pk}"
    told = {"name": "Summer_2026-b", "reference": "7", "metadata": {"color": "red"}}
    assert answer.document == document(tag_resource(tag, **told), "tags")
    assert events_of(tag) == [("tags.create", {})]


@pytest.mark.parametrize("name", ["a", "Z9", "_", "-", "a" * 25])
def test_a_name_is_one_word(api, name):
    assert api.create("tags", name=name).document["data"]["attributes"]["name"] == name


@pytest.mark.parametrize(
    ("name", "error", "title", "more"),
    [
        (None, "blank", "can't be blank", {}),
        ("", "blank", "can't be blank", {"value": ""}),
        (7, "not_a_string", "must be a string", {"value": 7}),
        ("a" * 26, "too_long", "is too long (maximum is 25 characters)", {"value": "a" * 26, "count": 25}),
        *(
            (name, "invalid", "can only have letters, digits, - and _", {"value": name})
            for name in ("a,b", "a b", "ä", "a.b", "٣")
        ),
        ("a\n", "invalid", "can only have letters, digits, - and _", {}),
    ],
)
def test_any_other_name_is_refused(api, name, error, title, more):
    answer = api.create("tags", name=name)

    assert (answer.status, answer.document) == (422, errors(invalid("name", error, title, **more)))
    assert not Tag.objects.exists()


def test_a_name_is_taken_once_in_each_mode(api):
    a_tag("vip")

    answer = api.create("tags", name="vip")
    taken = invalid("name", "taken", "has already been taken", value="vip")
    assert (answer.status, answer.document) == (422, errors(taken))

    assert api.create("tags", name="VIP").status == 201
    assert api_client(Mode.LIVE).create("tags", name="vip").status == 201


def test_tags_are_read_and_listed(api):
    vip, sale = a_tag("vip"), a_tag("sale")
    a_tag("vip", by=LIVE)

    assert api.get(f"tags/{vip.pk}").document == document(tag_resource(vip), f"tags/{vip.pk}")
    answer = api.get("tags?sort=name")
    assert answer.document["data"] == [tag_resource(sale, name="sale"), tag_resource(vip)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[q][name_i_cont]=SAL", ["sale"]),
        ("filter[q][name_in]=vip,sale&sort=-name", ["vip", "sale"]),
        ("filter[q][name_eq]=none", []),
    ],
)
def test_tags_are_filtered_and_sorted(api, query, found):
    a_tag("vip")
    a_tag("sale")

    assert [tag["attributes"]["name"] for tag in api.get(f"tags?{query}").document["data"]] == found


def test_a_tag_is_renamed_wherever_it_is_carried(api):
    tag = a_tag("vip", reference="7")
    card = edit(an_active_card(), add_tags=[tag])

    answer = api.update(f"tags/{tag.pk}", name="gold")

    renamed = tag_resource(tag, name="gold", reference="7")
    assert (answer.status, answer.document) == (200, document(renamed, f"tags/{tag.pk}"))
    assert api.get(f"gift_cards/{card.pk}/tags").document["data"] == [renamed]
    assert events_of(tag)[1:] == [("tags.update", {"changed": ["name"]})]


def test_what_changes_nothing_records_nothing(api):
    tag = a_tag()
    before = Tag.objects.values().get()

    assert api.update(f"tags/{tag.pk}", name="vip").status == 200
    assert Tag.objects.values().get() == before
    assert len(events_of(tag)) == 1


def test_a_tag_is_not_renamed_to_anothers_name(api):
    a_tag("sale")
    tag = a_tag("vip")

    answer = api.update(f"tags/{tag.pk}", name="sale")

    taken = invalid("name", "taken", "has already been taken", value="sale")
    assert (answer.status, answer.document) == (422, errors(taken))


def test_deleting_a_tag_takes_it_off_every_card(api):
    vip, sale = a_tag("vip"), a_tag("sale")
    cards = [edit(a_draft(), add_tags=[vip, sale]), edit(an_active_card(), add_tags=[vip])]
    before = [as_stored(card.pk) for card in cards]

    answer = api.delete(f"tags/{vip.pk}")

    assert (answer.status, answer.document) == (204, None)
    assert list(GiftCardTag.objects.values_list("gift_card", "tag")) == [(cards[0].pk, sale.pk)]
    assert [as_stored(card.pk) for card in cards] == before
    assert events_of(vip)[1:] == [("tags.destroy", {"name": "vip", "gift_cards": 2})]


class TestStrangers:
    def test_another_modes_key_finds_nothing(self, api):
        tag = a_tag(by=LIVE)
        missing = errors(absent("tags", tag.pk))

        assert api.get(f"tags/{tag.pk}").document == missing
        assert api.update(f"tags/{tag.pk}", name="mine").document == missing
        assert api.delete(f"tags/{tag.pk}").document == missing
        assert api.get("tags").document["data"] == []
        assert Tag.objects.get().name == "vip"

    def test_a_tag_that_never_was_is_not_found(self, api):
        for key in (uuid4(), "nonsense"):
            assert api.get(f"tags/{key}").status == 404

    def test_a_key_of_some_markets_keeps_its_hands_off_what_cards_of_others_carry(self):
        italy, spain = a_market(code="it"), a_market(code="es")
        tag = a_tag()
        edit(an_active_card(market=italy), add_tags=[tag])
        edit(an_active_card(market=spain), add_tags=[tag])
        italian = api_client(market_codes=["it"])

        renaming = italian.update(f"tags/{tag.pk}", name="mine")
        title = "can't be changed while cards of other markets carry the tag"
        assert renaming.document == errors(invalid("name", "in_use", title, value="mine"))
        deleting = italian.delete(f"tags/{tag.pk}")
        assert (deleting.status, deleting.error["code"]) == (423, "LOCKED")
        assert GiftCardTag.objects.count() == 2

        assert italian.update(f"tags/{tag.pk}", reference="7").status == 200
        assert api_client(market_codes=["it", "es"]).delete(f"tags/{tag.pk}").status == 204

    def test_reading_and_writing_need_their_scopes(self):
        tag = a_tag()
        reader = api_client(scopes=[Scope.READ])
        others = [scope for scope in Scope if scope not in {Scope.READ, Scope.ISSUE}]
        other = api_client(scopes=others)

        assert reader.get("tags").status == 200
        for answer in (
            reader.create("tags", name="sale"),
            reader.update(f"tags/{tag.pk}", name="sale"),
            reader.delete(f"tags/{tag.pk}"),
            other.get("tags"),
            other.create("tags", name="sale"),
        ):
            assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
        issuer = api_client(scopes=[Scope.ISSUE])
        assert issuer.create("tags", name="sale").status == 201
        assert issuer.delete(f"tags/{tag.pk}").status == 204


def test_a_tag_has_no_relationships(api):
    tag = a_tag()

    assert api.get(f"tags/{tag.pk}/gift_cards").status == 404
    assert api.get(f"tags/{tag.pk}/relationships/taggings").status == 404
    assert identifier("tags", tag) == {"type": "tags", "id": str(tag.pk)}
