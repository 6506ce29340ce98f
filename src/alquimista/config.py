"""Settings: typed, read once from the environment, documented in docs/settings.md (a test compares the two)."""

import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from alquimista import config_values as values

PREFIX: Final = "ALQUIMISTA_"
MIN_SECRET: Final = 32
_WEAK: Final = ("changeme", "secret", "password", "example", "alquimista")

Environment = Literal["development", "production"]
PaymentProvider = Literal["manual", "stripe", "asaas"]
# What each provider of payments cannot do without.
_PAYMENT_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "manual": (),
    "stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "asaas": ("asaas_api_key", "asaas_webhook_token"),
}


class ConfigError(Exception):
    """A setting is missing or wrong. The message is one sentence that says what to set."""


def setting(doc: str, default: Any, parse: Callable[[str], Any] = values.text) -> Any:  # noqa: ANN401
    """Declare one setting: its line in docs/settings.md, its default, and how its text is parsed."""
    return field(default=default, metadata={"doc": doc, "parse": parse})


# No repr: tracebacks and log lines that show a Settings must not show its secrets.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """Every setting, in the order of docs/settings.md. The variable's name is ALQUIMISTA_ and the field in capitals."""

    environment: Environment = setting(
        "`development` or `production`. Production refuses to start with a missing or weak secret.",
        "development",
        values.environment,
    )
    database_url: str = setting(
        "PostgreSQL 15 to 18, as `postgresql://user@host:5432/name`. Unset, `alquimista up` starts its own server.",
        "",
    )
    data_dir: str = setting(
        "Where `alquimista up` keeps its data unless `--data-dir` says so, and where other commands find what it runs. "
        "Unset: `~/.local/share/alquimista`, for root `/var/lib/alquimista/data`.",
        "",
    )
    secret_key: str = setting(
        "At least 32 random characters. Database role passwords, cookies and signing keys at rest derive from it.",
        "",
    )
    encryption_keys: tuple[tuple[str, bytes], ...] = setting(
        "`id:base64` pairs of 32-byte AES-256-GCM keys for stored credentials, the active one first. "
        "Unset, one derives from the secret key.",
        (),
        values.keys,
    )
    audit_anchor: str = setting(
        "The file outside the database to which the signed heads of the audit's chains are appended. "
        "Unset: `audit-anchors.jsonl` in the data directory; without one of these, nothing is anchored.",
        "",
    )
    public_url: str = setting(
        "The address that people and tokens see, without a trailing slash.", "http://localhost:8080"
    )
    redis_url: str = setting("Redis or Valkey for the shared cache. Unset, each process caches by itself.", "")
    smtp_url: str = setting(
        "`smtp://user:password@host:587` (`smtps://` for implicit TLS). Unset, mails stay in the local outbox page.",
        "",
    )
    mail_from: str = setting("The sender of every mail.", "Alquimista <nao-responda@localhost>")
    sales_email: str = setting(
        "Where requests to the sales team are mailed. Unset, staff find them in `/internal/commercial/requests`.",
        "",
        values.address,
    )
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = setting(
        "Networks whose X-Forwarded-For is believed, separated by commas.",
        (),
        values.networks,
    )
    signup_enabled: bool = setting(
        "Whether a stranger may open an account (with e-mail confirmation).", False, values.boolean
    )
    totp_required: bool = setting("Whether staff must use a second factor.", False, values.boolean)
    session_idle_minutes: int = setting(
        "A browser's session unused for this long ends; API sessions end after seven unused days.", 60, values.positive
    )
    support_email: str = setting(
        "Where customers' messages to support are mailed while nobody looks after their ticket. "
        "Unset, all staff are told.",
        "",
        values.address,
    )
    oidc_issuer: str = setting(
        "An external OpenID Connect issuer whose tokens are accepted, such as an Amazon Cognito pool.", ""
    )
    oidc_jwks_url: str = setting("Where that issuer's keys are, when not where its discovery document says.", "")
    oidc_client_id: str = setting("This platform's client id at the issuer; also the audience of its tokens.", "")
    oidc_client_secret: str = setting("The client secret, when the issuer gave one.", "")
    oidc_logout_url: str = setting(
        "Where the issuer's own session ends, when not where its discovery document says.", ""
    )
    model_base_url: str = setting(
        "An OpenAI-compatible endpoint that answers trials, up to `/v1`, of any provider or a server of your own. "
        "Unset, trials can be started but not talked to.",
        "",
        values.web_address,
    )
    model_api_key: str = setting("The key for that endpoint, when it asks for one.", "", values.header_text)
    model_name: str = setting("The model to ask there.", "")
    payment_provider: PaymentProvider = setting(
        "Who collects invoices: `manual` (a Pix code of our own, confirmed by staff), `stripe` (cards) or `asaas` "
        "(Pix and boleto).",
        "manual",
        values.payment_provider,
    )
    stripe_secret_key: str = setting(
        "Stripe's secret or restricted key. A `test` key and live events, or the reverse, are never mixed.",
        "",
        values.beginning("sk_live_", "sk_test_", "rk_live_", "rk_test_", hint="it begins with sk_ or rk_"),
    )
    stripe_webhook_secret: str = setting(
        "The signing secret of the webhook at Stripe.", "", values.beginning("whsec_", hint="it begins with whsec_")
    )
    asaas_api_key: str = setting(
        "Asaas's API key. It begins with a dollar sign: quote it, or a shell replaces a part of it.",
        "",
        values.beginning(
            "$aact_", hint="it begins with $aact_; quote it, since a shell replaces what follows a dollar sign"
        ),
    )
    asaas_url: str = setting(
        "Asaas's address; the sandbox is `https://api-sandbox.asaas.com/v3`.",
        "https://api.asaas.com/v3",
        values.secure_address,
    )
    asaas_webhook_token: str = setting(
        "The token that was given to the webhook at Asaas, 32 to 255 characters.", "", values.webhook_token
    )
    pix_key: str = setting(
        "The Pix key that invoices paid by hand name. Unset, they come without a Pix code.", "", values.pix_key
    )
    pix_name: str = setting("The receiver's name in the Pix code, 25 characters at most.", "", values.within(25))
    pix_city: str = setting("The receiver's city in the Pix code, 15 characters at most.", "", values.within(15))
    ingest_per_minute: int = setting("Events that one tenant may send in a minute.", 600_000, values.positive)
    error_rate_percent: int = setting(
        "Percent of failed requests of a company, in this hour and the one before, that opens an incident.",
        20,
        values.percentage,
    )
    error_rate_requests: int = setting(
        "With fewer requests than this in that time, no incident is opened.", 50, values.positive
    )
    queue_lag_minutes: int = setting(
        "An incident is opened when a job that is due has waited for this long.", 5, values.positive
    )
    raw_retention_months: int = setting("How long raw agent requests and spans are kept.", 13, values.positive)
    invoice_due_days: int = setting("Days from an invoice's issue until it is due.", 5, values.positive)
    dunning_days: tuple[int, ...] = setting(
        "Days after an invoice is due: on the last the subscription is canceled, on the one before it is suspended, on "
        "the others the tenant is reminded.",
        (2, 7, 14, 21),
        values.rising,
    )
    taxes: tuple[tuple[str, int], ...] = setting(
        "Taxes that invoices add, as `ISS:5.00,PIS:0.65` (percent). None unless set.", (), values.taxes
    )
    google_client_id: str = setting(
        "The OAuth client at Google by which companies connect their calendars. Its redirect address is the public "
        "address and `/integrations/oauth/callback`.",
        "",
        values.header_text,
    )
    google_client_secret: str = setting("That client's secret.", "", values.header_text)
    outbound_private: bool = setting(
        "Whether addresses that companies write, such as a mail server's or a webhook's, may lead into this network, "
        "and there without https. For an installation of one's own; never where strangers are companies.",
        False,
        values.boolean,
    )
    clock_offset_days: int = setting(
        "For demonstrations: by how many days this installation's clock is ahead. Never in production.",
        0,
        values.days_ahead,
    )
    approved_commands: tuple[str, ...] = setting(
        "The types of commands that a second person must approve, separated by commas; `none` for no type.",
        ("RECOMPUTE_USAGE", "EXPORT_TENANT"),
        values.command_types,
    )
    rule_commands: tuple[tuple[str, str], ...] = setting(
        "What an incident's rule gives by itself, where that is not HEALTH_CHECK: `agent.offline:RESTART_AGENT` asks "
        "the processes of a missed agent to start anew, once an incident; `none` behind one of `agent.offline`, "
        "`integration.failing`, `jobs.queue_lag` and `usage.error_rate` gives nothing. Separated by commas.",
        (),
        values.rule_commands,
    )
    requests_hard_percent: int = setting(
        "Percent of a plan's requests in a month at which its agents stop until the next one, when the plan sells none "
        "beyond them: 100 or more; 0 is never, which leaves notices at 80, 95 and 100 %.",
        0,
        values.hard_percent,
    )
    database_pool: int = setting("Database connections of each role in one process.", 8, values.positive)
    log_level: str = setting("`debug`, `info`, `warning` or `error`.", "info", values.level)

    @property
    def production(self) -> bool:
        """Whether this is a production start."""
        return self.environment == "production"


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def load(env: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from the environment; `overrides` are fields that the caller already knows.

    Raises:
        ConfigError: a value cannot be read, is unknown, or (in production) a secret is missing or weak.
    """
    known = {variable(f.name): f for f in fields(Settings)}
    unknown = sorted(name for name in env if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise ConfigError(f"{unknown[0]} is not a setting; see docs/settings.md for the names.")
    given: dict[str, Any] = dict(overrides)
    for name, spec in known.items():
        if spec.name in overrides or not env.get(name):
            continue
        try:
            given[spec.name] = spec.metadata["parse"](env[name])
        except ValueError as error:
            raise ConfigError(f"{name} cannot be read: {error}.") from None
    settings = Settings(**given)
    _require_secrets(settings)
    _require_payments(settings)
    return settings


def _require_secrets(settings: Settings) -> None:
    key = settings.secret_key
    advice = (
        f"set {variable('secret_key')} to the output of: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )
    if not key:
        raise ConfigError(f"There is no secret key; {advice}.")
    weak = len(key) < MIN_SECRET or len(set(key)) < MIN_SECRET // 3 or any(word in key.lower() for word in _WEAK)
    if weak and settings.production:
        raise ConfigError(f"The secret key is weak; {advice}.")
    if settings.production and not settings.public_url.startswith("https://"):
        raise ConfigError(f"Set {variable('public_url')} to the https:// address that people use.")
    if settings.production and settings.clock_offset_days:
        raise ConfigError(f"A production clock is never moved; unset {variable('clock_offset_days')}.")


def payment_settings_missing(settings: Settings, provider: str) -> tuple[str, ...]:
    """The fields that a provider of payments needs and that are not set."""
    return tuple(name for name in _PAYMENT_SETTINGS[provider] if not getattr(settings, name))


def _require_payments(settings: Settings) -> None:
    chosen = settings.payment_provider
    missing = payment_settings_missing(settings, chosen)
    if missing:
        names = " and ".join(variable(name) for name in missing)
        raise ConfigError(f"{variable('payment_provider')} is {chosen}: set {names}.")
    if settings.pix_key and not (settings.pix_name and settings.pix_city):
        raise ConfigError(f"A Pix code names its receiver: set {variable('pix_name')} and {variable('pix_city')}.")
    sandbox = "sandbox" in settings.asaas_url
    if settings.asaas_api_key.startswith("$aact_prod_" if sandbox else "$aact_hmlg_"):
        raise ConfigError(
            f"{variable('asaas_api_key')} and {variable('asaas_url')} must both be of the sandbox or of production."
        )


def new_secret() -> str:
    """A secret of the strength that production asks for."""
    return secrets.token_urlsafe(48)


def table() -> str:
    """Every setting as the Markdown table of docs/settings.md."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for spec in fields(Settings):
        default = (
            ""
            if spec.default in ("", ())
            else "`" + ",".join(map(str, spec.default)) + "`"
            if isinstance(spec.default, tuple)
            else f"`{str(spec.default).lower()}`"
            if spec.type is bool
            else f"`{spec.default}`"
        )
        lines.append(f"| `{variable(spec.name)}` | {default} | {spec.metadata['doc']} |")
    return "\n".join(lines) + "\n"
