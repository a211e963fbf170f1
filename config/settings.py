"""Settings, read once from the environment. `./dev` fills it in; the operations guide lists every name."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from config.back_office import THEME
from config.environment import code_keys, database_url, flag, secret, whole_number

# So that code may say ModelAdmin[GiftCard], which the type checker asks for and Django does not understand.
django_stubs_ext.monkeypatch()

ROOT = Path(__file__).resolve().parent.parent
DATA_FOLDER = Path(os.environ.get("GIFTCARDS_DATA") or ROOT / ".data").resolve()

DEBUG = flag("GIFTCARDS_DEBUG")
# Plain http on the loopback address: cookies can't be marked secure there, and static files come straight
# from the packages. `./dev run` sets it; never set it where a browser reaches the service over a network.
INSECURE_HTTP = flag("GIFTCARDS_INSECURE_HTTP")
# Set by config.wsgi: only the server has many short requests that share connections and must be cut short.
SERVING = flag("GIFTCARDS_SERVING")

SECRET_KEY = secret("GIFTCARDS_SECRET_KEY", DATA_FOLDER)
# The highest number encrypts and digests; the others still decrypt and are still looked up.
GIFTCARDS_CODE_KEYS = code_keys(secret("GIFTCARDS_CODE_KEYS", DATA_FOLDER))
GIFTCARDS_DEFAULT_CURRENCY = os.environ.get("GIFTCARDS_DEFAULT_CURRENCY", "USD")
GIFTCARDS_DEFAULT_LOCALE = os.environ.get("GIFTCARDS_DEFAULT_LOCALE", "en_US")
GIFTCARDS_TIME_ZONE = os.environ.get("GIFTCARDS_TIME_ZONE", "UTC")

# How long an authorization holds unless it says so itself.
GIFTCARDS_AUTHORIZATION_DAYS = whole_number("GIFTCARDS_AUTHORIZATION_DAYS", 7)

# How often codes may be tried: the first two within a minute, the others within ten. From so many failures in
# a mode on, who has failed so often himself is held back. See docs/adr/0015-human-codes-and-look-ups.md.
GIFTCARDS_CODE_TRIES_PER_KEY = whole_number("GIFTCARDS_CODE_TRIES_PER_KEY", 600)
GIFTCARDS_CODE_TRIES_PER_ADDRESS = whole_number("GIFTCARDS_CODE_TRIES_PER_ADDRESS", 600)
GIFTCARDS_CODE_FAILURES = whole_number("GIFTCARDS_CODE_FAILURES", 300)
GIFTCARDS_CODE_FAILURES_OF_ONE = whole_number("GIFTCARDS_CODE_FAILURES_OF_ONE", 30)

# Logins from one address, or of one person, that may fail within ten minutes before they are told to wait.
GIFTCARDS_LOGIN_FAILURES = whole_number("GIFTCARDS_LOGIN_FAILURES", 60)
# What stands behind the organization's name in the hosts that access tokens lead to; without it, what stands
# behind the first label of the host that the token was asked from. See access/oauth/issuer.py.
GIFTCARDS_DOMAIN = os.environ.get("GIFTCARDS_DOMAIN", "").strip().lower()

# How many requests an API key, or an address that shows none, may make in so many seconds; 0 for any number.
# See docs/adr/0022-rate-limits-in-blocks.md.
GIFTCARDS_RATE_LIMIT_PER_KEY = whole_number("GIFTCARDS_RATE_LIMIT_PER_KEY", 5000, at_least=0)
GIFTCARDS_RATE_LIMIT_PER_ADDRESS = whole_number("GIFTCARDS_RATE_LIMIT_PER_ADDRESS", 1000, at_least=0)
GIFTCARDS_RATE_LIMIT_SECONDS = whole_number("GIFTCARDS_RATE_LIMIT_SECONDS", 10, at_most=3600)

ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("GIFTCARDS_ALLOWED_HOSTS", "").split(",") if host.strip()
]

INSTALLED_APPS = [
    "unfold",  # before django.contrib.admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",  # lets an index name its operator class
    "rest_framework",
    "django_filters",
    "kernel",
    "events",
    "back_office",
    "access",
    "api",
    "markets",
    "recipients",
    "giftcards",
    "medusa",  # no tables: a command
]

MIDDLEWARE = [
    "api.middleware.JsonApiMiddleware",  # outermost: nothing under /api is ever HTML, whoever answered
    "access.api.oauth.middleware.OAuthMiddleware",  # and nothing under /oauth
    "medusa.middleware.MedusaMiddleware",  # nor under /admin and /store
    "api.middleware.RateLimitMiddleware",  # around all that may answer
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.content_security_policy.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.back_office_only.BackOfficeOnlyMiddleware",  # the back office's alone is whatever stands below
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.back_office_only.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.back_office_only.UnavailableMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "access.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Database

# What a connection sends for the fourth time is prepared: from then on PostgreSQL neither parses nor, mostly,
# plans it anew. Not through a pooler that knows nothing of prepared statements (config/postgresql/pooler.py);
# here it is switched off for one that isn't noticed. See the operations guide.
PREPARED_STATEMENTS = flag("GIFTCARDS_PREPARED_STATEMENTS", default=True)
PREPARE_AFTER = 3

# A server whose machine is switched off ends no connection: without these, Linux tries for 15 minutes, and
# each request under way keeps its thread for as long. Seconds, and milliseconds.
GIVE_UP = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 10_000}


def database(url: str) -> dict[str, Any]:
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("DATABASE_URL must be a postgresql:// address; ./dev manage sets it.")
    parsed: dict[str, Any] = {**dj_database_url.parse(database_url(url))}
    options = {**GIVE_UP, **parsed.get("OPTIONS", {})}
    # A request that waits longer for a row lock than its client does only holds up the next one.
    told = {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "60s"}
    if SERVING:
        told["statement_timeout"] = "15s"
    told["datestyle"] = "ISO"  # in which times are read as text, whatever the server prefers
    from_url = [options["options"]] if options.get("options") else []
    options["options"] = " ".join([*(f"-c {name}={value}" for name, value in told.items()), *from_url])
    options.setdefault("connect_timeout", 3 if SERVING else 5)
    # PostgreSQL binds the parameters and keeps the plans of what it is sent again and again.
    options["server_side_binding"] = True
    options["prepare_threshold"] = PREPARE_AFTER if PREPARED_STATEMENTS else None
    return {
        **parsed,
        "ENGINE": "config.postgresql",
        "OPTIONS": options,
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": None if SERVING else 0,
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""))}

# --- Language and time

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- Static files: the admin's only

STATIC_URL = "/static/"
STATIC_ROOT = None if INSECURE_HTTP else DATA_FOLDER / "static"
WHITENOISE_USE_FINDERS = INSECURE_HTTP
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if INSECURE_HTTP
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Back office

UNFOLD = THEME
FORMAT_MODULE_PATH = ["config.formats"]

# --- Security

SECURE_SSL_REDIRECT = not INSECURE_HTTP
# Whoever probes a container's health speaks plain http to it.
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 365 * 24 * 60 * 60
SESSION_COOKIE_SECURE = not INSECURE_HTTP
CSRF_COOKIE_SECURE = not INSECURE_HTTP
SESSION_COOKIE_NAME = "giftcards_session"
CSRF_COOKIE_NAME = "giftcards_csrf"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    # The protection of forms is config.back_office_only's, derived from the class that the check looks for.
    "security.W003",
    # HSTS for every sub-domain, and preloading it, bind hosts of the merchant that are none of ours.
    "security.W005",
    "security.W021",
]
GIFTCARDS_TRUST_FORWARDED = flag("GIFTCARDS_TRUST_FORWARDED")
if GIFTCARDS_TRUST_FORWARDED:
    # Only behind a proxy that overwrites these headers: else every client chooses its own host and scheme,
    # and (X-Forwarded-For) the address that its tries are counted by.
    USE_X_FORWARDED_HOST = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- REST framework: what the packages under */api share

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["access.api.authentication.BearerAuthentication"],
    "UNAUTHENTICATED_USER": None,
}

# --- Logging

# Standard error only. Nothing below WARNING of Django's own: its DEBUG lines repeat SQL with its values. Of
# requests only crashes: the warning about an unknown address repeats it, and people look cards up by code.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {
        "no codes": {"()": "medusa.log.NoCodesInAddresses"},
        "no traceback": {"()": "config.log.WithoutTraceback"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no codes"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["no traceback"]},
    },
}
