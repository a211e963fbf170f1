"""The back office as a person uses it. What is not silent, or asks another host, fails in `conftest`."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from access.models import ApiKey, User
from access.queries import credential_of
from giftcards.models import GiftCard
from giftcards.operations import Occasion, change_balance
from kernel.secret import Secret
from recipients.models import GiftCardRecipient
from recipients.operations import update_recipient
from tests.browser.conftest import PASSWORD
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.payloads import HOSTILE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_person_logs_in(stranger, settings):
    # The server reads the service's settings, and knows nothing of the tests' quick hashes.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    owner = User.objects.create_superuser("owner@shop.example", PASSWORD)
    page = stranger.page
    stranger.go("")
    page.get_by_label("E-mail address").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("link", name="API keys").first).to_be_visible()


def test_a_key_is_shown_once(person):
    page = person.page
    person.go("access/apikey/add/")
    page.get_by_label("Application name").fill("Web shop")
    page.get_by_label("gift_cards:read").check()
    page.get_by_role("button", name="Save").click()
    key = page.locator("#minted-key").inner_text()

    assert credential_of(Secret(key)) is not None
    page.reload()
    expect(page.get_by_text("was shown already")).to_be_visible()
    assert key not in page.content()
    page.go_back()
    assert key not in page.content()
    assert ApiKey.objects.count() == 1


def test_a_card_lives_its_life_through_dialogs(person):
    a_market(name="Berlin", currency_code="EUR", locale="de_DE")
    page = person.page
    person.go("giftcards/giftcard/add/")
    page.get_by_label("Market").select_option(label="Berlin (EUR, test)")
    page.get_by_label("Face value").fill("5000")
    page.get_by_label("Recipient e-mail").fill("ada@example.com")
    page.get_by_role("button", name="Save").click()

    perform(page, "Purchase", reason="paid in cash")
    expect(page.get_by_text("Purchased. Activate the card")).to_be_visible()
    perform(page, "Activate", reason="handed over")
    open_dialog(page, "Debit")
    page.get_by_label("Amount").fill("1250")
    expect(page.locator("#foretold")).to_contain_text("from 50,00\xa0€ to 37,50\xa0€")
    page.get_by_label("Order number").fill("#1001")
    send(page, "Debit", reason="shoes")

    expect(page.locator("#balance")).to_have_text("37,50\xa0€")
    rows = page.locator("#timeline tbody tr")
    told = [re.sub(r"\s+", " ", text) for text in rows.all_inner_texts()]
    assert len(told) == 4
    assert "Debit entry 2, debit -12,50 € 37,50 € owner@shop.example shoes #1001" in told[0]
    assert "Purchase entry 1, issue +50,00 € 50,00 €" in told[2]
    assert GiftCard.objects.get().balance_cents == 3750


def test_a_refusal_stays_in_the_dialog(person):
    card = an_active_card(balance_cents=400)
    page = person.page
    person.go(f"giftcards/giftcard/{card.pk}/change/")
    open_dialog(page, "Debit")
    page.get_by_label("Amount").fill("500")
    send(page, "Debit", reason="too much")

    expect(page.locator("#dialog .errornote")).to_have_text("Debit exceeds the available balance of $4.00.")
    page.get_by_label("Amount").fill("400")
    send(page, "Debit", reason="all of it")
    expect(page.locator("#balance")).to_have_text("$0.00")


def test_a_double_click_posts_once(person):
    card = an_active_card(balance_cents=1000)
    page = person.page
    person.go(f"giftcards/giftcard/{card.pk}/change/")
    open_dialog(page, "Debit")
    page.get_by_label("Amount").fill("100")
    page.locator("#dialog").get_by_label("Reason").fill("impatient")
    page.locator("#dialog button[type=submit]").dblclick()

    expect(page.locator("#balance")).to_have_text("$9.00")
    assert GiftCard.objects.get().balance_cents == 900


def test_a_code_is_revealed_after_a_reason_and_gone_after_closing(person):
    card = an_active_card(code="SENTINEL-CODE-4242")
    page = person.page
    person.go(f"giftcards/giftcard/{card.pk}/change/")
    page.get_by_role("link", name="Reveal").click()
    send(page, "Reveal code", reason="lost mail")
    expect(page.locator("#revealed")).to_have_text("SENTINEL-CODE-4242")

    page.get_by_role("link", name="Close").click()
    expect(page.locator("#timeline tbody tr").first).to_contain_text("Reveal")
    assert "SENTINEL" not in page.content()
    assert "SENTINEL" not in page.url


def test_a_card_is_found_by_its_code_without_an_address_that_names_it(person):
    card = an_active_card(code="SENTINEL-CODE-4242")
    addresses: list[str] = []
    page = person.page
    page.on("request", lambda request: addresses.append(request.url))
    person.go("giftcards/giftcard/")
    page.locator("#searchbar").fill("SENTINEL-CODE-4242")
    page.locator("#searchbar").press("Enter")

    expect(page.locator("#balance")).to_be_visible()
    assert str(card.pk) in page.url
    assert "SENTINEL" not in " ".join(addresses)
    assert "SENTINEL" not in person.server.log()


def test_what_people_type_runs_nowhere(person):
    market = a_market(name="".join(HOSTILE)[:255], reference=HOSTILE[0])
    card = an_active_card(
        market=market, recipient_email="ada@example.com", metadata={"x": list(HOSTILE)}, reference=HOSTILE[1]
    )
    recipient = update_recipient(
        caller=TEST,
        recipient_id=GiftCardRecipient.objects.get().pk,
        changes={"first_name": "".join(HOSTILE[:7])[:255], "last_name": "".join(HOSTILE[7:])[:255]},
    )
    for payload in HOSTILE:
        occasion = Occasion(reason=payload, reference=payload, order_number=payload)
        change_balance(caller=TEST, card_id=card.pk, amount_cents=-1, occasion=occasion)
    things = (card, market, recipient)

    for thing in things:
        name = f"admin:{thing._meta.app_label}_{thing._meta.model_name}"
        for address in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[thing.pk])):
            person.page.goto(person.server.address + address)
            person.page.wait_for_load_state("networkidle")
    for records in ("giftcards/ledgerentry/", "events/event/", ""):
        person.go(records)
        person.page.wait_for_load_state("networkidle")


def test_a_script_that_did_run_would_be_noticed(person):
    """The control of the test above."""
    person.go("")
    person.page.evaluate("document.body.innerHTML = '<img src=x onerror=stolen()>'")
    person.page.evaluate("stolen()")
    person.page.wait_for_load_state("networkidle")

    refused = [complaint for complaint in person.complaints if "Content Security Policy" in complaint]
    assert refused
    assert "a script of the data's ran" in person.complaints
    person.complaints.clear()


def open_dialog(page: Page, verb: str) -> None:
    page.get_by_role("link", name=verb).or_(page.locator("a[hx-get]", has_text=verb)).first.click()
    expect(page.locator("#dialog")).to_be_visible()


def send(page: Page, verb: str, *, reason: str) -> None:
    page.locator("#dialog").get_by_label("Reason").fill(reason)
    page.locator("#dialog").get_by_role("button", name=verb).click()


def perform(page: Page, verb: str, *, reason: str) -> None:
    open_dialog(page, verb)
    send(page, verb, reason=reason)
    expect(page.locator("#dialog")).to_be_hidden()
