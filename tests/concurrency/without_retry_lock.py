"""The service with the lock of idempotency keys taken out; look-up, effect and unique key are still there."""

from unittest.mock import patch

from config.wsgi import application

__all__ = ["application"]

patch("api.idempotency.try_lock", lambda credential, key: True).start()
