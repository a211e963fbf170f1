"""Medusa's addresses, as its client spells them."""

from medusa import gift_cards, login, orders, products, regions, store
from medusa.endpoints import route

urlpatterns = [
    route("admin/auth/token", POST=login.log_in),
    route("admin/gift-cards", GET=gift_cards.list_gift_cards, POST=gift_cards.create_gift_card),
    route(
        "admin/gift-cards/(?P<card_id>[^/]+)",
        GET=gift_cards.get_gift_card,
        POST=gift_cards.update_gift_card,
        DELETE=gift_cards.delete_gift_card,
    ),
    route("admin/orders", GET=orders.list_orders),
    route("admin/orders/(?P<order_id>[^/]+)", GET=orders.get_order),
    route("admin/regions", GET=regions.list_regions),
    route("admin/regions/(?P<region_id>[^/]+)", GET=regions.get_region),
    route("admin/products", GET=products.list_products),
    route("admin/products/(?P<product_id>[^/]+)", GET=products.get_product),
    route("store/products", GET=products.list_store_products),
    route("store/products/(?P<product_id>[^/]+)", GET=products.get_store_product),
    route("store/regions", GET=regions.list_store_regions),
    route("store/regions/(?P<region_id>[^/]+)", GET=regions.get_store_region),
    route("store/gift-cards/(?P<code>[^/]+)", GET=store.get_gift_card),
]
