"""What is held of a card is seen, captured and voided; what was spent is given back. One operation each."""

from datetime import timedelta

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import Authorization, GiftCard, LedgerEntry
from giftcards.operations import Occasion, authorize, capture, debit, refund, void
from kernel.clock import database_now
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_market,
    a_redeemed_card,
    an_active_card,
    an_inactive_card,
    as_stored,
    last_entry,
)

pytestmark = pytest.mark.django_db

PERMISSION = {
    "authorization_capture": "giftcards.spend_gift_card",
    "authorization_void": "giftcards.spend_gift_card",
    "giftcard_refund": "giftcards.refund_gift_card",
}
LOOKING = ("giftcards.view_giftcard", "giftcards.view_authorization")


def address(page, row):
    return reverse(f"admin:giftcards_{page}", args=[row.pk])


def held(**more):
    return authorize(caller=TEST, card_id=an_active_card(**more).pk, amount_cents=4_000)


def lapsed(row):
    Authorization.objects.filter(pk=row.pk).update(expires_at=database_now() - timedelta(seconds=1))
    return row


def spent(**more):
    card = an_active_card()
    debit(caller=TEST, card_id=card.pk, amount_cents=1_200, **more)
    return GiftCard.objects.get(pk=card.pk)


def ready_for(dialog):
    return spent() if dialog == "giftcard_refund" else held()


def card_of(subject):
    return subject if isinstance(subject, GiftCard) else subject.gift_card


def filled_in(subject, **given):
    told = {"reason": "asked by phone", **given}
    if isinstance(subject, GiftCard):
        told = {"transaction": last_entry(subject).pk, "seen": subject.ledger_sequence} | told
    return told


every_dialog = pytest.mark.parametrize("dialog", PERMISSION)


@every_dialog
def test_only_post_changes_anything(back_office, dialog):
    subject = ready_for(dialog)
    before = as_stored(card_of(subject).pk)

    for method in ("get", "head", "put", "delete"):
        getattr(back_office, method)(
            address(dialog, subject), data=filled_in(subject) if method == "get" else None
        )

    assert as_stored(card_of(subject).pk) == before


@every_dialog
def test_each_needs_its_permission(back_office_of, dialog):
    subject = ready_for(dialog)
    others = {"giftcards.recharge_gift_card", *PERMISSION.values()} - {PERMISSION[dialog]}
    clerk = back_office_of(*LOOKING, *others)
    before = as_stored(card_of(subject).pk)

    assert clerk.get(address(dialog, subject)).status_code == 403
    assert clerk.post(address(dialog, subject), filled_in(subject)).status_code == 403
    page = address(f"{dialog.partition('_')[0]}_change", subject)
    assert address(dialog, subject) not in clerk.get(page).content.decode()
    assert as_stored(card_of(subject).pk) == before


@every_dialog
def test_with_it_alone_it_is_done_by_the_person_for_a_reason(back_office_of, dialog):
    subject = ready_for(dialog)
    clerk = back_office_of(*LOOKING, PERMISSION[dialog])

    assert clerk.post(address(dialog, subject), filled_in(subject, reason=" ")).status_code == 200
    assert clerk.post(address(dialog, subject), filled_in(subject)).status_code == 302

    event = Event.objects.filter(subject_id=card_of(subject).pk).latest("sequence")
    assert (event.actor_name, event.reason) == ("clerk@shop.example", "asked by phone")


class TestAuthorizations:
    @pytest.mark.parametrize(("typed", "captured"), [("", 4_000), ("1500", 1_500)])
    def test_a_capture_takes_all_or_a_part(self, back_office, typed, captured):
        row = held()

        back_office.post(address("authorization_capture", row), filled_in(row, amount_cents=typed))

        assert last_entry(row.gift_card).amount_cents == -captured
        assert Authorization.objects.get().status == "captured"

    @pytest.mark.parametrize("typed", ["0", "-1", "4001", "15.00", "1e3", "١٥"])
    def test_nothing_else_is_taken_for_an_amount(self, back_office, typed):
        row = held()
        before = as_stored(row.gift_card_id)

        answer = back_office.post(address("authorization_capture", row), filled_in(row, amount_cents=typed))

        assert answer.status_code == 200
        assert as_stored(row.gift_card_id) == before

    def test_a_void_lets_it_go(self, back_office):
        row = held()

        foretold = back_office.get(address("authorization_void", row)).content.decode()
        back_office.post(address("authorization_void", row), filled_in(row))

        assert "Releases $40.00. No money moves." in foretold
        assert Authorization.objects.get().status == "voided"

    def test_it_resolves_once_however_often_it_is_sent(self, back_office):
        row = held()
        back_office.post(address("authorization_capture", row), filled_in(row))

        second = back_office.post(address("authorization_capture", row), filled_in(row)).content.decode()

        assert "Capture is not possible because the authorization is captured." in second
        assert LedgerEntry.objects.filter(gift_card=row.gift_card).count() == 2

    def test_its_page_offers_them_while_it_is_open_by_the_clock(self, back_office):
        def offered(row):
            page = back_office.get(address("authorization_change", row)).content.decode()
            return {verb for verb in ("capture", "void") if address(f"authorization_{verb}", row) in page}

        taken, given_up = held(), held()
        capture(caller=TEST, authorization_id=taken.pk)
        void(caller=TEST, authorization_id=given_up.pk)

        assert offered(held()) == {"capture", "void"}
        assert [offered(row) for row in (taken, given_up, lapsed(held()))] == [set(), set(), set()]

    def test_the_list_tells_and_filters_by_the_clock(self, back_office):
        row, over = held(), lapsed(held())
        listed = reverse("admin:giftcards_authorization_changelist")

        def found(status):
            page = back_office.get(listed, {"status": status}).content.decode()
            return [each for each in (row, over) if address("authorization_change", each) in page]

        assert (found("open"), found("expired"), found("voided")) == ([row], [over], [])
        assert "Expired" in back_office.get(listed).content.decode()

    def test_nobody_adds_changes_or_deletes_one(self, back_office):
        row = held()
        before = list(Authorization.objects.values())

        assert back_office.get(reverse("admin:giftcards_authorization_add")).status_code == 403
        assert back_office.post(address("authorization_change", row), {"amount_cents": 1}).status_code == 403
        assert back_office.post(address("authorization_delete", row), {"post": "yes"}).status_code == 403
        assert list(Authorization.objects.values()) == before

    def test_a_cards_page_shows_what_is_held_and_what_is_left(self, back_office):
        row = held()
        over = lapsed(authorize(caller=TEST, card_id=row.gift_card_id, amount_cents=1_000))

        page = back_office.get(address("giftcard_change", row.gift_card)).content.decode()

        assert "available $60.00" in page
        assert address("authorization_change", row) in page
        assert address("authorization_change", over) in page
        assert "holds $40.00" in page

    def test_a_cards_timeline_tells_all_of_it(self, back_office):
        row = held()
        void(caller=TEST, authorization_id=row.pk)
        again = authorize(caller=TEST, card_id=row.gift_card_id, amount_cents=3_000)
        capture(caller=TEST, authorization_id=again.pk)
        refund(caller=TEST, transaction_id=last_entry(row.gift_card).pk)

        timeline = back_office.get(address("giftcard_change", row.gift_card)).context["timeline"]

        told = [(each.what, each.detail, each.amount) for each in timeline.happenings[:5]]
        assert told == [
            ("Refund", "entry 3, refund", "+$30.00"),
            ("Capture", "entry 2, capture", "-$30.00"),
            ("Authorize", "holds $30.00", ""),
            ("Void authorization", "releases $40.00", ""),
            ("Authorize", "holds $40.00", ""),
        ]


class TestRefunds:
    def test_all_of_it_unless_told(self, back_office):
        card = spent(occasion=Occasion(order_number="#7"))

        foretold = back_office.get(address("giftcard_refund", card)).content.decode()
        back_office.post(address("giftcard_refund", card), filled_in(card))

        assert "2. Debit of $12.00" in foretold
        assert "order #7" in foretold
        entry = last_entry(card)
        assert (entry.kind, entry.amount_cents, entry.original_sequence) == ("refund", 1_200, 2)
        assert (entry.reason, entry.order_number) == ("asked by phone", "#7")

    def test_a_part_then_what_is_left(self, back_office):
        card = spent()
        entry = last_entry(card)
        back_office.post(address("giftcard_refund", card), filled_in(card, amount_cents="200"))
        card = GiftCard.objects.get(pk=card.pk)

        foretold = back_office.get(address("giftcard_refund", card)).content.decode()
        sent = filled_in(card, transaction=entry.pk, amount_cents="1001", seen=card.ledger_sequence)
        refused = back_office.post(address("giftcard_refund", card), sent).content.decode()

        assert "$10.00 left" in foretold
        assert "exceeds the $10.00 that are left to refund" in refused.lower()
        assert GiftCard.objects.get(pk=card.pk).balance_cents == 9_000

    @pytest.mark.parametrize("typed", ["0", "-1", "1201", "2.00", "1e2"])
    def test_nothing_else_is_taken_for_an_amount(self, back_office, typed):
        card = spent()
        before = as_stored(card.pk)

        answer = back_office.post(address("giftcard_refund", card), filled_in(card, amount_cents=typed))

        assert answer.status_code == 200
        assert as_stored(card.pk) == before

    def test_sent_twice_it_posts_once(self, back_office):
        card = spent()
        sent = filled_in(card, amount_cents="100")

        back_office.post(address("giftcard_refund", card), sent)
        second = back_office.post(address("giftcard_refund", card), sent).content.decode()

        assert "has changed since this was opened" in second
        assert GiftCard.objects.get(pk=card.pk).balance_cents == 8_900

    def test_only_of_what_this_card_was_spent_on(self, back_office):
        card, other = spent(), spent()
        before = as_stored(other.pk)

        for entry in (last_entry(other), card.ledger_entries.get(sequence=1)):
            answer = back_office.post(address("giftcard_refund", card), filled_in(card, transaction=entry.pk))
            assert answer.status_code == 200
        assert as_stored(other.pk) == before
        assert GiftCard.objects.get(pk=card.pk).balance_cents == 8_800

    def test_offered_where_there_is_something_to_give_back(self, back_office):
        def offered(card):
            page = back_office.get(address("giftcard_change", card)).content.decode()
            return address("giftcard_refund", card) in page

        given_back = spent()
        refund(caller=TEST, transaction_id=last_entry(given_back).pk)

        cards = (spent(), a_redeemed_card(), given_back, an_active_card(), an_inactive_card())
        assert [offered(card) for card in cards] == [True, True, False, False, False]

    def test_in_live_mode_and_another_currency(self, back_office):
        card = an_active_card(by=LIVE, market=a_market(by=LIVE, currency_code="JPY", locale="ja_JP"))
        debit(caller=LIVE, card_id=card.pk, amount_cents=500)
        card.refresh_from_db(fields=["ledger_sequence"])

        assert "￥500" in back_office.get(address("giftcard_refund", card)).content.decode()
        back_office.post(address("giftcard_refund", card), filled_in(card))

        assert (last_entry(card).mode, last_entry(card).amount_cents) == ("live", 500)
