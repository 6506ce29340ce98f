"""Each migration's way down is the exact reverse of its way up."""

import psycopg

from alquimista.db.bootstrap import bootstrap
from alquimista.db.migrations import runner
from alquimista.db.migrations.files import CHAIN

# Everything that a migration can leave behind, one line each.
CATALOGUE = """
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT concat_ws(' ', 'schema', nspname) FROM ours
UNION ALL SELECT concat_ws(' ', 'relation', nspname, relname, relkind, relrowsecurity, relforcerowsecurity,
    (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(relacl) a), obj_description(c.oid, 'pg_class'))
  FROM pg_class c JOIN ours ON ours.oid = relnamespace
UNION ALL SELECT concat_ws(' ', 'column', c.oid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    attacl, col_description(c.oid, attnum))
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN ours ON ours.oid = relnamespace
  WHERE attnum > 0 AND NOT attisdropped
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
  FROM pg_constraint k JOIN ours ON ours.oid = connamespace
UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid))
  FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN ours ON ours.oid = relnamespace
UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN ours ON ours.oid = relnamespace WHERE NOT tgisinternal
UNION ALL SELECT concat_ws(' ', 'policy', polrelid::regclass, polname) FROM pg_policy
UNION ALL SELECT concat_ws(' ', 'function', p.oid::regprocedure, proacl)
  FROM pg_proc p JOIN ours ON ours.oid = pronamespace
UNION ALL SELECT concat_ws(' ', 'type', typname) FROM pg_type JOIN ours ON ours.oid = typnamespace
UNION ALL SELECT concat_ws(' ', 'schema grant', nspname, nspacl) FROM pg_namespace JOIN ours USING (oid, nspname)
UNION ALL SELECT concat_ws(' ', 'default grant', defaclobjtype, defaclacl) FROM pg_default_acl
"""


def catalogue(url: str) -> set[str]:
    with psycopg.connect(url) as conn:
        return {line for (line,) in conn.execute(CATALOGUE)}


def test_going_up_and_down_again_changes_nothing(fresh_database, subtests):
    bootstrap(fresh_database.admin_url, fresh_database.settings)
    url = fresh_database.owner_url
    before, labels = {}, []
    for migration in CHAIN.load():
        before[migration.label] = catalogue(fresh_database.admin_url)
        labels.append(migration.label)
        runner.apply(url, to=migration.number)
    for label in reversed(labels):
        runner.rollback(url)
        with subtests.test(migration=label):
            left = {line for line in catalogue(fresh_database.admin_url) ^ before[label] if "migrations" not in line}
            assert left == set()


def test_the_way_down_leaves_only_the_ledger(fresh_database):
    bootstrap(fresh_database.admin_url, fresh_database.settings)
    url = fresh_database.owner_url
    runner.apply(url)
    runner.rollback(url, to=0)
    with psycopg.connect(url) as conn:
        left = conn.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)'"
            " UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchall()
    assert left == [("migrations",)]
