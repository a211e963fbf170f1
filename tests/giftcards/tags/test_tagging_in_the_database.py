"""What the database itself holds of tags, and who waits for whom."""

from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from giftcards.models import GiftCard, GiftCardTag, Tag
from giftcards.operations import delete_tag, editing, tagging, update_gift_card
from tests.fixtures.cast import LIVE, TEST, an_active_card, edit
from tests.fixtures.locks import until_someone_waits_for_us
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.raw_sql import run, set_column
from tests.giftcards.tags.wording import a_tag, some_tags


@pytest.mark.django_db
class TestAgreement:
    def test_a_tag_and_its_card_agree_on_mode(self):
        card, tag = an_active_card(), a_tag(by=LIVE)

        with pytest.raises(IntegrityError, match="tagging_agrees_with_its_card"):
            edit(card, add_tags=[tag])

    @pytest.mark.parametrize("column", ["gift_card_id", "tag_id"])
    def test_neither_end_is_moved_to_the_other_mode(self, column):
        edit(an_active_card(), tags=[a_tag()])
        elsewhere = {"gift_card_id": an_active_card(by=LIVE), "tag_id": a_tag(by=LIVE)}[column]

        with pytest.raises(IntegrityError, match="tagging_agrees_with_its"):
            set_column(GiftCardTag.objects.get(), column, elsewhere.pk)

    def test_a_card_carries_a_tag_once(self):
        card = edit(an_active_card(), tags=[a_tag()])
        other = edit(an_active_card(), tags=[])
        GiftCardTag.objects.create(gift_card=other, tag=Tag.objects.get(), mode="test")

        with pytest.raises(IntegrityError, match="gift_card_carries_a_tag_once"):
            run("UPDATE giftcards_giftcardtag SET gift_card_id = %s", card.pk)

    @pytest.mark.parametrize("name", ["a,b", "a b", "", "vip\n"])
    def test_a_name_is_one_word(self, name):
        with pytest.raises(IntegrityError, match="tag_name_is_one_word"):
            set_column(a_tag(), "name", name)

    def test_a_tag_in_use_is_not_removed_by_hand(self):
        edit(an_active_card(), tags=[a_tag()])

        with pytest.raises(IntegrityError, match="tagging_agrees_with_its_tag"):
            run("DELETE FROM giftcards_tag")


def adding(card, *tags):
    return lambda: update_gift_card(caller=TEST, card_id=card.pk, changes={"add_tags": tags})


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_who_add_the_tenth_tag_one_is_refused(self):
        tags = some_tags(11)
        card = edit(an_active_card(), tags=tags[:9])

        results = at_once([adding(card, tags[9]), adding(card, tags[10])])

        assert outcomes(results) == {"won": 1, "TooManyTags": 1}
        assert GiftCardTag.objects.count() == 10

    def test_without_the_lock_both_would_be_added(self, monkeypatch):
        """The control: else the test above would be blind."""
        tags = some_tags(11)
        card = edit(an_active_card(), tags=tags[:9])
        both_have_counted_nine = Barrier(2, timeout=20)
        attach = tagging._attach

        def attach_together(card, tag_ids):
            both_have_counted_nine.wait()
            attach(card, tag_ids)

        monkeypatch.setattr(editing, "lock_card", lambda key, caller: GiftCard.objects.get(pk=key))
        monkeypatch.setattr(tagging, "_attach", attach_together)

        results = at_once([adding(card, tags[9]), adding(card, tags[10])])

        assert outcomes(results) == {"won": 2}
        assert GiftCardTag.objects.count() == 11

    def test_cards_are_tagged_at_once_with_the_same_tag(self):
        """Nobody waits for another card's tagging to be committed."""
        tag, card = a_tag(), an_active_card()

        with transaction.atomic():
            edit(an_active_card(), add_tags=[tag])
            assert outcomes(at_once([adding(card, tag)])) == {"won": 1}

        assert GiftCardTag.objects.count() == 2

    def test_who_tags_while_the_tag_is_deleted_waits_and_leaves_it_out(self):
        gone, stays, card = a_tag("gone"), a_tag("stays"), an_active_card()

        def delete():
            with transaction.atomic():
                delete_tag(caller=TEST, tag_id=gone.pk)
                deleted.wait()
                until_someone_waits_for_us()

        def add():
            deleted.wait()
            adding(card, gone, stays)()

        deleted = Barrier(2, timeout=20)
        assert outcomes(at_once([delete, add])) == {"won": 2}
        assert list(card.tags.all()) == [stays]

    def test_who_deletes_a_tag_waits_for_who_has_just_put_it_on_a_card(self):
        tag, card = a_tag(), an_active_card()

        def add():
            with transaction.atomic():
                adding(card, tag)()
                added.wait()
                until_someone_waits_for_us()

        def delete():
            added.wait()
            delete_tag(caller=TEST, tag_id=tag.pk)

        added = Barrier(2, timeout=20)
        assert outcomes(at_once([add, delete])) == {"won": 2}
        assert not GiftCardTag.objects.exists()
        assert not Tag.objects.exists()
