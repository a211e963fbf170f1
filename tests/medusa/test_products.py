"""What gift cards are sold as, to Medusa's clients: to read, for the admin and for customers."""

from decimal import Decimal

import pytest

from access.models import ApiKey
from giftcards.operations import update_denomination, update_product
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product, disabled
from tests.giftcards.api.documents import time_text
from tests.medusa.asking import ANYBODY, Medusa, a_secret, refusal, the_shop

pytestmark = pytest.mark.django_db

NOBODYS = "00000000-0000-7000-8000-000000000000"
NEVER_POSTED = dict.fromkeys(
    ["weight", "length", "height", "width", "hs_code", "origin_country", "mid_code", "material"]
)
UNPRICED = dict.fromkeys(
    [
        "original_price",
        "calculated_price",
        "calculated_price_type",
        "original_price_includes_tax",
        "calculated_price_includes_tax",
        "original_price_incl_tax",
        "calculated_price_incl_tax",
        "original_tax",
        "calculated_tax",
        "tax_rates",
    ]
)


def row(thing):
    thing.refresh_from_db()
    return {
        "id": str(thing.pk),
        "created_at": time_text(thing.created_at),
        "updated_at": time_text(thing.updated_at),
        "deleted_at": None,
    }


def option_value(denomination, **members):
    return {
        **row(denomination),
        "value": "25",
        "option_id": str(denomination.product_id),
        "variant_id": str(denomination.pk),
        "metadata": None,
        **members,
    }


def price(denomination, code, amount):
    return {
        **row(denomination),
        "id": f"{denomination.pk}_{code}",
        "currency_code": code,
        "amount": amount,
        "min_quantity": None,
        "max_quantity": None,
        "price_list_id": None,
        "region_id": None,
        "variant_id": str(denomination.pk),
        "price_list": None,
    }


def variant(denomination, **members):
    """25.00, in US dollars and in euros."""
    return {
        **row(denomination),
        "title": "25",
        "product_id": str(denomination.product_id),
        "sku": None,
        "barcode": None,
        "ean": None,
        "upc": None,
        "variant_rank": 0,
        "inventory_quantity": 0,
        "allow_backorder": True,
        "manage_inventory": False,
        **NEVER_POSTED,
        "metadata": None,
        "options": [option_value(denomination)],
        "prices": [price(denomination, "eur", 2_300), price(denomination, "usd", 2_500)],
        "purchasable": True,
        **members,
    }


def product(sold, *variants, **members):
    """A gift card that is sold everywhere, and no more than its name."""
    return {
        **row(sold),
        "title": "Gift card",
        "subtitle": None,
        "description": None,
        "handle": str(sold.pk),
        "is_giftcard": True,
        "status": "published",
        "thumbnail": None,
        **NEVER_POSTED,
        "collection_id": None,
        "type_id": None,
        "discountable": False,
        "external_id": None,
        "metadata": None,
        "collection": None,
        "images": [],
        "options": [
            {
                **row(sold),
                "title": "Denominations",
                "product_id": str(sold.pk),
                "metadata": None,
                "values": [value for each in variants for value in each["options"]],
            }
        ],
        "profile_id": None,
        "tags": [],
        "type": None,
        "variants": [*variants],
        **members,
    }


def titles(answer):
    assert answer.status == 200, answer.body
    return [each["title"] for each in answer.body["products"]]


def the_store(mode=Mode.TEST, **choices):
    """A storefront with a publishable key."""
    a_secret(mode, **choices)
    return Medusa({"x-publishable-api-key": ApiKey.objects.latest("id").client_id})


class TestTheAdmin:
    def test_products_are_listed_whole_newest_first(self, shop):
        plain = a_denomination()
        rich = a_denomination(
            a_product(
                name="For somebody dear",
                description="By mail.",
                handle="dear",
                image_url="https://shop.example/card.png",
                reference="prod_7",
                metadata={"color": "red"},
            ),
            name="Fifty",
            amounts={"JPY": 8_000},
            image_url="https://shop.example/50.png",
            reference="GC-50",
            metadata={"rank": 1},
        )
        update_product(caller=TEST, product_id=rich.product_id, disabled=True)

        fifty = variant(
            rich,
            title="Fifty",
            sku="GC-50",
            metadata={"rank": 1},
            options=[option_value(rich, value="Fifty")],
            prices=[price(rich, "jpy", 8_000)],
            purchasable=False,
        )
        sold = rich.product
        images = [
            {**row(each), "url": f"https://shop.example/{name}.png", "metadata": None}
            for each, name in ((sold, "card"), (rich, "50"))
        ]
        first = product(
            sold,
            fifty,
            title="For somebody dear",
            description="By mail.",
            handle="dear",
            status="draft",
            thumbnail="https://shop.example/card.png",
            external_id="prod_7",
            metadata={"color": "red"},
            images=images,
        )
        second = product(plain.product, variant(plain))
        answer = shop.get("/admin/products/?is_giftcard=true")
        assert answer.told == (200, {"products": [first, second], "count": 2, "offset": 0, "limit": 50})
        assert list(answer.body["products"][0]) == list(first)
        assert list(answer.body["products"][0]["variants"][0]) == list(fifty)

    def test_one_is_read_with_or_without_a_slash(self, shop):
        denomination = a_denomination()
        sold = denomination.product

        for slash in ("", "/"):
            answer = shop.get(f"/admin/products/{sold.pk}{slash}")
            assert answer.told == (200, {"product": product(sold, variant(denomination))})
        for key in (NOBODYS, "prod_1"):
            missing = refusal("not_found", f"Product with id: {key} was not found")
            assert shop.get(f"/admin/products/{key}").told == (404, missing)

    def test_denominations_stand_in_the_order_in_which_they_were_made(self, shop):
        sold = a_product()
        for name in ("25", "50", "100"):
            a_denomination(sold, name=name)
        update_denomination(caller=TEST, denomination_id=sold.denominations.earliest("pk").pk, disabled=True)

        variants = shop.get(f"/admin/products/{sold.pk}").body["product"]["variants"]

        told = [(each["title"], each["variant_rank"], each["purchasable"]) for each in variants]
        assert told == [("25", 0, False), ("50", 1, True), ("100", 2, True)]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("is_giftcard=false", []),
            ("is_giftcard=True&order=title", ["Fir", "Oak"]),
            ("is_giftcard=undefined&order=-title", ["Oak", "Fir"]),
            ("limit=1&offset=1&order=title", ["Oak"]),
            ("limit=0", []),
            ("q=fI", ["Fir"]),
            ("q=needles", ["Fir"]),
            ("q=acorn", ["Oak"]),
            ("q=sku-oak", ["Oak"]),
            ("q=%00", []),
            ("title=Fir", ["Fir"]),
            ("title=fir", []),
            ("description=Needles", ["Fir"]),
            ("handle=fir", ["Fir"]),
            ("handle=nothing", []),
            ("status[]=draft", ["Fir"]),
            ("status[]=published&status[]=rejected", ["Oak"]),
            ("status=proposed", []),
            ("collection_id[]=pcol_1", []),
            ("tags[0]=ptag_1", []),
            ("deleted_at[gt]=2020-01-01", []),
            ("created_at[gt]=2020-01-01&updated_at[lte]=2999-01-01&order=title", ["Fir", "Oak"]),
            ("created_at[lt]=2020-01-01", []),
            ("expand=variants,variants.prices&fields=id,title&order=title", ["Fir", "Oak"]),
            (f"id={NOBODYS}", []),
            ("id=prod_1", []),
        ],
    )
    def test_what_can_be_asked_for(self, shop, query, found):
        fir = a_product(name="Fir", handle="fir", description="Needles")
        update_product(caller=TEST, product_id=fir.pk, disabled=True)
        a_denomination(a_product(name="Oak"), name="Acorn", reference="sku-oak")

        assert titles(shop.get(f"/admin/products?{query}")) == found

    def test_several_are_asked_for_by_their_ids(self, shop):
        first, second, _third = a_product(name="a"), a_product(name="b"), a_product(name="c")

        both = f"id[]={first.pk}&id[]={second.pk}&order=title"
        assert titles(shop.get(f"/admin/products?{both}")) == ["a", "b"]
        assert titles(shop.get(f"/admin/products?id={first.pk}")) == ["a"]
        assert titles(shop.get(f"/admin/products?handle={first.pk}")) == ["a"]

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("foo=1&bar[]=2", "property foo should not exist, property bar should not exist"),
            ("is_giftcard=maybe", "is_giftcard must be a boolean value"),
            ("limit=-1", "limit must not be less than 0"),
            ("limit=a", "limit must be an integer number"),
            ("order=handle", "Order field handle is not valid"),
            ("tags=a", "tags must be an array"),
            ("status=sold", "status must be one of draft, proposed, published, rejected"),
            ("created_at=2020", "created_at must be an object"),
            ("created_at[since]=2020-01-01", "created_at[since] must be a Date instance"),
            ("updated_at[lt]=yesterday", "updated_at[lt] must be a Date instance"),
            ("region_id=eu", "property region_id should not exist"),
        ],
    )
    def test_what_cannot_be_asked_for(self, shop, query, message):
        assert shop.get(f"/admin/products?{query}").told == (400, refusal("invalid_data", message))

    def test_nothing_is_written(self, shop):
        assert shop.post("/admin/products", {"title": "a"}).status == 405
        assert shop.delete(f"/admin/products/{NOBODYS}").status == 405

    def test_a_key_of_a_market_sees_what_is_sold_there_or_everywhere(self, shop):
        berlin, paris = a_market(code="berlin"), a_market(code="paris")
        a_product(name="everywhere")
        a_product(name="berlin", markets=[berlin])
        elsewhere = a_product(name="paris", markets=[paris])
        a_product(name="live", by=LIVE)

        berliner = the_shop(market_codes=["berlin"])
        assert titles(berliner.get("/admin/products?order=title")) == ["berlin", "everywhere"]
        assert berliner.get(f"/admin/products/{elsewhere.pk}").status == 404
        assert titles(shop.get("/admin/products?order=title")) == ["berlin", "everywhere", "paris"]


class TestTheStore:
    def test_a_product_is_told_whole(self):
        denomination = a_denomination()
        sold = denomination.product

        answer = the_store().get("/store/products/?is_giftcard=true")

        told = product(sold, variant(denomination, **UNPRICED))
        assert answer.told == (200, {"products": [told], "count": 1, "offset": 0, "limit": 100})
        for slash in ("", "/"):
            assert the_store().get(f"/store/products/{sold.pk}{slash}").told == (200, {"product": told})
        assert the_store().get("/store/products?is_giftcard=false").body["products"] == []

    @pytest.mark.parametrize(
        ("region", "priced"),
        [
            (
                {"tax_rate": Decimal("7.5"), "tax_code": "vat"},
                {
                    "original_price_incl_tax": 2_473,
                    "calculated_price_incl_tax": 2_473,
                    "original_tax": 173,
                    "calculated_tax": 173,
                    "tax_rates": [{"rate": 7.5, "name": "default", "code": "vat"}],
                },
            ),
            (
                {},
                {
                    "original_price_incl_tax": 2_300,
                    "calculated_price_incl_tax": 2_300,
                    "original_tax": 0,
                    "calculated_tax": 0,
                    "tax_rates": [{"rate": None, "name": "default", "code": "default"}],
                },
            ),
            ({"tax_rate": Decimal(19), "automatic_taxes": False}, {}),
        ],
    )
    def test_a_region_says_the_price_and_its_tax(self, region, priced):
        market = a_market(currency_code="EUR", **region)
        denomination = a_denomination()

        answer = the_store().get(f"/store/products?region_id={market.pk}")

        (told,) = answer.body["products"]
        whole = {
            **UNPRICED,
            "original_price": 2_300,
            "calculated_price": 2_300,
            "calculated_price_type": "default",
            "original_price_includes_tax": False,
            "calculated_price_includes_tax": False,
            **priced,
        }
        assert told["variants"] == [variant(denomination, **whole)]
        one = the_store().get(f"/store/products/{denomination.product_id}?region_id={market.pk}")
        assert one.body["product"] == told

    def test_a_currency_says_the_price_alone(self):
        a_denomination()

        for code, amount in (("usd", 2_500), ("EUR", 2_300), ("jpy", None)):
            (told,) = the_store().get(f"/store/products?currency_code={code}").body["products"]
            (only,) = told["variants"]
            assert (only["original_price"], only["calculated_price"]) == (amount, amount)
            assert only["tax_rates"] is None

    def test_a_region_in_another_currency_has_no_price(self):
        a_denomination()
        market = a_market(currency_code="JPY", tax_rate=Decimal(10))

        (told,) = the_store().get(f"/store/products?region_id={market.pk}").body["products"]

        (only,) = told["variants"]
        assert (only["calculated_price"], only["calculated_tax"]) == (None, None)

    def test_what_is_disabled_is_not_shown(self):
        sold, other = a_product(name="a"), a_product(name="b")
        gone = a_denomination(sold)
        a_denomination(sold, name="50")
        update_denomination(caller=TEST, denomination_id=gone.pk, disabled=True)
        update_product(caller=TEST, product_id=other.pk, disabled=True)

        (told,) = the_store().get("/store/products").body["products"]

        assert [each["title"] for each in told["variants"]] == ["50"]
        assert [each["value"] for each in told["options"][0]["values"]] == ["50"]
        missing = refusal("not_found", f"Product with id: {other.pk} was not found")
        assert the_store().get(f"/store/products/{other.pk}").told == (404, missing)

    def test_a_region_shows_what_is_sold_there(self):
        berlin, paris = a_market(), a_market(name="Paris")
        a_product(name="everywhere")
        sold = a_product(name="berlin", markets=[berlin])

        def asked(region):
            return titles(the_store().get(f"/store/products?region_id={region.pk}&order=title"))

        assert (asked(berlin), asked(paris)) == (["berlin", "everywhere"], ["everywhere"])
        assert the_store().get(f"/store/products/{sold.pk}?region_id={paris.pk}").status == 404
        assert titles(the_store().get("/store/products?order=title")) == ["berlin", "everywhere"]

    def test_what_is_sold_in_hidden_markets_alone_is_hidden(self):
        private, closed = a_market(private=True, code="private"), disabled(a_market(code="closed"))
        a_product(name="private", markets=[private])
        a_product(name="closed", markets=[closed])

        assert titles(the_store().get("/store/products")) == []
        assert titles(the_store(market_codes=["private"]).get("/store/products")) == ["private"]

    def test_without_a_key_it_is_the_live_mode(self):
        live = a_market(by=LIVE)
        a_product(name="live", by=LIVE)
        a_product(name="test")

        assert titles(ANYBODY.get("/store/products")) == ["live"]
        assert titles(ANYBODY.get(f"/store/products?region_id={live.pk}")) == ["live"]
        assert titles(the_store(Mode.LIVE).get("/store/products")) == ["live"]
        assert Medusa({"x-publishable-api-key": "gcc_test_no"}).get("/store/products").told == (
            401,
            "Unauthorized",
        )

    @pytest.mark.parametrize(
        ("query", "status", "kind", "message"),
        [
            ("region_id=eu", 404, "not_found", "Region with eu was not found"),
            (f"region_id={NOBODYS}", 404, "not_found", f"Region with {NOBODYS} was not found"),
            ("cart_id=cart_1", 404, "not_found", "Cart with cart_1 was not found"),
            ("status=draft", 400, "invalid_data", "property status should not exist"),
            ("foo=1", 400, "invalid_data", "property foo should not exist"),
        ],
    )
    def test_what_cannot_be_asked_for(self, query, status, kind, message):
        assert the_store().get(f"/store/products?{query}").told == (status, refusal(kind, message))
