"""What the database itself holds of products and denominations, and who waits for whom."""

from threading import Barrier

import pytest
from django.db import IntegrityError

from giftcards.models import Denomination, Product, ProductMarket
from giftcards.operations import DenominationChanges, create_denomination, denominations
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.raw_sql import set_column


@pytest.mark.django_db
class TestAgreement:
    @pytest.mark.parametrize("column", ["product_id", "market_id"])
    def test_a_product_is_sold_in_markets_of_its_mode(self, column):
        a_product(markets=[a_market()])
        elsewhere = {"product_id": a_product(by=LIVE), "market_id": a_market(by=LIVE)}[column]

        with pytest.raises(IntegrityError, match="availability_agrees_with_its"):
            set_column(ProductMarket.objects.get(), column, elsewhere.pk)

    def test_a_denomination_is_of_its_products_mode(self):
        elsewhere = a_product(by=LIVE)

        with pytest.raises(IntegrityError, match="denomination_agrees_with_its_product"):
            set_column(a_denomination(), "product_id", elsewhere.pk)

    @pytest.mark.parametrize("amount", ["0", "-1", "2.5", '"25"', "null", "[25]", "10000000000001"])
    def test_amounts_are_whole_and_above_zero(self, amount):
        denomination = a_denomination()

        with pytest.raises(IntegrityError, match="denomination_amounts_are_whole_and_above_zero"):
            set_column(denomination, "amounts", f'{{"EUR": 1, "USD": {amount}}}')

    @pytest.mark.parametrize(
        ("column", "value", "constraint"),
        [
            ("handle", "Two words", "product_handle_is_words_and_hyphens"),
            ("code_format", "roman", "product_code_format_is_known"),
            ("validity_months", 0, "product_validity_is_a_time"),
        ],
    )
    def test_a_product_is_what_operations_let_it_be(self, column, value, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            set_column(a_product(), column, value)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def adding(self, product):
        attributes: DenominationChanges = {"name": "25", "amounts": {"USD": 2_500}}
        return lambda: create_denomination(caller=TEST, product=product, attributes=attributes)

    def test_of_two_who_add_the_last_denomination_one_is_refused(self, monkeypatch):
        monkeypatch.setattr(denominations, "MOST_DENOMINATIONS", 1)
        product = a_product()

        assert outcomes(at_once([self.adding(product)] * 2)) == {"won": 1, "Invalid": 1}
        assert Denomination.objects.count() == 1

    def test_without_the_lock_both_would_be_added(self, monkeypatch):
        """The control: else the test above would be blind."""
        monkeypatch.setattr(denominations, "MOST_DENOMINATIONS", 1)
        product = a_product()
        both_have_counted_none = Barrier(2, timeout=20)

        def together(**values):
            both_have_counted_none.wait()
            return Denomination(**values)

        monkeypatch.setattr(denominations, "lock_product", lambda key, caller: Product.objects.get(pk=key))
        monkeypatch.setattr(denominations, "Denomination", together)

        assert outcomes(at_once([self.adding(product)] * 2)) == {"won": 2}
        assert Denomination.objects.count() == 2
