from django.apps import AppConfig


class MedusaConfig(AppConfig):
    name = "medusa"
