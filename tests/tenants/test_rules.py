"""CNPJ, time zone and name rules of a tenant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.clock import new_id, now
from alquimista.errors import Invalid
from alquimista.tenants.models import NewTenant, clean_cnpj, clean_name, clean_time_zone
from alquimista.tenants.service import prepare


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("11.222.333/0001-81", "11222333000181"),
        (" 11222333000181 ", "11222333000181"),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
    ],
)
def test_a_cnpj_is_stored_without_punctuation_in_either_format(typed, stored):
    assert clean_cnpj(typed) == stored


@pytest.mark.parametrize(
    "typed", ["", "11222333000180", "12ABC34501DE36", "1122233300018", "'; drop table x", "٠" * 14, "٠١٢٣٤٥٦٧٨٩٠٠18"]
)
def test_a_wrong_cnpj_is_refused_with_the_field(typed):
    with pytest.raises(Invalid) as refused:
        clean_cnpj(typed)
    assert refused.value.errors[0].field == "cnpj"


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/Noronha", "Europe/Lisbon", "UTC"])
def test_zones_of_whole_hours_are_taken(zone):
    assert clean_time_zone(zone) == zone


@pytest.mark.parametrize(
    "zone", ["Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Brazil", "../etc/passwd", ""]
)
def test_other_zones_are_refused(zone):
    with pytest.raises(Invalid):
        clean_time_zone(zone)


@given(st.text(max_size=300))
def test_a_name_is_either_clean_or_refused(raw):
    try:
        name = clean_name(raw, "name")
    except Invalid:
        return
    assert 1 <= len(name) <= 200
    assert name.isprintable()
    assert name == name.strip()


def test_a_new_tenant_gets_its_plans_limits():
    new = NewTenant(name="Padaria Sol", cnpj="11.222.333/0001-81", segment="Alimentação", plan="expert")
    tenant = prepare(new, new_id(), now())
    assert (tenant.max_agents, tenant.max_users, tenant.max_requests_per_month) == (24, 25, 150_000)


@pytest.mark.parametrize("wrong", [{"plan": "gold"}, {"locale": "es"}, {"name": "\x00"}, {"segment": "x" * 101}])
def test_a_new_tenant_with_a_wrong_field_is_refused(wrong):
    fields = {"name": "Padaria Sol", "cnpj": "11222333000181", "segment": "Alimentação"} | wrong
    with pytest.raises(Invalid) as refused:
        prepare(NewTenant(**fields), new_id(), now())
    assert refused.value.errors[0].field == next(iter(wrong))
