from django.apps import AppConfig

from events.subjects import seen_with_the_resource


class MarketsConfig(AppConfig):
    name = "markets"

    def ready(self) -> None:
        from markets.models import Market  # noqa: PLC0415 (there are models from now on only)

        seen_with_the_resource("markets", Market.objects.visible_to)
