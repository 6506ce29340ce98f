"""What must hold for every table, asked of the catalogue, so that a new table cannot forget it.

`violations` answers one sentence for each broken rule. The lists below are the only exceptions, each with its reason.
"""

from typing import Any

import psycopg

SCHEMAS = ["fibonacci_core", "nigredo_leads", "alquimista_platform", "public"]

QUEUE = {
    f"alquimista_platform.{name}" for name in ("job_queue", "job_log", "job_statistics", "job_schedules", "workers")
}
# Without row security: nothing in them belongs to a customer, or (the queue) only the worker may read it.
GLOBALS = QUEUE | {"alquimista_platform.rate_limit_windows", "public.migrations"}
# The same for all tenants: read by all, written in transactions of the platform tenant alone.
CATALOGUE = {
    "alquimista_platform.agents",
    "alquimista_platform.agent_versions",
    "public.subscription_plans",
    "public.subscription_addons",
    "public.subnucleos",
    "public.subnucleo_agents",
}
# Read before any tenant is known: by the sign-in role alone.
SIGN_IN = {
    f"alquimista_platform.{name}"
    for name in (
        "user_credentials",
        "user_identities",
        "email_tokens",
        "sessions",
        "refresh_tokens",
        "signing_keys",
        "api_key_lookup",
        "tenant_views",
    )
}
# Not keyed by tenant_id: tenants are the tenants, and a person may belong to several.
SHARED = {"alquimista_platform.tenants", "alquimista_platform.users"}
_EXEMPT = GLOBALS | CATALOGUE | SIGN_IN | SHARED
# Tenant tables that sign-in reaches too: who belongs where, keys, and what it writes.
LOGIN_REACHES = SHARED | {
    f"alquimista_platform.{name}"
    for name in (
        "tenant_users",
        "invitations",
        "api_keys",
        "audit_logs",
        "audit_personal",
        "audit_unsealed",
        "mails",
        "permission_grants",
    )
}
# Written by the million, beside a row of usage_deltas (or of audit_logs) in the same transaction that has the foreign
# keys.
METERED = {
    f"alquimista_platform.{name}" for name in ("agent_requests", "event_keys", "audit_personal", "audit_unsealed")
}
# Where a tenant's transaction may delete: retention, folding, connections and consents that a tenant takes away, views
# that a person saved.
DELETABLE = {
    "alquimista_platform.audit_unsealed",
    "alquimista_platform.event_keys",
    "alquimista_platform.usage_deltas",
    "alquimista_platform.usage_spans",
    "alquimista_platform.tenant_integrations",
    "alquimista_platform.integration_authorizations",
    "alquimista_platform.notifications",
    "alquimista_platform.operational_commands",
    "alquimista_platform.failed_jobs",
    "alquimista_platform.notification_digests",
    "alquimista_platform.saved_views",
    "alquimista_platform.rate_limit_windows",
    "alquimista_platform.webhook_endpoints",
    "alquimista_platform.webhook_deliveries",
    "alquimista_platform.agent_instances",
    "alquimista_platform.agent_boots",
    "alquimista_platform.agent_controls",
    "fibonacci_core.events",
    "fibonacci_core.traces",
    "fibonacci_core.metrics",
    "nigredo_leads.rate_limits",
    "public.dry_run_log",
    "public.subnucleo_agents",
}
# Never changed once written.
APPEND_ONLY = (
    {
        f"alquimista_platform.{name}"
        for name in (
            "audit_logs",
            "audit_seals",
            "audit_heads",
            "approval_decisions",
            "agent_requests",
            "agent_versions",
            "usage_closed_days",
            "usage_zone_changes",
            "webhook_attempts",
        )
    }
    | {"nigredo_leads.blocklist"}
    | {f"alquimista_platform.{name}" for name in ("subscription_changes", "invoice_lines", "credits")}
    | {f"alquimista_platform.{name}" for name in ("incident_events", "incident_tenants", "ticket_messages")}
)

_OWN = "(tenant_id = alquimista_platform.current_tenant())"
_PLATFORM = "(alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())"
_TABLES = """
WITH tables AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relispartition AS partition, c.relkind, c.relacl, c.relowner,
         c.relrowsecurity AND c.relforcerowsecurity AS forced,
         NOT c.relispartition AND n.nspname || '.' || c.relname <> ALL (%(exempt)s) AS tenant
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p')
), policies AS (
  SELECT t.*, p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS visible,
         pg_get_expr(p.polwithcheck, p.polrelid) AS written,
         ARRAY(SELECT coalesce(r.rolname, 'PUBLIC') FROM unnest(p.polroles) role LEFT JOIN pg_roles r ON r.oid = role)
           AS roles
  FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
), columns AS (
  SELECT t.name AS table, t.oid, a.attnum, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull,
         a.attgenerated <> '' AS derived
  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE NOT t.partition
), grants AS (
  SELECT t.name, t.partition, coalesce(r.rolname, 'PUBLIC') AS role, g.privilege_type AS privilege
  FROM tables t
  CROSS JOIN LATERAL (
    SELECT (aclexplode(t.relacl)).*
    UNION ALL
    SELECT (aclexplode(a.attacl)).* FROM pg_attribute a WHERE a.attrelid = t.oid
  ) g LEFT JOIN pg_roles r ON r.oid = g.grantee
  WHERE g.grantee <> t.relowner
), referring AS (
  SELECT t.name, t.tenant, c.conname, target.name AS target, target.tenant AS target_tenant,
         mine.attname AS first, theirs.attname AS target_first
  FROM tables t
  JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f' AND c.conparentid = 0
  JOIN tables target ON target.oid = c.confrelid
  JOIN pg_attribute mine ON mine.attrelid = t.oid AND mine.attnum = c.conkey[1]
  JOIN pg_attribute theirs ON theirs.attrelid = target.oid AND theirs.attnum = c.confkey[1]
)
"""

RULES = {
    "has no tenant_id uuid NOT NULL": """
        SELECT name FROM tables t WHERE tenant AND NOT EXISTS (SELECT FROM columns c
          WHERE c.oid = t.oid AND c.name = 'tenant_id' AND c.type = 'uuid' AND c.attnotnull)""",
    "does not force row security": """
        SELECT name FROM tables WHERE NOT partition AND NOT forced AND name <> ALL (%(globals)s)""",
    "does not hold the app to its tenant, in what it sees and writes": """
        SELECT name FROM tables t WHERE tenant AND NOT EXISTS (SELECT FROM policies p
          WHERE p.oid = t.oid AND p.polcmd = '*' AND p.polpermissive AND 'alquimista_app' = ANY (p.roles)
            AND p.visible = %(own)s AND p.written = %(own)s)""",
    "lets the app past its tenant by a second policy": """
        SELECT name || ', policy ' || polname FROM policies
        WHERE tenant AND polpermissive AND 'alquimista_app' = ANY (roles)
          AND (visible IS DISTINCT FROM %(own)s OR written IS DISTINCT FROM %(own)s)""",
    "is of the catalogue, yet written by others than the platform": """
        SELECT name || ', policy ' || polname FROM policies
        WHERE name = ANY (%(catalogue)s) AND polcmd <> 'r'
          AND (polcmd <> 'a' AND visible IS DISTINCT FROM %(platform)s
            OR polcmd <> 'd' AND written IS DISTINCT FROM %(platform)s)""",
    "is of the catalogue, yet hidden from some": """
        SELECT name FROM tables t WHERE name = ANY (%(catalogue)s) AND NOT EXISTS (SELECT FROM policies p
          WHERE p.oid = t.oid AND p.polcmd = 'r' AND p.visible = 'true'
            AND p.roles && ARRAY['alquimista_app', 'alquimista_internal']::name[])""",
    "lets the app read what belongs to sign-in": """
        SELECT name || ', policy ' || polname FROM policies
        WHERE name = ANY (%(sign_in)s) AND 'alquimista_app' = ANY (roles)
          AND (polcmd <> 'a' OR written NOT LIKE '%%' || %(own)s || '%%' OR written LIKE '%% OR %%')""",
    "has a policy for everyone": "SELECT name || ', policy ' || polname FROM policies WHERE 'PUBLIC' = ANY (roles)",
    "lets staff do more than read": """
        SELECT name || ', policy ' || polname FROM policies
        WHERE 'alquimista_internal' = ANY (roles) AND polcmd <> 'r'""",
    "lets staff into sign-in": """
        SELECT name FROM policies WHERE name = ANY (%(sign_in)s) AND 'alquimista_internal' = ANY (roles)""",
    "is out of staff's sight": """
        SELECT name FROM tables t WHERE tenant AND NOT EXISTS (SELECT FROM policies p
          WHERE p.oid = t.oid AND p.polcmd = 'r' AND 'alquimista_internal' = ANY (p.roles) AND p.visible = 'true')""",
    "lets sign-in reach what it does not need": """
        SELECT name FROM policies WHERE 'alquimista_login' = ANY (roles) AND name <> ALL (%(login)s)
        UNION SELECT name FROM grants WHERE role = 'alquimista_login' AND name <> ALL (%(login)s || %(globals)s)""",
    "has a key that tenant_id does not lead": """
        SELECT t.name || ', ' || k.relname
        FROM tables t JOIN pg_index i ON i.indrelid = t.oid AND (i.indisunique OR i.indisexclusion)
        JOIN pg_class k ON k.oid = i.indexrelid
        WHERE t.tenant AND NOT EXISTS (SELECT FROM columns c
          WHERE c.oid = t.oid AND c.attnum = i.indkey[0] AND c.name = 'tenant_id')""",
    "has no primary key": """
        SELECT name FROM tables t WHERE NOT partition
          AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)""",
    "refers to a tenant's row without the tenant": """
        SELECT name || ', ' || conname FROM referring
        WHERE target_tenant AND (first <> 'tenant_id' OR target_first <> 'tenant_id')""",
    "names a tenant that need not exist": """
        SELECT name FROM tables t WHERE tenant AND name <> ALL (%(metered)s) AND NOT EXISTS (SELECT FROM referring r
          WHERE r.name = t.name AND r.first = 'tenant_id')""",
    "is granted to everyone": "SELECT name FROM grants WHERE role = 'PUBLIC'",
    "is a partition with grants, where its parent's policies do not hold": "SELECT name FROM grants WHERE partition",
    "grants more than rows": """
        SELECT name || ', ' || privilege || ' to ' || role FROM grants
        WHERE privilege NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')""",
    "lets staff write": """
        SELECT name || ', ' || privilege FROM grants
        WHERE role = 'alquimista_internal' AND privilege <> 'SELECT' AND name <> ALL (%(queue)s)""",
    "grants sign-in's secrets": """
        SELECT name || ', ' || privilege || ' to ' || role FROM grants
        WHERE name = ANY (%(sign_in)s)
          AND (role = 'alquimista_internal' OR role = 'alquimista_app' AND privilege <> 'INSERT')""",
    "lets the app delete": """
        SELECT name FROM grants
        WHERE role = 'alquimista_app' AND privilege = 'DELETE' AND name <> ALL (%(deletable)s)""",
    "is append-only, yet granted for change": """
        SELECT name || ', ' || privilege || ' to ' || role FROM grants
        WHERE name = ANY (%(append_only)s) AND privilege NOT IN ('SELECT', 'INSERT')""",
    "is granted to a role that we do not know": """
        SELECT name || ', ' || role FROM grants
        WHERE role NOT IN ('PUBLIC', 'alquimista_app', 'alquimista_internal', 'alquimista_login')""",
    "does not belong to the owner": """
        SELECT name FROM tables WHERE relowner <> 'alquimista_owner'::regrole""",
    "has a time without zone, or an inexact amount": """
        SELECT c.table || ', ' || c.name FROM columns c
        WHERE c.type IN ('timestamp without time zone', 'time without time zone', 'time with time zone')
          OR c.type IN ('money', 'real') OR c.type LIKE 'character%%'
          OR (c.name ~ '_(cents|micros)$' AND c.type <> 'bigint')""",
    "has money without a currency": """
        SELECT DISTINCT c.table FROM columns c WHERE c.name ~ '_(cents|micros)$' AND NOT EXISTS (
          SELECT FROM columns u WHERE u.oid = c.oid AND u.name = 'currency')""",
    "holds text of any length": """
        SELECT c.table || ', ' || c.name FROM columns c
        WHERE (c.type IN ('text', 'jsonb', 'json', 'bytea') OR c.type LIKE '%%[]') AND NOT c.derived
          AND c.table <> ALL (%(queue)s) AND c.table <> 'public.migrations' AND NOT EXISTS (
          SELECT FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f') AND c.attnum = ANY (k.conkey))""",
    "takes an address or phone unchecked": """
        SELECT c.table || ', ' || c.name FROM columns c
        WHERE c.name IN ('email', 'recipient', 'telefone', 'whatsapp', 'cnpj') AND NOT EXISTS (
          SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND c.attnum = ANY (k.conkey)
            AND pg_get_constraintdef(k.oid) ~ 'alquimista_platform.is_(email|phone|cnpj)')""",
    "takes any status": """
        SELECT c.table || ', ' || c.name FROM columns c
        WHERE c.name IN ('status', 'role', 'severity', 'category', 'kind', 'result') AND c.type = 'text'
          AND c.table <> 'alquimista_platform.agents' AND c.table <> 'public.subnucleos' AND NOT EXISTS (
          SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND c.attnum = ANY (k.conkey)
            AND pg_get_constraintdef(k.oid) LIKE '%%ANY (ARRAY[%%')""",
    "is a view that reads with its owner's rights": """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (%(schemas)s) AND (c.relkind = 'm'
          OR c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') && '{security_invoker=true,security_invoker=on}')""",
    "is a view that grants more than reading": """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) g
        WHERE n.nspname = ANY (%(schemas)s) AND c.relkind = 'v' AND g.grantee <> c.relowner
          AND (g.privilege_type <> 'SELECT' OR g.grantee = 0)""",
    "is a function that everyone may call, or that borrows its owner's rights": """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.pronamespace::regnamespace::text = ANY (%(schemas)s) AND (p.prosecdef OR EXISTS (
          SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0))""",
    "is a schema open to everyone": """
        SELECT n.nspname FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
        WHERE n.nspname = ANY (%(schemas)s) AND g.grantee = 0
          AND (n.nspname, g.privilege_type) <> ('public', 'USAGE')""",
    "is not described": """
        SELECT name FROM tables WHERE NOT partition AND obj_description(oid, 'pg_class') IS NULL
        UNION ALL SELECT c.table || ', ' || c.name FROM columns c WHERE col_description(c.oid, c.attnum) IS NULL
        UNION ALL SELECT v.oid::regclass || ', ' || a.attname
          FROM pg_class v JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
          WHERE v.relnamespace::regnamespace::text = ANY (%(schemas)s) AND v.relkind = 'v'
            AND (col_description(v.oid, a.attnum) IS NULL OR obj_description(v.oid, 'pg_class') IS NULL)
        UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p
          WHERE p.pronamespace::regnamespace::text = ANY (%(schemas)s) AND obj_description(p.oid, 'pg_proc') IS NULL""",
}


def violations(conn: psycopg.Connection[Any]) -> list[str]:
    """Each broken rule as `table: what is wrong`; empty when every table keeps to all of them."""
    params = {
        "schemas": SCHEMAS,
        "exempt": sorted(_EXEMPT),
        "catalogue": sorted(CATALOGUE),
        "platform": _PLATFORM,
        "globals": sorted(GLOBALS),
        "queue": sorted(QUEUE),
        "sign_in": sorted(SIGN_IN),
        "login": sorted(LOGIN_REACHES | SIGN_IN),
        "metered": sorted(METERED),
        "deletable": sorted(DELETABLE),
        "append_only": sorted(APPEND_ONLY),
        "own": _OWN,
    }
    found = []
    with conn.transaction():
        conn.execute("SELECT set_config('search_path', '', true)")
        for sentence, sql in RULES.items():
            found += [f"{name}: {sentence}" for (name,) in conn.execute((_TABLES + sql).encode(), params)]
    return found


def exceptions_without_table(conn: psycopg.Connection[Any]) -> set[str]:
    """Names in the lists above that the database does not have: leftovers, which could hide a new table."""
    names = GLOBALS | CATALOGUE | SIGN_IN | LOGIN_REACHES | METERED | DELETABLE | APPEND_ONLY
    return {name for name in names if conn.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,)}


def tenant_tables(conn: psycopg.Connection[Any]) -> list[str]:
    """The tables that belong to tenants, by their schema and name."""
    sql = _TABLES + "SELECT name FROM tables WHERE tenant ORDER BY name"
    return [name for (name,) in conn.execute(sql.encode(), {"schemas": SCHEMAS, "exempt": sorted(_EXEMPT)})]
