"""What the database itself refuses, whatever the application forgets."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors
from stdnum.br import cnpj as cnpj_rules

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from alquimista.db.bootstrap import role_url
from support.databases import FreshDatabase
from support.sample_rows import MOMENT, Samples, samples, statement


@pytest.fixture
def maker(migrated: FreshDatabase) -> Iterator[Samples]:
    """A tenant, and rows of it on request; undone after the test."""
    with psycopg.connect(migrated.admin_url) as conn:
        yield samples(conn, "11222333000181")
        conn.rollback()


def insert(maker: Samples, table: str, **values: Any) -> None:
    row = maker.row(table) | values
    maker.conn.execute(statement(table, row), row)


def answer(conn: psycopg.Connection[Any], query: str, *params: Any) -> Any:
    row = conn.execute(query.encode(), params).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="module")
def functions(migrated: FreshDatabase) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(role_url(migrated.settings, "app"), autocommit=True) as conn:
        yield conn


def test_a_cnpj_is_judged_as_the_revenue_service_does(functions):
    """IN RFB 2.229/2024 gives 12.ABC.345/01DE-35 as its example."""
    valid = ("12ABC34501DE35", "11222333000181", "00000000000191")
    wrong = ("12ABC34501DE34", "11222333000182", "00000000000000", "1122233300018", "12abc34501de35", "")
    assert [answer(functions, "SELECT alquimista_platform.is_cnpj(%s)", one) for one in valid] == [True] * 3
    assert [answer(functions, "SELECT alquimista_platform.is_cnpj(%s)", one) for one in wrong] == [False] * 6


@given(
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12),
    st.text("0123456789", min_size=2, max_size=2),
)
def test_database_and_application_agree_on_any_cnpj(functions, stem, digits):
    right = stem + cnpj_rules.calc_check_digits(stem)
    for candidate in (right, stem + digits):
        judged = answer(functions, "SELECT alquimista_platform.is_cnpj(%s)", candidate)
        assert judged == cnpj_rules.is_valid(candidate), candidate


@pytest.mark.parametrize("phone", ["+5511987654321", "+12025550123"])
def test_a_phone_is_e164(functions, phone):
    assert answer(functions, "SELECT alquimista_platform.is_phone(%s)", phone)


@pytest.mark.parametrize("phone", ["11987654321", "+05511987654321", "+55 11 98765-4321", "+5511", "+5511987654321\n"])
def test_a_phone_in_another_form_is_not(functions, phone):
    assert not answer(functions, "SELECT alquimista_platform.is_phone(%s)", phone)


@pytest.mark.parametrize(
    "email", ["Ana@example.com", "ana", "ana@", "a b@example.com", "a@b\r\nBcc: c", "a" * 250 + "@b.co"]
)
def test_an_address_that_is_not_one_lower_case_address_is_refused(functions, email):
    assert not answer(functions, "SELECT alquimista_platform.is_email(%s)", email)


def test_only_the_platform_tenant_has_no_cnpj(maker):
    assert answer(maker.conn, "SELECT id FROM alquimista_platform.tenants WHERE cnpj IS NULL") == PLATFORM_TENANT
    with pytest.raises(errors.CheckViolation, match="tenants_cnpj_required"):
        maker.conn.execute("UPDATE alquimista_platform.tenants SET cnpj = NULL")


@pytest.mark.parametrize(("role", "platform"), [("INTERNAL_ADMIN", False), ("TENANT_ADMIN", True)])
def test_staff_roles_are_for_the_platform_tenant_and_tenant_roles_for_the_others(maker, role, platform):
    tenant = PLATFORM_TENANT if platform else maker.tenant_id
    for table in ("tenant_users", "invitations"):
        with pytest.raises(errors.CheckViolation, match="staff_role"), maker.conn.transaction():
            insert(maker, f"alquimista_platform.{table}", role=role, tenant_id=tenant)


def test_a_session_is_active_only_in_a_tenant_of_its_person(maker):
    member = maker.insert("alquimista_platform.tenant_users")
    insert(maker, "alquimista_platform.sessions", user_id=member["user_id"], tenant_id=member["tenant_id"])
    with pytest.raises(errors.ForeignKeyViolation):
        insert(maker, "alquimista_platform.sessions", user_id=member["user_id"], tenant_id=PLATFORM_TENANT)


@pytest.mark.parametrize("change", ["UPDATE {} SET result = 'success'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nobody_changes_the_audit_not_even_a_superuser(maker, change):
    maker.insert("alquimista_platform.audit_logs")
    with pytest.raises(errors.InsufficientPrivilege, match="never changed or removed"):
        maker.conn.execute(change.format("alquimista_platform.audit_logs").encode())


def test_nobody_decides_on_a_request_of_their_own(maker):
    request = maker.insert("alquimista_platform.approval_requests")
    with pytest.raises(errors.CheckViolation, match="four_eyes"):
        insert(maker, "alquimista_platform.approval_decisions", approver_id=request["requested_by"])


def test_one_condition_has_one_open_incident(maker):
    insert(maker, "alquimista_platform.incidents", dedupe_key="disk")
    maker.conn.execute("UPDATE alquimista_platform.incidents SET resolved_at = %s", [MOMENT])
    insert(maker, "alquimista_platform.incidents", dedupe_key="disk")
    with pytest.raises(errors.UniqueViolation):
        insert(maker, "alquimista_platform.incidents", dedupe_key="disk")


def test_an_erased_lead_keeps_nothing_that_identifies(maker):
    maker.insert("nigredo_leads.leads")
    erase = "UPDATE nigredo_leads.leads SET erased_at = %s, telefone = NULL, email = NULL"
    with pytest.raises(errors.CheckViolation, match="leads_erased"), maker.conn.transaction():
        maker.conn.execute(erase.encode(), [MOMENT])
    maker.conn.execute(f"{erase}, empresa = NULL".encode(), [MOMENT])


def test_consent_without_its_proof_is_refused(maker):
    with pytest.raises(errors.CheckViolation, match="leads_consent_proved"):
        insert(maker, "nigredo_leads.leads", consent_given=True)


def test_a_trace_is_a_tree_of_many_spans(maker):
    insert(maker, "fibonacci_core.traces", span_id="a" * 16)
    insert(maker, "fibonacci_core.traces", span_id="b" * 16, parent_span_id="a" * 16)
    with pytest.raises(errors.CheckViolation, match="own_parent"), maker.conn.transaction():
        insert(maker, "fibonacci_core.traces", span_id="c" * 16, parent_span_id="c" * 16)
    with pytest.raises(errors.UniqueViolation):
        insert(maker, "fibonacci_core.traces", span_id="a" * 16)


def test_a_spans_length_is_derived(maker):
    insert(
        maker, "fibonacci_core.traces", status="ok", start_time=MOMENT, end_time=MOMENT + timedelta(microseconds=1500)
    )
    assert answer(maker.conn, "SELECT duration_ms FROM fibonacci_core.traces") == pytest.approx(1.5)


def test_a_tenant_has_one_live_subscription(maker):
    insert(maker, "public.subscriptions")
    with pytest.raises(errors.UniqueViolation, match="subscriptions_one_live"):
        insert(maker, "public.subscriptions")


@pytest.mark.parametrize(("after", "used", "ended"), [(-1, 0, 0), (0, 0, 1), (-1, 5, 1)])
def test_trials_end_by_time_or_by_use_whichever_comes_first(maker, after, used, ended):
    trial = maker.row("public.trials") | {"usage_count": used}
    maker.conn.execute(statement("public.trials", trial), trial)
    maker.conn.execute("SET LOCAL ROLE alquimista_app")
    maker.conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(maker.tenant_id)])
    moment = trial["expires_at"] + timedelta(seconds=after)
    assert answer(maker.conn, "SELECT public.expire_trials(%s)", moment) == ended
    assert answer(maker.conn, "SELECT public.expire_trials(%s)", moment) == 0


def test_a_tenants_trials_are_not_ended_by_another(maker):
    trial = maker.insert("public.trials")
    maker.conn.execute("SET LOCAL ROLE alquimista_app")
    maker.conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(new_id())])
    assert answer(maker.conn, "SELECT public.expire_trials(%s)", trial["expires_at"]) == 0


def test_hostile_lengths_are_refused(maker):
    for table, column in (
        ("alquimista_platform.audit_personal", "user_agent"),
        ("nigredo_leads.interacoes", "mensagem"),
    ):
        with pytest.raises(errors.CheckViolation), maker.conn.transaction():
            insert(maker, table, **{column: "x" * 100_000})
    with pytest.raises(errors.CheckViolation):
        insert(maker, "alquimista_platform.mails", subject="hello\r\nBcc: someone@example.com")


def test_the_tenants_condition_is_an_index_condition(maker):
    """current_tenant() is inlined and stable, so a tenant's query does not read the others' rows to drop them."""
    maker.conn.execute("SET LOCAL enable_seqscan = off")
    maker.conn.execute("SET LOCAL ROLE alquimista_app")
    maker.conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(maker.tenant_id)])
    plan = maker.conn.execute("EXPLAIN SELECT id FROM nigredo_leads.leads ORDER BY created_at DESC, id DESC LIMIT 9")
    text = "\n".join(line for (line,) in plan)
    assert "Index Cond: (tenant_id = (NULLIF(current_setting('app.tenant_id'" in text, text
