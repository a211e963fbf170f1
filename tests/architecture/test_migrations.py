"""Migrations lead forth and back, and say all that the models say."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parents[2]
OURS = ("giftcards", "markets", "recipients", "access", "events", "api", "kernel")

CATALOGUE = """
    SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', proname, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3
"""


@pytest.fixture
def scratch(django_db_setup, django_db_blocker) -> Iterator[BaseDatabaseWrapper]:
    """An empty database beside that of the tests."""
    name = f"{connection.settings_dict['NAME']}_scratch"
    with django_db_blocker.unblock():
        connections.databases["scratch"] = {**connection.settings_dict, "NAME": name}
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield connections["scratch"]
        finally:
            connections["scratch"].close()
            del connections["scratch"], connections.databases["scratch"]
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}"')


def migrate(database: BaseDatabaseWrapper, targets: list[tuple[str, str | None]] | None = None) -> None:
    executor = MigrationExecutor(database)
    executor.migrate(executor.loader.graph.leaf_nodes() if targets is None else targets)


def catalogue(database: BaseDatabaseWrapper) -> list[tuple[str, str, str]]:
    with database.cursor() as cursor:
        cursor.execute(CATALOGUE)
        return list(cursor.fetchall())


def of_ours(entries: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    prefixes = tuple(f"{app}_" for app in OURS)
    return [(kind, name) for kind, name, _definition in entries if name.startswith(prefixes)]


def test_migrations_lead_back_to_nothing_and_forth_to_the_same(scratch):
    migrate(scratch)
    built = catalogue(scratch)

    migrate(scratch, [(app, None) for app in OURS])
    left = catalogue(scratch)
    migrate(scratch)

    assert of_ours(built)
    assert of_ours(left) == []
    assert [entry for entry in left if entry[0] in {"trigger", "function"}] == []
    assert catalogue(scratch) == built


@pytest.mark.django_db
def test_the_models_say_nothing_that_no_migration_says():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["giftcards_ledgerentry", "events_event", "api_idempotencykey"])
def test_what_is_append_only_has_both_its_triggers(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
            " AND tgenabled = 'O' AND pg_get_triggerdef(oid) LIKE '%%EXECUTE FUNCTION refuse_change()'",
            [table],
        )
        assert cursor.fetchone() == (2,)


def test_every_app_of_ours_has_its_migrations_tested():
    ours = [config for config in apps.get_app_configs() if Path(config.path).parent == ROOT]

    assert {config.label for config in ours if is_migrated(config)} == set(OURS)


def is_migrated(config: AppConfig) -> bool:
    """It has models, or something else to bring into the database."""
    return any(config.get_models()) or Path(config.path, "migrations").exists()
