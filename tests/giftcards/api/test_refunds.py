"""/api/gift_card_refunds: give back what a debit or a capture took, and never more."""

import pytest

from access.scopes import Scope
from giftcards.models import LedgerEntry, Refund
from giftcards.operations import Occasion, authorize, capture, debit, recharge
from giftcards.operations import refund as give_back
from kernel.keys import uuid7
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_market, a_redeemed_card, an_active_card, as_stored, last_entry
from tests.fixtures.client import ROOT, api_client
from tests.giftcards.api.documents import (
    absent,
    document,
    errors,
    identifier,
    invalid,
    not_allowed,
    page_of,
    refund,
    transaction,
)

pytestmark = pytest.mark.django_db

TYPE = "gift_card_refunds"
BY_A_KEY = {"kind": "api_key", "name": "till"}


def of(entry):
    return {"transaction": {"data": identifier("gift_card_transactions", entry)}}


def spent(amount_cents=1_200, *, by=TEST, occasion=None, **card):
    row = an_active_card(by=by, **card)
    debit(caller=by, card_id=row.pk, amount_cents=amount_cents, occasion=occasion or Occasion())
    return last_entry(row)


def given_back(entry=None, **more):
    return give_back(caller=TEST, transaction_id=(entry or spent()).pk, **more)


class TestCreating:
    def test_all_of_a_debit_unless_told(self, api):
        entry = spent(occasion=Occasion(reference="order-7", order_number="#7"))

        answer = api.create(TYPE, of(entry))

        row = Refund.objects.get()
        assert (answer.status, answer.headers["Location"]) == (201, f"{ROOT}/{TYPE}/{row.pk}")
        assert answer.document == document(refund(row, reference="order-7", order_number="#7"), TYPE)
        assert (row.original, row.balance_cents) == (entry, 10_000)

    def test_a_part_with_words_of_its_own(self, api):
        entry = spent(occasion=Occasion(reference="order-7", order_number="#7"))

        told = {"reason": "One came back", "reference": "return-1", "order_number": "#7-R"}
        answer = api.create(TYPE, of(entry), amount_cents="200", **told)

        row = Refund.objects.get()
        assert answer.document == document(
            refund(row, amount_cents=200, amount_float=2.0, formatted_amount="$2.00", **told), TYPE
        )

    def test_in_the_words_of_the_cards_market(self, api):
        entry = spent(market=a_market(currency_code="EUR", locale="de_DE"))

        shown = api.create(TYPE, of(entry)).document["data"]["attributes"]

        assert (shown["currency_code"], shown["formatted_amount"]) == ("EUR", "12,00\N{NO-BREAK SPACE}€")

    def test_of_a_capture_onto_a_card_that_is_used_up(self, api):
        card = an_active_card(single_use=True)
        row = authorize(caller=TEST, card_id=card.pk, amount_cents=4_000)
        capture(caller=TEST, authorization_id=row.pk)

        answer = api.create(TYPE, of(last_entry(card)), amount_cents=None, reason=None)

        assert answer.document["data"]["attributes"]["amount_cents"] == 4_000
        assert api.get(f"gift_cards/{card.pk}").document["data"]["attributes"]["status"] == "active"

    def test_in_parts_up_to_the_whole(self, api):
        entry = spent()

        statuses = [api.create(TYPE, of(entry), amount_cents=500).status for _ in range(3)]
        rest = api.create(TYPE, of(entry))
        nothing_left = api.create(TYPE, of(entry))

        assert statuses == [201, 201, 422]
        assert rest.document["data"]["attributes"]["amount_cents"] == 200
        assert nothing_left.document == errors(
            invalid(
                "amount_cents",
                "refund_exceeded",
                "exceeds the 0 that are left to refund",
                at="/data",
                count=0,
            )
        )

    @pytest.mark.parametrize(
        ("attributes", "refusal"),
        [
            (
                {"amount_cents": 1_201},
                invalid(
                    "amount_cents",
                    "refund_exceeded",
                    "exceeds the 1200 that are left to refund",
                    value=1_201,
                    count=1_200,
                ),
            ),
            (
                {"amount_cents": 0},
                invalid("amount_cents", "greater_than", "must be greater than 0", value=0, count=0),
            ),
            ({"amount_cents": True}, invalid("amount_cents", "not_a_number", "is not a number", value=True)),
            (
                {"reason": "x" * 1_001},
                invalid(
                    "reason",
                    "too_long",
                    "is too long (maximum is 1000 characters)",
                    count=1_000,
                ),
            ),
            ({"balance_cents": 1}, not_allowed("balance_cents")),
            ({"currency_code": "USD"}, not_allowed("currency_code")),
            ({"metadata": {}}, not_allowed("metadata")),
        ],
    )
    def test_a_refusal_points_at_the_attribute(self, api, attributes, refusal):
        entry = spent()
        before = as_stored(entry.gift_card_id)

        answer = api.create(TYPE, of(entry), **attributes)

        assert (str(answer.status), answer.document) == (refusal["status"], errors(refusal))
        assert as_stored(entry.gift_card_id) == before

    @pytest.mark.parametrize("kind", ["issue", "recharge", "refund"])
    def test_only_what_was_spent_is_given_back(self, api, kind):
        card = an_active_card()
        if kind == "recharge":
            recharge(caller=TEST, card_id=card.pk, amount_cents=1)
        if kind == "refund":
            card = given_back().gift_card

        answer = api.create(TYPE, of(last_entry(card)))

        assert answer.refusal == (
            422,
            "VALIDATION_ERROR",
            "is neither a debit nor a capture",
            "/data/relationships/transaction",
        )

    def test_a_transaction_must_be_named(self, api):
        missing, null = api.create(TYPE), api.create(TYPE, {"transaction": {"data": None}})

        assert (missing.status, missing.error["title"]) == (422, "must exist")
        assert (null.status, null.error["title"]) == (422, "must exist")
        wrong = api.create(TYPE, {"transaction": {"data": identifier("gift_cards", an_active_card())}})
        assert (wrong.status, wrong.error["code"]) == (409, "TYPE_MISMATCH")


class TestReading:
    def test_whole_with_what_it_gives_back(self, api):
        entry = spent()
        row = given_back(entry)

        answer = api.get(f"{TYPE}/{row.pk}?include=transaction")

        shown = refund(row)
        shown["relationships"]["transaction"]["data"] = identifier("gift_card_transactions", entry)
        address = f"{TYPE}/{row.pk}?include=transaction"
        assert answer.document == document(shown, address, included=[transaction(entry)])
        assert api.get(f"{TYPE}/{row.pk}/transaction").document == document(
            transaction(entry), f"{TYPE}/{row.pk}/transaction"
        )
        linkage = api.get(f"{TYPE}/{row.pk}/relationships/transaction").document["data"]
        assert linkage == identifier("gift_card_transactions", entry)

    def test_nothing_but_refunds_newest_first(self, api):
        rows = [given_back(), given_back()]
        spent(by=LIVE)

        assert api.get(TYPE).document == page_of(TYPE, [refund(row) for row in reversed(rows)])
        assert api.get(f"{TYPE}/{spent().pk}").status == 404

    def test_of_one_transaction(self, api):
        given_back()
        row = given_back(entry := spent())

        address = f"gift_card_transactions/{entry.pk}/refunds"
        assert api.get(address).document == page_of(address, [refund(row)])
        filtered = api.get(f"{TYPE}?filter[q][transaction_id_eq]={entry.pk}").document["data"]
        assert filtered == [refund(row)]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("sort=created_at", ["a", "b"]),
            ("sort=-updated_at", ["b", "a"]),
            ("filter[q][reference_eq]=b", ["b"]),
            ("filter[q][amount_cents_lt]=200", ["a"]),
            ("filter[q][order_number_null]=true", ["b"]),
            ("filter[q][reason_cont]=ONE", ["b"]),
            ("filter[q][currency_code_eq]=EUR", []),
            ("filter[q][created_at_gt]=2099-01-01", []),
            ("filter[q][transaction_kind_eq]=capture", []),
            ("filter[q][gift_card_status_eq]=active&sort=id", ["a", "b"]),
        ],
    )
    def test_filtered_and_sorted(self, api, query, found):
        given_back(amount_cents=100, occasion=Occasion(reference="a", order_number="1"))
        given_back(amount_cents=200, occasion=Occasion(reference="b", reason="One came back"))

        answer = api.get(f"{TYPE}?{query}")

        assert [each["attributes"]["reference"] for each in answer.document["data"]] == found


class TestStrangers:
    def test_a_key_of_the_other_mode_refunds_nothing(self, db):
        row, live = given_back(entry := spent()), api_client(Mode.LIVE)
        before = as_stored(entry.gift_card_id)

        answer = live.create(TYPE, of(entry), amount_cents=1)

        pointer = "/data/relationships/transaction/data"
        assert answer.document == errors(absent("gift_card_transactions", entry.pk, pointer=pointer))
        assert live.get(f"{TYPE}/{row.pk}").document == errors(absent(TYPE, row.pk))
        assert live.get(TYPE).document["data"] == []
        assert as_stored(entry.gift_card_id) == before

    def test_a_key_of_another_market_refunds_nothing(self, db):
        entry = spent(market=a_market(code="it"))
        row = given_back(entry, amount_cents=1)
        spanish = api_client(market_codes=[a_market(code="es").code])

        assert spanish.create(TYPE, of(entry)).status == 404
        assert spanish.get(f"{TYPE}/{row.pk}").status == 404
        assert spanish.get(f"{TYPE}/{row.pk}/transaction").status == 404
        assert spanish.get(TYPE).document["data"] == []
        assert spanish.get(f"{TYPE}?filter[q][transaction_kind_eq]=debit").document["data"] == []
        mine = spent()
        assert spanish.create(TYPE, of(mine)).status == 201
        found = spanish.get(f"{TYPE}?filter[q][transaction_id_eq]={mine.pk}").document["data"]
        assert len(found) == 1

    def test_reading_and_refunding_need_their_scopes(self, db):
        row = given_back(entry := spent(), amount_cents=1)
        every = set(Scope)
        reader, spender = (api_client(scopes=sorted(every - {scope})) for scope in (Scope.SPEND, Scope.READ))

        for answer in (
            reader.create(TYPE, of(entry)),
            spender.get(TYPE),
            spender.get(f"{TYPE}/{row.pk}"),
            spender.get(f"gift_card_transactions/{entry.pk}/refunds"),
        ):
            assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
        assert spender.create(TYPE, of(entry)).status == 201

    def test_what_never_was_is_not_found(self, api):
        for key in (uuid7(), "nonsense"):
            assert api.get(f"{TYPE}/{key}").document == errors(absent(TYPE, key))

    @pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT", "POST"])
    def test_nobody_changes_what_has_been_given_back(self, api, method):
        row = given_back()
        before = LedgerEntry.objects.values().get(pk=row.pk)

        for path in (f"{TYPE}/{row.pk}", f"{TYPE}/{row.pk}/relationships/transaction"):
            answer = api.send(method, path, {"data": None})
            assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert LedgerEntry.objects.values().get(pk=row.pk) == before


def test_the_key_that_refunds_is_the_actor(api):
    entry = spent()
    api.create(TYPE, of(entry))

    answer = api.get(f"gift_cards/{entry.gift_card_id}/transactions")

    actor = answer.document["data"][0]["attributes"]["actor"]
    assert {name: actor[name] for name in BY_A_KEY} == BY_A_KEY


def test_a_single_use_card_is_usable_again(api):
    card = a_redeemed_card()

    assert api.create(TYPE, of(last_entry(card))).status == 201

    shown = api.get(f"gift_cards/{card.pk}").document["data"]["attributes"]
    assert (shown["status"], shown["balance_cents"]) == ("active", 10_000)
