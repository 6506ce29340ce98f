"""A valid row for any table, made from the catalogue: keys are followed, enumerations read from their checks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from alquimista.clock import new_id

Row = dict[str, Any]
MOMENT = datetime(2026, 3, 10, 12, tzinfo=UTC)

# What a check asks for beyond the type. A new column whose check refuses the plain value is added here.
_BY_NAME: dict[str, Any] = {
    "trace_id": "ab" * 16,
    "span_id": "cd" * 8,
    "parent_span_id": "ef" * 8,
    "currency": "BRL",
    "scopes": ["ingest"],
    "whatsapp": "+5511987654321",
    "expires_at": MOMENT.replace(year=2027),
    "period_end": MOMENT.replace(hour=13),
    "total_cents": 1,
    "url": "https://example.com/hook",
    "event_types": ["*"],
}
# Rules over several columns: the smallest set of values that keeps them.
_BY_TABLE: dict[str, Callable[["Samples"], Row]] = {
    "alquimista_platform.permission_grants": lambda maker: {"granted_by": maker.second_person()},
    "alquimista_platform.approval_decisions": lambda maker: {"approver_id": maker.second_person()},
    "alquimista_platform.audit_personal": lambda _: {"actor_salt": b"k" * 16, "content_salt": b"k" * 16},
    "alquimista_platform.audit_heads": lambda _: {"key_id": "0123456789abcdef", "signature": b"k" * 64},
    "alquimista_platform.operational_commands": lambda _: {"due_at": MOMENT},
    "nigredo_leads.leads": lambda _: {"empresa": "Clínica Ipê", "email": "lead@example.com"},
    "nigredo_leads.blocklist": lambda _: {"email": "stop@example.com"},
    "alquimista_platform.integration_authorizations": lambda maker: {
        "integration_id": maker.insert("alquimista_platform.tenant_integrations")["id"]
    },
    "alquimista_platform.invoices": lambda _: {"customer_cnpj": "11222333000181"},
    "alquimista_platform.subscription_changes": lambda _: {"mrr_before_cents": 0},
    "alquimista_platform.usage_periods": lambda _: {"until_on": MOMENT.date().replace(month=4)},
    "alquimista_platform.tenant_offboardings": lambda _: {"cancelled_at": MOMENT},
    "alquimista_platform.incident_events": lambda _: {"public": True},  # What is not, the app does not see.
    "alquimista_platform.ticket_messages": lambda _: {"author_kind": "staff"},
    "alquimista_platform.webhook_deliveries": lambda _: {"next_attempt_at": MOMENT},
    "fibonacci_core.event_deliveries": lambda _: {"next_attempt_at": MOMENT},
    "public.trials": lambda maker: {"target_id": maker.insert("alquimista_platform.agents")["id"]},
}
_BY_TYPE: dict[str, Any] = {
    "timestamp with time zone": MOMENT,
    "date": MOMENT.date(),
    "integer": 1,
    "smallint": 1,
    "bigint": 1,
    "numeric": 1,
    "double precision": 1.0,
    "boolean": False,
    "inet": "203.0.113.7",
    "bytea": b"k" * 32,
    "jsonb": Jsonb({}),
}
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL),
       ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
              WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY (k.conkey))
FROM pg_attribute a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
"""
_REFERENCES = """
SELECT c.confrelid::regclass::text,
       ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, i)
              JOIN pg_attribute ON attrelid = c.conrelid AND attnum = k.n ORDER BY i),
       ARRAY(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY k (n, i)
              JOIN pg_attribute ON attrelid = c.confrelid AND attnum = k.n ORDER BY i)
FROM pg_constraint c WHERE c.conrelid = %s::regclass AND c.contype = 'f' AND c.conparentid = 0
ORDER BY cardinality(c.conkey) DESC
"""


@dataclass(frozen=True)
class Samples:
    """Makes rows of one tenant as a superuser, each table once, with whatever it refers to."""

    conn: psycopg.Connection[Any]
    tenant_id: UUID
    made: dict[str, Row]

    def insert(self, table: str) -> Row:
        """A row of the table, made now or before."""
        if table not in self.made:
            row = self.row(table)
            self.conn.execute(statement(table, row), row)
            self.made[table] = row
        return self.made[table]

    def row(self, table: str) -> Row:
        """A valid row that is not in the database; what it refers to is."""
        row: Row = {}
        columns = self.conn.execute(_COLUMNS, [table]).fetchall()
        needed = {name for name, *_ in columns}
        for target, mine, theirs in self.conn.execute(_REFERENCES, [table]).fetchall():
            if needed.issuperset(mine) and not row.keys() & (set(mine) - {"tenant_id"}) and target != table:
                referred = self._tenant() if target.endswith(".tenants") else self.insert(target)
                row |= {here: referred[there] for here, there in zip(mine, theirs, strict=True)}
        for name, kind, checks in columns:
            row.setdefault(name, self._value(table, name, kind, checks))
        return row | _BY_TABLE.get(table, lambda _: {})(self)

    def _value(self, table: str, name: str, kind: str, checks: list[str]) -> Any:
        plain = {
            "tenant_id": self.tenant_id,
            "role": "TENANT_USER",  # The first role that the check lists is for staff.
            **_BY_NAME,
        }
        if name in plain:
            return plain[name]
        listed = next(
            filter(None, (re.search(rf"\(?{name} = ANY \(ARRAY\['([^']*)'", check) for check in checks)), None
        )
        if listed:
            return listed[1]
        if kind == "uuid":
            return new_id()
        if kind == "text":
            local = f"{name.replace('_', '')}{str(self.tenant_id)[-6:]}"
            return f"{local}@example.com" if any("is_email" in check for check in checks) else local
        if kind not in _BY_TYPE:
            raise AssertionError(f"{table}.{name} is {kind}: say in sample_rows.py what a valid value is")
        return _BY_TYPE[kind]

    def _tenant(self) -> Row:
        return {"id": self.tenant_id}

    def second_person(self) -> UUID:
        """A user beside the one that `insert` makes."""
        if "second person" not in self.made:
            person = self.row("alquimista_platform.users")
            person["email"] = f"second.{self.tenant_id}@example.com"
            self.conn.execute(statement("alquimista_platform.users", person), person)
            self.made["second person"] = person
        return UUID(str(self.made["second person"]["id"]))


def statement(table: str, row: Row) -> sql.Composed:
    """INSERT of exactly these columns."""
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )


def samples(conn: psycopg.Connection[Any], cnpj: str) -> Samples:
    """A new tenant, and the maker of its rows."""
    tenant_id = new_id()
    conn.execute("SET search_path = ''")  # So that the catalogue names every table with its schema.
    conn.execute(
        "INSERT INTO alquimista_platform.tenants (id, name, cnpj, segment, plan, plan_max_agents, plan_max_users,"
        " plan_max_requests_per_month, created_at, updated_at)"
        " VALUES (%s, 'Sample', %s, 'saude', 'starter', 9, 9, 9, %s, %s)",
        [tenant_id, cnpj, MOMENT, MOMENT],
    )
    return Samples(conn, tenant_id, {})
