"""The service with blocks taken by reading and then writing: the control of the rate limit's storm."""

from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.models.functions import Now

from config.wsgi import application  # isort: skip (it makes the models ready)
from api import rate_limits
from api.models import ThrottleCount

__all__ = ["application"]


def read_then_write(scope: str, subject: str, numbers: int, seconds: int) -> tuple[int, float]:
    named: dict[str, Any] = {"scope": scope, "subject": subject}
    row, _ = ThrottleCount.objects.get_or_create(**named, defaults={"number": 0, "begins_at": Now()})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.005)")  # as a busy machine may do at any moment
    ThrottleCount.objects.filter(**named).update(number=row.number + numbers)
    return row.number + numbers, float(seconds)


patch.object(rate_limits, "take", read_then_write).start()
