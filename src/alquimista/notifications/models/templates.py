"""The texts that the platform sends, and what each of them is about."""

from dataclasses import dataclass
from typing import Final

from alquimista.i18n import N_, Text
from alquimista.notifications.models.preferences import Category


@dataclass(frozen=True, slots=True)
class Template:
    """A mail's texts. With a `button`, the parameter `link` is where it leads. Preferences go by the category."""

    subject: Text
    paragraphs: tuple[Text, ...]
    button: Text | None = None
    category: Category = Category.ACCOUNT


_IGNORE: Final = N_("If you did not ask for this, ignore this message: nothing changes.")

# The parameters are the named ones in the texts, and `link` where there is a button.
TEMPLATES: Final[dict[str, Template]] = {
    "password_reset": Template(
        N_("Choose a new password"),
        (
            N_("Hello, {name}."),
            N_("Somebody asked for a new password for your account. The link works once, for {minutes} minutes."),
            _IGNORE,
        ),
        N_("Choose a new password"),
        category=Category.SECURITY,
    ),
    "password_changed": Template(
        N_("Your password was changed"),
        (
            N_("Hello, {name}."),
            N_("The password of your account was changed from the address {ip}. Other sessions have ended."),
            N_("If that was not you, ask for a new password now and tell the administrator of your company."),
        ),
        category=Category.SECURITY,
    ),
    "signup_confirm": Template(
        N_("Confirm your e-mail address"),
        (
            N_("Hello, {name}."),
            N_("Confirm your address to open your account. The link works once, for {days} days."),
            _IGNORE,
        ),
        N_("Confirm my address"),
        category=Category.SECURITY,
    ),
    "signup_exists": Template(
        N_("You already have an account"),
        (
            N_("Hello, {name}."),
            N_("Somebody tried to open an account with your address, which already has one."),
            N_("If that was you, sign in, or ask for a new password."),
        ),
        N_("Sign in"),
        category=Category.SECURITY,
    ),
    "invitation": Template(
        N_("{inviter} invites you to {company}"),
        (
            N_("{inviter} invites you to work with {company} on Alquimista."),
            N_("The invitation works once, for {days} days."),
        ),
        N_("Accept the invitation"),
        category=Category.SECURITY,
    ),
    "account_locked": Template(
        N_("Your account is locked for a while"),
        (
            N_("Hello, {name}."),
            N_("After several wrong passwords, the last from {ip}, sign-in is locked for {minutes} minutes."),
            N_("If that was not you, your password still protects your account; consider a longer one."),
        ),
        category=Category.SECURITY,
    ),
    "invoice_issued": Template(
        N_("Invoice {number}: {amount}, due {due_on}"),
        (
            N_("Hello, {name}."),
            N_("Invoice {number} of {company} is ready: {amount}, to be paid until {due_on}."),
        ),
        N_("See and pay the invoice"),
        category=Category.BILLING,
    ),
    "invoice_reminder": Template(
        N_("Invoice {number} is overdue"),
        (
            N_("Hello, {name}."),
            N_("Invoice {number} of {company}, {amount}, was due on {due_on} and is not paid yet."),
            N_("Without a payment the agents stop on {stops_on}."),
        ),
        N_("See and pay the invoice"),
        category=Category.BILLING,
    ),
    "subscription_suspended": Template(
        N_("The agents of {company} have stopped"),
        (
            N_("Hello, {name}."),
            N_("Invoice {number}, {amount}, was due on {due_on}. The agents work again as soon as it is paid."),
        ),
        N_("See and pay the invoice"),
        category=Category.BILLING,
    ),
    "subscription_canceled": Template(
        N_("The subscription of {company} was canceled"),
        (
            N_("Hello, {name}."),
            N_("The subscription ended without a payment. You may subscribe again at any time."),
        ),
        N_("See the plans"),
        category=Category.BILLING,
    ),
    "trial_ended": Template(
        N_("The trial of {company} is over"),
        (
            N_("Hello, {name}."),
            N_("The agents have stopped. They work again as soon as invoice {number}, {amount}, is paid."),
        ),
        N_("See and pay the invoice"),
        category=Category.BILLING,
    ),
    "usage_threshold": Template(
        N_("{company} has used {percent} % of the month's requests"),
        (
            N_("Hello, {name}."),
            N_("{requests} of the {included} requests of the plan are used. The month ends on {ends_on}."),
            N_("{beyond}"),
        ),
        N_("See plan and use"),
        category=Category.BILLING,
    ),
    "usage_stopped": Template(
        N_("The agents of {company} have stopped until the next month"),
        (
            N_("Hello, {name}."),
            N_("{requests} requests are used, which is as much as the plan allows. The month ends on {ends_on}."),
            N_("With a larger plan they work again at once."),
        ),
        N_("See plan and use"),
        category=Category.BILLING,
    ),
    "webhook_disabled": Template(
        N_("A webhook was disabled: {description}"),
        (
            N_("Hello, {name}."),
            N_("The webhook {url} took no message for days, or asked to be told no more. Nothing is sent there."),
            N_("Mend the receiver, enable the webhook again, and replay what it missed."),
        ),
        N_("See the webhooks"),
    ),
    "commercial_request": Template(
        N_("Request for a proposal: {company}"),
        (
            N_("{contact}, of {company}, asks for a proposal."),
            N_("CNPJ: {cnpj}"),
            N_("E-mail: {email}"),
            N_("WhatsApp: {whatsapp}"),
            N_("Agents: {agents}"),
            N_("SubNúcleos: {subnucleos}"),
            N_("Message: {message}"),
            N_("The request's id: {request}"),
        ),
    ),
    "integration_reset": Template(
        N_("Connect {integration} again"),
        (
            N_("Hello, {name}."),
            N_("Our staff reset the stored credential of {integration}. It does not work until you connect it again."),
        ),
        N_("Connect it again"),
        category=Category.INTEGRATION,
    ),
    "approval_wanted": Template(
        N_("Your decision is asked for: {action}"),
        (
            N_("Hello, {name}."),
            N_("{requester} asks for approval of {action} ({resource}). Without a decision the request expires."),
        ),
        N_("Look at the request"),
        category=Category.APPROVAL,
    ),
    "approval_approved": Template(
        N_("Approved: {action}"),
        (N_("Hello, {name}."), N_("Your request for {action} ({resource}) was approved.")),
        N_("Look at the request"),
        category=Category.APPROVAL,
    ),
    "approval_rejected": Template(
        N_("Rejected: {action}"),
        (N_("Hello, {name}."), N_("Your request for {action} ({resource}) was rejected.")),
        N_("Look at the request"),
        category=Category.APPROVAL,
    ),
    "approval_expired": Template(
        N_("Expired: {action}"),
        (N_("Hello, {name}."), N_("Nobody decided on your request for {action} ({resource}) in time. Ask again.")),
        N_("Look at the request"),
        category=Category.APPROVAL,
    ),
    "incident_opened": Template(
        N_("{company}: {title}"),
        (
            N_("Hello, {name}."),
            N_("{description}"),
            N_("It began at {began}. You will be told when it is over."),
        ),
        N_("See the incidents"),
        category=Category.INCIDENT,
    ),
    "incident_of_customer": Template(
        N_("{company}: {title}"),
        (
            N_("Hello, {name}."),
            N_("{description}"),
            N_("It began at {began}. Take it up, so that others know that somebody works on it."),
        ),
        N_("See the incident"),
        category=Category.INCIDENT,
    ),
    "incident_escalated": Template(
        N_("Nobody has taken it up: {company}: {title}"),
        (
            N_("Hello, {name}."),
            N_("{description}"),
            N_("It began at {began}, and within {minutes} minutes nobody has taken it up."),
        ),
        N_("See the incident"),
        category=Category.INCIDENT,
    ),
    "incident_resolved": Template(
        N_("Over: {title}"),
        (N_("Hello, {name}."), N_("The incident of {company} that began at {began} is over since {ended}.")),
        N_("See the incidents"),
        category=Category.INCIDENT,
    ),
    "ticket_answered": Template(
        N_("Answer to ticket {number}: {subject}"),
        (N_("Hello, {name}."), N_("Support has written in your ticket {number}:"), N_("{text}")),
        N_("Read and answer"),
        category=Category.TICKET,
    ),
    "ticket_received": Template(
        N_("{company}, ticket {number}: {subject}"),
        (N_("Hello, {name}."), N_("{company} has written in ticket {number}:"), N_("{text}")),
        N_("Read and answer"),
        category=Category.TICKET,
    ),
    "ticket_waiting": Template(
        N_("{company}, ticket {number}: {subject}"),
        (
            N_("{company} has written in ticket {number}, which nobody looks after yet:"),
            N_("{text}"),
        ),
        N_("Read and answer"),
        category=Category.TICKET,
    ),
    "agent_handover": Template(
        N_("{agent} asks for a person"),
        (
            N_("Hello, {name}."),
            N_("{agent} hands a conversation over: {reason}"),
            N_("What it is about: {about}"),
        ),
        N_("See the agent"),
        category=Category.AGENT,
    ),
    "agent_paused": Template(
        N_("{agent} was paused"),
        (N_("Hello, {name}."), N_("{agent} does no work until somebody lets it go on.")),
        N_("See the agent"),
        category=Category.AGENT,
    ),
    "agent_resumed": Template(
        N_("{agent} works again"),
        (N_("Hello, {name}."), N_("{agent} was paused and may work again.")),
        N_("See the agent"),
        category=Category.AGENT,
    ),
    "agent_configured": Template(
        N_("The settings of {agent} were changed"),
        (N_("Hello, {name}."), N_("{agent} works by the new settings from now on. The audit shows what changed.")),
        N_("See the agent"),
        category=Category.AGENT,
    ),
    "company_suspended": Template(
        N_("The access of {company} was suspended"),
        (
            N_("Hello, {name}."),
            N_("Our team has suspended the access of {company}: nobody can sign in, and its agents are refused."),
            N_("Write to our team if you do not know why."),
        ),
    ),
    "company_resumed": Template(
        N_("{company} has access again"),
        (N_("Hello, {name}."), N_("Our team has lifted the suspension: people and agents are let in again.")),
        N_("Sign in"),
    ),
    "tenant_notice": Template(
        N_("{title}"),
        (N_("Hello, {name}."), N_("{notice}")),
    ),
    "digest": Template(
        N_("Digest of {company} ({count})"),
        (N_("Hello, {name}."), N_("This has waited for you:")),
        N_("See all notices"),
    ),
}
