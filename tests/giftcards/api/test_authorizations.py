"""/api/gift_card_authorizations: hold a part of a balance for an order, then take it or let it go."""

from datetime import UTC, datetime, timedelta

import pytest

from access.scopes import Scope
from giftcards.models import Authorization, GiftCard, LedgerEntry
from giftcards.operations import authorize, capture, deactivate, debit, void
from kernel.clock import database_now
from kernel.keys import uuid7
from kernel.modes import Mode
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    as_stored,
    disabled,
    edit,
    last_entry,
)
from tests.fixtures.client import ROOT, api_client, until_key_is_known
from tests.giftcards.api import documents
from tests.giftcards.api.documents import (
    absent,
    authorization,
    document,
    errors,
    identifier,
    invalid,
    not_allowed,
    page_of,
    transaction,
)

pytestmark = pytest.mark.django_db

TYPE = "gift_card_authorizations"


def on(card, **more):
    named = {"gift_card": ("gift_cards", card), **{name: ("markets", row) for name, row in more.items()}}
    return {name: {"data": identifier(kind, row)} for name, (kind, row) in named.items()}


def held(card=None, amount_cents=4_000, **more):
    card = card or an_active_card()
    return authorize(caller=TEST, card_id=card.pk, amount_cents=amount_cents, **more)


def of_a_disabled_market():
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)
    return card


def lapsed(row):
    """Its time is over, and nobody has written that down."""
    Authorization.objects.filter(pk=row.pk).update(expires_at=database_now() - timedelta(seconds=1))
    return Authorization.objects.get(pk=row.pk)


def available(api, card):
    return api.get(f"gift_cards/{card.pk}").document["data"]["attributes"]["available_balance_cents"]


class TestCreating:
    def test_a_card_and_an_amount_are_enough(self, api):
        card = an_active_card()

        answer = api.create(TYPE, on(card), amount_cents=4_000)

        row = Authorization.objects.get()
        assert (answer.status, answer.headers["Location"]) == (201, f"{ROOT}/{TYPE}/{row.pk}")
        assert answer.document == document(authorization(row), TYPE)
        assert available(api, card) == 6_000

    def test_everything_that_may_be_given_is_kept(self, api):
        market = a_market(currency_code="EUR", locale="de_DE")
        card = an_active_card(market=market)

        answer = api.create(
            f"{TYPE}",
            on(card, market=market),
            amount_cents="4000",
            expires_at="2099-05-04T12:30:00.250+02:00",
            order_number="#7",
            reference="order-7",
            reference_origin="shop",
            metadata={"till": 3},
            _reason="By telephone",
        )

        row = Authorization.objects.get()
        assert row.market == market
        euros = {"currency_code": "EUR", "formatted_captured_amount": "0,00\N{NO-BREAK SPACE}€"}
        assert answer.document == document(
            authorization(
                row,
                **euros,
                formatted_amount="40,00\N{NO-BREAK SPACE}€",
                expires_at="2099-05-04T10:30:00.250Z",
                order_number="#7",
                reference="order-7",
                reference_origin="shop",
                metadata={"till": 3},
            ),
            TYPE,
        )
        (event,) = api.get(f"{TYPE}/{row.pk}/events").document["data"]
        assert (event["attributes"]["name"], event["attributes"]["reason"]) == (
            f"{TYPE}.create",
            "By telephone",
        )

    @pytest.mark.parametrize(
        ("attributes", "refusal"),
        [
            ({}, invalid("amount_cents", "blank", "can't be blank", at="/data")),
            (
                {"amount_cents": 0},
                invalid("amount_cents", "greater_than", "must be greater than 0", value=0, count=0),
            ),
            (
                {"amount_cents": 1.5},
                invalid("amount_cents", "not_an_integer", "must be an integer", value=1.5),
            ),
            (
                {"amount_cents": 10_001},
                invalid(
                    "amount_cents",
                    "insufficient_balance",
                    "exceeds the available balance of 10000",
                    value=10_001,
                    count=10_000,
                ),
            ),
            (
                {"amount_cents": 1, "expires_at": "2020-01-01T00:00:00Z"},
                invalid(
                    "expires_at", "in_the_past", "must be in the future", value="2020-01-01 00:00:00+00:00"
                ),
            ),
            ({"amount_cents": 1, "_capture": True}, not_allowed("_capture")),
            ({"amount_cents": 1, "status": "captured"}, not_allowed("status")),
        ],
    )
    def test_a_refusal_points_at_the_attribute(self, api, attributes, refusal):
        card = an_active_card()
        before = as_stored(card.pk)

        answer = api.create(TYPE, on(card), **attributes)

        assert (str(answer.status), answer.document) == (refusal["status"], errors(refusal))
        assert as_stored(card.pk) == before

    @pytest.mark.parametrize(
        ("card", "error"),
        [
            (a_draft, "invalid_transition"),
            (lambda: an_active_card(expires_at=datetime(2020, 1, 1, tzinfo=UTC)), "expired"),
            (of_a_disabled_market, "disabled"),
            (lambda: held(an_active_card(single_use=True), 1).gift_card, "already_authorized"),
        ],
    )
    def test_what_is_wrong_with_the_card_points_at_it(self, api, card, error):
        answer = api.create(TYPE, on(card()), amount_cents=1)

        assert (answer.status, answer.error["meta"]["error"]) == (422, error)
        assert answer.error["source"] == {"pointer": "/data/relationships/gift_card"}

    def test_what_is_wrong_with_the_market_points_at_it(self, api):
        card = an_active_card(market=a_market())

        answer = api.create(TYPE, on(card, market=a_market(name="Paris")), amount_cents=1)

        assert (answer.status, answer.error["meta"]["error"]) == (422, "other_market")
        assert answer.error["source"] == {"pointer": "/data/relationships/market"}

    def test_a_card_must_be_named(self, api):
        answer = api.create(TYPE, amount_cents=1)

        assert answer.document == errors(
            invalid("gift_card", "required", "must exist", at="/data") | {"meta": answer.error["meta"]}
        )

    def test_what_lies_beyond_reach_is_absent(self, api):
        card, market = an_active_card(by=LIVE), a_market(by=LIVE)

        of_theirs = api.create(TYPE, on(card), amount_cents=1)
        in_theirs = api.create(TYPE, on(an_active_card(), market=market), amount_cents=1)

        at = "/data/relationships/{}/data"
        assert of_theirs.document == errors(absent("gift_cards", card.pk, pointer=at.format("gift_card")))
        assert in_theirs.document == errors(absent("markets", market.pk, pointer=at.format("market")))
        assert not Authorization.objects.exists()


class TestCapturing:
    def test_all_of_it(self, api):
        row = held()

        answer = api.update(f"{TYPE}/{row.pk}", _capture=True, _reason="Shipped")

        row.refresh_from_db(fields=["updated_at"])
        assert answer.document == document(
            authorization(
                row,
                status="captured",
                captured_amount_cents=4_000,
                captured_amount_float=40.0,
                formatted_captured_amount="$40.00",
            ),
            f"{TYPE}/{row.pk}",
        )
        entry = last_entry(row.gift_card)
        assert (entry.amount_cents, entry.reason) == (-4_000, "Shipped")

    @pytest.mark.parametrize("amount_cents", [1_500, "1500"])
    def test_a_part_of_it_releases_the_rest(self, api, amount_cents):
        row = held()

        answer = api.update(f"{TYPE}/{row.pk}", _capture_amount_cents=amount_cents, order_number="#8")

        shown = answer.document["data"]["attributes"]
        assert (shown["captured_amount_cents"], shown["order_number"]) == (1_500, "#8")
        assert available(api, row.gift_card) == 8_500

    def test_the_capture_is_among_its_transactions(self, api):
        row = held()
        capture(caller=TEST, authorization_id=row.pk)
        entry = last_entry(row.gift_card)
        shown = transaction(
            entry,
            kind="capture",
            amount_cents=-4_000,
            amount_float=-40.0,
            formatted_amount="-$40.00",
            balance_cents=6_000,
            balance_float=60.0,
            formatted_balance="$60.00",
        )

        address = f"{TYPE}/{row.pk}/transactions"
        assert api.get(address).document == page_of(address, [shown])
        included = api.get(f"{TYPE}/{row.pk}?include=transactions").document
        assert included["data"]["relationships"]["transactions"]["data"] == [
            identifier("gift_card_transactions", entry)
        ]
        assert included["included"] == [shown]

    @pytest.mark.parametrize("amount_cents", [0, -1, 4_001])
    def test_of_something_and_at_most_of_what_is_held(self, api, amount_cents):
        row = held()
        before = as_stored(row.gift_card_id)

        answer = api.update(f"{TYPE}/{row.pk}", _capture_amount_cents=amount_cents)

        assert answer.status == 422
        assert answer.error["source"] == {"pointer": "/data/attributes/_capture_amount_cents"}
        assert as_stored(row.gift_card_id) == before


class TestVoiding:
    def test_it_gives_everything_up(self, api):
        row = held()

        answer = api.update(f"{TYPE}/{row.pk}", _void=True)

        row.refresh_from_db(fields=["updated_at"])
        assert answer.document == document(authorization(row, status="voided"), f"{TYPE}/{row.pk}")
        assert available(api, row.gift_card) == 10_000


@pytest.mark.parametrize("trigger", [{"_capture": True}, {"_capture_amount_cents": 1}, {"_void": True}])
@pytest.mark.parametrize("first", ["captured", "voided", "expired"])
def test_it_resolves_once(api, first, trigger):
    row = held()
    if first == "expired":
        lapsed(row)
    else:
        {"captured": capture, "voided": void}[first](caller=TEST, authorization_id=row.pk)
    before = as_stored(row.gift_card_id)

    answer = api.update(f"{TYPE}/{row.pk}", **trigger)

    ((name, _),) = trigger.items()
    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        f"is not possible because the authorization is {first}",
        f"/data/attributes/{name}",
    )
    assert as_stored(row.gift_card_id) == before


def test_one_trigger_at_a_time(api):
    row = held()

    answer = api.update(f"{TYPE}/{row.pk}", _capture=True, _void=True)

    assert answer.document == errors(
        invalid("_void", "single_trigger", "can't be combined with _capture", value=True)
    )
    assert Authorization.objects.get().status == "open"


def test_what_the_shop_notes_changes_without_a_trigger(api):
    row = held()
    noted = {"order_number": "#9", "reference": "order-9", "reference_origin": "shop", "metadata": {"a": 1}}

    answer = api.update(f"{TYPE}/{row.pk}", **noted, _capture=False, _void=None, _capture_amount_cents=None)

    row.refresh_from_db(fields=["updated_at"])
    assert answer.document == document(authorization(row, **noted), f"{TYPE}/{row.pk}")


@pytest.mark.parametrize("attribute", ["amount_cents", "expires_at", "status", "currency_code"])
def test_what_is_held_does_not_change(api, attribute):
    row = held()

    answer = api.update(f"{TYPE}/{row.pk}", **{attribute: 1})

    assert (answer.status, answer.document) == (400, errors(not_allowed(attribute)))


def test_nor_whose_it_is(api):
    row, other = held(), an_active_card()

    answer = api.update(f"{TYPE}/{row.pk}", on(other))
    linked = api.send(
        "PATCH", f"{TYPE}/{row.pk}/relationships/gift_card", {"data": identifier("gift_cards", other)}
    )

    assert answer.document == errors(not_allowed("gift_card", member="relationships"))
    assert (linked.status, linked.error["code"]) == (403, "PARAM_NOT_ALLOWED")
    assert Authorization.objects.get().gift_card_id == row.gift_card_id


class TestTheClock:
    def test_what_is_over_reads_expired_before_anybody_wrote_it_down(self, api):
        row = lapsed(held())

        answer = api.get(f"{TYPE}/{row.pk}")

        assert answer.document == document(authorization(row, status="expired"), f"{TYPE}/{row.pk}")
        assert Authorization.objects.get().status == "open"
        assert available(api, row.gift_card) == 10_000

    def test_a_test_card_with_a_clock_goes_by_it(self, api):
        row = held()

        answer = api.update(f"gift_cards/{row.gift_card_id}", test_clock_at=(row.expires_at.isoformat()))

        shown = answer.document["data"]["attributes"]
        assert (shown["balance_cents"], shown["available_balance_cents"]) == (10_000, 10_000)
        assert api.get(f"{TYPE}/{row.pk}").document["data"]["attributes"]["status"] == "expired"
        edit(row.gift_card, test_clock_at=row.expires_at - timedelta(microseconds=1))
        assert api.get(f"{TYPE}/{row.pk}").document["data"]["attributes"]["status"] == "open"

    def test_a_live_card_has_no_clock_of_its_own(self, db):
        card = an_active_card(by=LIVE)

        answer = api_client(Mode.LIVE).update(f"gift_cards/{card.pk}", test_clock_at="2030-01-01T00:00:00Z")

        assert answer.refusal == (
            422,
            "VALIDATION_ERROR",
            "is only possible in test mode",
            "/data/attributes/test_clock_at",
        )

    @pytest.mark.parametrize(
        ("predicate", "found"),
        [
            ("eq]=open", {"open", "clock behind"}),
            ("eq]=expired", {"lapsed", "written down", "clock ahead"}),
            ("eq]=captured", {"captured"}),
            ("not_eq]=open", {"lapsed", "written down", "clock ahead", "captured", "voided"}),
            ("not_eq]=expired", {"open", "clock behind", "captured", "voided"}),
            ("not_eq]=voided", {"open", "clock behind", "lapsed", "written down", "clock ahead", "captured"}),
            ("in]=open,expired", {"open", "clock behind", "lapsed", "written down", "clock ahead"}),
            ("in]=open,voided", {"open", "clock behind", "voided"}),
            ("in]=expired,captured", {"lapsed", "written down", "clock ahead", "captured"}),
            ("not_in]=open,captured", {"lapsed", "written down", "clock ahead", "voided"}),
            ("not_in]=open,expired,captured,voided", set()),
        ],
    )
    def test_the_filter_agrees_with_what_is_read(self, api, everything, predicate, found):
        answer = api.get(f"{TYPE}?filter[q][status_{predicate}&page[size]=25")

        shown = {
            each["attributes"]["reference"]: each["attributes"]["status"] for each in answer.document["data"]
        }
        assert shown.keys() == found
        assert {everything[name] for name in found} == set(shown.values())

    @pytest.fixture
    def everything(self):
        """One authorization of each kind by its reference, and how it reads."""
        reads = {
            "open": "open",
            "lapsed": "expired",
            "written down": "expired",
            "clock ahead": "expired",
            "clock behind": "open",
            "captured": "captured",
            "voided": "voided",
        }
        rows = {name: held(attributes={"reference": name}) for name in reads}
        capture(caller=TEST, authorization_id=rows["captured"].pk)
        void(caller=TEST, authorization_id=rows["voided"].pk)
        for name in ("lapsed", "written down"):
            lapsed(rows[name])
        debit(caller=TEST, card_id=rows["written down"].gift_card_id, amount_cents=10_000)
        edit(rows["clock ahead"].gift_card, test_clock_at=rows["clock ahead"].expires_at)
        lapsed(rows["clock behind"])
        edit(rows["clock behind"].gift_card, test_clock_at=datetime(2020, 1, 1, tzinfo=UTC))
        return reads

    @pytest.mark.parametrize(
        ("predicate", "code"),
        [
            ("status_eq]=lapsed", "INVALID_FILTER_VALUE"),
            ("status_in]=open,lapsed", "INVALID_FILTER_VALUE"),
            ("status_cont]=op", "FILTER_NOT_ALLOWED"),
            ("status_null]=true", "FILTER_NOT_ALLOWED"),
        ],
    )
    def test_what_it_does_not_know_is_refused(self, api, predicate, code):
        answer = api.get(f"{TYPE}?filter[q][{predicate}")

        assert (answer.status, answer.error["code"]) == (400, code)

    def test_it_is_filtered_through(self, api):
        row = held()
        capture(caller=TEST, authorization_id=row.pk)

        def found(predicate):
            answer = api.get(f"gift_card_transactions?filter[q][authorization_status_{predicate}")
            return [each["attributes"]["kind"] for each in answer.document["data"]]

        assert (found("eq]=captured"), found("not_eq]=open"), found("not_eq]=captured")) == (
            ["capture"],
            ["capture"],
            [],
        )


class TestLists:
    def test_newest_first(self, api):
        rows = [held() for _ in range(2)]
        authorize(caller=LIVE, card_id=an_active_card(by=LIVE).pk, amount_cents=1)

        assert api.get(TYPE).document == page_of(TYPE, [authorization(row) for row in reversed(rows)])

    def test_of_one_card(self, api):
        held()
        row = held()

        address = f"gift_cards/{row.gift_card_id}/authorizations"
        assert api.get(address).document == page_of(address, [authorization(row)])
        by_filter = f"{TYPE}?filter[q][gift_card_id_eq]={row.gift_card_id}"
        assert [each["id"] for each in api.get(by_filter).document["data"]] == [str(row.pk)]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("sort=expires_at", ["b", "a", "c"]),
            ("sort=-reference", ["c", "b", "a"]),
            ("sort=order_number", ["c", "b", "a"]),
            ("sort=created_at", ["a", "b", "c"]),
            ("filter[q][reference_in]=a,b&sort=id", ["a", "b"]),
            ("filter[q][order_number_eq]=1", ["c"]),
            ("filter[q][amount_cents_gt]=10&sort=id", ["b", "c"]),
            ("filter[q][captured_amount_cents_eq]=1", []),
            ("filter[q][currency_code_eq]=EUR", []),
            ("filter[q][expires_at_lt]=2090-01-02", ["b"]),
            ('filter[q][metadata_jcont]={"n": "c"}', ["c"]),
            ("filter[q][gift_card_status_eq]=inactive", ["c"]),
            ("filter[q][market_name_eq]=Rome", []),
        ],
    )
    def test_are_filtered_and_sorted(self, api, query, found):
        for place, name in enumerate("abc"):
            held(
                amount_cents=10 + place,
                expires_at=datetime((2091, 2090, 2092)[place], 1, 1, tzinfo=UTC),
                attributes={"reference": name, "order_number": str(3 - place), "metadata": {"n": name}},
            )
        deactivate(caller=TEST, card_id=Authorization.objects.get(reference="c").gift_card_id)

        answer = api.get(f"{TYPE}?{query}")

        assert [each["attributes"]["reference"] for each in answer.document["data"]] == found

    def test_include_the_card_and_the_market(self, api):
        market = a_market()
        row = held(an_active_card(market=market), spent_in=market)

        answer = api.get(f"{TYPE}/{row.pk}?include=gift_card,market&fields[gift_cards]=status")

        assert [each["type"] for each in answer.document["included"]] == ["gift_cards", "markets"]
        assert answer.document["included"][1] == documents.market(market)

    def test_a_page_costs_the_same_whatever_its_length(self, api, django_assert_num_queries):
        for _ in range(12):
            row = held()
            capture(caller=TEST, authorization_id=row.pk)
        for size in (2, 12):
            address = f"{TYPE}?include=gift_card,transactions&fields[gift_cards]=status&page[size]={size}"
            until_key_is_known(api.get, address)
            # The rows and whether the key counts, their transactions, their statuses now, their number.
            with django_assert_num_queries(4):
                assert len(api.get(address).document["data"]) == size


class TestStrangers:
    def test_a_key_of_the_other_mode_finds_nothing(self, db):
        row, live = held(), api_client(Mode.LIVE)
        before = as_stored(row.gift_card_id)

        for answer in (
            live.get(f"{TYPE}/{row.pk}"),
            live.update(f"{TYPE}/{row.pk}", _capture=True),
            live.update(f"{TYPE}/{row.pk}", _void=True),
            live.update(f"{TYPE}/{row.pk}", reference="mine"),
        ):
            assert (answer.status, answer.document) == (404, errors(absent(TYPE, row.pk)))
        assert live.get(f"{TYPE}/{row.pk}/gift_card").status == 404
        assert live.get(TYPE).document["data"] == []
        assert as_stored(row.gift_card_id) == before

    def test_a_key_of_another_market_finds_those_of_cards_without_one(self, db):
        theirs, mine = held(an_active_card(market=a_market(code="it"))), held()
        spanish = api_client(market_codes=[a_market(code="es").code])

        assert spanish.update(f"{TYPE}/{theirs.pk}", _void=True).document == errors(absent(TYPE, theirs.pk))
        assert [each["id"] for each in spanish.get(TYPE).document["data"]] == [str(mine.pk)]
        assert spanish.update(f"{TYPE}/{mine.pk}", _void=True).status == 200

    def test_in_which_market_a_card_without_one_is_spent_is_told_to_those_who_reach_it(self, db):
        italian, spanish = (
            api_client(market_codes=[a_market(name=code, code=code).code]) for code in ("it", "es")
        )
        market = a_market(code="it2", name="Rome")
        row = held(spent_in=market)

        everybody = api_client()
        shown = everybody.get(f"{TYPE}/{row.pk}?include=market").document
        assert shown["data"]["relationships"]["market"]["data"] == identifier("markets", market)
        for restricted in (italian, spanish):
            shown = restricted.get(f"{TYPE}/{row.pk}?include=market").document
            assert (shown["data"]["relationships"]["market"]["data"], shown["included"]) == (None, [])
            assert restricted.get(f"{TYPE}/{row.pk}/market").document["data"] is None
            assert restricted.get(f"{TYPE}/{row.pk}/relationships/market").document["data"] is None
            assert str(market.pk) not in str(restricted.get(TYPE).document)

    def test_reading_and_spending_need_their_scopes(self, db):
        row = held()
        every = set(Scope)
        reader, spender = (api_client(scopes=sorted(every - {scope})) for scope in (Scope.SPEND, Scope.READ))

        for answer in (
            reader.create(TYPE, on(row.gift_card), amount_cents=1),
            reader.update(f"{TYPE}/{row.pk}", _void=True),
            spender.get(TYPE),
            spender.get(f"{TYPE}/{row.pk}"),
            spender.get(f"{TYPE}/{row.pk}/transactions"),
            spender.get(f"gift_cards/{row.gift_card_id}/authorizations"),
        ):
            assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
        assert reader.get(f"{TYPE}/{row.pk}").status == 200
        assert spender.update(f"{TYPE}/{row.pk}", _void=True).status == 200

    def test_what_never_was_is_not_found(self, api):
        for key in (uuid7(), "nonsense"):
            assert api.get(f"{TYPE}/{key}").document == errors(absent(TYPE, key))

    @pytest.mark.parametrize(
        ("method", "address", "allowed"),
        [
            ("DELETE", TYPE + "/{}", "GET, PATCH, HEAD"),
            ("PUT", TYPE + "/{}", "GET, PATCH, HEAD"),
            ("POST", TYPE + "/{}", "GET, PATCH, HEAD"),
            ("DELETE", TYPE, "GET, POST, HEAD"),
            ("POST", TYPE + "/{}/relationships/transactions", "GET, PATCH, HEAD"),
        ],
    )
    def test_the_wrong_verb_is_405(self, api, method, address, allowed):
        row = held()

        answer = api.send(method, address.format(row.pk), {"data": []})

        assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert sorted(answer.headers["Allow"].split(", ")) == sorted(allowed.split(", "))
        assert Authorization.objects.get().status == "open"


def test_a_card_only_links_to_its_authorizations(api):
    row = held()
    address = f"gift_cards/{row.gift_card_id}"

    answer = api.get(f"{address}?fields[gift_cards]=authorizations")
    assert "data" not in answer.document["data"]["relationships"]["authorizations"]
    assert api.get(f"{address}?include=authorizations").error["code"] == "INVALID_INCLUDE"
    linkage = api.get(f"{address}/relationships/authorizations").document["data"]
    assert linkage == [identifier(TYPE, row)]
    answer = api.send("PATCH", f"{address}/relationships/authorizations", {"data": []})
    assert (answer.status, answer.error["code"]) == (403, "PARAM_NOT_ALLOWED")


def test_nothing_is_posted_before_a_capture(api):
    card = an_active_card()
    api.create(TYPE, on(card), amount_cents=4_000)

    assert LedgerEntry.objects.filter(gift_card=card).count() == 1
    assert GiftCard.objects.get().balance_cents == 10_000
