"""What Django does for people with browsers happens at the back office's addresses and nowhere else."""

import pytest

ELSEWHERE = [
    "/healthz/live",
    "/api/gift_cards",
    "/oauth/tokeninfo",
    "/admin/regions",
    "/store/regions",
    "/nowhere",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_other_address_knows_sessions_or_messages(client, path):
    request = client.get(path).wsgi_request
    assert not {"session", "_messages"} & vars(request).keys()
    assert not client.cookies


@pytest.mark.django_db
def test_the_back_office_does(client):
    request = client.get("/back-office/login/").wsgi_request
    assert {"session", "_messages"} <= vars(request).keys()


@pytest.mark.parametrize("path", [*ELSEWHERE, "/back-office/"])
def test_a_host_that_is_not_ours_is_refused(client, settings, path):
    settings.ALLOWED_HOSTS = ["ours.example"]
    assert client.get(path, headers={"host": "theirs.example"}).status_code == 400


def test_an_answer_says_how_long_it_is(client):
    answer = client.get("/healthz/live")
    assert answer["Content-Length"] == str(len(answer.content))
