"""The service's settings and one more app: the example resources of the wire's own tests."""

from config.settings import *  # noqa: F403 (that is what it means to extend them)
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.library"]
