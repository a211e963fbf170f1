"""Those of a release that changes tables which the present one is writing to."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as PRESENT

INSTALLED_APPS = [*PRESENT, "tests.faults.clusters.next_release"]
