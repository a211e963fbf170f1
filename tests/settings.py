"""The service's own settings, an example app that the wire is tested on, and passwords hashed in no time."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as SERVICE_APPS

INSTALLED_APPS = [*SERVICE_APPS, "tests.library"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# In this process, tests count statements; those of the limits set their own.
GIFTCARDS_RATE_LIMIT_PER_KEY = GIFTCARDS_RATE_LIMIT_PER_ADDRESS = 0
