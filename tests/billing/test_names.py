"""What plans are called in each language."""

from alquimista.billing.models.names import PLANS, plan_name
from alquimista.catalogue import files


def test_every_plan_that_is_shipped_has_its_name_in_both_languages():
    shipped = {plan.name: plan.display_name for plan in files.read().plans}
    assert {name: text.render("pt-BR") for name, text in PLANS.items()} == shipped
    assert {name: str(plan_name(shown)) for name, shown in shipped.items()} == {n: str(t) for n, t in PLANS.items()}
