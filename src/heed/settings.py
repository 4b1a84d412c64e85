"""Settings, read from the environment (or `HEED_SECRETS_DIR` files) in one place.

Every name is `HEED_` and the field in capitals. Nothing here has a default that would be unsafe on
a real site: without `HEED_SECRET_KEY` the instance makes one and keeps it under `var/`.
"""

import os
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from heed.instance.logs import logging_of_django
from heed.instance.tipline_accounts import accounts
from heed.integrations.smtp import NotAMailUrl, server_of
from heed.rules.deadlines import own_times
from heed.rules.gate import NoSuchSwitch, switches
from heed.rules.retention import WORDS_KEPT, WORDS_KEPT_AT_LEAST, WORDS_KEPT_AT_MOST
from heed.rules.statutes import named

ROOT = Path(__file__).resolve().parents[2]


class Configuration(BaseSettings):
    """What an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix="HEED_", extra="ignore", secrets_dir=os.environ.get("HEED_SECRETS_DIR")
    )

    database_url: str = "postgresql://heed_app@/heed?host=/run/heed"
    owner_database_url: str = ""  # who migrates; empty: the same as database_url
    secret_key: str = ""
    public_url: str = "http://127.0.0.1:8000"  # links to this server start with it
    allowed_hosts: str = "127.0.0.1,localhost,[::1],testserver"
    var: Path = ROOT / "var"
    signing_key_file: Path = Path()  # empty: var/keys/log.key
    log_origin: str = ""  # empty: the host of public_url + /log
    demo: bool = False  # accepts one-click sign-ins; drawn pictures only
    debug: bool = False
    mail_url: str = ""  # smtp://user:password@host:587 ; empty: var/mail as files
    mail_from: str = "notices@localhost"
    mail_returns: str = ""  # a mailbox whose mail goes to `heed returned-mail`; empty: none
    push_services: str = (  # where devices may be told, with commas; empty: none is
        "fcm.googleapis.com,updates.push.services.mozilla.com,"
        "*.notify.windows.com,web.push.apple.com"
    )
    push_contact: str = ""  # mailto: or https: for push services; empty: public_url, or mail_from
    failpoint: str = ""  # tests: directory of files named like the steps at which to die
    proxies: int = 0  # reverse proxies in front, each adding to X-Forwarded-For
    vault_keys: Path = Path()  # empty: var/keys/vault; the web process needs the .pub files alone
    opens: str = ""  # purposes this process may open the vault for; `heed worker` says "filing"
    vault: str = ""  # empty: var/vault; a directory; or s3://bucket/prefix (docs/operate.md)
    backups_kept_days: int = 35  # how long the last backup of the database may live
    words_kept_days: Annotated[
        int, Field(ge=WORDS_KEPT_AT_LEAST.days, le=WORDS_KEPT_AT_MOST.days)
    ] = WORDS_KEPT.days  # what notifiers wrote, after the last that happened; see docs/operate.md
    backup_to: str = ""  # a directory or s3://bucket/prefix; empty: none is made by itself
    backup_at: str = "03:30"  # when each day, in UTC
    backup_vault: Literal["", "apart"] = ""  # apart: sealed evidence is backed up by other means
    recovery_key: str = ""  # age public keys, with commas; empty: var/keys/recovery.pub
    dsa_url: str = ""  # the DSA Transparency Database (or its sandbox); empty: nothing is sent
    dsa_token: str = ""  # of the operator's account there
    viewer_socket: str = ""  # where the viewer listens; `heed up` and `heed viewer` say so
    jurisdiction: str = "US"  # whose law says what may be held here; see docs/operate.md
    evidence_mode: str = ""  # bytes or context; empty: as the jurisdiction's line says
    ncmec_environment: Literal["", "test", "production"] = ""  # empty: filed by hand
    ncmec_test_url: str = "https://exttest.cybertip.org/ispws"
    ncmec_test_user: str = ""
    ncmec_test_password: str = ""
    ncmec_production_url: str = "https://report.cybertip.org/ispws"
    ncmec_production_user: str = ""
    ncmec_production_password: str = ""
    shorter_clocks: str = ""  # us.2258a.report=PT6H,... ; never longer than the law or our target
    tip_approval: Literal["senior", "none"] = "senior"  # who must agree before a tip is filed
    oidc_url: str = ""  # the organisation's sign-in: its issuer's address
    oidc_client_id: str = ""
    oidc_secret: str = ""
    oidc_name: str = "your organisation"  # on the button
    idle_minutes: Annotated[int, Field(ge=5, le=720)] = 45  # then staff are signed out
    statutes: str = "us,dsa"  # packs, or statutes, whose clocks run; see docs/laws/
    gate: str = ""  # where uploads are looked at: private:EU, -private:US ...; see docs/matching.md


try:
    CONFIG = Configuration()
except ValidationError as wrong:  # by name and bound, never with what was set: it may be a secret
    _faults = [(str(one["loc"][0]).upper(), one["msg"]) for one in wrong.errors()]
    raise SystemExit("\n".join(f"heed: HEED_{name}: {why}" for name, why in _faults)) from None
HEED_SETTINGS = tuple(Configuration.model_fields)


def _database(url: str) -> dict[str, object]:
    """Django's form of a PostgreSQL URL; a socket directory comes as `?host=`."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 14, "timeout": 20}, **query},
    }


SECRET_KEY = CONFIG.secret_key or "only-for-tests-and-tools-that-sign-nothing"
DEBUG = CONFIG.debug
ALLOWED_HOSTS = [host.strip() for host in CONFIG.allowed_hosts.split(",") if host.strip()]
PUBLIC_URL = CONFIG.public_url.rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "heed.web.not_ours.refused"
HEED_DEMO = CONFIG.demo
HEED_VAR = CONFIG.var
HEED_SIGNING_KEY_FILE = (
    CONFIG.var / "keys" / "log.key"
    if CONFIG.signing_key_file == Path()
    else CONFIG.signing_key_file
)
HEED_LOG_ORIGIN = CONFIG.log_origin or (urlsplit(PUBLIC_URL).netloc + "/log")
HEED_FAILPOINT = CONFIG.failpoint
HEED_PROXIES = CONFIG.proxies
HEED_VAULT = CONFIG.vault
HEED_DSA_URL, HEED_DSA_TOKEN = CONFIG.dsa_url, CONFIG.dsa_token
HEED_BACKUPS_KEPT = timedelta(days=CONFIG.backups_kept_days)
HEED_WORDS_KEPT = timedelta(days=CONFIG.words_kept_days)
HEED_VAULT_DIR = Path(CONFIG.vault) if CONFIG.vault.startswith("/") else CONFIG.var / "vault"
HEED_VAULT_KEYS = (
    CONFIG.var / "keys" / "vault" if CONFIG.vault_keys == Path() else CONFIG.vault_keys
)
HEED_OPENS = [name.strip() for name in CONFIG.opens.split(",") if name.strip()]
HEED_VIEWER_SOCKET = CONFIG.viewer_socket
HEED_JURISDICTION = CONFIG.jurisdiction
HEED_EVIDENCE_MODE = CONFIG.evidence_mode
try:
    HEED_STATUTES = list(named(CONFIG.statutes.replace(",", " ").split()))
    HEED_SHORTER_CLOCKS = own_times(CONFIG.shorter_clocks)
except ValueError as wrong:  # each names the setting's word and what there is instead
    raise SystemExit(f"heed: HEED_STATUTES or HEED_SHORTER_CLOCKS: {wrong}") from None
try:
    HEED_GATE = switches(CONFIG.gate)
except NoSuchSwitch as wrong:
    raise SystemExit(f"heed: HEED_GATE: {wrong}") from None

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "heed.ledger",
    "heed.outbox",
    "heed.people",
    "heed.media",
    "heed.cases",
    "heed.filings",
    "heed.web",
    "heed.worker",
]
MIDDLEWARE = [
    "heed.web.connectors.early.AtTheGate",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "heed.web.languages.InTheirLanguage",
    "heed.web.notifier.leaving.EmptyAfterLeaving",
    "heed.web.long_bodies.NoLongerThanForms",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "heed.web.console.idle.IdleEnd",
    "allauth.account.middleware.AccountMiddleware",
    "heed.web.console.signed_in.OncePerMinute",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "heed.urls"
DATABASES = {"default": _database(CONFIG.database_url)}
AUTH_USER_MODEL = "people.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "src" / "heed" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGGING = logging_of_django()
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [  # those that there are texts in, under src/heed/locale, each in its own words
    ("en", "English"), ("es", "Español"), ("fr", "Français"), ("de", "Deutsch"),
    ("pt", "Português"), ("ar", "العربية"), ("hi", "हिन्दी"), ("uk", "Українська"),
]  # fmt: skip
LOCALE_PATHS = [ROOT / "src" / "heed" / "locale"]
LANGUAGE_COOKIE_NAME = "lang"  # says no more than its name
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATIC_ROOT = CONFIG.var / "static"
STATICFILES_DIRS = [ROOT / "src" / "heed" / "web" / "static"]
WHITENOISE_USE_FINDERS = True

# A strict policy: no inline script or style, nothing from elsewhere, no framing.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [NONE],  # but for the private page: see web/notifier/told.py
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# A private link must not travel in a Referer; to this site itself it may: with "no-referrer"
# Chromium sends forms with `Origin: null`, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 24 * 60 * 60  # seconds; what was being sent waits so long: console/unsent.py
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
# Notices may be long; what is longer still is refused by the door in words, not by a broken parser.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_HANDLERS = ["heed.web.long_bodies.InMemory"]

# Guesses at passwords and codes are counted here: for all processes and machines, not for each.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "heed_counts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond, a third goes: what has run out first
    }
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # staff come by invitation only; sign-up is closed
ACCOUNT_ADAPTER = "heed.web.console.sign_in.ClosedAdapter"
LOGIN_REDIRECT_URL = "/console/"
LOGIN_URL = "/console/sign-in/login/"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
HEED_IDLE_SECONDS = CONFIG.idle_minutes * 60
MFA_ADAPTER = "heed.web.console.sign_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Heed"
MFA_TOTP_TOLERANCE = 1  # half a minute either way: telephones' clocks differ, and people type
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a key that anybody can tap is one factor, not two
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(PUBLIC_URL).hostname in ("localhost", "127.0.0.1")
USERSESSIONS_TRACK_ACTIVITY = True
# The organisation's sign-in (OpenID Connect): for accounts that exist, by a verified address.
HEED_OIDC_NAME = CONFIG.oidc_name if CONFIG.oidc_url else ""
SOCIALACCOUNT_ADAPTER = "heed.web.console.sign_in.ClosedSocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {"openid_connect": {"APPS": []}}
if CONFIG.oidc_url:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "oidc",
            "name": CONFIG.oidc_name,
            "client_id": CONFIG.oidc_client_id,
            "secret": CONFIG.oidc_secret,
            "settings": {"server_url": CONFIG.oidc_url, "oauth_pkce_enabled": True},
        }
    ]
    # Browsers hold a form's redirects to the same rule as its address.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(
        f"{urlsplit(CONFIG.oidc_url).scheme}://{urlsplit(CONFIG.oidc_url).netloc}"
    )

if CONFIG.mail_url:
    try:
        _mail = server_of(CONFIG.mail_url)
    except NotAMailUrl as wrong:
        raise SystemExit(f"heed: HEED_MAIL_URL: {wrong}") from None
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.wrapped
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = CONFIG.var / "mail"
DEFAULT_FROM_EMAIL = CONFIG.mail_from
EMAIL_TIMEOUT = 20  # seconds: a mail server that hangs holds up one worker, of mails alone
HEED_MAIL_URL = CONFIG.mail_url
HEED_MAIL_RETURNS = CONFIG.mail_returns

# Whom push services may turn to: they want an address of mail or a page (RFC 8292, 2.1).
HEED_PUSH_CONTACT = CONFIG.push_contact or (
    PUBLIC_URL if PUBLIC_URL.startswith("https://") else f"mailto:{parseaddr(CONFIG.mail_from)[1]}"
)
if not HEED_PUSH_CONTACT.startswith(("mailto:", "https://")):
    raise SystemExit("heed: HEED_PUSH_CONTACT: write it as mailto:you@example.org, or https://...")
HEED_PUSH_SERVICES = CONFIG.push_services.replace(",", " ").split()
HEED_PUSH_KEY_FILE = CONFIG.var / "keys" / "push.key"

# Which integration keeps which promise of `ports.py`: one dotted path each.
HEED_PLATFORM_PORT = "heed.integrations.webhook.platform.Webhook"
HEED_MAIL_PORT = "heed.integrations.mail.DjangoMail"
HEED_PUSH_PORT = "heed.integrations.web_push.push.WebPush"
HEED_PAGER_PORT = "heed.integrations.pager.mail_and_team.MailAndTeam"
HEED_FETCHER_PORT = "heed.integrations.fetcher.Fetcher"
HEED_SEALS_PORT = "heed.integrations.vault.sealing.AgeSeals"
HEED_VAULT_PORT = (
    "heed.integrations.vault.s3.S3Vault"
    if HEED_VAULT.startswith("s3://")
    else "heed.integrations.vault.directory.DirectoryVault"
)
HEED_TRANSPARENCY_PORT = "heed.integrations.dsa.client.Client"
HEED_VIEWER_PORT = "heed.integrations.vault.viewer.ViewerClient"
HEED_TIPLINE_PORT = "heed.integrations.ncmec.client.Client"

# Test and production have credentials of their own, and never share them.
_NCMEC = CONFIG.ncmec_environment
HEED_NCMEC = {
    "environment": _NCMEC,
    "url": getattr(CONFIG, f"ncmec_{_NCMEC}_url", ""),
    "user": getattr(CONFIG, f"ncmec_{_NCMEC}_user", ""),
    "password": getattr(CONFIG, f"ncmec_{_NCMEC}_password", ""),
}
HEED_NCMEC_PLATFORMS = accounts(
    CONFIG.var / "keys" / "ncmec",
    os.environ,
    {"test": CONFIG.ncmec_test_url, "production": CONFIG.ncmec_production_url},
)
HEED_TIP_APPROVAL = CONFIG.tip_approval

HEED_EXCHANGE_PORTS = {
    "ncmec_hashes": "heed.integrations.ncmec_hashes.exchange.NcmecHashes",
    "stopncii": "heed.integrations.stopncii.exchange.StopNcii",
    "threatexchange": "heed.integrations.threatexchange.exchange.ThreatExchange",
    "arachnid": "heed.integrations.arachnid.exchange.ArachnidShield",
    "folder": "heed.integrations.folder.exchange.Folder",
}

# How platforms are heard and told, by the name of their connector; "webhook" is our own interface.
HEED_CONNECTOR_PORTS = {
    "webhook": HEED_PLATFORM_PORT,
    "mastodon": "heed.integrations.mastodon.connector.Mastodon",
    "lemmy": "heed.integrations.lemmy.connector.Lemmy",
}

PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_IMPORT_PATHS = ["heed.worker.jobs"]
