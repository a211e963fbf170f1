"""Test and live: two sets of data that never meet."""

from django.db import models


class Mode(models.TextChoices):
    TEST = "test"
    LIVE = "live"
