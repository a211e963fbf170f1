"""The documentation page, in a browser. What is not silent, or asks another host, fails in `conftest`."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_newcomer_finds_a_trigger(stranger):
    page = stranger.page
    page.goto(f"{stranger.server.address}/api/docs")

    expect(page.get_by_role("heading", level=1, name="Gift cards")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="gift_cards", exact=True).click()
    cards = page.get_by_role("region", name="gift_cards", exact=True)
    expect(cards.get_by_role("heading", level=2)).to_be_in_viewport()
    expect(cards.get_by_role("row", name="_purchase")).to_contain_text("from now on its balance is owed")

    cards.get_by_text("routes").click()
    expect(cards.get_by_role("row", name="PATCH /api/gift_cards/{id}").first).to_be_visible()


def test_it_has_its_style_and_fits_a_telephone(stranger):
    page = stranger.page
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{stranger.server.address}/api/docs")

    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_leads_to_the_document(stranger):
    page = stranger.page
    page.goto(f"{stranger.server.address}/api/docs")
    with page.expect_response("**/api/openapi.json") as answer:
        page.get_by_role("navigation").get_by_role("link", name="openapi.json").click()

    assert json.loads(answer.value.text())["openapi"] == "3.1.0"
