"""The four addresses of OAuth 2 (contract §7)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from access.api.authentication import credential_in
from access.api.oauth.answers import OAuthError, answer, endpoint
from access.api.oauth.requests import client_of, parameters_of
from access.api.oauth.token_info import token_info as info_about
from access.credentials import is_well_formed
from access.oauth.issuer import issuer_of
from access.oauth.revocation import revoke_token
from access.oauth.scopes import grant
from access.oauth.signing_keys import KEPT_FOR, published_keys
from access.oauth.tokens import issue_token
from access.operations import the_organization
from kernel.refusals import Invalid
from kernel.secret import Secret

CLIENT_CREDENTIALS = "client_credentials"


@endpoint("POST")
def token(request: HttpRequest) -> HttpResponse:
    """`POST /oauth/token`: a token for an API key's id and text. What else is sent along is passed over."""
    parameters = parameters_of(request, "grant_type", "scope")
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise OAuthError("invalid_request", "The request has no grant_type.")
    if grant_type != CLIENT_CREDENTIALS:
        raise OAuthError("unsupported_grant_type", f"The only grant_type here is {CLIENT_CREDENTIALS}.")
    client = client_of(request, parameters)
    try:
        granted = grant(parameters.get("scope", ""), client)
    except Invalid as refusal:
        raise OAuthError("invalid_scope", f"The {refusal}.") from refusal
    issuer = issuer_of(request.get_host(), slug=the_organization().slug, domain=settings.GIFTCARDS_DOMAIN)
    issued = issue_token(credential=client, grant=granted, issuer=issuer)
    return answer(
        {
            "access_token": issued.text.reveal(),
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": issued.scope,
            "created_at": issued.created_at,
        }
    )


@endpoint("POST")
def revoke(request: HttpRequest) -> HttpResponse:
    """`POST /oauth/revoke`: RFC 7009. What is no token that counts is as good as revoked."""
    parameters = parameters_of(request, "token")
    client = client_of(request, parameters)
    text = parameters.get("token")
    if text is None:
        raise OAuthError("invalid_request", "The request has no token.")
    if is_well_formed(text):
        raise OAuthError("unsupported_token_type", "An API key is not revoked here, but where it was made.")
    try:
        revoke_token(credential=client, token=Secret(text))
    except Invalid as refusal:
        raise OAuthError("invalid_request", f"Revoking {refusal}.") from refusal
    return answer({})


@endpoint("GET", "HEAD")
def token_info(request: HttpRequest) -> HttpResponse:
    """`GET /oauth/tokeninfo`: what whoever sends this token, or key, may do."""
    return answer(info_about(credential_in(request.headers.get("Authorization", ""))))


@endpoint("GET", "HEAD")
def signing_keys(request: HttpRequest) -> HttpResponse:
    """`GET /.well-known/jwks.json`: what tokens can be verified with, by anybody."""
    kept = f"public, max-age={int(KEPT_FOR.total_seconds())}"
    return JsonResponse({"keys": published_keys()}, headers={"Cache-Control": kept})
