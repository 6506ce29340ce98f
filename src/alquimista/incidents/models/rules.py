"""The rules that open incidents: each is data, from which its texts, its audience and its reaction follow."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Protocol

from babel.dates import format_date
from babel.numbers import format_decimal

from alquimista.i18n import DEFAULT_LOCALE, N_, Text
from alquimista.incidents.models.incidents import NewIncident, Severity, Visibility

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class RuleName(StrEnum):
    """What a condition's key begins with, before the colon that its subject follows."""

    ERROR_RATE = "usage.error_rate"
    USAGE_DRIFT = "usage.drift"
    BILLING_DRIFT = "billing.drift"
    AGENT_OFFLINE = "agent.offline"
    INTEGRATION_FAILING = "integration.failing"
    QUEUE_LAG = "jobs.queue_lag"
    RUN_MISSED = "jobs.run_missed"
    JOBS_DEAD = "jobs.dead"
    COMMANDS_FAILING = "operations.failing"
    EVENTS_DEAD = "events.dead"
    MAILS_DEAD = "mails.dead"
    MAILS_REFUSED = "mails.refused"
    WEBHOOKS_FAILING = "webhooks.failing"
    SIGN_INS_FAILING = "security.sign_ins_failing"
    FOREIGN_TENANT = "security.foreign_tenant"
    BLACKOUT = "fleet.blackout"
    REFUND_BY_HAND = "refund"
    MANUAL = "manual"  # Opened by hand: its texts are those that were written.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What follows from a condition.

    `tells`: its tenant's administrators are told when it opens and when it is over; of an internal one on the platform
    tenant that is the staff's. `command` is the type of a command that operations runs by itself when it opens.
    """

    name: RuleName
    severity: Severity
    title: Text
    description: Text
    visibility: Visibility = Visibility.TENANT
    tells: bool = False
    command: str | None = None


RULES: Final[dict[str, Rule]] = {
    rule.name.value: rule
    for rule in (
        Rule(
            name=RuleName.ERROR_RATE,
            severity=Severity.ERROR,
            title=N_("More requests fail than usual"),
            description=N_("{percent} % of {requests} requests have failed since {since} UTC."),
            tells=True,
            command="HEALTH_CHECK",
        ),
        Rule(
            name=RuleName.USAGE_DRIFT,
            severity=Severity.ERROR,
            title=N_("Usage totals differ from the records"),
            description=N_("On {day} the totals do not match the records received. They are to be counted again."),
        ),
        Rule(
            name=RuleName.BILLING_DRIFT,
            severity=Severity.ERROR,
            title=N_("Billed usage differs from the records"),
            description=N_(
                "From {first} to {last}, records, totals and invoices do not agree. What was billed wrongly is mended."
            ),
        ),
        Rule(
            name=RuleName.AGENT_OFFLINE,
            severity=Severity.ERROR,
            title=N_("{agent} is offline"),
            description=N_("The agent has not given a sign of life for {minutes} minutes."),
            tells=True,
            command="HEALTH_CHECK",
        ),
        Rule(
            name=RuleName.INTEGRATION_FAILING,
            severity=Severity.WARNING,
            title=N_("{integration} does not answer"),
            description=N_("The connection fails since {failures} tries. Test it, or connect it again."),
            tells=True,
            command="HEALTH_CHECK",
        ),
        Rule(
            name=RuleName.QUEUE_LAG,
            severity=Severity.CRITICAL,
            title=N_("Jobs wait too long"),
            description=N_("The oldest waiting job, {job}, has waited for {minutes} minutes; {waiting} jobs wait."),
            visibility=Visibility.INTERNAL,
            tells=True,
            command="HEALTH_CHECK",
        ),
        Rule(
            name=RuleName.RUN_MISSED,
            severity=Severity.ERROR,
            title=N_("The run {job} did not come"),
            description=N_("None has ended well since {since} UTC. Look at the log of the workers."),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.JOBS_DEAD,
            severity=Severity.ERROR,
            title=N_("Jobs were given up: {job}"),
            description=N_("Failed for good: {count}. Mend the cause, then reprocess the queue of jobs."),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.COMMANDS_FAILING,
            severity=Severity.ERROR,
            title=N_("Commands fail: {command}"),
            description=N_("{count} commands of this kind have failed within {minutes} minutes."),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.EVENTS_DEAD,
            severity=Severity.ERROR,
            title=N_("Events were given up"),
            description=N_("{count} deliveries have failed for good. Mend the cause, then replay the events."),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.MAILS_DEAD,
            severity=Severity.ERROR,
            title=N_("Mails were given up"),
            description=N_(
                "Mails that no try could deliver: {count}. Mend the cause, then reprocess the queue of mails."
            ),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.MAILS_REFUSED,
            severity=Severity.WARNING,
            title=N_("Mails were refused"),
            description=N_(
                "Refused for good: {count}. See why: an address may be wrong, or the mail server blocks the sender."
            ),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.WEBHOOKS_FAILING,
            severity=Severity.WARNING,
            title=N_("Webhooks of several customers fail"),
            description=N_("{percent} % of {tries} tries failed within {minutes} minutes, at {companies} customers."),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.SIGN_INS_FAILING,
            severity=Severity.ERROR,
            title=N_("Many sign-ins fail"),
            description=N_(
                "{count} have failed within {minutes} minutes, at {people} known people. See in the audit where they "
                "come from."
            ),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.FOREIGN_TENANT,
            severity=Severity.ERROR,
            title=N_("Somebody tries to reach another customer"),
            description=N_(
                "Refused within {minutes} minutes for naming one that is not theirs: {actors} (people or keys). "
                "The audit says whose."
            ),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.BLACKOUT,
            severity=Severity.CRITICAL,
            title=N_("No agent gives a sign of life"),
            description=N_(
                "{agents} agents fell silent together and no other is heard: see whether the platform takes requests. "
                "Until one is back, no customer's incident is opened."
            ),
            visibility=Visibility.INTERNAL,
            tells=True,
        ),
        Rule(
            name=RuleName.REFUND_BY_HAND,
            severity=Severity.WARNING,
            title=N_("Pay back {amount} of invoice {number}"),
            description=N_("It was paid by hand: send the money back, then record the refund of the invoice."),
            visibility=Visibility.INTERNAL,
        ),
        Rule(
            name=RuleName.MANUAL,
            severity=Severity.WARNING,
            title=N_("Incident"),
            description=N_("Opened by our team."),
            tells=True,
        ),
    )
}


def rule_of(key: str) -> Rule | None:
    """The rule of a condition's key, if it has one."""
    return RULES.get(key.partition(":")[0])


def by_rule(
    name: RuleName,
    *,
    source: str,
    subject: str = "",
    params: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
) -> NewIncident:
    """The incident that a rule opens about a subject (an id, a day; empty when there is one condition for a tenant).

    Args:
        name: of the rule.
        source: the part of the platform that raises it.
        subject: what stands behind the colon of the key.
        params: what the rule's texts name: texts, numbers and dates.
        details: figures for support, without secrets.

    Raises:
        KeyError: a parameter that the texts name is missing.
    """
    rule = RULES[name]
    stored = {key: value.isoformat() if isinstance(value, date) else value for key, value in (params or {}).items()}
    title, description = _rendered(rule, stored, DEFAULT_LOCALE)
    return NewIncident(
        severity=rule.severity,
        title=title,
        description=description,
        source=source,
        dedupe_key=f"{name.value}:{subject}" if subject else name.value,
        details=details or {},
        params=stored,
    )


class Worded(Protocol):
    """An incident, as far as its words go."""

    @property
    def rule(self) -> str:
        """The rule that opened it."""

    @property
    def params(self) -> dict[str, Any] | None:
        """What the rule's texts name."""

    @property
    def title(self) -> str:
        """The stored title."""

    @property
    def description(self) -> str:
        """The stored description."""


def texts(incident: Worded, locale: str) -> tuple[str, str]:
    """An incident's title and description for a reader; as they are stored when its rule does not give them."""
    rule = RULES.get(incident.rule)
    if rule is None or incident.params is None:
        return incident.title, incident.description
    try:
        return _rendered(rule, incident.params, locale)
    except KeyError:  # The rule's texts have changed since.
        return incident.title, incident.description


def _rendered(rule: Rule, params: dict[str, Any], locale: str) -> tuple[str, str]:
    shown = {name: _shown(value, locale) for name, value in params.items()}
    title, description = (Text(text.template, shown).render(locale) for text in (rule.title, rule.description))
    return title[:200], description[:5000]


def _shown(value: object, locale: str) -> str:
    """A parameter as the reader writes it; a text that is a day is a day."""
    if isinstance(value, int | float):
        return str(format_decimal(value, format="#,##0.##", locale=locale.replace("-", "_")))
    text = str(value)
    if not _DAY.fullmatch(text):
        return text
    try:
        day = date.fromisoformat(text)
    except ValueError:  # A name that somebody gave, and no day of any month.
        return text
    pattern = "dd/MM/yyyy" if locale == DEFAULT_LOCALE else "medium"
    return str(format_date(day, pattern, locale=locale.replace("-", "_")))
