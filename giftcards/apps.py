from django.apps import AppConfig

from events.subjects import seen_with_the_resource


class GiftCardsConfig(AppConfig):
    name = "giftcards"
    verbose_name = "Gift cards"

    def ready(self) -> None:
        from giftcards.models import (  # noqa: PLC0415 (there are models from now on only)
            Attachment,
            Authorization,
            Denomination,
            GiftCard,
            Order,
            Payment,
            Product,
            Tag,
        )

        seen_with_the_resource("gift_cards", GiftCard.objects.visible_to)
        seen_with_the_resource("tags", Tag.objects.visible_to)
        seen_with_the_resource("attachments", Attachment.objects.visible_to)
        seen_with_the_resource("gift_card_authorizations", Authorization.objects.visible_to)
        seen_with_the_resource("gift_card_payments", Payment.objects.visible_to)
        seen_with_the_resource("gift_card_products", Product.objects.visible_to)
        seen_with_the_resource("gift_card_denominations", Denomination.objects.visible_to)
        seen_with_the_resource("gift_card_orders", Order.objects.visible_to)
