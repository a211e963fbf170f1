#!/usr/bin/env python3
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import ProgrammingError


def migrations_are_applied() -> bool:
    from config.health import Migrations  # noqa: PLC0415 (settings are read by then)

    return Migrations.are_applied()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["torture"]:
        # It speaks HTTP to a deployment elsewhere, from machines where there are no settings to read.
        from giftcards.management.commands.torture import Command

        Command().run_from_argv(sys.argv)
        sys.exit()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as mistake:
        sys.exit(str(mistake))
    except ProgrammingError:
        if sys.argv[1:2] == ["migrate"] or migrations_are_applied():
            raise
        sys.exit("Migrations are not applied to this database: `migrate` does that, and `./dev run`.")
