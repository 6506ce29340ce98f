"""Settings: typed, read once from the environment, documented in docs/settings.md (a test compares the two)."""

import base64
import binascii
import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from stdnum.br import cnpj, cpf

PREFIX: Final = "ALQUIMISTA_"
MIN_SECRET: Final = 32
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"\\()\[\]]+@[^@\s<>,;:\"\\()\[\]]+")
_WEAK: Final = ("changeme", "secret", "password", "example", "alquimista")

Environment = Literal["development", "production"]
PaymentProvider = Literal["manual", "stripe", "asaas"]
# The shapes of Pix keys (Banco Central, "Manual Operacional do DICT"); CPF and CNPJ are checked by their digits.
_PIX_KEYS: Final = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"\+[1-9][0-9]{9,14}"),
    re.compile(r"(?=.{3,77}$)[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"),
)
# What each provider of payments cannot do without.
_PAYMENT_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "manual": (),
    "stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "asaas": ("asaas_api_key", "asaas_webhook_token"),
}


class ConfigError(Exception):
    """A setting is missing or wrong. The message is one sentence that says what to set."""


def _text(raw: str) -> str:
    return raw


def _boolean(raw: str) -> bool:
    value = raw.strip().lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ValueError("write true or false")
    return value in {"true", "1", "yes"}


def _environment(raw: str) -> str:
    if raw not in {"development", "production"}:
        raise ValueError("write development or production")
    return raw


def _positive(raw: str) -> int:
    # Nine digits are enough for every count here, and refuse what int() would take minutes to read.
    if not raw.isdecimal() or len(raw) > 9 or int(raw) == 0:
        raise ValueError("write a whole number above zero")
    return int(raw)


def _level(raw: str) -> str:
    if raw not in {"debug", "info", "warning", "error"}:
        raise ValueError("write debug, info, warning or error")
    return raw


def _address(raw: str) -> str:
    address = raw.strip().lower()
    if len(address) > 254 or not address.isprintable() or not _ADDRESS.fullmatch(address):
        raise ValueError("write one e-mail address, such as vendas@empresa.com.br")
    return address


def _networks(raw: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in raw.split(",") if part.strip())


def _keys(raw: str) -> tuple[tuple[str, bytes], ...]:
    keys = []
    for part in raw.split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != MIN_SECRET:
            raise ValueError("write id:key pairs, each key 32 bytes in base64; the first one encrypts, all decrypt")
        keys.append((key_id, key))
    return tuple(keys)


def _hard_percent(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 5 or 0 < int(raw) < 100:
        raise ValueError("write 0, or a whole number from 100")
    return int(raw)


def _rising(raw: str) -> tuple[int, ...]:
    days = tuple(_positive(part.strip()) for part in raw.split(","))
    if list(days) != sorted(set(days)) or len(days) < 2 or len(days) > 20:
        raise ValueError("write 2 to 20 rising numbers of days, separated by commas")
    return days


def _taxes(raw: str) -> tuple[tuple[str, int], ...]:
    taxes = []
    for part in raw.split(","):
        name, _, percent = part.strip().rpartition(":")
        whole, _, rest = percent.partition(".")
        if not 1 <= len(name) <= 50 or not (whole + rest).isdecimal() or len(whole) > 2 or not whole or len(rest) > 2:
            raise ValueError("write name:percent pairs with at most two decimals, such as ISS:5.00")
        taxes.append((name, int(whole) * 100 + int(rest.ljust(2, "0"))))
    return tuple(taxes)


def _web_address(raw: str) -> str:
    if not raw.startswith(("http://", "https://")):
        raise ValueError("write an address that begins with https:// or http://")
    return raw.rstrip("/")


def _header_text(raw: str) -> str:
    # It is sent in a header, which holds nothing else. The value itself is never repeated.
    if not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("write it on one line, without spaces, as the provider shows it")
    return raw


def _payment_provider(raw: str) -> str:
    if raw not in _PAYMENT_SETTINGS:
        raise ValueError("write manual, stripe or asaas")
    return raw


def _beginning(*prefixes: str, hint: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if not raw.startswith(prefixes) or not raw.isascii() or not raw.isprintable() or " " in raw:
            raise ValueError(hint)
        return raw

    return parse


def _webhook_token(raw: str) -> str:
    # The length that Asaas itself asks for; compare_digest takes ASCII.
    if not 32 <= len(raw) <= 255 or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("write 32 to 255 characters without spaces, as in the webhook's form at Asaas")
    return raw


def _pix_key(raw: str) -> str:
    key = raw.strip()
    for document in (cpf, cnpj):
        if document.is_valid(key):
            return str(document.compact(key)).upper()
    if not any(shape.fullmatch(key.lower()) for shape in _PIX_KEYS):
        raise ValueError("write a CPF, a CNPJ, an e-mail address, a phone as +5511912345678, or a random key")
    return key.lower()


def _within(limit: int) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        text = " ".join(raw.split())
        if not 1 <= len(text) <= limit or not any(one.isascii() and one.isalnum() for one in text):
            raise ValueError(f"write 1 to {limit} characters")
        return text

    return parse


def setting(doc: str, default: Any, parse: Callable[[str], Any] = _text) -> Any:  # noqa: ANN401
    """Declare one setting: its line in docs/settings.md, its default, and how its text is parsed."""
    return field(default=default, metadata={"doc": doc, "parse": parse})


# No repr: tracebacks and log lines that show a Settings must not show its secrets.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """Every setting, in the order of docs/settings.md. The variable's name is ALQUIMISTA_ and the field in capitals."""

    environment: Environment = setting(
        "`development` or `production`. Production refuses to start with a missing or weak secret.",
        "development",
        _environment,
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
        _keys,
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
        _address,
    )
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = setting(
        "Networks whose X-Forwarded-For is believed, separated by commas.",
        (),
        _networks,
    )
    signup_enabled: bool = setting(
        "Whether a stranger may open an account (with e-mail confirmation).", False, _boolean
    )
    totp_required: bool = setting("Whether staff must use a second factor.", False, _boolean)
    session_idle_minutes: int = setting(
        "A browser's session unused for this long ends; API sessions end after seven unused days.", 60, _positive
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
        _web_address,
    )
    model_api_key: str = setting("The key for that endpoint, when it asks for one.", "", _header_text)
    model_name: str = setting("The model to ask there.", "")
    payment_provider: PaymentProvider = setting(
        "Who collects invoices: `manual` (a Pix code of our own, confirmed by staff), `stripe` (cards) or `asaas` "
        "(Pix and boleto).",
        "manual",
        _payment_provider,
    )
    stripe_secret_key: str = setting(
        "Stripe's secret or restricted key. A `test` key and live events, or the reverse, are never mixed.",
        "",
        _beginning("sk_live_", "sk_test_", "rk_live_", "rk_test_", hint="it begins with sk_ or rk_"),
    )
    stripe_webhook_secret: str = setting(
        "The signing secret of the webhook at Stripe.", "", _beginning("whsec_", hint="it begins with whsec_")
    )
    asaas_api_key: str = setting(
        "Asaas's API key. It begins with a dollar sign: quote it, or a shell replaces a part of it.",
        "",
        _beginning("$aact_", hint="it begins with $aact_; quote it, since a shell replaces what follows a dollar sign"),
    )
    asaas_url: str = setting(
        "Asaas's address; the sandbox is `https://api-sandbox.asaas.com/v3`.", "https://api.asaas.com/v3", _web_address
    )
    asaas_webhook_token: str = setting(
        "The token that was given to the webhook at Asaas, 32 to 255 characters.", "", _webhook_token
    )
    pix_key: str = setting(
        "The Pix key that invoices paid by hand name. Unset, they come without a Pix code.", "", _pix_key
    )
    pix_name: str = setting("The receiver's name in the Pix code, 25 characters at most.", "", _within(25))
    pix_city: str = setting("The receiver's city in the Pix code, 15 characters at most.", "", _within(15))
    ingest_per_minute: int = setting("Events that one tenant may send in a minute.", 600_000, _positive)
    raw_retention_months: int = setting("How long raw agent requests are kept.", 13, _positive)
    invoice_due_days: int = setting("Days from an invoice's issue until it is due.", 5, _positive)
    dunning_days: tuple[int, ...] = setting(
        "Days after an invoice is due: on the last the subscription is canceled, on the one before it is suspended, on "
        "the others the tenant is reminded.",
        (2, 7, 14, 21),
        _rising,
    )
    taxes: tuple[tuple[str, int], ...] = setting(
        "Taxes that invoices add, as `ISS:5.00,PIS:0.65` (percent). None unless set.", (), _taxes
    )
    clock_offset_days: int = setting(
        "For demonstrations: by how many days this installation's clock is ahead. Never in production.", 0, _positive
    )
    requests_hard_percent: int = setting(
        "Percent of a plan's requests in a month at which its agents stop until the next one, when the plan sells none "
        "beyond them: 100 or more; 0 is never, which leaves notices at 80, 95 and 100 %.",
        0,
        _hard_percent,
    )
    database_pool: int = setting("Database connections of each role in one process.", 8, _positive)
    log_level: str = setting("`debug`, `info`, `warning` or `error`.", "info", _level)

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
    values: dict[str, Any] = dict(overrides)
    for name, spec in known.items():
        if spec.name in overrides or not env.get(name):
            continue
        try:
            values[spec.name] = spec.metadata["parse"](env[name])
        except ValueError as error:
            raise ConfigError(f"{name} cannot be read: {error}.") from None
    settings = Settings(**values)
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
    if settings.clock_offset_days > (0 if settings.production else 3650):
        raise ConfigError(f"{variable('clock_offset_days')} is 3650 at most, and never set in production.")


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
