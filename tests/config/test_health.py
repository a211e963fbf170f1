import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from config import health
from giftcards import code_keys
from tests.fixtures.cast import a_draft


@pytest.fixture(autouse=True)
def _nothing_known_about_migrations(monkeypatch):
    monkeypatch.setattr(health.Migrations, "applied", False)


def test_a_live_process_asks_no_database(client):
    # Without the django_db mark, a query would fail this test.
    response = client.get("/healthz/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_a_migrated_database(client):
    response = client.get("/healthz/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "ledger": {"verdict": "never verified", "verified_at": None, "age_seconds": None},
    }
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_once_migrated_only_the_keys_and_the_last_verdict_are_asked_for(client, django_assert_num_queries):
    client.get("/healthz/ready")
    with django_assert_num_queries(2):
        client.get("/healthz/ready")


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client):
    MigrationRecorder(connection).migration_qs.filter(app="giftcards").delete()
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "detail": "Migrations are not applied."}


@pytest.mark.django_db
def test_not_ready_without_the_database(client, monkeypatch):
    def refuse():
        raise OperationalError("connection to server failed: password of giftcards is wrong")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/healthz/ready")
    monkeypatch.undo()
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "detail": "The database can't be reached."}


@pytest.mark.django_db
def test_not_ready_with_the_keys_of_another_database(client, settings, monkeypatch):
    monkeypatch.setattr(code_keys, "_remembered", set())
    a_draft()
    settings.GIFTCARDS_CODE_KEYS = {1: b"another key under the old number"}
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "detail": "GIFTCARDS_CODE_KEYS are not the keys of this database: number 1 is another one.",
    }


@pytest.mark.parametrize("path", ["/healthz/live", "/healthz/ready"])
def test_health_is_only_read(client, path):
    assert client.post(path).status_code == 405
