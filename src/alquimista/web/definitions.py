"""What figures mean, in one place: pages of a company and of staff show it beside each figure."""

from typing import Final

from alquimista.i18n import N_

DEFINITIONS: Final = {
    "customers": N_("Customers whose account is active now, whether they had requests in the period or not."),
    "agents": N_("Agents that are switched on at customers now: one counts at each customer that has it."),
    "requests": N_("Everything that the agents were asked and reported in the period, whether it succeeded or not."),
    "success": N_("The part of all requests that did not fail. The change is in percentage points."),
    "response": N_(
        "How long the requests took, added up and divided by their number. A few slow ones weigh on it: see p95 too, "
        "within which 95 of 100 were answered."
    ),
    "p50": N_("Half of the requests were answered within this time. It is within 10 % of the exact value."),
    "p95": N_("95 of 100 requests were answered within this time. It is within 10 % of the exact value."),
    "tokens": N_("What language models read and wrote for the agents, as the agents reported it."),
    "cost": N_("What the agents reported as the cost of their models. It is not the price of the plan."),
}
