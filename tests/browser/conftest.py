"""A real browser before real server processes. Pages are watched: they must be silent and ask nobody else."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

from access.models import User
from tests.server import Server, server

__all__ = ["server"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",  # needed as root, in containers
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "a long enough pass phrase"


@dataclass
class Watched:
    """One person's browser and everything that went wrong in it."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.server.address}/back-office/{path}")

    def watch(self, context: BrowserContext) -> None:
        context.expose_function("stolen", lambda: self.complaints.append("a script of the data's ran"))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._check_address)
        context.on("response", self._check_status)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _check_address(self, request: Request) -> None:
        if not request.url.startswith((self.server.address, "data:", "about:", "blob:")):
            self.complaints.append(f"asked {request.url}")

    def _check_status(self, answer: Response) -> None:
        if answer.status >= 400:
            self.complaints.append(f"{answer.status} {answer.url}")


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        missing = f"The back office was not seen in a browser: none of {', '.join(NAMES)} is in PATH."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with pytest.MonkeyPatch.context() as patch:
        # Playwright leaves an event loop in this thread between our calls. It runs nothing of Django's.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
            yield running
            running.close()


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_superuser("owner@shop.example", PASSWORD)


@pytest.fixture
def stranger(browser: Browser, server: Server, transactional_db: None) -> Iterator[Watched]:
    """A browser that is not logged in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    watched = Watched(context.new_page(), server)
    watched.watch(context)
    yield watched
    context.close()
    assert watched.complaints == []


@pytest.fixture
def person(stranger: Watched, owner: User) -> Watched:
    """The owner, logged in."""
    client = Client()
    client.force_login(owner)
    cookie = client.cookies["giftcards_session"]
    stranger.page.context.add_cookies(
        [{"name": cookie.key, "value": cookie.value, "url": stranger.server.address}]
    )
    return stranger
