"""The data dictionary, docs/data-model.md, written from the catalogue of a migrated database and its comments.

Whatever the page says is what the database is; a test compares the two.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

SCHEMAS: Final = ("alquimista_platform", "fibonacci_core", "nigredo_leads", "public")
_INTRODUCTION: Final = """\
# Data model

Generated from the database by `alquimista.db.dictionary`; edit the comments in `src/alquimista/db/migrations` instead.

Times are `timestamptz`, ids UUIDv7 made by the application, money whole cents or micro-units beside its currency.
A tenant table has `tenant_id` first in every key, and row security that holds for its owner too. Under "Row security"
is each role that may reach rows, within its grants: `app` (requests and jobs of one tenant), `staff` (reads across
tenants), `sign-in` (what must precede the tenant), `owner` (migrations). Without a tenant set, the app reaches none.
"""
_ROLES: Final = {
    "alquimista_app": "app",
    "alquimista_internal": "staff",
    "alquimista_login": "sign-in",
    "alquimista_owner": "owner",
}
_COMMANDS: Final = {"*": "may reach", "r": "may read", "a": "may insert", "w": "may update", "d": "may delete"}
_CONDITIONS: Final = {
    "true": "every row",
    "(tenant_id = alquimista_platform.current_tenant())": "the rows of the tenant that is set",
}
_TYPES: Final = {"timestamp with time zone": "timestamptz"}

# Partitions are left out: they are made and dropped at run time, and nobody reads them by name.
_RELATIONS: Final = """
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind IN ('v', 'm') AS view,
       c.relkind = 'p' AS partitioned, c.relpersistence = 'u' AS unlogged, c.relforcerowsecurity AS secured,
       coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
ORDER BY n.nspname, c.relname
"""
_COLUMNS: Final = """
SELECT a.attrelid::bigint AS relation, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable, a.attgenerated <> '' AS derived,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS "default",
       coalesce(col_description(a.attrelid, a.attnum), '') AS comment
FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY (%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""
_KEYS: Final = """
SELECT conrelid::bigint AS relation, contype::text AS kind, pg_get_constraintdef(oid) AS definition
FROM pg_catalog.pg_constraint WHERE conrelid = ANY (%(oids)s) AND contype IN ('p', 'u', 'f') AND conparentid = 0
UNION ALL
SELECT i.indrelid::bigint, 'i', 'UNIQUE ' || substring(pg_get_indexdef(i.indexrelid) FROM '\\(.*$')
FROM pg_catalog.pg_index i
WHERE i.indrelid = ANY (%(oids)s) AND i.indisunique
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
ORDER BY 1, 2, 3
"""
_POLICIES: Final = """
SELECT p.polrelid::bigint AS relation, p.polcmd AS command,
       ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles,
       coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) AS condition
FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY (%(oids)s)
ORDER BY 1, p.polname
"""
_FUNCTIONS: Final = """
SELECT n.nspname AS schema, p.proname AS name, pg_get_function_identity_arguments(p.oid) AS arguments,
       coalesce(pg_get_function_result(p.oid), '') AS result, coalesce(obj_description(p.oid, 'pg_proc'), '') AS comment
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY 1, 2, 3
"""
_SCHEMA_COMMENTS: Final = """
SELECT nspname, coalesce(obj_description(oid, 'pg_namespace'), '')
FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(schemas)s)
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view."""

    oid: int
    schema: str
    name: str
    view: bool
    partitioned: bool
    unlogged: bool
    secured: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `default` is the expression of a derived one."""

    relation: int
    name: str
    type: str
    nullable: bool
    derived: bool
    default: str
    comment: str


@dataclass(frozen=True, slots=True)
class Key:
    """A primary (p), unique (u, i) or foreign (f) key, as in pg_constraint; i is an index that is unique."""

    relation: int
    kind: str
    definition: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A row security policy; `command` as in pg_policy."""

    relation: int
    command: str
    roles: list[str]
    condition: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function or procedure."""

    schema: str
    name: str
    arguments: str
    result: str
    comment: str


def render(conn: psycopg.Connection[Any]) -> str:
    """The page, for the four schemas of the database that `conn` is connected to.

    The text depends neither on the data nor on the server's version.
    """
    conn.execute("SELECT set_config('search_path', '', true)")  # So that every name is written with its schema.
    relations = _rows(conn, _RELATIONS, Relation, schemas=list(SCHEMAS))
    oids = [relation.oid for relation in relations]
    columns, keys, policies = (
        _by_relation(_rows(conn, sql, kind, oids=oids))
        for sql, kind in ((_COLUMNS, Column), (_KEYS, Key), (_POLICIES, Policy))
    )
    functions = _rows(conn, _FUNCTIONS, Function, schemas=list(SCHEMAS))
    comments = dict(conn.execute(_SCHEMA_COMMENTS, {"schemas": list(SCHEMAS)}).fetchall())
    parts = [_INTRODUCTION]
    for schema in SCHEMAS:
        parts.append(f"## {schema}\n\n{comments.get(schema, '')}\n")
        parts += [
            _relation(one, columns[one.oid], keys[one.oid], policies[one.oid])
            for one in relations
            if one.schema == schema
        ]
        parts += _functions([one for one in functions if one.schema == schema])
    return "\n".join(parts)


def write(url: str, path: Path) -> bool:
    """Write the page of the migrated database at `url`; whether it changed."""
    with psycopg.connect(url) as conn:
        text = render(conn)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _rows(conn: psycopg.Connection[Any], sql: str, kind: type[Any], **params: object) -> list[Any]:
    with conn.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql.encode(), params).fetchall()


def _by_relation(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    grouped: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.relation].append(row)
    return grouped


def _relation(relation: Relation, columns: list[Column], keys: list[Key], policies: list[Policy]) -> str:
    notes = [
        note
        for note, holds in (
            ("View.", relation.view),
            ("Partitioned.", relation.partitioned),
            ("Unlogged.", relation.unlogged),
        )
        if holds
    ]
    lines = [f"### {relation.schema}.{relation.name}", "", " ".join([relation.comment, *notes]), ""]
    lines += ["| Column | Type | Null | Default | Meaning |", "|---|---|---|---|---|"]
    lines += [_column(column, view=relation.view) for column in columns]
    lines.append("")
    lines += [f"- {key.definition}" for key in sorted(keys, key=lambda key: "piuf".index(key.kind))]
    lines.append("- Row security: " + ("that of its tables." if relation.view else _security(relation, policies)))
    return "\n".join(lines).rstrip() + "\n"


def _column(column: Column, *, view: bool) -> str:
    null = "yes" if column.nullable and not view else ""
    default = f"`{' '.join(column.default.split())}`" if column.default else ""
    if column.derived:
        default = f"always {default}"
    cells = (f"`{column.name}`", _TYPES.get(column.type, column.type), null, default, column.comment)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _security(relation: Relation, policies: list[Policy]) -> str:
    if not relation.secured:
        return "none; its grants alone decide."
    said = []
    for policy in policies:
        roles = ", ".join(_ROLES.get(role, role) for role in policy.roles)
        condition = " ".join(policy.condition.split())
        where = _CONDITIONS.get(condition, f"`{condition}`")
        said.append(f"{roles} {_COMMANDS[policy.command]} {where}")
    return "; ".join(said) + "."


def _functions(functions: list[Function]) -> list[str]:
    if not functions:
        return []
    lines = ["### Functions", ""]
    for one in functions:
        result = f" → {one.result}" if one.result else ""
        lines.append(f"- `{one.name}({one.arguments})`{result}: {one.comment}")
    return ["\n".join(lines) + "\n"]
