"""Revoking a single token. Revoking its key needs nothing of this: no token outlives that."""

from django.db import transaction

from access.models import ApiKey, RevokedToken
from access.oauth.tokens import claims_of
from access.queries import Credential
from events.operations import record
from kernel.clock import database_now
from kernel.refusals import OPERATION, Invalid
from kernel.secret import Secret


def revoke_token(*, credential: Credential, token: Secret) -> None:
    """From the next request on the token is unknown. Revoking it again changes nothing, nor does what is no
    token of ours or has expired. Raises Invalid for a token of another application, or of the other mode."""
    claims = claims_of(token)
    if claims is None:
        return
    if (claims.application_id, claims.mode) != (credential.application_id, credential.caller.mode):
        raise Invalid(OPERATION, "not_yours", "is not possible because the token is another client's")
    with transaction.atomic():
        api_key = ApiKey.objects.select_for_update(no_key=True).get(client_id=claims.client_id)
        now = database_now()
        RevokedToken.objects.filter(expires_at__lte=now).delete()
        if claims.expires_at <= now or RevokedToken.objects.filter(digest=claims.digest).exists():
            return
        RevokedToken.objects.create(digest=claims.digest, expires_at=claims.expires_at)
        record(
            caller=credential.caller,
            subject_type="api_keys",
            subject_id=api_key.pk,
            topic="api_keys.revoke_token",
            data={"client_id": api_key.client_id, "expires_at": claims.expires_at},
        )
