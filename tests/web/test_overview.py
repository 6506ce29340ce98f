"""How answers become the overview: what is compared, sorted and left out."""

import re
from datetime import timedelta

import msgspec
import pytest

from alquimista.dashboards.models.client import Limits
from alquimista.dashboards.models.figures import Money, Period
from alquimista.web.client.overview import OverviewQuery
from alquimista.web.pages.client.overview import values
from alquimista.web.pages.staff.overview import values as company_values
from alquimista.web.rendering import fragment
from alquimista.web.staff.overview import CompanyQuery, arranged, kpis
from web import samples
from web.reading import text_of


def shown(answers, locale="en", **query):
    view = answers.arrange(OverviewQuery(**query), locale, {})
    return fragment(locale, "dashboards/_overview.html", now=samples.NOW, seen="", **values(view))


def test_both_periods_are_compared_in_words_and_in_the_chart():
    text = text_of(shown(samples.answers()))
    assert re.search(r"succeeded or not\. 41\.3K \+\d", text)
    assert "The last 30 days beside the 30 before" in text
    assert "Period before" in text


def test_a_tenant_that_began_in_between_is_not_compared_with_nothing():
    young = samples.tenant(created_at=samples.NOW - timedelta(days=45))
    text = text_of(shown(samples.answers(tenant=young)))
    assert "Period before" not in text
    assert "+" not in text.partition("Requests per day")[0]


def test_quotas_warn_in_words_and_an_unlimited_plan_has_no_bar():
    text = text_of(shown(samples.answers()))
    assert "41,734 of 50,000 83% used" in text
    unlimited = samples.tenant(limits=Limits(32, 999_999, 500_000))
    assert "12 · no limit" in text_of(shown(samples.answers(tenant=unlimited)))


def test_costs_of_several_currencies_are_never_added_up():
    usage = samples.usage()
    mixed = [Money("BRL", 10.0), Money("USD", 2.0)]
    summary = type(usage.summary)(
        **{f: getattr(usage.summary, f) for f in usage.summary.__struct_fields__} | {"cost": mixed}
    )
    text = text_of(shown(samples.answers(usage=type(usage)(usage.period, summary, usage.daily_data, usage.by_agent))))
    assert "R$10.00 + $2.00" in text


def test_agents_without_requests_are_listed_without_figures():
    text = text_of(shown(samples.answers(), sort="success", order="asc", page=2))
    assert "Análise de avaliações Financeiro Active Active 0" in text
    assert "11–12 of 12" in text


@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_hostile_names_are_shown_as_text(locale):
    evil = samples.tenant(name="<img src=x onerror=alert(1)>", segment="</script><b>")
    html = shown(samples.answers(tenant=evil), locale)
    assert "<img src=x" not in html
    assert "</script><b>" not in html


def test_the_company_overview_names_each_tenant_and_the_platform_itself():
    view = arranged(samples.company(), CompanyQuery(sort="success", order="asc"), "pt-BR")
    html = fragment("pt-BR", "dashboards/_company.html", now=samples.NOW, seen="", **company_values(view))
    text = text_of(html)
    assert text.index("Varejo Guarani") < text.index("Transportes Aurora")
    assert "Fila de e-mail lenta Plataforma · há 3 horas Atenção" in text
    assert "34 de 37 no total" in text
    assert "+100,0%" in text
    assert "+1,0 p.p." in text.replace("\u00a0", " ")
    assert "Retenção clientes com ele ativo: 12 91.000 99,1% de sucesso" in text
    assert "Reiniciar um agente Clínica Vitória Régia · Ana Souza · há 2 horas Feito" in text
    assert "Verificar a saúde Plataforma · uma regra" in text
    assert f'href="/app/company/operations/{samples.company().commands[0].command_id}"' in html
    assert "MRR" not in text


def test_only_figures_with_days_of_their_own_have_a_trend():
    assert [bool(item.trend) for item in kpis(samples.company(), "en")] == [False, False, True, True]


@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_each_figure_at_the_top_says_what_it_means(locale):
    own = samples.answers().arrange(OverviewQuery(), locale, {}).kpis
    for items in (own, kpis(samples.company(), locale)):
        assert all(item.definition for item in items)
        assert len({item.key for item in items}) == len(items)


def test_one_person_and_one_incident_are_told_as_one():
    company = samples.company()
    one = msgspec.structs.replace(company.counts, active_users=1, open_incidents=1)
    _, agents, _, success = kpis(msgspec.structs.replace(company, counts=one), "en")
    assert (str(agents.note), str(success.note)) == ("1 person with access", "1 open incident")


def test_who_may_not_read_commands_sees_none_on_the_company_overview():
    view = arranged(samples.company(), CompanyQuery(), "en", commands=False)
    html = fragment("en", "dashboards/_company.html", now=samples.NOW, seen="", **company_values(view))
    assert "Last commands" not in html
    assert "/operations/" not in html


def test_a_part_that_cannot_be_read_says_so_and_the_rest_stands():
    html = shown(samples.answers(incidents=None, incident_total=0), period=Period.WEEK)
    assert html.count("This part could not be loaded") == 1
    assert "Google Agenda" in html
    assert 'href="/app/dashboard?period=7d&amp;sort=requests&amp;order=desc&amp;page=1"' in html
