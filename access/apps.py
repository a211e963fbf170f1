from django.apps import AppConfig

from events.subjects import seen_by_administrators


class AccessConfig(AppConfig):
    name = "access"

    def ready(self) -> None:
        seen_by_administrators("api_keys")
