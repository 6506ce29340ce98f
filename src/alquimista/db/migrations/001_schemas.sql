-- 001: the three schemas beside public, the helper functions that constraints and policies use, and who may enter.
-- Runs as alquimista_owner; the roles exist already (db/bootstrap.py). Nothing here or later is granted to PUBLIC.

-- migrate:up

alter default privileges revoke execute on routines from public;

create schema fibonacci_core;
create schema nigredo_leads;
create schema alquimista_platform;
comment on schema fibonacci_core is 'Orchestration: events, spans and metrics of the work that agents do.';
comment on schema nigredo_leads is 'Prospecting: leads, campaigns, interactions, meetings and the public form.';
comment on schema alquimista_platform is 'The platform: tenants, people, access, agents, usage, audit and incidents.';

grant usage on schema fibonacci_core, nigredo_leads, alquimista_platform to alquimista_app, alquimista_internal;
grant usage on schema alquimista_platform to alquimista_login;

create function alquimista_platform.current_tenant() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.tenant_id', true), '')::uuid;
comment on function alquimista_platform.current_tenant() is
  'The tenant of this transaction; null when none is set (after a commit the setting reads as an empty string).';

create function alquimista_platform.platform_tenant() returns uuid
  language sql immutable parallel safe
  return '00000000-0000-7000-8000-000000000000'::uuid;
comment on function alquimista_platform.platform_tenant() is
  'The reserved tenant of rows that belong to no customer: staff, platform commands, failed logins of unknown accounts.';

create function alquimista_platform.is_email(value text) returns boolean
  language sql immutable parallel safe
  return value = lower(value) and length(value) <= 254 and value ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$';
comment on function alquimista_platform.is_email(text) is 'Whether the text is one lower-case address of at most 254 characters.';

create function alquimista_platform.is_phone(value text) returns boolean
  language sql immutable parallel safe
  return value ~ '^\+[1-9][0-9]{7,14}$';
comment on function alquimista_platform.is_phone(text) is 'Whether the text is an E.164 number: a plus sign and 8 to 15 digits.';

create function alquimista_platform.is_currency(value text) returns boolean
  language sql immutable parallel safe
  return value ~ '^[A-Z]{3}$';
comment on function alquimista_platform.is_currency(text) is 'Whether the text has the shape of an ISO 4217 code.';

create function alquimista_platform.is_object(value jsonb, max_bytes integer) returns boolean
  language sql immutable parallel safe
  return jsonb_typeof(value) = 'object' and octet_length(value::text) <= max_bytes;
comment on function alquimista_platform.is_object(jsonb, integer) is
  'Whether the document is a JSON object whose text is at most that many bytes.';

-- Check digits of the national register: each character counts as its ASCII code less 48, which covers the
-- alphanumeric numbers issued from July 2026 and leaves the older, all-numeric ones as they were.
create function alquimista_platform.is_cnpj(value text) returns boolean
  language sql immutable parallel safe
  return value ~ '^[0-9A-Z]{12}[0-9]{2}$'
    and value <> '00000000000000'
    and substr(value, 13, 1) = (
      select ((11 - sum((ascii(substr(value, i, 1)) - 48) * (2 + (12 - i) % 8)) % 11) % 11 % 10)::text
      from generate_series(1, 12) as i
    )
    and substr(value, 14, 1) = (
      select ((11 - sum((ascii(substr(value, i, 1)) - 48) * (2 + (13 - i) % 8)) % 11) % 11 % 10)::text
      from generate_series(1, 13) as i
    );
comment on function alquimista_platform.is_cnpj(text) is
  'Whether the text is a CNPJ without punctuation, check digits included, in the numeric or the alphanumeric format.';

create function alquimista_platform.refuse_change() returns trigger
  language plpgsql
as $$
begin
  -- A company that has left is forgotten as a whole, by the owner alone; the audit of it stays.
  if tg_level = 'ROW' and tg_op = 'DELETE' and current_user = 'alquimista_owner' and tg_table_name !~ '^audit_'
    and to_jsonb(old)->>'tenant_id' = current_setting('app.forgetting', true) then
    return old;
  end if;
  raise exception 'Rows of %.% are never changed or removed.', tg_table_schema, tg_table_name using errcode = '42501';
end
$$;
comment on function alquimista_platform.refuse_change() is 'Trigger of append-only tables: refuses update, delete and truncate, but for the owner who forgets a whole tenant.';

create procedure alquimista_platform.isolate(target regclass)
  language plpgsql
as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant_isolation on %s to alquimista_app, alquimista_owner '
    'using (tenant_id = alquimista_platform.current_tenant()) '
    'with check (tenant_id = alquimista_platform.current_tenant())', target);
  execute format('create policy internal_read on %s for select to alquimista_internal using (true)', target);
  execute format('grant select on %s to alquimista_internal', target);
end
$$;
comment on procedure alquimista_platform.isolate(regclass) is
  'Makes a table a tenant table: row security enabled and forced, the tenant''s own rows for the app (and for the owner''s data migrations), reading for staff. Grants to the app stay explicit in each migration.';

grant execute on function
  alquimista_platform.current_tenant(),
  alquimista_platform.platform_tenant(),
  alquimista_platform.is_email(text),
  alquimista_platform.is_phone(text),
  alquimista_platform.is_currency(text),
  alquimista_platform.is_object(jsonb, integer),
  alquimista_platform.is_cnpj(text)
to alquimista_app, alquimista_internal, alquimista_login;

-- migrate:down

drop procedure alquimista_platform.isolate(regclass);
drop function alquimista_platform.refuse_change();
drop function alquimista_platform.is_cnpj(text);
drop function alquimista_platform.is_object(jsonb, integer);
drop function alquimista_platform.is_currency(text);
drop function alquimista_platform.is_phone(text);
drop function alquimista_platform.is_email(text);
drop function alquimista_platform.platform_tenant();
drop function alquimista_platform.current_tenant();
drop schema alquimista_platform;
drop schema nigredo_leads;
drop schema fibonacci_core;
alter default privileges grant execute on routines to public;
