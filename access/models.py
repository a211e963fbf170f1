"""Who is calling: people (users of the back office) and programs (applications with API keys), and what their
access tokens are signed with."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from kernel.caller import Actor, ActorKind
from kernel.keys import uuid7
from kernel.modes import Mode


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        # People type their address with any capitals; UniqueConstraint below makes this at most one user.
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the back office, known by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # unique=True only because Django's own check looks at the field; the constraint below is stricter.
    email = models.EmailField(
        "e-mail address", unique=True, error_messages={"unique": "has already been taken"}
    )
    name = models.CharField(max_length=255, blank=True)
    is_staff = models.BooleanField("may use the back office", default=False)
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_unique",
                violation_error_message="A user with this e-mail address exists already.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.USER, str(self.pk), self.email)


class Organization(models.Model):
    """The merchant who runs this service. One service serves one organization: the table holds one row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=255, default="Gift cards")
    slug = models.SlugField(default="gift-cards", db_index=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # A unique index over a constant: any second row is refused.
            models.UniqueConstraint(models.Value(1), name="there_is_one_organization"),
        ]

    def __str__(self) -> str:
        return self.name


class ApplicationKind(models.TextChoices):
    INTEGRATION = "integration"


class Application(models.Model):
    """A program that calls the API. Its keys may rotate; what it did stays under its name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(max_length=255)
    kind = models.CharField(
        max_length=20, choices=ApplicationKind, default=ApplicationKind.INTEGRATION, editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="application_name_is_unique")]

    def __str__(self) -> str:
        return self.name


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> Self:
        """Neither revoked nor expired, by the database's clock."""
        unexpired = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=Now())
        return self.filter(unexpired, revoked_at__isnull=True)


class ApiKey(models.Model):
    """What an application shows to be let in, in one mode: shown once, when made; only its digest is kept.

    No rows in `ApiKeyMarket` mean every market. Keys are revoked, never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="api_keys")
    mode = models.CharField(max_length=4, choices=Mode)
    client_id = models.CharField(max_length=40)
    digest = models.BinaryField()
    last_four = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(fields=["client_id"], name="api_key_client_id_is_unique"),
            models.UniqueConstraint(fields=["digest"], name="api_key_digest_is_unique"),
            # Not a key of its own: what refers to a key refers to its mode as well, so that the two agree.
            models.UniqueConstraint(fields=["id", "mode"], name="api_key_is_referred_to_with_mode"),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="api_key_mode_is_test_or_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.name} ({self.masked})"

    @property
    def masked(self) -> str:
        """As shown in lists: enough to recognise a key one holds, nothing to use it."""
        return f"gck_{self.mode}_…{self.last_four}"

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.API_KEY, str(self.pk), self.application.name)


class ApiKeyMarket(models.Model):
    """One of the markets that a key is restricted to; the database holds that all three agree on mode.

    Such a market cannot be deleted: losing the row would widen the key to every market.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="restrictions", db_constraint=False
    )
    market = models.ForeignKey(
        "markets.Market", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    mode = models.CharField(max_length=4, choices=Mode)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "market"], name="api_key_names_a_market_once"),
        ]

    def __str__(self) -> str:
        return f"{self.api_key_id} in {self.market_id}"


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    def published(self) -> Self:
        """Those whose signatures count, by the database's clock."""
        return self.filter(models.Q(verified_until=None) | models.Q(verified_until__gt=Now()))


class SigningKey(models.Model):
    """What access tokens are signed with: an RSA key, known by its thumbprint (RFC 7638).

    Published when it is made, it signs from `signs_from` on, until a later one does, and counts until
    `verified_until`; null: as long as no other has taken its place.
    """

    kid = models.CharField(max_length=43, primary_key=True)
    public_key = models.BinaryField()
    """SubjectPublicKeyInfo in DER."""
    private_ciphertext = models.BinaryField()
    key_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    signs_from = models.DateTimeField()
    verified_until = models.DateTimeField(null=True, blank=True)

    objects = SigningKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.kid


class RevokedToken(models.Model):
    """An access token that was revoked before it expired; forgotten when it would have."""

    digest = models.BinaryField(primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"revoked until {self.expires_at}"
