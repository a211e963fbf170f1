from django.apps import AppConfig

from events.subjects import seen_with_the_resource


class RecipientsConfig(AppConfig):
    name = "recipients"

    def ready(self) -> None:
        from recipients.models import GiftCardRecipient  # noqa: PLC0415 (there are models from now on only)

        seen_with_the_resource("gift_card_recipients", GiftCardRecipient.objects.visible_to)
