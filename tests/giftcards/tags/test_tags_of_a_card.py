"""What a card carries: by its relationship, by `_add_tags` and `_remove_tags`, at most ten."""

from uuid import uuid4

import pytest

from access.scopes import Scope
from giftcards.models import GiftCard, GiftCardTag, Tag
from giftcards.operations import delete_gift_card
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, edit, last_event
from tests.fixtures.client import ROOT, api_client, until_key_is_known
from tests.giftcards.api.documents import (
    absent,
    document,
    errors,
    gift_card,
    identifier,
    invalid,
    not_allowed,
    of_card,
)
from tests.giftcards.api.refusing import refuses
from tests.giftcards.tags.wording import a_tag, linkage, some_tags, tag_resource

pytestmark = pytest.mark.django_db


def names(card):
    return sorted(Tag.objects.filter(gift_cards=card).values_list("name", flat=True))


def too_many(about, at=None):
    return invalid(
        about, "too_many", "are too many (maximum is 10 tags)", count=10, **({"at": at} if at else {})
    )


class TestTheRelationship:
    def test_a_card_is_created_with_tags(self, api):
        vip, sale = a_tag("vip"), a_tag("sale")

        answer = api.create("gift_cards", linkage(vip, sale), balance_cents=10_000, currency_code="USD")

        card = GiftCard.objects.get()
        assert (answer.status, answer.document) == (201, document(gift_card(card), "gift_cards"))
        assert names(card) == ["sale", "vip"]
        assert last_event(card).data == {"status": "draft"}

    def test_an_update_replaces_all_of_them(self, api):
        vip, sale, gold = a_tag("vip"), a_tag("sale"), a_tag("gold")
        card = edit(an_active_card(), tags=[vip, sale])
        before = card.updated_at

        answer = api.update(f"gift_cards/{card.pk}", linkage(sale, gold, gold))

        assert (answer.status, answer.document) == (200, of_card(card, status="active"))
        assert names(card) == ["gold", "sale"]
        assert last_event(card).topic == "gift_cards.update"
        assert last_event(card).data == {"status": "active", "changed": ["tags"]}
        assert GiftCard.objects.get().updated_at > before

    @pytest.mark.parametrize("nothing", [[], None])
    def test_nothing_under_attributes_clears_them(self, api, nothing):
        card = edit(an_active_card(), tags=[a_tag()])

        assert api.update(f"gift_cards/{card.pk}", tags=nothing).status == 200
        assert names(card) == []

    def test_an_empty_list_clears_them(self, api):
        card = edit(an_active_card(), tags=[a_tag()])

        assert api.update(f"gift_cards/{card.pk}", linkage()).status == 200
        assert names(card) == []

    def test_the_same_tags_again_record_nothing(self, api):
        vip = a_tag()
        card = edit(an_active_card(), tags=[vip])
        before = last_event(card)

        assert api.update(f"gift_cards/{card.pk}", linkage(vip)).status == 200
        assert last_event(card) == before

    def test_names_under_attributes_are_misplaced(self, api):
        refuses(api, an_active_card(), {"tags": ["vip"]}, not_allowed("tags"), status=400)

    def test_tags_are_read_with_the_card_and_at_their_own_address(self, api):
        vip, sale = a_tag("vip"), a_tag("sale")
        card = edit(a_draft(), tags=[vip, sale])
        whole = [tag_resource(vip), tag_resource(sale, name="sale")]
        members = [identifier("tags", vip), identifier("tags", sale)]

        included = api.get(f"gift_cards/{card.pk}?include=tags").document
        assert included["data"] == gift_card(card, linkage={"tags": members})
        assert included["included"] == whole
        assert api.get(f"gift_cards/{card.pk}/tags?sort=created_at").document["data"] == whole
        only_vip = api.get(f"gift_cards/{card.pk}/tags?filter[q][name_eq]=vip&fields[tags]=name").document
        assert [tag["attributes"] for tag in only_vip["data"]] == [{"name": "vip"}]
        address = f"{ROOT}/gift_cards/{card.pk}/relationships/tags"
        assert api.get(f"gift_cards/{card.pk}/relationships/tags?sort=id").document == {
            "jsonapi": {"version": "1.1"},
            "links": {
                "self": f"{address}?sort=id",
                "related": f"{ROOT}/gift_cards/{card.pk}/tags",
                "first": f"{address}?sort=id&page%5Bnumber%5D=1&page%5Bsize%5D=10",
                "last": f"{address}?sort=id&page%5Bnumber%5D=1&page%5Bsize%5D=10",
            },
            "data": members,
            "meta": {"record_count": 2, "page_count": 1},
        }

    def test_members_are_replaced_added_and_removed_at_its_address(self, api):
        vip, sale, gold = a_tag("vip"), a_tag("sale"), a_tag("gold")
        card = an_active_card()
        address = f"gift_cards/{card.pk}/relationships/tags"

        assert api.send("PATCH", address, linkage(vip)["tags"]).status == 200
        assert names(card) == ["vip"]
        answer = api.send("POST", address, linkage(sale, gold, vip)["tags"])
        assert answer.status == 200
        assert {each["id"] for each in answer.document["data"]} == {str(tag.pk) for tag in (vip, sale, gold)}
        assert api.send("DELETE", address, linkage(vip, sale)["tags"]).document["data"] == [
            identifier("tags", gold)
        ]
        assert last_event(card).data == {"status": "active", "changed": ["tags"]}

    def test_another_modes_tag_is_as_absent_as_none(self, api):
        elsewhere = a_tag(by=LIVE)
        card = an_active_card()

        place = "/data/relationships/tags/data/0"
        missing = absent("tags", elsewhere.pk, pointer=place)
        refuses(api, card, {}, missing, status=404, relationships=linkage(elsewhere))
        for method in ("PATCH", "POST"):
            answer = api.send(method, f"gift_cards/{card.pk}/relationships/tags", linkage(elsewhere)["tags"])
            assert answer.document == errors(absent("tags", elsewhere.pk, pointer="/data/0"))
        assert names(card) == []


class TestAddingAndRemovingByName:
    def test_names_are_added_to_what_the_card_carries(self, api):
        vip = a_tag("vip")
        a_tag("sale")
        a_tag("gold")
        card = edit(an_active_card(), tags=[vip])

        answer = api.update(f"gift_cards/{card.pk}", _add_tags=" sale,gold,sale,vip, ")

        assert (answer.status, answer.document) == (200, of_card(card, status="active"))
        assert names(card) == ["gold", "sale", "vip"]
        assert last_event(card).data == {"status": "active", "changed": ["tags"]}

    def test_names_are_removed(self, api):
        card = edit(an_active_card(), tags=[a_tag("vip"), a_tag("sale")])

        assert api.update(f"gift_cards/{card.pk}", _remove_tags="vip,none").status == 200
        assert names(card) == ["sale"]

    @pytest.mark.parametrize("unknown", ["none", "VIP", "a b", ",", "", None, "live", "x" * 4000])
    def test_what_names_no_tag_of_this_mode_is_ignored(self, api, unknown):
        a_tag("vip")
        a_tag("live", by=LIVE)
        card = an_active_card()
        before = last_event(card)

        assert api.update(f"gift_cards/{card.pk}", _add_tags=unknown, _remove_tags=unknown).status == 200
        assert names(card) == []
        assert last_event(card) == before

    def test_removing_comes_last(self, api):
        vip, sale = a_tag("vip"), a_tag("sale")
        card = an_active_card()

        told = {"_add_tags": "sale", "_remove_tags": "vip"}
        assert api.update(f"gift_cards/{card.pk}", linkage(vip), **told).status == 200
        assert names(card) == ["sale"]
        assert sale.name == "sale"

    def test_they_accompany_one_verb_and_are_applied_before_it(self, api):
        a_tag("vip")
        card = a_draft()

        answer = api.update(f"gift_cards/{card.pk}", _add_tags="vip", _purchase=True)

        assert (answer.status, names(card)) == (200, ["vip"])
        assert last_event(card).topic == "gift_cards.purchase"
        assert last_event(card).data["changed"] == ["tags"]

    def test_they_fall_with_the_verb(self, api):
        a_tag("vip")
        card = an_active_card()

        answer = api.update(f"gift_cards/{card.pk}", _add_tags="vip", _balance_change_cents=-1_000_000)

        assert answer.error["meta"]["error"] == "insufficient_balance"
        assert names(card) == []

    def test_a_new_card_is_not_tagged_by_name(self, api):
        answer = api.create("gift_cards", balance_cents=1, currency_code="USD", _add_tags="vip")

        assert (answer.status, answer.document) == (400, errors(not_allowed("_add_tags")))

    def test_they_are_written_only(self, api):
        attributes = api.get(f"gift_cards/{a_draft().pk}").document["data"]["attributes"]

        assert not attributes.keys() & {"_add_tags", "_remove_tags"}

    @pytest.mark.parametrize("name", ["\0", "vip,\0"])
    def test_what_can_be_in_no_text_is_refused(self, api, name):
        answer = api.update(f"gift_cards/{an_active_card().pk}", _add_tags=name)

        assert answer.refusal == (422, "VALIDATION_ERROR", "is invalid", "/data/attributes/_add_tags")

    @pytest.mark.parametrize("names", [7, ["vip"], True, {"name": "vip"}])
    def test_names_are_text(self, api, names):
        answer = api.update(f"gift_cards/{an_active_card().pk}", _add_tags=names)

        assert answer.refusal == (422, "VALIDATION_ERROR", "must be a string", "/data/attributes/_add_tags")


class TestTenAtMost:
    def test_by_the_relationship(self, api):
        eleven = some_tags(11)
        card = an_active_card()

        place = "/data/relationships/tags"
        refuses(api, card, {}, too_many("tags", place), relationships=linkage(*eleven))
        assert api.update(f"gift_cards/{card.pk}", linkage(*eleven[:10])).status == 200
        assert GiftCardTag.objects.count() == 10

    def test_by_name(self, api):
        eleven = some_tags(11)
        card = edit(an_active_card(), tags=eleven[:10])

        value = eleven[10].name
        refused = too_many("_add_tags")
        refused["meta"]["value"] = value
        refuses(api, card, {"_add_tags": value}, refused)
        exchange = {"_add_tags": value, "_remove_tags": eleven[0].name}
        assert api.update(f"gift_cards/{card.pk}", **exchange).status == 200
        assert GiftCardTag.objects.count() == 10

    def test_at_its_address(self, api):
        eleven = some_tags(11)
        card = edit(an_active_card(), tags=eleven[:10])

        answer = api.send("POST", f"gift_cards/{card.pk}/relationships/tags", linkage(eleven[10])["tags"])

        assert (answer.status, answer.document) == (422, errors(too_many("tags", "/data")))
        assert GiftCardTag.objects.count() == 10

    def test_of_a_new_card(self, api):
        answer = api.create("gift_cards", linkage(*some_tags(11)), balance_cents=1, currency_code="USD")

        assert answer.status == 422
        assert not GiftCard.objects.exists()


class TestStrangers:
    @pytest.mark.parametrize("method", ["PATCH", "POST", "DELETE"])
    def test_another_markets_card_is_not_tagged(self, method):
        a_market(code="es")
        tag = a_tag()
        card = edit(an_active_card(market=a_market(code="it")), tags=[tag])
        spanish = api_client(market_codes=["es"])

        for answer in (
            spanish.update(f"gift_cards/{card.pk}", _remove_tags="vip"),
            spanish.send(method, f"gift_cards/{card.pk}/relationships/tags", {"data": []}),
            spanish.get(f"gift_cards/{card.pk}/tags"),
            spanish.get(f"gift_cards/{card.pk}/relationships/tags"),
        ):
            assert (
                answer.document["errors"][0]["detail"]
                == f"There is nothing of type gift_cards with id {card.pk}."
            )
        assert names(card) == ["vip"]

    def test_a_card_that_never_was_is_not_tagged(self, api):
        assert api.send("POST", f"gift_cards/{uuid4()}/relationships/tags", {"data": []}).status == 404

    @pytest.mark.parametrize("told", [{"_add_tags": "vip"}, {"_remove_tags": "vip"}, {"tags": []}])
    def test_tags_beside_a_debit_need_the_scope_of_an_update(self, told):
        card = edit(an_active_card(), tags=[a_tag()])
        till = api_client(scopes=[Scope.SPEND])

        answer = till.update(f"gift_cards/{card.pk}", _balance_change_cents=-1, **told)
        assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
        assert till.update(f"gift_cards/{card.pk}", _balance_change_cents=-1, _add_tags=None).status == 200

    @pytest.mark.parametrize("scopes", [[Scope.SPEND], [Scope.SPEND, Scope.ADJUST]])
    def test_relationships_beside_a_debit_need_it_too(self, scopes):
        tag, market = a_tag(), a_market()
        card = an_active_card()
        till = api_client(scopes=scopes)

        for relationships in (linkage(tag), {"market": {"data": identifier("markets", market)}}):
            for told in ({"_balance_change_cents": -1}, {"balance_cents": 1}):
                answer = till.update(f"gift_cards/{card.pk}", relationships, **told)
                assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
        assert (names(card), GiftCard.objects.get().balance_cents) == ([], 10_000)

    @pytest.mark.parametrize("method", ["PATCH", "POST", "DELETE"])
    def test_its_address_needs_it_too(self, method):
        card = an_active_card()
        reader = api_client(scopes=[Scope.READ, Scope.SPEND])

        answer = reader.send(method, f"gift_cards/{card.pk}/relationships/tags", {"data": []})
        assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")


class TestCost:
    def test_tags_and_attachments_cost_one_query_each_for_a_page(self, api, django_assert_num_queries):
        tags = some_tags(3)
        for _ in range(5):
            edit(a_draft(), tags=tags)
        until_key_is_known(api.get, "gift_cards")

        with django_assert_num_queries(1):  # whether the key counts, and the page
            api.get("gift_cards?fields[gift_cards]=status")
        with django_assert_num_queries(2):
            document = api.get("gift_cards?fields[gift_cards]=status,tags&include=tags").document
        assert [len(card["relationships"]["tags"]["data"]) for card in document["data"]] == [3] * 5
        with django_assert_num_queries(3):
            api.get("gift_cards?fields[gift_cards]=status&include=tags,attachments")


def test_a_draft_goes_with_its_tags(api):
    card = edit(a_draft(), tags=[a_tag()])

    delete_gift_card(caller=TEST, card_id=card.pk)

    assert not GiftCardTag.objects.exists()
    assert Tag.objects.count() == 1
