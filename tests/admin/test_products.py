"""A product and its denominations on one page of the back office: one save, one operation, or nothing."""

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import Denomination, Product
from giftcards.operations import LineTold, place_order
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product
from tests.fixtures.payloads import HOSTILE

pytestmark = pytest.mark.django_db

PRODUCTS = "/back-office/giftcards/product/"


def page_of(product, page="change"):
    return reverse(f"admin:giftcards_product_{page}", args=[product.pk])


def form_of(product=None, *rows, **changed):
    """What a browser sends: the product as it is shown, and a row for each denomination."""
    known = [] if product is None else list(product.denominations.order_by("id"))
    sent = {
        "name": product.name if product else "Gift card",
        "metadata": "{}",
        "denominations-INITIAL_FORMS": len(known),
        "denominations-TOTAL_FORMS": max(len(known), len(rows)),
        **({} if product else {"mode": "test"}),
    }
    if product:
        sent["sold_in"] = [str(market.pk) for market in product.markets.all()]
    for number, denomination in enumerate(known):
        amounts = ", ".join(f"{code} {amount}" for code, amount in sorted(denomination.amounts.items()))
        row = {"id": str(denomination.pk), "name": denomination.name, "amounts": amounts}
        sent |= {f"denominations-{number}-{name}": value for name, value in row.items()}
    for number, row in enumerate(rows):
        sent |= {f"denominations-{number}-{name}": value for name, value in row.items()}
    return sent | changed


def told(subject):
    events = Event.objects.filter(subject_id=subject.pk).order_by("sequence")
    return [(event.topic, event.mode, event.actor_name, event.reason) for event in events]


def errors(answer):
    """Of the product, and of each row."""
    (inline,) = answer.context["inline_admin_formsets"]
    return answer.context["adminform"].form.errors, [row.errors for row in inline.formset.forms]


def test_a_product_is_made_with_its_denominations(back_office, owner):
    berlin = a_market()
    rows = (
        {"name": "25", "amounts": "usd 2500,EUR 2300", "image_url": "https://shop.example/25.png"},
        {"name": "50", "amounts": "USD 5000", "disabled": "on"},
        {"name": "", "amounts": ""},
    )
    given = {
        "handle": "card",
        "code_format": "human",
        "validity_months": "24",
        "image_url": "https://shop.example/card.png",
        "sold_in": [str(berlin.pk)],
        "reason": "For Christmas",
    }

    answer = back_office.post(f"{PRODUCTS}add/", form_of(None, *rows, **given))

    product = Product.objects.get()
    assert answer.headers["Location"] == page_of(product)
    assert (product.handle, product.code_format, product.validity_months) == ("card", "human", 24)
    assert list(product.markets.all()) == [berlin]
    few, many = product.denominations.order_by("id")
    assert (few.name, few.amounts) == ("25", {"USD": 2_500, "EUR": 2_300})
    assert (many.disabled, few.disabled) == (True, False)
    assert told(product) == [("gift_card_products.create", "test", owner.email, "For Christmas")]
    assert [topic for topic, *_ in told(many)] == [
        "gift_card_denominations.create",
        "gift_card_denominations.disable",
    ]


def test_one_save_changes_adds_and_takes_away(back_office, owner):
    product = a_product(markets=[a_market()])
    changed, kept, gone = (a_denomination(product, name=name) for name in ("25", "50", "100"))
    rows: tuple[dict[str, str], ...] = (
        {"name": "A quarter"},
        {},
        {"DELETE": "on"},
        {"name": "200", "amounts": "USD 20000"},
    )

    answer = back_office.post(page_of(product), form_of(product, *rows, sold_in=[], reason="Spring"))

    assert answer.status_code == 302
    assert not product.markets.exists()
    assert sorted(Denomination.objects.values_list("name", flat=True)) == ["200", "50", "A quarter"]
    assert told(product)[1:] == [("gift_card_products.update", "test", owner.email, "Spring")]
    assert told(changed)[1:] == [("gift_card_denominations.update", "test", owner.email, "Spring")]
    assert told(gone)[1:] == [("gift_card_denominations.destroy", "test", owner.email, "Spring")]
    assert len(told(kept)) == 1


def test_what_is_not_changed_is_not_written(back_office):
    product = a_denomination(a_product(by=LIVE, markets=[a_market(by=LIVE)]), by=LIVE).product
    before = Product.objects.values().get()

    assert back_office.post(page_of(product), form_of(product)).status_code == 302

    assert Product.objects.values().get() == before
    assert Event.objects.filter(topic__contains="update").count() == 0


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ({"name": " ", "amounts": "USD 1"}, "name", "Can't be blank."),
        ({"name": "a", "amounts": ""}, "amounts", "Can't be blank: name at least one currency."),
        (
            {"name": "a", "amounts": "USD 0"},
            "amounts",
            "Must be greater than 0, which that of USD is not.",
        ),
        ({"name": "a", "amounts": "QQQ 1"}, "amounts", "Can only have ISO 4217 currencies, in capitals."),
        *(
            (
                {"name": "a", "amounts": amounts},
                "amounts",
                "Type a currency and minor units, and commas between them: EUR 2300, USD 2500.",
            )
            for amounts in ("25", "USD 25.00", "USD 1, USD 2", "USD 1 EUR 2", "USD ٣")
        ),
    ],
)
def test_what_a_denomination_refuses_stands_in_its_row(back_office, row, field, sentence):
    """And nothing else of the page is saved."""
    product = a_denomination().product

    answer = back_office.post(page_of(product), form_of(product, {}, row, name="Other"))

    of_product, of_rows = errors(answer)
    assert (answer.status_code, of_product) == (200, {})
    assert of_rows[:2] == [{}, {field: [sentence]}]
    assert Product.objects.get().name == "Gift card"
    assert Denomination.objects.count() == 1


def test_what_a_product_refuses_stands_at_its_field(back_office):
    a_product(handle="taken")
    given = {"name": "", "handle": "taken", "validity_months": "0"}

    answer = back_office.post(f"{PRODUCTS}add/", form_of(**given))
    of_product, _ = errors(answer)
    assert of_product == {
        "name": ["Can't be blank."],
        "validity_months": ["Must be greater than or equal to 1."],
    }

    answer = back_office.post(f"{PRODUCTS}add/", form_of(handle="taken"))
    assert errors(answer)[0] == {"handle": ["Has already been taken."]}
    assert Product.objects.count() == 1


def test_a_market_of_the_other_mode_is_not_chosen(back_office):
    tokyo = a_market(by=LIVE)

    answer = back_office.post(f"{PRODUCTS}add/", form_of(sold_in=[str(tokyo.pk)]))

    assert f"nothing of type markets with id {tokyo.pk}" in str(errors(answer)[0])
    assert not Product.objects.exists()


def test_what_was_sold_is_not_deleted(back_office):
    sold = a_denomination()
    place_order(caller=TEST, market=a_market(), lines=[LineTold(denomination=sold.pk)])

    answer = back_office.post(page_of(sold.product), form_of(sold.product, {"DELETE": "on"}, name="Other"))

    assert "This denomination can't be deleted" in str(errors(answer))
    assert Product.objects.get().name == "Gift card"
    back_office.post(page_of(sold.product, "delete"), {"post": "yes"})
    assert Product.objects.exists()


def test_it_is_disabled_enabled_and_deleted_with_a_reason(back_office, owner):
    product = a_denomination().product

    back_office.post(page_of(product, "disable"), {"reason": "Sold out"})
    assert "disabled" in back_office.get(page_of(product)).content.decode()
    back_office.post(page_of(product, "enable"), {"reason": "Back"})
    back_office.post(page_of(product, "delete"), {"post": "yes"})

    assert not Product.objects.exists()
    assert told(product)[1:] == [
        ("gift_card_products.disable", "test", owner.email, "Sold out"),
        ("gift_card_products.enable", "test", owner.email, "Back"),
        ("gift_card_products.destroy", "test", owner.email, ""),
    ]


def test_pages_show_what_there_is_and_no_markup_of_others(back_office):
    product = a_product(markets=[a_market(name="Berlin")])
    for payload in HOSTILE:
        a_denomination(product, name=payload)
        a_product(name=payload, description=payload)

    page = back_office.get(page_of(product)).content.decode()
    listed = back_office.get(PRODUCTS).content.decode()

    assert "EUR 2300, USD 2500" in page
    assert "Berlin" in listed
    for payload in HOSTILE:
        if "<" in payload or '"' in payload:
            assert payload not in page + listed


def test_products_need_their_permissions(back_office_of):
    product = a_denomination(a_product(markets=[a_market()])).product
    clerk = back_office_of("giftcards.view_product", "giftcards.view_denomination")

    page = clerk.get(page_of(product))
    assert page.status_code == 200
    assert "Berlin" in page.content.decode()
    assert clerk.post(page_of(product), form_of(product, name="Other")).status_code == 403
    assert clerk.post(f"{PRODUCTS}add/", form_of()).status_code == 403
    assert clerk.post(page_of(product, "delete"), {"post": "yes"}).status_code == 403
    assert clerk.post(page_of(product, "disable"), {"reason": "a"}).status_code == 403
    assert Product.objects.get().name == "Gift card"


def test_who_may_change_products_alone_changes_no_denomination(back_office_of):
    denomination = a_denomination()
    clerk = back_office_of(
        "giftcards.view_product", "giftcards.change_product", "giftcards.view_denomination"
    )

    sent = form_of(denomination.product, {"name": "99"}, {"name": "1", "amounts": "USD 1"}, name="Other")
    assert clerk.post(page_of(denomination.product), sent).status_code == 302

    assert Product.objects.get().name == "Other"
    assert [each.name for each in Denomination.objects.all()] == ["25"]
