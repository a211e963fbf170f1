"""The service deaf to Idempotency-Key: the control that shows the attack would notice."""

from unittest.mock import patch

from config.wsgi import application

__all__ = ["application"]

patch("api.idempotency._key_of", return_value=None).start()
