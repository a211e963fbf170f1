from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from access.models import User

PASSWORD = "a long enough pass phrase"


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("owner@shop.example", PASSWORD)


@pytest.fixture
def back_office(owner: User) -> Client:
    """The browser of somebody who may do everything."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def back_office_of(db: None) -> Callable[..., Client]:
    """The browser of somebody who has these permissions only, each as "app.codename"."""

    def log_in(*permissions: str) -> Client:
        person = User.objects.create_user("clerk@shop.example", PASSWORD, is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            person.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        client = Client()
        client.force_login(person)
        return client

    return log_in
