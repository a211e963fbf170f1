"""People of the back office log in for a day's token, in live mode, and may do what they may there."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import Permission

from access import person_tokens
from access.models import User
from access.person_tokens import issue_person_token
from events.models import Event
from giftcards.models import GiftCard
from giftcards.operations import LineTold, place_order
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card
from tests.fixtures.client import ApiClient
from tests.medusa.asking import ANYBODY, Medusa, refusal

pytestmark = pytest.mark.django_db

NO_KEY: Any = None
EMAIL, PASSWORD = "ada@example.com", "engine of difference"


@pytest.fixture
def ada():
    return User.objects.create_superuser(EMAIL, PASSWORD, name="Ada")


def log_in(email=EMAIL, password=PASSWORD, path="/admin/auth/token"):
    return ANYBODY.post(path, {"email": email, "password": password})


def holder(answer):
    return Medusa({"authorization": f"Bearer {answer.body['access_token']}"})


def test_a_person_works_with_live_cards_under_her_own_name(ada):
    an_active_card(by=TEST)
    market = a_market(by=LIVE)

    answer = log_in()
    card = holder(answer).create(market)

    assert list(answer.body) == ["access_token"]
    assert [each["id"] for each in holder(answer).list()] == [card["id"]]
    assert holder(answer).update(card, balance=5).card["balance"] == 5
    event = Event.objects.filter(subject_id=card["id"]).latest("sequence")
    assert (event.mode, event.actor_kind, event.actor_name) == ("live", "user", EMAIL)
    ada.refresh_from_db()
    assert ada.last_login is not None


def test_the_token_lives_for_a_day(ada):
    said = jwt.decode(log_in().body["access_token"], options={"verify_signature": False})

    assert (said["user_id"], said["domain"]) == (str(ada.pk), "admin")
    assert said["exp"] - said["iat"] == 24 * 60 * 60


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_address_has_both_slashes(ada, slash):
    assert log_in(path=f"/admin/auth/token{slash}").status == 200


@pytest.mark.parametrize(
    "wrong",
    [{"email": "bob@example.com"}, {"password": "x"}, {"password": ""}],
)
def test_who_does_not_know_both_is_not_let_in(ada, wrong):
    assert log_in(**wrong).told == (401, "Unauthorized")


def test_capitals_of_an_address_do_not_matter(ada):
    assert log_in(email=EMAIL.upper()).status == 200


@pytest.mark.parametrize("no_longer", [{"is_active": False}, {"is_staff": False}])
def test_who_does_not_work_here_is_not_let_in_nor_is_the_token(ada, no_longer):
    token = holder(log_in())
    User.objects.update(**no_longer)

    assert log_in().told == (401, "Unauthorized")
    assert token.get("/admin/gift-cards").told == (401, "Unauthorized")


def test_a_new_password_ends_the_tokens_of_the_old_one(ada):
    token = holder(log_in())
    ada.set_password("another one")
    ada.save()

    assert token.get("/admin/gift-cards").status == 401


def test_an_old_token_counts_no_more(ada, monkeypatch):
    monkeypatch.setattr(person_tokens, "LIVES", timedelta(seconds=-1))
    token = issue_person_token(ada).reveal()

    assert Medusa({"authorization": f"Bearer {token}"}).get("/admin/gift-cards").status == 401


def test_a_forged_token_is_none(ada, settings):
    token = issue_person_token(ada).reveal()
    said, header = jwt.decode(token, options={"verify_signature": False}), jwt.get_unverified_header(token)
    forged = [
        jwt.encode(said, "k" * 32, "HS256", headers=header),
        jwt.encode(said, "k" * 32, "HS256", headers={"kid": "7"}),
        jwt.encode(said, NO_KEY, "none", headers={"kid": header["kid"]}),
        token[:-2],
        token.rpartition(".")[0] + ".",
    ]

    for text in forged:
        assert Medusa({"authorization": f"Bearer {text}"}).get("/admin/gift-cards").status == 401


def test_a_person_may_here_what_she_may_in_the_back_office(ada):
    User.objects.update(is_superuser=False)
    card = an_active_card(by=LIVE)

    def may(*permissions):
        ada.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return holder(log_in())

    nothing = may()
    assert nothing.get("/admin/gift-cards").told == (
        403,
        refusal("not_allowed", "This needs the permission gift_cards:read"),
    )
    reader = may("view_giftcard")
    assert reader.list()[0]["code"] == f"****{card.code_last_four}"
    assert reader.delete(f"/admin/gift-cards/{card.pk}").status == 403
    assert may("view_giftcard", "reveal_code").list()[0]["code"] == card.code().reveal()
    assert may("operate_gift_card").delete(f"/admin/gift-cards/{card.pk}").status == 403
    assert may("spend_gift_card").post(f"/admin/gift-cards/{card.pk}", {"balance": 1}).status == 403
    adjuster = may("spend_gift_card", "recharge_gift_card")
    assert adjuster.post(f"/admin/gift-cards/{card.pk}", {"balance": 1}).status == 200
    issuer = may("issue_gift_card", "operate_gift_card")
    assert issuer.delete(f"/admin/gift-cards/{card.pk}").status == 200
    assert GiftCard.objects.get().is_archived


def test_a_person_sees_orders_by_a_permission_of_their_own(ada):
    User.objects.update(is_superuser=False)
    line = LineTold(amount_cents=100)
    order = place_order(caller=LIVE, market=a_market(by=LIVE), attributes={"display_number": 1}, lines=[line])

    def seen(*permissions):
        ada.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        her = holder(log_in())
        told = [her.get(path).status for path in ("/admin/orders", f"/admin/orders/{order.pk}")]
        return told, [card["order_id"] for card in her.list()], len(her.list("?q=1"))

    assert seen("view_giftcard") == ([403, 403], [None], 0)
    assert seen("view_giftcard", "view_order") == ([200, 200], [str(order.pk)], 1)


@pytest.mark.parametrize("by", ["account", "address"])
def test_who_guesses_waits(ada, settings, by):
    settings.GIFTCARDS_LOGIN_FAILURES = 2
    settings.GIFTCARDS_TRUST_FORWARDED = True

    def guess(number):
        email = EMAIL if by == "account" else f"{number}@example.com"
        address = f"192.0.2.{number}" if by == "account" else "192.0.2.1"
        given = {"email": email, "password": "guess"}
        return ANYBODY.send("POST", "/admin/auth/token", given, **{"x-forwarded-for": address})

    assert [guess(number).status for number in range(3)] == [401, 401, 429]
    assert int(guess(4).headers["Retry-After"]) > 0


def test_what_is_sent_is_checked():
    assert ANYBODY.post("/admin/auth/token", {"email": "ada\u2003@", "foo": 1}).told == (
        400,
        refusal(
            "invalid_data",
            "property foo should not exist, email must be an email, password must be a string",
        ),
    )


def test_a_token_of_a_person_is_none_for_the_json_api(ada):
    token = log_in().body["access_token"]
    assert ApiClient(f"Bearer {token}").get("gift_cards").status == 401
