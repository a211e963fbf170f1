"""Tokens of people of the back office: JSON Web Tokens (RFC 7519), signed with HS256, for a day.

With every request the database is asked, by its own clock, whether the person still works here and has the
password that the token was got with: who is switched off, or changes the password, ends all of them.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now
from django.db.models.lookups import GreaterThan

from access.models import User
from access.oauth.tokens import LONGEST, SIGNATURE_ONLY, TOKEN
from kernel.clock import database_now
from kernel.sealing import Unreadable, derived_key, keyed_digest, version_in_use
from kernel.secret import Secret

ALGORITHM: Final = "HS256"
PURPOSE: Final = "token of a person of the back office"
LIVES: Final = timedelta(hours=24)


def issue_person_token(user: User) -> Secret:
    """For a person who has just shown who they are."""
    version = version_in_use()
    now = int(database_now().timestamp())
    claims = {
        "user_id": str(user.pk),
        "domain": "admin",
        "password": _mark_of_password(user, version),
        "iat": now,
        "exp": now + int(LIVES.total_seconds()),
    }
    return Secret(jwt.encode(claims, derived_key(PURPOSE, version), ALGORITHM, headers={"kid": str(version)}))


def person_of_token(token: Secret) -> User | None:
    """None whatever is wrong: no token of ours, an old one, or a person who may not come in any more."""
    text = token.reveal()
    if len(text) > LONGEST or not TOKEN.fullmatch(text):
        return None
    try:
        version = int(str(jwt.get_unverified_header(text).get("kid")))
        said = jwt.decode(text, derived_key(PURPOSE, version), algorithms=[ALGORITHM], options=SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, RecursionError, Unreadable):
        return None
    expires_at = datetime.fromtimestamp(said["exp"], tz=UTC)
    still_counts = GreaterThan(Value(expires_at, DateTimeField()), Now())
    user = User.objects.filter(still_counts, pk=said["user_id"], is_active=True, is_staff=True).first()
    if user is None or not hmac.compare_digest(said["password"], _mark_of_password(user, version)):
        return None
    return user


def _mark_of_password(user: User, version: int) -> str:
    """Another one for every password, from which nothing of it follows."""
    return keyed_digest(f"{PURPOSE}: password", user.password.encode(), key_version=version).hex()[:32]
