"""Every table keeps to the rules of one tenancy, and a table that broke one would be noticed."""

import pytest

from support.tenancy_rules import RULES, exceptions_without_table, tenant_tables, violations

TABLE = "alquimista_platform.tenant_agents"
# What breaks each rule. A rule that nothing here breaks makes the last test fail.
SABOTAGE = {
    "has no tenant_id uuid NOT NULL": "create table public.fresh (id uuid primary key)",
    "does not force row security": f"alter table {TABLE} no force row level security",
    "does not hold the app to its tenant, in what it sees and writes": f"drop policy tenant_isolation on {TABLE}",
    "lets the app past its tenant by a second policy": (
        f"create policy wide on {TABLE} for select to alquimista_app using (true)"
    ),
    "is of the catalogue, yet written by others than the platform": (
        "create policy wide on public.subscription_plans for update to alquimista_app using (true)"
    ),
    "is of the catalogue, yet hidden from some": "drop policy catalogue_read on public.subscription_plans",
    "lets the app read what belongs to sign-in": (
        "create policy wide on alquimista_platform.sessions for select to alquimista_app using (true)"
    ),
    "has a policy for everyone": f"create policy wide on {TABLE} for select using (true)",
    "lets staff do more than read": f"create policy wide on {TABLE} for update to alquimista_internal using (true)",
    "lets staff into sign-in": (
        "create policy wide on alquimista_platform.sessions for select to alquimista_internal using (true)"
    ),
    "is out of staff's sight": f"drop policy internal_read on {TABLE}",
    "lets sign-in reach what it does not need": f"grant select on {TABLE} to alquimista_login",
    "has a key that tenant_id does not lead": f"create unique index wide on {TABLE} (agent_id)",
    "has no primary key": f"alter table {TABLE} drop constraint tenant_agents_pkey cascade",
    "refers to a tenant's row without the tenant": (
        "alter table alquimista_platform.api_keys add constraint one unique (id);"
        "alter table alquimista_platform.invitations add constraint wide foreign key (id)"
        " references alquimista_platform.api_keys (id) not valid"
    ),
    "names a tenant that need not exist": f"alter table {TABLE} drop constraint tenant_agents_tenant_id_fkey,"
    " drop constraint tenant_agents_subnucleo",
    "is granted to everyone": f"grant select (agent_id) on {TABLE} to public",
    "is a partition with grants, where its parent's policies do not hold": (
        "create table public.part partition of alquimista_platform.agent_requests default;"
        " grant select on public.part to alquimista_app"
    ),
    "grants more than rows": f"grant truncate on {TABLE} to alquimista_app",
    "lets staff write": f"grant update (status) on {TABLE} to alquimista_internal",
    "grants sign-in's secrets": "grant select on alquimista_platform.sessions to alquimista_app",
    "lets the app delete": f"grant delete on {TABLE} to alquimista_app",
    "is append-only, yet granted for change": (
        "grant update (action) on alquimista_platform.audit_logs to alquimista_app"
    ),
    "is granted to a role that we do not know": f"grant select on {TABLE} to pg_monitor",
    "does not belong to the owner": f"alter table {TABLE} owner to postgres",
    "has a time without zone, or an inexact amount": f"alter table {TABLE} add column at timestamp",
    "has money without a currency": f"alter table {TABLE} add column price_cents bigint",
    "holds text of any length": f"alter table {TABLE} add column note text",
    "takes an address or phone unchecked": f"alter table {TABLE} add column email text check (length(email) < 9)",
    "takes any status": f"alter table {TABLE} add column role text check (length(role) < 9)",
    "is a view that reads with its owner's rights": f"create view public.wide as select * from {TABLE}",
    "is a view that grants more than reading": "grant update on public.tenant_agents to alquimista_app",
    "is a function that everyone may call, or that borrows its owner's rights": (
        "alter function alquimista_platform.current_tenant() security definer"
    ),
    "is a schema open to everyone": "grant usage on schema alquimista_platform to public",
    "is not described": f"comment on column {TABLE}.status is null",
}


def test_every_table_keeps_to_the_rules(admin):
    assert violations(admin) == []


def test_the_lists_of_exceptions_name_only_tables_that_exist(admin):
    assert exceptions_without_table(admin) == set()
    assert len(tenant_tables(admin)) >= 38


@pytest.mark.parametrize("rule", SABOTAGE)
def test_breaking_a_rule_is_noticed(admin, rule):
    admin.execute(SABOTAGE[rule].encode())
    assert any(sentence.endswith(f": {rule}") for sentence in violations(admin)), violations(admin)


def test_row_security_switched_off_is_noticed(admin):
    admin.execute(f"alter table {TABLE} disable row level security".encode())
    assert f"{TABLE}: does not force row security" in violations(admin)


@pytest.mark.parametrize(
    "policy",
    [
        "using (true) with check (tenant_id = alquimista_platform.current_tenant())",
        "using (tenant_id = alquimista_platform.current_tenant()) with check (true)",
        "using (tenant_id = alquimista_platform.current_tenant())",
    ],
)
def test_a_policy_that_is_wide_on_one_side_is_noticed(admin, policy):
    admin.execute(f"drop policy tenant_isolation on {TABLE}".encode())
    admin.execute(f"create policy tenant_isolation on {TABLE} to alquimista_app {policy}".encode())
    assert any(sentence.startswith(TABLE) for sentence in violations(admin))


def test_every_rule_is_shown_to_bite():
    assert RULES.keys() == SABOTAGE.keys()


def test_a_new_table_that_is_isolated_and_described_keeps_to_the_rules(admin):
    admin.execute("set local role alquimista_owner")
    admin.execute(
        "create table public.fresh (tenant_id uuid not null references alquimista_platform.tenants, id uuid not null,"
        " primary key (tenant_id, id));"
        "call alquimista_platform.isolate('public.fresh');"
        "comment on table public.fresh is 'x'; comment on column public.fresh.tenant_id is 'x';"
        "comment on column public.fresh.id is 'x'"
    )
    assert violations(admin) == []
