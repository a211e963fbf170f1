"""What the service asks of a connection, whatever the server is set to."""

from collections.abc import Iterator

import pytest
from django.db import connection

from kernel.modes import Mode
from tests.fixtures.cast import an_active_card
from tests.fixtures.client import api_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _german_server() -> Iterator[None]:
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} SET datestyle = 'German, DMY'")
    connection.close()
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} RESET datestyle")
    connection.close()


@pytest.mark.usefixtures("_german_server")
def test_times_are_read_in_whatever_style_the_server_writes_them():
    card = an_active_card()

    answer = api_client(Mode.TEST).get(f"gift_cards/{card.pk}")

    assert answer.status == 200, answer.document
    assert answer.document["data"]["attributes"]["created_at"].startswith(f"{card.created_at:%Y-%m-%dT%H:%M}")
