import pytest


@pytest.mark.django_db
def test_only_the_back_office_may_run_scripts(client):
    admin = client.get("/back-office/login/")
    assert admin.status_code == 200
    assert "script-src 'self' 'unsafe-eval'" in admin["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/healthz/live", "/back-office-of-another/", "/nowhere"])
def test_everything_else_may_load_nothing(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert policy == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def test_no_page_may_be_framed_or_sniffed(client):
    response = client.get("/healthz/live")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
