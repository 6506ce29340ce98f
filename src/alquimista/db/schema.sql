-- The schema at the head of the migrations, as alquimista.db.migrations.catalogue reads it. For reading and comparing:
-- the migrations make it. Written by: WRITE_SCHEMA=1 pytest tests/migrations/test_chain.py

CREATE SCHEMA alquimista_platform;

CREATE SCHEMA fibonacci_core;

CREATE SCHEMA nigredo_leads;

CREATE TYPE alquimista_platform.job_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE OR REPLACE FUNCTION alquimista_platform.allow_erasure_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if (new.tenant_id, new.entry_id) is distinct from (old.tenant_id, old.entry_id)
    or (new.actor_salt, new.actor_email, new.actor_name, new.ip, new.user_agent, new.actor_erased_by)
      is distinct from (old.actor_salt, old.actor_email, old.actor_name, old.ip, old.user_agent, old.actor_erased_by)
      and (old.actor_erased_by is not null or new.actor_erased_by is null)
    or (new.content_salt, new.details, new.before, new.after, new.content_erased_by)
      is distinct from (old.content_salt, old.details, old.before, old.after, old.content_erased_by)
      and (old.content_erased_by is not null or new.content_erased_by is null)
  then
    raise exception 'Rows of %.% are emptied by an erasure, and never changed otherwise.', tg_table_schema, tg_table_name
      using errcode = '42501';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid;

CREATE OR REPLACE FUNCTION alquimista_platform.guard_approval_decision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  request record;
begin
  if alquimista_platform.is_restoring(new.tenant_id) then
    return new;
  end if;
  select status, expires_at into request
  from alquimista_platform.approval_requests
  where tenant_id = new.tenant_id and id = new.request_id
  for update;
  if request.status <> 'pending' or new.created_at >= request.expires_at then
    raise exception 'Only an open request is decided.' using errcode = '23514';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.guard_approval_request()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  agreed integer;
  refused integer;
begin
  if tg_op = 'INSERT' then
    if new.status <> 'pending' and not alquimista_platform.is_restoring(new.tenant_id) then
      raise exception 'A request for approval begins as pending.' using errcode = '23514';
    end if;
    return new;
  end if;
  if old.status <> 'pending' then
    raise exception 'A closed request for approval never changes.' using errcode = '23514';
  end if;
  if (old.tenant_id, old.id, old.requested_by, old.action_type, old.resource_type, old.resource_id, old.action_details,
      old.required_approvals, old.audience, old.permission, old.page, old.created_at, old.expires_at)
    is distinct from
     (new.tenant_id, new.id, new.requested_by, new.action_type, new.resource_type, new.resource_id, new.action_details,
      new.required_approvals, new.audience, new.permission, new.page, new.created_at, new.expires_at) then
    raise exception 'What was asked never changes.' using errcode = '23514';
  end if;
  if new.status in ('approved', 'rejected') then
    select count(*) filter (where decision = 'approve'), count(*) filter (where decision = 'reject')
    into agreed, refused
    from alquimista_platform.approval_decisions
    where tenant_id = new.tenant_id and request_id = new.id;
    if new.status = 'approved' and (agreed < new.required_approvals or refused > 0) then
      raise exception 'Only % people who agree, and nobody who does not, make this approved.', new.required_approvals
        using errcode = '23514';
    end if;
    if new.status = 'rejected' and refused = 0 then
      raise exception 'Nobody rejected this.' using errcode = '23514';
    end if;
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.histogram(bucket integer, requests bigint)
 RETURNS numeric
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select requests * (array[
    1e0, 1e12, 1e24, 1e36, 1e48, 1e60, 1e72, 1e84, 1e96, 1e108, 1e120, 1e132, 1e144, 1e156, 1e168, 1e180, 1e192, 1e204,
    1e216, 1e228, 1e240, 1e252, 1e264, 1e276, 1e288, 1e300, 1e312, 1e324, 1e336, 1e348, 1e360, 1e372, 1e384, 1e396,
    1e408, 1e420, 1e432, 1e444, 1e456, 1e468, 1e480, 1e492, 1e504, 1e516, 1e528, 1e540, 1e552, 1e564, 1e576, 1e588,
    1e600, 1e612, 1e624, 1e636, 1e648, 1e660, 1e672, 1e684, 1e696, 1e708, 1e720, 1e732, 1e744, 1e756, 1e768, 1e780,
    1e792, 1e804, 1e816, 1e828, 1e840, 1e852, 1e864, 1e876, 1e888, 1e900, 1e912, 1e924, 1e936, 1e948, 1e960, 1e972,
    1e984])[bucket + 1]
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.is_cnpj(value text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((value ~ '^[0-9A-Z]{12}[0-9]{2}$'::text) AND (value <> '00000000000000'::text) AND (substr(value, 13, 1) = (SELECT ((((11 - (sum(((ascii(substr(is_cnpj.value, i.i, 1)) - 48) * (2 + ((12 - i.i) % 8)))) % (11)::bigint)) % (11)::bigint) % (10)::bigint))::text AS text FROM generate_series(1, 12) i(i))) AND (substr(value, 14, 1) = (SELECT ((((11 - (sum(((ascii(substr(is_cnpj.value, i.i, 1)) - 48) * (2 + ((13 - i.i) % 8)))) % (11)::bigint)) % (11)::bigint) % (10)::bigint))::text AS text FROM generate_series(1, 13) i(i))));

CREATE OR REPLACE FUNCTION alquimista_platform.is_currency(value text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (value ~ '^[A-Z]{3}$'::text);

CREATE OR REPLACE FUNCTION alquimista_platform.is_email(value text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((value = lower(value)) AND (length(value) <= 254) AND (value ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'::text));

CREATE OR REPLACE FUNCTION alquimista_platform.is_object(value jsonb, max_bytes integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((jsonb_typeof(value) = 'object'::text) AND (octet_length((value)::text) <= max_bytes));

CREATE OR REPLACE FUNCTION alquimista_platform.is_phone(value text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (value ~ '^\+[1-9][0-9]{7,14}$'::text);

CREATE OR REPLACE FUNCTION alquimista_platform.is_restoring(tenant uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((CURRENT_USER = 'alquimista_owner'::name) AND ((tenant)::text = current_setting('app.restoring'::text, true)));

CREATE OR REPLACE PROCEDURE alquimista_platform.isolate(IN target regclass)
 LANGUAGE plpgsql
AS $procedure$
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
$procedure$;

CREATE OR REPLACE FUNCTION alquimista_platform.job_queue_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'alquimista_jobs',
            json_build_object(
                'channel', 'alquimista_jobs',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.keep_command()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    if alquimista_platform.is_restoring(new.tenant_id) then
      return new;
    end if;
    if new.status not in ('PENDING', 'AWAITING_APPROVAL') or new.attempts > 0
        or (new.status = 'AWAITING_APPROVAL') <> (new.approval_id is not null)
        or new.cancel_requested_at is not null then
      raise exception 'A command does not begin like this.' using errcode = '23514';
    end if;
    return new;
  end if;
  if old.completed_at is not null then
    raise exception 'A command that has ended never changes.' using errcode = '23514';
  end if;
  if (old.tenant_id, old.id, old.command_type, old.parameters, old.tries, old.created_at)
      is distinct from
     (new.tenant_id, new.id, new.command_type, new.parameters, new.tries, new.created_at)
     or old.idempotency_key is distinct from new.idempotency_key or old.created_by is distinct from new.created_by
     or old.approval_id is distinct from new.approval_id then
    raise exception 'What a command says never changes.' using errcode = '23514';
  end if;
  if (old.status, new.status) not in (('PENDING', 'PENDING'), ('PENDING', 'RUNNING'), ('PENDING', 'CANCELLED'),
      ('AWAITING_APPROVAL', 'PENDING'), ('AWAITING_APPROVAL', 'CANCELLED'), ('RUNNING', 'RUNNING'),
      ('RUNNING', 'PENDING'), ('RUNNING', 'SUCCESS'), ('RUNNING', 'ERROR'), ('RUNNING', 'CANCELLED')) then
    raise exception 'A command that is % does not become %.', old.status, new.status using errcode = '23514';
  end if;
  -- A try is counted when it begins, and its lease changes at no other time.
  if new.attempts <> old.attempts + (new.status = 'RUNNING' and new.lease_id is distinct from old.lease_id)::integer then
    raise exception 'Each try of a command is counted once.' using errcode = '23514';
  end if;
  if old.started_at is not null and old.started_at is distinct from new.started_at
     or old.cancel_requested_at is not null and old.cancel_requested_at is distinct from new.cancel_requested_at then
    raise exception 'What happened to a command stays.' using errcode = '23514';
  end if;
  -- The approval must be of this very command; that nobody approves what is their own, approvals keep (005, 024).
  if old.status = 'AWAITING_APPROVAL' and new.status = 'PENDING' and not exists (
      select from alquimista_platform.approval_requests
      where tenant_id = new.tenant_id and id = new.approval_id and status = 'approved'
        and action_type = 'command.' || new.command_type and resource_id = new.id::text
        and requested_by = new.created_by) then
    raise exception 'A command that awaits approval runs once it is approved.' using errcode = '23514';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.keep_cycle_days()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update public.subscriptions as s set
    current_period_start = (s.current_period_start at time zone old.time_zone)::date::timestamp at time zone new.time_zone,
    current_period_end = (s.current_period_end at time zone old.time_zone)::date::timestamp at time zone new.time_zone,
    due_at = case when s.due_at is not null then new.updated_at end,
    updated_at = new.updated_at
  where s.tenant_id = new.id and s.cycles > 0 and s.status in ('active', 'past_due', 'suspended');
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.keep_past_time_zone()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.updated_at <= old.updated_at then
    raise exception 'A change of time zone must set updated_at, which is when it takes effect.' using errcode = '23514';
  end if;
  insert into alquimista_platform.usage_zone_changes (tenant_id, until, time_zone)
  values (
    old.id,
    date_trunc('hour', new.updated_at + interval '10 minutes', 'UTC') + interval '1 hour',
    old.time_zone)
  on conflict (tenant_id, until) do nothing;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.local_hours(tenant uuid, first timestamp with time zone, until timestamp with time zone)
 RETURNS TABLE(hour timestamp with time zone, day date)
 LANGUAGE sql
 STABLE
AS $function$
  select h, (h at time zone coalesce(
    (select z.time_zone from alquimista_platform.usage_zone_changes as z
      where z.tenant_id = tenant and z.until > h order by z.until limit 1),
    (select t.time_zone from alquimista_platform.tenants as t where t.id = tenant)))::date
  from generate_series(first, local_hours.until - interval '1 hour', interval '1 hour') as h
$function$;

CREATE OR REPLACE PROCEDURE alquimista_platform.offer(IN target regclass)
 LANGUAGE plpgsql
AS $procedure$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy catalogue_read on %s for select to alquimista_app, alquimista_internal, alquimista_owner using (true)',
    target);
  execute format(
    'create policy catalogue_add on %s for insert to alquimista_app, alquimista_owner '
    'with check (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format(
    'create policy catalogue_change on %s for update to alquimista_app, alquimista_owner '
    'using (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()) '
    'with check (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format(
    'create policy catalogue_remove on %s for delete to alquimista_app, alquimista_owner '
    'using (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format('grant select on %s to alquimista_app, alquimista_internal', target);
end
$procedure$;

CREATE OR REPLACE FUNCTION alquimista_platform.platform_tenant()
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN '00000000-0000-7000-8000-000000000000'::uuid;

CREATE OR REPLACE FUNCTION alquimista_platform.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  -- A company that has left is forgotten as a whole, by the owner alone; the audit of it stays.
  if tg_level = 'ROW' and tg_op = 'DELETE' and current_user = 'alquimista_owner' and tg_table_name !~ '^audit_'
    and to_jsonb(old)->>'tenant_id' = current_setting('app.forgetting', true) then
    return old;
  end if;
  raise exception 'Rows of %.% are never changed or removed.', tg_table_schema, tg_table_name using errcode = '42501';
end
$function$;

CREATE OR REPLACE FUNCTION alquimista_platform.response_time_bucket(milliseconds integer)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN width_bucket(milliseconds, ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 31, 37, 44, 52, 62, 74, 88, 105, 126, 151, 181, 217, 260, 312, 374, 448, 537, 644, 772, 926, 1111, 1333, 1599, 1918, 2301, 2761, 3313, 3975, 4770, 5724, 6868, 8241, 9889, 11866, 14239, 17086, 20503, 24603, 29523, 35427, 42512, 51014, 61216, 73459, 88150, 105780, 126936, 152323, 182787, 219344, 263212, 315854, 379024, 454828, 545793, 654951, 785941, 943129, 1131754, 1358104, 1629724, 1955668, 2346801, 2816161, 3379393, 4055271]);

CREATE OR REPLACE FUNCTION alquimista_platform.search_text(value text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN lower(regexp_replace(regexp_replace(NORMALIZE(value, NFKD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]'::text, ''::text, 'g'::text), '[-\u2010\u2012-\u2015]'::text, ' '::text, 'g'::text));

CREATE OR REPLACE FUNCTION public.expire_trials(moment timestamp with time zone)
 RETURNS integer
 LANGUAGE sql
BEGIN ATOMIC
 WITH expired AS (
          UPDATE public.trials SET status = 'expired'::text, updated_at = expire_trials.moment
           WHERE ((trials.status = 'active'::text) AND ((trials.expires_at <= expire_trials.moment) OR (trials.usage_count >= trials.max_usage)))
           RETURNING 1 AS "?column?"
         )
  SELECT (count(*))::integer AS count
    FROM expired;
END;

CREATE TABLE alquimista_platform.agent_boots (
  tenant_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  instance_id text NOT NULL,
  boot_id uuid NOT NULL,
  version text NOT NULL,
  booted_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agent_controls (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  agent_id uuid NOT NULL,
  instance_id text NOT NULL,
  request_id uuid NOT NULL,
  kind text NOT NULL,
  reason text NOT NULL,
  created_by uuid,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  delivered_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  outcome text,
  detail text DEFAULT ''::text NOT NULL,
  boot_id_before uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agent_instances (
  tenant_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  instance_id text NOT NULL,
  boot_id uuid NOT NULL,
  version text NOT NULL,
  sdk text NOT NULL,
  host text NOT NULL,
  first_seen_at timestamp with time zone NOT NULL,
  started_at timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL
) WITH (fillfactor=50)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agent_requests (
  tenant_id uuid NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  id uuid NOT NULL,
  agent_id uuid NOT NULL,
  requests smallint NOT NULL,
  status text NOT NULL,
  response_time_ms integer NOT NULL,
  input_tokens integer NOT NULL,
  output_tokens integer NOT NULL,
  cost_micros bigint NOT NULL,
  currency text NOT NULL,
  model text NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  received_at timestamp with time zone NOT NULL
) PARTITION BY RANGE (occurred_at)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agent_standings (
  tenant_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  paused_at timestamp with time zone,
  paused_by uuid,
  pause_reason text DEFAULT ''::text NOT NULL,
  offline_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agent_versions (
  agent_id uuid NOT NULL,
  version text NOT NULL,
  definition jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.agents (
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  segment text NOT NULL,
  category text NOT NULL,
  version text DEFAULT '1.0.0'::text NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  config jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  number integer,
  tags text[] DEFAULT '{}'::text[] NOT NULL,
  source text DEFAULT 'file'::text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.api_key_lookup (
  key_hash bytea NOT NULL,
  tenant_id uuid NOT NULL,
  key_id uuid NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.api_keys (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  scopes text[] NOT NULL,
  created_by uuid,
  created_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.approval_decisions (
  tenant_id uuid NOT NULL,
  request_id uuid NOT NULL,
  approver_id uuid NOT NULL,
  requested_by uuid NOT NULL,
  decision text NOT NULL,
  comment text DEFAULT ''::text NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.approval_notices (
  tenant_id uuid NOT NULL,
  request_id uuid NOT NULL,
  status text NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.approval_requests (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  requested_by uuid NOT NULL,
  action_type text NOT NULL,
  resource_type text NOT NULL,
  resource_id text NOT NULL,
  action_details jsonb DEFAULT '{}'::jsonb NOT NULL,
  required_approvals integer DEFAULT 1 NOT NULL,
  status text DEFAULT 'pending'::text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone,
  audience text DEFAULT 'staff'::text NOT NULL,
  permission text,
  page text DEFAULT '/app'::text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.audit_heads (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  signed_at timestamp with time zone NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.audit_logs (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid,
  actor_role text,
  session_id uuid,
  action text NOT NULL,
  category text NOT NULL,
  resource_type text DEFAULT ''::text NOT NULL,
  resource_id text DEFAULT ''::text NOT NULL,
  result text NOT NULL,
  trace_id text
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.audit_personal (
  tenant_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  actor_salt bytea,
  actor_email text DEFAULT ''::text NOT NULL,
  actor_name text DEFAULT ''::text NOT NULL,
  ip inet,
  user_agent text DEFAULT ''::text NOT NULL,
  actor_erased_by uuid,
  content_salt bytea,
  details jsonb DEFAULT '{}'::jsonb NOT NULL,
  before jsonb,
  after jsonb,
  content_erased_by uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.audit_seals (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  entry_id uuid NOT NULL,
  actor_digest bytea NOT NULL,
  content_digest bytea NOT NULL,
  hash bytea NOT NULL,
  sealed_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.audit_unsealed (
  tenant_id uuid NOT NULL,
  entry_id uuid NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.charges (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  provider text NOT NULL,
  provider_ref text,
  status text DEFAULT 'pending'::text NOT NULL,
  amount_cents bigint NOT NULL,
  refunded_cents bigint DEFAULT 0 NOT NULL,
  currency text NOT NULL,
  checkout_url text,
  pix_code text,
  expires_at timestamp with time zone,
  reason text DEFAULT ''::text NOT NULL,
  credited_cents bigint DEFAULT 0 NOT NULL,
  claimed_until timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.credits (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  amount_cents bigint NOT NULL,
  currency text NOT NULL,
  reason text NOT NULL,
  invoice_id uuid,
  actor_id uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.email_tokens (
  token_hash bytea NOT NULL,
  purpose text NOT NULL,
  user_id uuid,
  tenant_id uuid,
  invitation_id uuid,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.event_keys (
  tenant_id uuid NOT NULL,
  key uuid NOT NULL,
  seen_on date NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.failed_jobs (
  tenant_id uuid NOT NULL,
  job_id bigint NOT NULL,
  name text NOT NULL,
  error text NOT NULL,
  failed_at timestamp with time zone NOT NULL,
  requeued_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.fleet_watches (
  tenant_id uuid NOT NULL,
  watched_at timestamp with time zone NOT NULL,
  quiet_until timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.incident_events (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  incident_id uuid NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  kind text NOT NULL,
  public boolean NOT NULL,
  actor_id uuid,
  body text DEFAULT ''::text NOT NULL,
  details jsonb DEFAULT '{}'::jsonb NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.incident_tenants (
  tenant_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  affected_tenant_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.incidents (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  severity text NOT NULL,
  title text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  source text NOT NULL,
  dedupe_key text NOT NULL,
  details jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  resolved_at timestamp with time zone,
  rule text DEFAULT ''::text NOT NULL,
  params jsonb,
  visibility text DEFAULT 'tenant'::text NOT NULL,
  acknowledged_at timestamp with time zone,
  told_at timestamp with time zone,
  told_over_at timestamp with time zone,
  parent_id uuid,
  staff_told_at timestamp with time zone,
  escalated_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.integration_authorizations (
  tenant_id uuid NOT NULL,
  state_hash bytea NOT NULL,
  session_id uuid NOT NULL,
  provider text NOT NULL,
  name text,
  integration_id uuid,
  config jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.invitations (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  email text NOT NULL,
  role text NOT NULL,
  invited_by uuid,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  accepted_at timestamp with time zone,
  revoked_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.invoice_lines (
  tenant_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  "position" smallint NOT NULL,
  kind text NOT NULL,
  description text NOT NULL,
  quantity bigint NOT NULL,
  amount_cents bigint NOT NULL,
  currency text NOT NULL,
  usage_period_id uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.invoices (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL,
  subscription_id uuid NOT NULL,
  kind text NOT NULL,
  status text DEFAULT 'open'::text NOT NULL,
  currency text NOT NULL,
  subtotal_cents bigint NOT NULL,
  tax_cents bigint NOT NULL,
  credit_cents bigint NOT NULL,
  total_cents bigint NOT NULL,
  refunded_cents bigint DEFAULT 0 NOT NULL,
  customer_name text NOT NULL,
  customer_cnpj text NOT NULL,
  issued_at timestamp with time zone NOT NULL,
  due_on date NOT NULL,
  paid_at timestamp with time zone,
  voided_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.job_log (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  job_id bigint NOT NULL,
  status alquimista_platform.job_status NOT NULL,
  priority integer NOT NULL,
  entrypoint text NOT NULL,
  traceback jsonb,
  aggregated boolean DEFAULT false
)
-- row security: none;

CREATE TABLE alquimista_platform.job_queue (
  id bigint DEFAULT nextval('alquimista_platform.job_queue_id_seq'::regclass) NOT NULL,
  priority integer NOT NULL,
  queue_manager_id uuid,
  created timestamp with time zone DEFAULT now() NOT NULL,
  updated timestamp with time zone DEFAULT now() NOT NULL,
  heartbeat timestamp with time zone DEFAULT now() NOT NULL,
  execute_after timestamp with time zone DEFAULT now() NOT NULL,
  status alquimista_platform.job_status NOT NULL,
  entrypoint text NOT NULL,
  dedupe_key text,
  payload bytea,
  headers jsonb,
  attempts integer DEFAULT 0 NOT NULL,
  slot bigint
) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_analyze_threshold=500, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000, fillfactor=70)
-- row security: none;

CREATE TABLE alquimista_platform.job_schedules (
  id bigint DEFAULT nextval('alquimista_platform.job_schedules_id_seq'::regclass) NOT NULL,
  expression text NOT NULL,
  entrypoint text NOT NULL,
  heartbeat timestamp with time zone DEFAULT now() NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  updated timestamp with time zone DEFAULT now() NOT NULL,
  next_run timestamp with time zone DEFAULT now() NOT NULL,
  last_run timestamp with time zone,
  status alquimista_platform.job_status DEFAULT 'queued'::alquimista_platform.job_status,
  succeeded_at timestamp with time zone DEFAULT now() NOT NULL
)
-- row security: none;

CREATE TABLE alquimista_platform.job_statistics (
  id bigint DEFAULT nextval('alquimista_platform.job_statistics_id_seq'::regclass) NOT NULL,
  created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
  count bigint NOT NULL,
  priority integer NOT NULL,
  status alquimista_platform.job_status NOT NULL,
  entrypoint text NOT NULL
)
-- row security: none;

CREATE TABLE alquimista_platform.mails (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  recipient text NOT NULL,
  subject text NOT NULL,
  body_text text NOT NULL,
  body_html text DEFAULT ''::text NOT NULL,
  status text DEFAULT 'queued'::text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  last_error text,
  created_at timestamp with time zone NOT NULL,
  sent_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.notification_digests (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  day date NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.notification_preferences (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  category text NOT NULL,
  in_app boolean NOT NULL,
  mail text NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.notifications (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  type text NOT NULL,
  title text NOT NULL,
  message text DEFAULT ''::text NOT NULL,
  data jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  read_at timestamp with time zone,
  category text DEFAULT 'account'::text NOT NULL,
  in_app boolean DEFAULT true NOT NULL,
  digest boolean DEFAULT false NOT NULL,
  digested_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.operational_commands (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  command_type text NOT NULL,
  parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
  status text DEFAULT 'PENDING'::text NOT NULL,
  idempotency_key text,
  approval_id uuid,
  created_by uuid,
  tries smallint NOT NULL,
  attempts smallint DEFAULT 0 NOT NULL,
  lease_id uuid,
  worker text,
  due_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  cancel_requested_by uuid,
  progress_done integer DEFAULT 0 NOT NULL,
  progress_total integer,
  progress_text text DEFAULT ''::text NOT NULL,
  output jsonb,
  error_message text,
  created_at timestamp with time zone NOT NULL,
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL,
  error_text jsonb
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.permission_grants (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  permission text NOT NULL,
  resource_type text,
  resource_id text,
  days integer[],
  from_minute integer,
  until_minute integer,
  expires_at timestamp with time zone,
  granted_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  revoked_by uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.rate_limit_windows (
  key text NOT NULL,
  window_start timestamp with time zone NOT NULL,
  count integer NOT NULL
)
-- row security: none;

CREATE TABLE alquimista_platform.refresh_tokens (
  token_hash bytea NOT NULL,
  session_id uuid NOT NULL,
  issued_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  rotated_at timestamp with time zone,
  successor_hash bytea
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.saved_views (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  query text NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.sessions (
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  tenant_id uuid,
  kind text NOT NULL,
  ip inet,
  user_agent text DEFAULT ''::text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  last_seen_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  revoke_reason text,
  issuer text
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.signing_keys (
  kid text NOT NULL,
  public_jwk jsonb NOT NULL,
  private_ciphertext bytea NOT NULL,
  key_id text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  active_from timestamp with time zone NOT NULL,
  retired_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.subscription_changes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  sequence integer NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  kind text NOT NULL,
  reason text NOT NULL,
  mrr_before_cents bigint NOT NULL,
  mrr_after_cents bigint NOT NULL,
  currency text NOT NULL,
  plan_before text NOT NULL,
  plan_after text NOT NULL,
  segment text NOT NULL,
  actor_id uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_agents (
  tenant_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  config jsonb DEFAULT '{}'::jsonb NOT NULL,
  activated_at timestamp with time zone NOT NULL,
  deactivated_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL,
  subnucleo_id uuid,
  switched_off boolean DEFAULT false NOT NULL,
  config_version integer DEFAULT 1 NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_integrations (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  name text NOT NULL,
  status text DEFAULT 'pending'::text NOT NULL,
  config jsonb DEFAULT '{}'::jsonb NOT NULL,
  credentials_ciphertext bytea,
  credentials_key_id text,
  last_sync_at timestamp with time zone,
  last_error text,
  sync_count bigint DEFAULT 0 NOT NULL,
  error_count bigint DEFAULT 0 NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  provider text NOT NULL,
  generation bigint DEFAULT 0 NOT NULL,
  failures integer DEFAULT 0 NOT NULL,
  checked_at timestamp with time zone,
  next_check_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_offboardings (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  reason text NOT NULL,
  requested_by uuid,
  standing_before text NOT NULL,
  requested_at timestamp with time zone NOT NULL,
  delete_after timestamp with time zone NOT NULL,
  cancelled_at timestamp with time zone,
  deleting_at timestamp with time zone,
  deleted_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_onboarding (
  tenant_id uuid NOT NULL,
  industry text DEFAULT ''::text NOT NULL,
  size text DEFAULT ''::text NOT NULL,
  goals text[] DEFAULT '{}'::text[] NOT NULL,
  agents text[] DEFAULT '{}'::text[] NOT NULL,
  finished_at timestamp with time zone,
  dismissed_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_usage_daily (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  agent_id uuid NOT NULL,
  currency text NOT NULL,
  requests bigint NOT NULL,
  failures bigint NOT NULL,
  response_ms bigint NOT NULL,
  input_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_micros bigint NOT NULL,
  histogram numeric NOT NULL
) WITH (fillfactor=80)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_users (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  invited_by uuid,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenant_views (
  session_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  reason text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tenants (
  id uuid NOT NULL,
  name text NOT NULL,
  legal_name text,
  cnpj text,
  segment text NOT NULL,
  plan text NOT NULL,
  standing text DEFAULT 'active'::text NOT NULL,
  blocked_at timestamp with time zone,
  blocked_reason text,
  status text GENERATED ALWAYS AS (
CASE
    WHEN ((blocked_at IS NOT NULL) AND (standing = 'active'::text)) THEN 'suspended'::text
    ELSE standing
END) STORED NOT NULL,
  time_zone text DEFAULT 'America/Sao_Paulo'::text NOT NULL,
  locale text DEFAULT 'pt-BR'::text NOT NULL,
  currency text DEFAULT 'BRL'::text NOT NULL,
  mrr_cents bigint DEFAULT 0 NOT NULL,
  plan_max_agents integer NOT NULL,
  plan_max_users integer NOT NULL,
  plan_max_requests_per_month bigint NOT NULL,
  own_max_agents integer,
  own_max_users integer,
  own_max_requests_per_month bigint,
  max_agents integer GENERATED ALWAYS AS (COALESCE(own_max_agents, plan_max_agents)) STORED NOT NULL,
  max_users integer GENERATED ALWAYS AS (COALESCE(own_max_users, plan_max_users)) STORED NOT NULL,
  max_requests_per_month bigint GENERATED ALWAYS AS (COALESCE(own_max_requests_per_month, plan_max_requests_per_month)) STORED NOT NULL,
  raw_days integer,
  raw_from date,
  demo boolean DEFAULT false NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  search_name text GENERATED ALWAYS AS (alquimista_platform.search_text(name)) STORED NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.ticket_messages (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  ticket_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  author_kind text NOT NULL,
  author_id uuid,
  internal boolean DEFAULT false NOT NULL,
  body text NOT NULL,
  incident_id uuid
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.tickets (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL,
  subject text NOT NULL,
  severity text NOT NULL,
  status text NOT NULL,
  opened_by uuid NOT NULL,
  assigned_to uuid,
  incident_id uuid,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_closed_days (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  closed_at timestamp with time zone NOT NULL,
  requests bigint NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_deltas (
  tenant_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  hour timestamp with time zone NOT NULL,
  agent_id uuid NOT NULL,
  currency text NOT NULL,
  requests bigint NOT NULL,
  failures bigint NOT NULL,
  response_ms bigint NOT NULL,
  input_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_micros bigint NOT NULL,
  histogram numeric NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_hourly (
  tenant_id uuid NOT NULL,
  hour timestamp with time zone NOT NULL,
  agent_id uuid NOT NULL,
  currency text NOT NULL,
  requests bigint NOT NULL,
  failures bigint NOT NULL,
  response_ms bigint NOT NULL,
  input_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_micros bigint NOT NULL,
  histogram numeric NOT NULL
) WITH (fillfactor=80)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_periods (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  from_on date NOT NULL,
  until_on date NOT NULL,
  status text DEFAULT 'open'::text NOT NULL,
  requests bigint DEFAULT 0 NOT NULL,
  overage_cents bigint DEFAULT 0 NOT NULL,
  currency text NOT NULL,
  noticed_percent smallint DEFAULT 0 NOT NULL,
  stopped_at timestamp with time zone,
  raw_requests bigint,
  rollup_requests bigint,
  late_requests bigint,
  reconciled_at timestamp with time zone,
  billed_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_spans (
  tenant_id uuid NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  parent_span_id text NOT NULL,
  kind text NOT NULL,
  agent_id uuid,
  counted boolean NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  status text NOT NULL,
  response_time_ms integer NOT NULL,
  input_tokens integer NOT NULL,
  output_tokens integer NOT NULL,
  cost_micros bigint NOT NULL,
  currency text NOT NULL,
  model text NOT NULL,
  seen_on date NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_versions (
  tenant_id uuid NOT NULL,
  version bigint NOT NULL
) WITH (fillfactor=50)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.usage_zone_changes (
  tenant_id uuid NOT NULL,
  until timestamp with time zone NOT NULL,
  time_zone text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.user_credentials (
  user_id uuid NOT NULL,
  password_hash text,
  password_changed_at timestamp with time zone,
  totp_ciphertext bytea,
  totp_key_id text,
  totp_confirmed_at timestamp with time zone,
  totp_last_step bigint,
  recovery_hashes bytea[] DEFAULT '{}'::bytea[] NOT NULL,
  failed_count integer DEFAULT 0 NOT NULL,
  locked_until timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.user_identities (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.users (
  id uuid NOT NULL,
  email text NOT NULL,
  full_name text NOT NULL,
  locale text,
  status text DEFAULT 'active'::text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  last_login_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.webhook_attempts (
  tenant_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number integer NOT NULL,
  started_at timestamp with time zone NOT NULL,
  duration_ms integer NOT NULL,
  status_code smallint,
  failure text,
  response text DEFAULT ''::text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.webhook_deliveries (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  payload jsonb NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  state text DEFAULT 'pending'::text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  step smallint DEFAULT 0 NOT NULL,
  next_attempt_at timestamp with time zone,
  sending_until timestamp with time zone,
  last_status smallint,
  last_failure text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  delivered_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.webhook_endpoints (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  url text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  event_types text[] NOT NULL,
  status text DEFAULT 'enabled'::text NOT NULL,
  disabled_reason text,
  failing_since timestamp with time zone,
  secret_key_id text NOT NULL,
  secret_ciphertext bytea NOT NULL,
  previous_key_id text,
  previous_ciphertext bytea,
  previous_until timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE alquimista_platform.workers (
  id uuid NOT NULL,
  started_at timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL
)
-- row security: none;

CREATE TABLE fibonacci_core.event_deliveries (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL,
  consumer text NOT NULL,
  state text DEFAULT 'pending'::text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  step smallint DEFAULT 0 NOT NULL,
  next_attempt_at timestamp with time zone,
  last_error text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  delivered_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE fibonacci_core.events (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  event_id text NOT NULL,
  trace_id text,
  source text NOT NULL,
  event_type text NOT NULL,
  detail jsonb DEFAULT '{}'::jsonb NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
  status text DEFAULT 'published'::text NOT NULL,
  retry_count integer DEFAULT 0 NOT NULL,
  error_message text,
  created_at timestamp with time zone NOT NULL,
  processed_at timestamp with time zone,
  span_id text,
  causation_id uuid,
  hops smallint DEFAULT 0 NOT NULL,
  produced_by text
)
-- row security: enabled, forced;

CREATE TABLE fibonacci_core.metrics (
  tenant_id uuid NOT NULL,
  metric_name text NOT NULL,
  period_start timestamp with time zone NOT NULL,
  period_end timestamp with time zone NOT NULL,
  aggregation_type text NOT NULL,
  dimensions jsonb DEFAULT '{}'::jsonb NOT NULL,
  value double precision NOT NULL,
  unit text DEFAULT ''::text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE fibonacci_core.traces (
  tenant_id uuid NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  parent_span_id text,
  agent_id uuid,
  lead_id uuid,
  span_name text NOT NULL,
  span_type text DEFAULT 'internal'::text NOT NULL,
  service_name text DEFAULT ''::text NOT NULL,
  status text DEFAULT 'in_progress'::text NOT NULL,
  start_time timestamp with time zone NOT NULL,
  end_time timestamp with time zone,
  duration_ms double precision GENERATED ALWAYS AS (((EXTRACT(epoch FROM (end_time - start_time)))::double precision * (1000)::double precision)) STORED,
  annotations jsonb DEFAULT '[]'::jsonb NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
  error_message text,
  received_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.agendamentos (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lead_id uuid NOT NULL,
  data_hora timestamp with time zone NOT NULL,
  duracao integer DEFAULT 60 NOT NULL,
  status text DEFAULT 'proposto'::text NOT NULL,
  calendar_event_id text,
  briefing text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.blocklist (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lead_id uuid,
  telefone text,
  email text,
  reason text NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.campanhas (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  nome text NOT NULL,
  segmento text,
  canal text NOT NULL,
  mensagens jsonb DEFAULT '[]'::jsonb NOT NULL,
  status text DEFAULT 'rascunho'::text NOT NULL,
  metricas jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.form_submissions (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lead_id uuid NOT NULL,
  form_type text NOT NULL,
  source text,
  message text,
  utm_source text,
  utm_medium text,
  utm_campaign text,
  referer text,
  ip inet,
  user_agent text,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.interacoes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lead_id uuid NOT NULL,
  tipo text NOT NULL,
  canal text NOT NULL,
  mensagem text,
  sentimento text,
  intensidade integer,
  trace_id text,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.leads (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  empresa text,
  cnpj text,
  setor text,
  porte text,
  atividade_principal text,
  contato text,
  telefone text,
  email text,
  status text DEFAULT 'novo'::text NOT NULL,
  priority_score integer DEFAULT 0 NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  erased_at timestamp with time zone,
  consent_given boolean DEFAULT false NOT NULL,
  consent_date timestamp with time zone,
  consent_source text,
  consent_ip_address inet
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.metricas_diarias (
  tenant_id uuid NOT NULL,
  data date NOT NULL,
  metricas jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.rate_limits (
  tenant_id uuid NOT NULL,
  ip inet NOT NULL,
  window_start timestamp with time zone NOT NULL,
  window_end timestamp with time zone GENERATED ALWAYS AS ((((window_start AT TIME ZONE 'UTC'::text) + '01:00:00'::interval) AT TIME ZONE 'UTC'::text)) STORED NOT NULL,
  submission_count integer DEFAULT 0 NOT NULL,
  blocked_until timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE nigredo_leads.webhook_logs (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lead_id uuid NOT NULL,
  webhook_url text NOT NULL,
  attempt integer NOT NULL,
  payload jsonb DEFAULT '{}'::jsonb NOT NULL,
  status_code integer,
  success boolean NOT NULL,
  error text,
  sent_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.commercial_requests (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  company_name text NOT NULL,
  cnpj text,
  contact_name text NOT NULL,
  email text NOT NULL,
  whatsapp text NOT NULL,
  selected_agents uuid[] DEFAULT '{}'::uuid[] NOT NULL,
  selected_subnucleos uuid[] DEFAULT '{}'::uuid[] NOT NULL,
  message text DEFAULT ''::text NOT NULL,
  status text DEFAULT 'pending'::text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.dry_run_log (
  tenant_id uuid NOT NULL,
  log_id uuid NOT NULL,
  lead_id uuid,
  lead_nome text,
  lead_telefone text,
  lead_email text,
  lead_documento text,
  canal_decidido text NOT NULL,
  motivo_decisao text NOT NULL,
  template_selecionado text,
  disparo_seria_executado boolean DEFAULT true NOT NULL,
  razao_bloqueio text,
  ambiente text DEFAULT 'dev'::text NOT NULL,
  feature_flag_enabled boolean DEFAULT false NOT NULL,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.payment_events (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  provider text NOT NULL,
  provider_event_id text NOT NULL,
  event_type text NOT NULL,
  amount_cents bigint,
  currency text,
  status text DEFAULT 'received'::text NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
  error text,
  occurred_at timestamp with time zone NOT NULL,
  received_at timestamp with time zone NOT NULL,
  processed_at timestamp with time zone,
  raw text DEFAULT ''::text NOT NULL,
  charge_id uuid
)
-- row security: enabled, forced;

CREATE TABLE public.subnucleo_agents (
  subnucleo_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  is_required boolean DEFAULT false NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.subnucleos (
  id uuid NOT NULL,
  name text NOT NULL,
  display_name text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  category text NOT NULL,
  sort_order integer DEFAULT 0 NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  source text DEFAULT 'file'::text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.subscription_addons (
  id uuid NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  kind text NOT NULL,
  display_name text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  currency text DEFAULT 'BRL'::text NOT NULL,
  price_monthly_cents bigint NOT NULL,
  price_yearly_cents bigint NOT NULL,
  source text DEFAULT 'file'::text NOT NULL,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone,
  created_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.subscription_plans (
  id uuid NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  display_name text NOT NULL,
  description text DEFAULT ''::text NOT NULL,
  currency text DEFAULT 'BRL'::text NOT NULL,
  price_monthly_cents bigint NOT NULL,
  price_yearly_cents bigint NOT NULL,
  max_subnucleos integer NOT NULL,
  max_agents integer NOT NULL,
  max_users integer NOT NULL,
  max_requests_per_month bigint NOT NULL,
  includes_fibonacci boolean DEFAULT false NOT NULL,
  features jsonb DEFAULT '[]'::jsonb NOT NULL,
  sort_order integer DEFAULT 0 NOT NULL,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  overage_tiers jsonb DEFAULT '[]'::jsonb NOT NULL,
  source text DEFAULT 'file'::text NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.subscriptions (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  status text DEFAULT 'pending'::text NOT NULL,
  billing_cycle text DEFAULT 'monthly'::text NOT NULL,
  provider text,
  provider_customer_id text,
  provider_subscription_id text,
  selected_agents uuid[] DEFAULT '{}'::uuid[] NOT NULL,
  selected_subnucleos uuid[] DEFAULT '{}'::uuid[] NOT NULL,
  total_cents bigint NOT NULL,
  currency text DEFAULT 'BRL'::text NOT NULL,
  current_period_start timestamp with time zone,
  current_period_end timestamp with time zone,
  cancel_at_period_end boolean DEFAULT false NOT NULL,
  canceled_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  plan_id uuid,
  addon_id uuid,
  addon_count integer DEFAULT 0 NOT NULL,
  anchor_on date,
  cycles integer DEFAULT 0 NOT NULL,
  trial_ends_at timestamp with time zone,
  next_terms jsonb,
  pending_terms jsonb,
  pending_invoice_id uuid,
  dunning_step smallint DEFAULT 0 NOT NULL,
  mrr_cents bigint DEFAULT 0 NOT NULL,
  provider_method_id text,
  due_at timestamp with time zone
)
-- row security: enabled, forced;

CREATE TABLE public.tenant_subnucleos (
  tenant_id uuid NOT NULL,
  subnucleo_id uuid NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  activated_at timestamp with time zone NOT NULL,
  deactivated_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE TABLE public.trials (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  target_type text NOT NULL,
  target_id uuid NOT NULL,
  agent_id uuid GENERATED ALWAYS AS (
CASE target_type
    WHEN 'agent'::text THEN target_id
    ELSE NULL::uuid
END) STORED,
  subnucleo_id uuid GENERATED ALWAYS AS (
CASE target_type
    WHEN 'subnucleo'::text THEN target_id
    ELSE NULL::uuid
END) STORED,
  started_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  usage_count integer DEFAULT 0 NOT NULL,
  max_usage integer DEFAULT 5 NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  updated_at timestamp with time zone NOT NULL
)
-- row security: enabled, forced;

CREATE VIEW alquimista_platform.agent_activations WITH (security_invoker=true) AS
 SELECT tenant_id,
    agent_id,
    status,
    config AS tenant_config,
    activated_at,
    deactivated_at
   FROM alquimista_platform.tenant_agents a;

CREATE VIEW alquimista_platform.operational_events WITH (security_invoker=true) AS
 SELECT a.id,
    a.action AS event_type,
        CASE a.category
            WHEN 'user'::text THEN 'auth'::text
            WHEN 'usage'::text THEN 'tenant'::text
            ELSE a.category
        END AS event_category,
    a.tenant_id,
    a.actor_id AS user_id,
    p.actor_email AS user_email,
    a.resource_type,
    a.resource_id,
    "substring"(a.action, '[^.]*$'::text) AS action,
    a.result AS status,
    p.details,
    p.ip,
    p.user_agent,
    a.occurred_at AS created_at,
        CASE a.result
            WHEN 'failure'::text THEN 'warning'::text
            ELSE 'info'::text
        END AS severity,
    NULL::timestamp with time zone AS resolved_at
   FROM (alquimista_platform.audit_logs a
     LEFT JOIN alquimista_platform.audit_personal p ON (((p.tenant_id = a.tenant_id) AND (p.entry_id = a.id))))
UNION ALL
 SELECT incidents.id,
    'incident.opened'::text AS event_type,
    'system'::text AS event_category,
    incidents.tenant_id,
    NULL::uuid AS user_id,
    ''::text AS user_email,
    incidents.source AS resource_type,
    incidents.dedupe_key AS resource_id,
    'opened'::text AS action,
        CASE
            WHEN (incidents.resolved_at IS NULL) THEN 'pending'::text
            ELSE 'success'::text
        END AS status,
    (incidents.details || jsonb_build_object('title', incidents.title)) AS details,
    NULL::inet AS ip,
    ''::text AS user_agent,
    incidents.created_at,
    incidents.severity,
    incidents.resolved_at
   FROM alquimista_platform.incidents
  WHERE ((incidents.visibility = 'tenant'::text) OR (alquimista_platform.current_tenant() IS NULL));

CREATE VIEW public.tenant_agents WITH (security_invoker=true) AS
 SELECT tenant_id,
    agent_id,
    subnucleo_id,
    (status = 'active'::text) AS is_active,
    activated_at,
    deactivated_at
   FROM alquimista_platform.tenant_agents a;

CREATE VIEW public.tenant_subscriptions WITH (security_invoker=true) AS
 SELECT tenant_id,
    id,
    plan_id,
    billing_cycle,
    status,
    total_cents AS amount_cents,
    currency,
    current_period_start,
    current_period_end,
    created_at,
    updated_at
   FROM public.subscriptions s
  WHERE (status <> 'canceled'::text);

CREATE VIEW public.v_tenant_subscription_summary WITH (security_invoker=true) AS
 SELECT t.id AS tenant_id,
    t.name AS company_name,
    t.cnpj,
    s.id AS subscription_id,
    s.status,
    s.billing_cycle,
    p.name AS plan_name,
    p.display_name AS plan_display_name,
    s.total_cents,
    s.currency,
    s.current_period_end,
    ( SELECT count(*) AS count
           FROM alquimista_platform.tenant_agents a
          WHERE ((a.tenant_id = t.id) AND (a.status = 'active'::text))) AS active_agents,
    ( SELECT count(*) AS count
           FROM public.tenant_subnucleos n
          WHERE ((n.tenant_id = t.id) AND (n.status = 'active'::text))) AS active_subnucleos
   FROM ((alquimista_platform.tenants t
     JOIN public.subscriptions s ON (((s.tenant_id = t.id) AND (s.status <> 'canceled'::text))))
     LEFT JOIN public.subscription_plans p ON ((p.id = s.plan_id)));

ALTER TABLE alquimista_platform.agent_boots ADD CONSTRAINT agent_boots_instance_id_check CHECK (((length(instance_id) >= 1) AND (length(instance_id) <= 64)));

ALTER TABLE alquimista_platform.agent_boots ADD CONSTRAINT agent_boots_version_check CHECK (((length(version) >= 1) AND (length(version) <= 64)));

ALTER TABLE alquimista_platform.agent_boots ADD CONSTRAINT agent_boots_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.agent_boots ADD CONSTRAINT agent_boots_pkey PRIMARY KEY (tenant_id, agent_id, instance_id, boot_id);

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_acknowledged CHECK (((acknowledged_at IS NULL) = (outcome IS NULL)));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_detail_check CHECK ((length(detail) <= 500));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_expires CHECK ((expires_at > created_at));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_instance_id_check CHECK (((length(instance_id) >= 1) AND (length(instance_id) <= 64)));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_kind_check CHECK ((kind = ANY (ARRAY['restart'::text, 'pause'::text, 'resume'::text, 'configuration_changed'::text])));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text])));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_reason_check CHECK ((length(reason) <= 200));

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.agent_controls ADD CONSTRAINT agent_controls_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_host_check CHECK ((length(host) <= 100));

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_instance_id_check CHECK ((instance_id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$'::text));

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_sdk_check CHECK ((length(sdk) <= 64));

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_version_check CHECK (((length(version) >= 1) AND (length(version) <= 64)));

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.agent_instances ADD CONSTRAINT agent_instances_pkey PRIMARY KEY (tenant_id, agent_id, instance_id);

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_cost_micros_check CHECK ((cost_micros >= 0));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_event_id_check CHECK ((length(event_id) <= 256));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_input_tokens_check CHECK ((input_tokens >= 0));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_model_check CHECK ((length(model) <= 200));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_output_tokens_check CHECK ((output_tokens >= 0));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_requests_check CHECK (((requests >= '-1'::integer) AND (requests <= 1)));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_response_time_ms_check CHECK ((response_time_ms >= 0));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_source_check CHECK ((length(source) <= 1024));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_span_id_check CHECK ((length(span_id) <= 16));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_status_check CHECK ((status = ANY (ARRAY['success'::text, 'error'::text])));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_trace_id_check CHECK ((length(trace_id) <= 64));

ALTER TABLE alquimista_platform.agent_requests ADD CONSTRAINT agent_requests_pkey PRIMARY KEY (tenant_id, occurred_at, id);

ALTER TABLE alquimista_platform.agent_standings ADD CONSTRAINT agent_standings_pause_reason_check CHECK ((length(pause_reason) <= 200));

ALTER TABLE alquimista_platform.agent_standings ADD CONSTRAINT agent_standings_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.agent_standings ADD CONSTRAINT agent_standings_pkey PRIMARY KEY (tenant_id, agent_id);

ALTER TABLE alquimista_platform.agent_versions ADD CONSTRAINT agent_versions_definition_check CHECK (alquimista_platform.is_object(definition, 65536));

ALTER TABLE alquimista_platform.agent_versions ADD CONSTRAINT agent_versions_version_check CHECK ((version ~ '^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}$'::text));

ALTER TABLE alquimista_platform.agent_versions ADD CONSTRAINT agent_versions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES alquimista_platform.agents(id);

ALTER TABLE alquimista_platform.agent_versions ADD CONSTRAINT agent_versions_created_by_fkey FOREIGN KEY (created_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.agent_versions ADD CONSTRAINT agent_versions_pkey PRIMARY KEY (agent_id, version);

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_category_check CHECK (((length(category) >= 1) AND (length(category) <= 100)));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_config_check CHECK (alquimista_platform.is_object(config, 65536));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_description_check CHECK ((length(description) <= 2000));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_number_check CHECK (((number >= 1) AND (number <= 9999)));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_segment_check CHECK (((length(segment) >= 1) AND (length(segment) <= 100)));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'::text));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_source_check CHECK ((source = ANY (ARRAY['file'::text, 'staff'::text])));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'deprecated'::text])));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_tags_check CHECK ((cardinality(tags) <= 10));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_version_check CHECK (((length(version) >= 1) AND (length(version) <= 50)));

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.agents ADD CONSTRAINT agents_slug_key UNIQUE (slug);

ALTER TABLE alquimista_platform.api_key_lookup ADD CONSTRAINT api_key_lookup_key_hash_check CHECK ((octet_length(key_hash) = 32));

ALTER TABLE alquimista_platform.api_key_lookup ADD CONSTRAINT api_key_lookup_tenant_id_key_id_fkey FOREIGN KEY (tenant_id, key_id) REFERENCES alquimista_platform.api_keys(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.api_key_lookup ADD CONSTRAINT api_key_lookup_pkey PRIMARY KEY (key_hash);

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_prefix_check CHECK (((length(prefix) >= 4) AND (length(prefix) <= 32)));

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['ingest'::text, 'read'::text, 'agent'::text, 'events'::text])));

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.api_keys ADD CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_comment_check CHECK ((length(comment) <= 2000));

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_decision_check CHECK ((decision = ANY (ARRAY['approve'::text, 'reject'::text])));

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_four_eyes CHECK ((approver_id <> requested_by));

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_approver_id_fkey FOREIGN KEY (approver_id) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_tenant_id_request_id_requested_by_fkey FOREIGN KEY (tenant_id, request_id, requested_by) REFERENCES alquimista_platform.approval_requests(tenant_id, id, requested_by);

ALTER TABLE alquimista_platform.approval_decisions ADD CONSTRAINT approval_decisions_pkey PRIMARY KEY (tenant_id, request_id, approver_id);

ALTER TABLE alquimista_platform.approval_notices ADD CONSTRAINT approval_notices_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text, 'expired'::text, 'cancelled'::text])));

ALTER TABLE alquimista_platform.approval_notices ADD CONSTRAINT approval_notices_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.approval_notices ADD CONSTRAINT approval_notices_pkey PRIMARY KEY (tenant_id, request_id, status);

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_action_details_check CHECK (alquimista_platform.is_object(action_details, 65536));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_action_type_check CHECK (((length(action_type) >= 1) AND (length(action_type) <= 100)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_audience_check CHECK ((audience = ANY (ARRAY['staff'::text, 'tenant'::text])));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_closed CHECK (((status = 'pending'::text) = (closed_at IS NULL)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_decided_in_time CHECK (((status <> ALL (ARRAY['approved'::text, 'rejected'::text])) OR (closed_at <= expires_at)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_expired_in_time CHECK (((status <> 'expired'::text) OR (closed_at >= expires_at)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_expiry CHECK ((expires_at > created_at));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_page_check CHECK (((page ~ '^/[^[:cntrl:]]*$'::text) AND (length(page) <= 500)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_permission_check CHECK (((length(permission) >= 1) AND (length(permission) <= 100)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_required_approvals_check CHECK (((required_approvals >= 1) AND (required_approvals <= 2)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_resource_id_check CHECK (((length(resource_id) >= 1) AND (length(resource_id) <= 200)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_resource_type_check CHECK (((length(resource_type) >= 1) AND (length(resource_type) <= 100)));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text, 'expired'::text, 'cancelled'::text])));

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.approval_requests ADD CONSTRAINT approval_requests_tenant_id_id_requested_by_key UNIQUE (tenant_id, id, requested_by);

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_hash_check CHECK ((octet_length(hash) = 32));

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_key_id_check CHECK ((key_id ~ '^[0-9a-f]{16}$'::text));

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_seq_check CHECK ((seq > 0));

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_signature_check CHECK ((octet_length(signature) = 64));

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.audit_heads ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (tenant_id, seq);

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_action_check CHECK ((action ~ '^[a-z][a-z0-9_.:-]{0,99}$'::text));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['session'::text, 'token'::text, 'api_key'::text, 'system'::text, 'anonymous'::text])));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_actor_role_check CHECK ((actor_role = ANY (ARRAY['INTERNAL_ADMIN'::text, 'INTERNAL_SUPPORT'::text, 'TENANT_ADMIN'::text, 'TENANT_USER'::text])));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_category_check CHECK ((category = ANY (ARRAY['auth'::text, 'tenant'::text, 'agent'::text, 'integration'::text, 'command'::text, 'system'::text, 'user'::text, 'usage'::text])));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_resource_id_check CHECK ((length(resource_id) <= 200));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_resource_type_check CHECK ((length(resource_type) <= 100));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_result_check CHECK ((result = ANY (ARRAY['success'::text, 'failure'::text])));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_trace_id_check CHECK (((length(trace_id) >= 1) AND (length(trace_id) <= 64)));

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_actor_email_check CHECK ((length(actor_email) <= 254));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_actor_erased CHECK ((((actor_salt IS NULL) = (actor_erased_by IS NOT NULL)) AND ((actor_erased_by IS NULL) OR ((actor_email = ''::text) AND (actor_name = ''::text) AND (ip IS NULL) AND (user_agent = ''::text)))));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_actor_name_check CHECK ((length(actor_name) <= 200));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_actor_salt_check CHECK ((octet_length(actor_salt) = 16));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_after_check CHECK (alquimista_platform.is_object(after, 32768));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_before_check CHECK (alquimista_platform.is_object(before, 32768));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_content_erased CHECK ((((content_salt IS NULL) = (content_erased_by IS NOT NULL)) AND ((content_erased_by IS NULL) OR ((details = '{}'::jsonb) AND (before IS NULL) AND (after IS NULL)))));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_content_salt_check CHECK ((octet_length(content_salt) = 16));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_details_check CHECK (alquimista_platform.is_object(details, 32768));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_user_agent_check CHECK ((length(user_agent) <= 512));

ALTER TABLE alquimista_platform.audit_personal ADD CONSTRAINT audit_personal_pkey PRIMARY KEY (tenant_id, entry_id);

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_actor_digest_check CHECK ((octet_length(actor_digest) = 32));

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_content_digest_check CHECK ((octet_length(content_digest) = 32));

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_hash_check CHECK ((octet_length(hash) = 32));

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_seq_check CHECK ((seq > 0));

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES alquimista_platform.audit_logs(tenant_id, id);

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (tenant_id, seq);

ALTER TABLE alquimista_platform.audit_seals ADD CONSTRAINT audit_seals_tenant_id_entry_id_key UNIQUE (tenant_id, entry_id);

ALTER TABLE alquimista_platform.audit_unsealed ADD CONSTRAINT audit_unsealed_pkey PRIMARY KEY (tenant_id, entry_id);

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_amount_cents_check CHECK ((amount_cents > 0));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_checkout_url_check CHECK (((length(checkout_url) >= 1) AND (length(checkout_url) <= 2048)));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_credited_cents_check CHECK ((credited_cents >= 0));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_pix_code_check CHECK (((length(pix_code) >= 1) AND (length(pix_code) <= 512)));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_provider_ref_check CHECK (((length(provider_ref) >= 1) AND (length(provider_ref) <= 255)));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_reason_check CHECK ((length(reason) <= 500));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_refunded CHECK (((refunded_cents >= 0) AND (refunded_cents <= amount_cents)));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'failed'::text, 'expired'::text, 'paid'::text, 'refunded'::text])));

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_tenant_id_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES alquimista_platform.invoices(tenant_id, id);

ALTER TABLE alquimista_platform.charges ADD CONSTRAINT charges_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_amount_cents_check CHECK ((amount_cents <> 0));

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 300)));

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_tenant_id_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES alquimista_platform.invoices(tenant_id, id);

ALTER TABLE alquimista_platform.credits ADD CONSTRAINT credits_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['reset'::text, 'confirm'::text, 'invite'::text])));

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_subject CHECK (
CASE purpose
    WHEN 'invite'::text THEN ((tenant_id IS NOT NULL) AND (invitation_id IS NOT NULL))
    ELSE (user_id IS NOT NULL)
END);

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_token_hash_check CHECK ((octet_length(token_hash) = 32));

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_tenant_id_invitation_id_fkey FOREIGN KEY (tenant_id, invitation_id) REFERENCES alquimista_platform.invitations(tenant_id, id);

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.email_tokens ADD CONSTRAINT email_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE alquimista_platform.event_keys ADD CONSTRAINT event_keys_pkey PRIMARY KEY (tenant_id, key) INCLUDE (seen_on);

ALTER TABLE alquimista_platform.failed_jobs ADD CONSTRAINT failed_jobs_error_check CHECK ((length(error) <= 2000));

ALTER TABLE alquimista_platform.failed_jobs ADD CONSTRAINT failed_jobs_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));

ALTER TABLE alquimista_platform.failed_jobs ADD CONSTRAINT failed_jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.failed_jobs ADD CONSTRAINT failed_jobs_pkey PRIMARY KEY (tenant_id, job_id);

ALTER TABLE alquimista_platform.fleet_watches ADD CONSTRAINT fleet_watches_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.fleet_watches ADD CONSTRAINT fleet_watches_pkey PRIMARY KEY (tenant_id);

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_body_check CHECK ((length(body) <= 5000));

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_command CHECK (((kind <> 'command'::text) OR (NOT public)));

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_comment CHECK (((kind = 'comment'::text) = (body <> ''::text)));

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_details_check CHECK (alquimista_platform.is_object(details, 8192));

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_kind_check CHECK ((kind = ANY (ARRAY['opened'::text, 'severity_changed'::text, 'acknowledged'::text, 'comment'::text, 'command'::text, 'notified'::text, 'resolved'::text])));

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_tenant_id_incident_id_fkey FOREIGN KEY (tenant_id, incident_id) REFERENCES alquimista_platform.incidents(tenant_id, id);

ALTER TABLE alquimista_platform.incident_events ADD CONSTRAINT incident_events_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.incident_tenants ADD CONSTRAINT incident_tenants_affected_tenant_id_fkey FOREIGN KEY (affected_tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.incident_tenants ADD CONSTRAINT incident_tenants_tenant_id_incident_id_fkey FOREIGN KEY (tenant_id, incident_id) REFERENCES alquimista_platform.incidents(tenant_id, id);

ALTER TABLE alquimista_platform.incident_tenants ADD CONSTRAINT incident_tenants_pkey PRIMARY KEY (tenant_id, incident_id, affected_tenant_id);

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_dedupe_key_check CHECK (((length(dedupe_key) >= 1) AND (length(dedupe_key) <= 200)));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_description_check CHECK ((length(description) <= 5000));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_details_check CHECK (alquimista_platform.is_object(details, 32768));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_params_check CHECK (alquimista_platform.is_object(params, 8192));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_rule_check CHECK ((length(rule) <= 100));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text])));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_source_check CHECK (((length(source) >= 1) AND (length(source) <= 100)));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_visibility_check CHECK ((visibility = ANY (ARRAY['tenant'::text, 'internal'::text])));

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.incidents ADD CONSTRAINT incidents_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_config_check CHECK (alquimista_platform.is_object(config, 65536));

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{0,29}$'::text));

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_state_hash_check CHECK ((octet_length(state_hash) = 32));

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_target CHECK (((name IS NULL) <> (integration_id IS NULL)));

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_tenant_id_integration_id_fkey FOREIGN KEY (tenant_id, integration_id) REFERENCES alquimista_platform.tenant_integrations(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.integration_authorizations ADD CONSTRAINT integration_authorizations_pkey PRIMARY KEY (tenant_id, state_hash);

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_email_check CHECK (alquimista_platform.is_email(email));

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_one_end CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL)));

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['INTERNAL_ADMIN'::text, 'INTERNAL_SUPPORT'::text, 'TENANT_ADMIN'::text, 'TENANT_USER'::text])));

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_staff_role CHECK (((role ~~ 'INTERNAL%'::text) = (tenant_id = alquimista_platform.platform_tenant())));

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.invitations ADD CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_description_check CHECK (((length(description) >= 1) AND (length(description) <= 300)));

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_kind_check CHECK ((kind = ANY (ARRAY['plan'::text, 'addon'::text, 'proration'::text, 'usage'::text, 'adjustment'::text, 'carried'::text, 'tax'::text, 'credit'::text])));

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_position_check CHECK (("position" > 0));

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_tenant_id_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES alquimista_platform.invoices(tenant_id, id);

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_tenant_id_usage_period_id_fkey FOREIGN KEY (tenant_id, usage_period_id) REFERENCES alquimista_platform.usage_periods(tenant_id, id);

ALTER TABLE alquimista_platform.invoice_lines ADD CONSTRAINT invoice_lines_pkey PRIMARY KEY (tenant_id, invoice_id, "position");

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_credit_cents_check CHECK ((credit_cents >= 0));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_customer_cnpj_check CHECK (alquimista_platform.is_cnpj(customer_cnpj));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_customer_name_check CHECK (((length(customer_name) >= 1) AND (length(customer_name) <= 200)));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_kind_check CHECK ((kind = ANY (ARRAY['first'::text, 'renewal'::text, 'change'::text, 'usage'::text])));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_number_check CHECK ((number > 0));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_paid CHECK (((status = ANY (ARRAY['paid'::text, 'refunded'::text])) = (paid_at IS NOT NULL)));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_refunded CHECK (((refunded_cents >= 0) AND (refunded_cents <= total_cents)));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_status_check CHECK ((status = ANY (ARRAY['open'::text, 'paid'::text, 'void'::text, 'refunded'::text])));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_subtotal_cents_check CHECK ((subtotal_cents >= 0));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_sum CHECK ((total_cents = ((subtotal_cents + tax_cents) - credit_cents)));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_tax_cents_check CHECK ((tax_cents >= 0));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_total_cents_check CHECK ((total_cents >= 0));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_void CHECK (((status = 'void'::text) = (voided_at IS NOT NULL)));

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_tenant_id_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id);

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.invoices ADD CONSTRAINT invoices_tenant_id_number_key UNIQUE (tenant_id, number);

ALTER TABLE alquimista_platform.job_log ADD CONSTRAINT job_log_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.job_queue ADD CONSTRAINT job_queue_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.job_schedules ADD CONSTRAINT job_schedules_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.job_schedules ADD CONSTRAINT job_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);

ALTER TABLE alquimista_platform.job_statistics ADD CONSTRAINT job_statistics_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_attempts_check CHECK ((attempts >= 0));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_body_html_check CHECK ((length(body_html) <= 500000));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_body_text_check CHECK ((length(body_text) <= 100000));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_last_error_check CHECK ((length(last_error) <= 2000));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_recipient_check CHECK (alquimista_platform.is_email(recipient));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_sent CHECK (((status = 'sent'::text) = (sent_at IS NOT NULL)));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text])));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_subject_check CHECK ((((length(subject) >= 1) AND (length(subject) <= 200)) AND (subject !~ '[[:cntrl:]]'::text)));

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.mails ADD CONSTRAINT mails_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.notification_digests ADD CONSTRAINT notification_digests_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.notification_digests ADD CONSTRAINT notification_digests_pkey PRIMARY KEY (tenant_id, user_id, day);

ALTER TABLE alquimista_platform.notification_preferences ADD CONSTRAINT notification_preferences_category_check CHECK ((category = ANY (ARRAY['incident'::text, 'ticket'::text, 'approval'::text, 'billing'::text, 'agent'::text, 'integration'::text, 'account'::text])));

ALTER TABLE alquimista_platform.notification_preferences ADD CONSTRAINT notification_preferences_mail_check CHECK ((mail = ANY (ARRAY['at_once'::text, 'digest'::text, 'off'::text])));

ALTER TABLE alquimista_platform.notification_preferences ADD CONSTRAINT notification_preferences_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.notification_preferences ADD CONSTRAINT notification_preferences_pkey PRIMARY KEY (tenant_id, user_id, category);

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_category_check CHECK ((category = ANY (ARRAY['incident'::text, 'ticket'::text, 'approval'::text, 'billing'::text, 'agent'::text, 'integration'::text, 'account'::text, 'security'::text])));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_data_check CHECK (alquimista_platform.is_object(data, 16384));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_digested CHECK (((digested_at IS NULL) OR digest));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_message_check CHECK ((length(message) <= 5000));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_somewhere CHECK ((in_app OR digest));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_type_check CHECK (((length(type) >= 1) AND (length(type) <= 100)));

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.notifications ADD CONSTRAINT notifications_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_approval CHECK (((status <> 'AWAITING_APPROVAL'::text) OR ((approval_id IS NOT NULL) AND (created_by IS NOT NULL) AND (attempts = 0))));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_attempts CHECK (((attempts >= 0) AND (attempts <= tries)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_cancel CHECK (((cancel_requested_by IS NULL) OR (cancel_requested_at IS NOT NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_command_type_check CHECK (((length(command_type) >= 1) AND (length(command_type) <= 50)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_due CHECK (((status = ANY (ARRAY['PENDING'::text, 'RUNNING'::text])) = (due_at IS NOT NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_ended CHECK (((status = ANY (ARRAY['SUCCESS'::text, 'ERROR'::text, 'CANCELLED'::text])) = (completed_at IS NOT NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_error CHECK (
CASE status
    WHEN 'ERROR'::text THEN (error_message IS NOT NULL)
    WHEN 'SUCCESS'::text THEN (error_message IS NULL)
    WHEN 'AWAITING_APPROVAL'::text THEN (error_message IS NULL)
    ELSE true
END);

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_error_message_check CHECK (((length(error_message) >= 1) AND (length(error_message) <= 2000)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_error_text_check CHECK (((jsonb_typeof(error_text) = 'object'::text) AND (length((error_text)::text) <= 10000)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_lease CHECK (((status = 'RUNNING'::text) = (lease_id IS NOT NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_output CHECK (((status = 'SUCCESS'::text) = (output IS NOT NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_output_check CHECK (alquimista_platform.is_object(output, 65536));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_parameters_check CHECK (alquimista_platform.is_object(parameters, 16384));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_progress CHECK (((progress_done >= 0) AND ((progress_total IS NULL) OR (progress_total >= progress_done))));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_progress_text_check CHECK ((length(progress_text) <= 200));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_ran CHECK (((status <> ALL (ARRAY['RUNNING'::text, 'SUCCESS'::text, 'ERROR'::text])) OR (attempts > 0)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_started CHECK (((attempts = 0) = (started_at IS NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'AWAITING_APPROVAL'::text, 'RUNNING'::text, 'SUCCESS'::text, 'ERROR'::text, 'CANCELLED'::text])));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_tries_check CHECK (((tries >= 1) AND (tries <= 10)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_worker CHECK (((lease_id IS NULL) = (worker IS NULL)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_worker_check CHECK (((length(worker) >= 1) AND (length(worker) <= 100)));

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_cancel_requested_by_fkey FOREIGN KEY (cancel_requested_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_created_by_fkey FOREIGN KEY (created_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_tenant_id_approval_id_fkey FOREIGN KEY (tenant_id, approval_id) REFERENCES alquimista_platform.approval_requests(tenant_id, id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.operational_commands ADD CONSTRAINT operational_commands_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_days_check CHECK ((((cardinality(days) >= 1) AND (cardinality(days) <= 7)) AND (days <@ ARRAY[1, 2, 3, 4, 5, 6, 7])));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_expiry CHECK (((expires_at IS NULL) OR (expires_at > created_at)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_from_minute_check CHECK (((from_minute >= 0) AND (from_minute <= 1439)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_hours CHECK ((((from_minute IS NULL) = (until_minute IS NULL)) AND ((from_minute IS NULL) OR (from_minute < until_minute))));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_not_for_staff CHECK ((tenant_id <> alquimista_platform.platform_tenant()));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_not_to_oneself CHECK ((granted_by <> user_id));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_permission_check CHECK (((length(permission) >= 3) AND (length(permission) <= 100)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_resource CHECK (((resource_type IS NULL) = (resource_id IS NULL)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_resource_id_check CHECK (((length(resource_id) >= 1) AND (length(resource_id) <= 200)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_resource_type_check CHECK ((resource_type ~ '^[a-z][a-z_]{0,49}$'::text));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_until_minute_check CHECK (((until_minute >= 1) AND (until_minute <= 1440)));

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.permission_grants ADD CONSTRAINT permission_grants_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.rate_limit_windows ADD CONSTRAINT rate_limit_windows_count_check CHECK ((count >= 0));

ALTER TABLE alquimista_platform.rate_limit_windows ADD CONSTRAINT rate_limit_windows_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200)));

ALTER TABLE alquimista_platform.rate_limit_windows ADD CONSTRAINT rate_limit_windows_pkey PRIMARY KEY (key, window_start);

ALTER TABLE alquimista_platform.refresh_tokens ADD CONSTRAINT refresh_tokens_successor_hash_check CHECK ((octet_length(successor_hash) = 32));

ALTER TABLE alquimista_platform.refresh_tokens ADD CONSTRAINT refresh_tokens_token_hash_check CHECK ((octet_length(token_hash) = 32));

ALTER TABLE alquimista_platform.refresh_tokens ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES alquimista_platform.sessions(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.refresh_tokens ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE alquimista_platform.saved_views ADD CONSTRAINT saved_views_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)));

ALTER TABLE alquimista_platform.saved_views ADD CONSTRAINT saved_views_query_check CHECK ((length(query) <= 1000));

ALTER TABLE alquimista_platform.saved_views ADD CONSTRAINT saved_views_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.saved_views ADD CONSTRAINT saved_views_pkey PRIMARY KEY (tenant_id, user_id, name);

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 500)));

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_kind_check CHECK ((kind = ANY (ARRAY['browser'::text, 'api'::text])));

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_revoke_reason_check CHECK (((length(revoke_reason) >= 1) AND (length(revoke_reason) <= 100)));

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_user_agent_check CHECK ((length(user_agent) <= 512));

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.signing_keys ADD CONSTRAINT signing_keys_key_id_check CHECK (((length(key_id) >= 1) AND (length(key_id) <= 64)));

ALTER TABLE alquimista_platform.signing_keys ADD CONSTRAINT signing_keys_kid_check CHECK (((length(kid) >= 1) AND (length(kid) <= 64)));

ALTER TABLE alquimista_platform.signing_keys ADD CONSTRAINT signing_keys_private_ciphertext_check CHECK ((octet_length(private_ciphertext) <= 8192));

ALTER TABLE alquimista_platform.signing_keys ADD CONSTRAINT signing_keys_public_jwk_check CHECK (alquimista_platform.is_object(public_jwk, 4096));

ALTER TABLE alquimista_platform.signing_keys ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_kind CHECK (
CASE kind
    WHEN 'new'::text THEN ((mrr_before_cents = 0) AND (mrr_after_cents > 0))
    WHEN 'reactivated'::text THEN ((mrr_before_cents = 0) AND (mrr_after_cents > 0))
    WHEN 'expansion'::text THEN ((mrr_after_cents > mrr_before_cents) AND (mrr_before_cents > 0))
    WHEN 'contraction'::text THEN ((mrr_after_cents < mrr_before_cents) AND (mrr_after_cents > 0))
    WHEN 'moved'::text THEN ((mrr_after_cents = mrr_before_cents) AND (mrr_after_cents > 0) AND (plan_before <> plan_after))
    ELSE ((mrr_before_cents > 0) AND (mrr_after_cents = 0))
END);

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_kind_check CHECK ((kind = ANY (ARRAY['new'::text, 'expansion'::text, 'contraction'::text, 'churned'::text, 'reactivated'::text, 'moved'::text])));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_mrr_after_cents_check CHECK ((mrr_after_cents >= 0));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_mrr_before_cents_check CHECK ((mrr_before_cents >= 0));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_plan_after_check CHECK ((length(plan_after) <= 50));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_plan_before_check CHECK ((length(plan_before) <= 50));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 100)));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_segment_check CHECK ((length(segment) <= 100));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_sequence_check CHECK ((sequence > 0));

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_tenant_id_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id);

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.subscription_changes ADD CONSTRAINT subscription_changes_tenant_id_sequence_key UNIQUE (tenant_id, sequence);

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_config_check CHECK (alquimista_platform.is_object(config, 65536));

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_config_version_check CHECK ((config_version > 0));

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_deactivated CHECK (((status = 'inactive'::text) = (deactivated_at IS NOT NULL)));

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text, 'trial'::text])));

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_switched_off CHECK (((NOT switched_off) OR (status = ANY (ARRAY['inactive'::text, 'trial'::text]))));

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES alquimista_platform.agents(id);

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_subnucleo FOREIGN KEY (tenant_id, subnucleo_id) REFERENCES public.tenant_subnucleos(tenant_id, subnucleo_id);

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_agents ADD CONSTRAINT tenant_agents_pkey PRIMARY KEY (tenant_id, agent_id);

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_checked CHECK (((next_check_at IS NULL) OR ((status = ANY (ARRAY['active'::text, 'error'::text])) AND (credentials_ciphertext IS NOT NULL))));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_config_check CHECK (alquimista_platform.is_object(config, 65536));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_connected CHECK (
CASE
    WHEN (status = ANY (ARRAY['active'::text, 'error'::text])) THEN ((credentials_ciphertext IS NOT NULL) OR (provider = 'demo'::text))
    ELSE ((credentials_ciphertext IS NULL) OR (provider = 'demo'::text))
END);

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_credentials_ciphertext_check CHECK ((octet_length(credentials_ciphertext) <= 65536));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_credentials_key_id_check CHECK (((length(credentials_key_id) >= 1) AND (length(credentials_key_id) <= 64)));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_error_count_check CHECK ((error_count >= 0));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_failures_check CHECK ((failures >= 0));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_generation_check CHECK ((generation >= 0));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_last_error_check CHECK ((length(last_error) <= 2000));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{0,29}$'::text));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_sealed CHECK (((credentials_ciphertext IS NULL) = (credentials_key_id IS NULL)));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'error'::text, 'pending'::text])));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_sync_count_check CHECK ((sync_count >= 0));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_type_check CHECK ((type ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.tenant_integrations ADD CONSTRAINT tenant_integrations_tenant_id_type_name_key UNIQUE (tenant_id, type, name);

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_one_end CHECK (((cancelled_at IS NULL) OR (deleted_at IS NULL)));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_patience CHECK ((deleting_at >= delete_after));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 1000)));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_standing_before_check CHECK ((standing_before = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text])));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_turn CHECK (((deleted_at IS NULL) OR (deleting_at IS NOT NULL)));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_wait CHECK ((delete_after >= requested_at));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_way CHECK (((cancelled_at IS NULL) OR (deleting_at IS NULL)));

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_offboardings ADD CONSTRAINT tenant_offboardings_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_agents_check CHECK ((cardinality(agents) <= 100));

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_goals_check CHECK (((goals <@ ARRAY['answer'::text, 'sell'::text, 'schedule'::text, 'collect'::text, 'hire'::text, 'measure'::text]) AND (cardinality(goals) <= 6)));

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_industry_check CHECK ((length(industry) <= 64));

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_size_check CHECK ((size = ANY (ARRAY[''::text, '1-10'::text, '11-50'::text, '51-200'::text, '200+'::text])));

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_onboarding ADD CONSTRAINT tenant_onboarding_pkey PRIMARY KEY (tenant_id);

ALTER TABLE alquimista_platform.tenant_usage_daily ADD CONSTRAINT tenant_usage_daily_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.tenant_usage_daily ADD CONSTRAINT tenant_usage_daily_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.tenant_usage_daily ADD CONSTRAINT tenant_usage_daily_pkey PRIMARY KEY (tenant_id, day, agent_id, currency);

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_role_check CHECK ((role = ANY (ARRAY['INTERNAL_ADMIN'::text, 'INTERNAL_SUPPORT'::text, 'TENANT_ADMIN'::text, 'TENANT_USER'::text])));

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_staff_role CHECK (((role ~~ 'INTERNAL%'::text) = (tenant_id = alquimista_platform.platform_tenant())));

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_status_check CHECK ((status = ANY (ARRAY['active'::text, 'deactivated'::text])));

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.tenant_users ADD CONSTRAINT tenant_users_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_an_hour CHECK (((expires_at > started_at) AND (expires_at <= (started_at + '01:00:00'::interval))));

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_reason_check CHECK (((length(reason) >= 3) AND (length(reason) <= 300)));

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_session_id_fkey FOREIGN KEY (session_id) REFERENCES alquimista_platform.sessions(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.tenant_views ADD CONSTRAINT tenant_views_pkey PRIMARY KEY (session_id);

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_blocked CHECK (((blocked_at IS NULL) = (blocked_reason IS NULL)));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_blocked_reason_check CHECK (((length(blocked_reason) >= 1) AND (length(blocked_reason) <= 1000)));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_cnpj_check CHECK (alquimista_platform.is_cnpj(cnpj));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_cnpj_required CHECK (((cnpj IS NOT NULL) OR (id = alquimista_platform.platform_tenant())));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_legal_name_check CHECK (((length(legal_name) >= 1) AND (length(legal_name) <= 200)));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_locale_check CHECK ((locale = ANY (ARRAY['pt-BR'::text, 'en'::text])));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_mrr_cents_check CHECK ((mrr_cents >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_own_max_agents_check CHECK ((own_max_agents >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_own_max_requests_per_month_check CHECK ((own_max_requests_per_month >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_own_max_users_check CHECK ((own_max_users >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_plan_check CHECK ((plan ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_plan_max_agents_check CHECK ((plan_max_agents >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_plan_max_requests_per_month_check CHECK ((plan_max_requests_per_month >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_plan_max_users_check CHECK ((plan_max_users >= 0));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_raw_days_check CHECK ((raw_days >= 45));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_search_name_check CHECK ((length(search_name) <= 4000));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_segment_check CHECK (((length(segment) >= 1) AND (length(segment) <= 100)));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_standing_check CHECK ((standing = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text])));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text])));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_time_zone_check CHECK ((time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$'::text));

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.tenants ADD CONSTRAINT tenants_cnpj_key UNIQUE (cnpj);

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_author CHECK (((author_kind = 'staff'::text) OR (author_id IS NOT NULL)));

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_author_kind_check CHECK ((author_kind = ANY (ARRAY['tenant'::text, 'staff'::text])));

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_body_check CHECK (((length(body) >= 1) AND (length(body) <= 10000)));

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_incident CHECK (((incident_id IS NULL) OR (author_id IS NULL)));

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_internal CHECK (((NOT internal) OR (author_kind = 'staff'::text)));

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_tenant_id_incident_id_fkey FOREIGN KEY (tenant_id, incident_id) REFERENCES alquimista_platform.incidents(tenant_id, id);

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES alquimista_platform.tickets(tenant_id, id);

ALTER TABLE alquimista_platform.ticket_messages ADD CONSTRAINT ticket_messages_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_closed CHECK (((status = 'closed'::text) = (closed_at IS NOT NULL)));

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_number_check CHECK ((number > 0));

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_severity_check CHECK ((severity = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'urgent'::text])));

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_status_check CHECK ((status = ANY (ARRAY['open'::text, 'waiting_on_customer'::text, 'waiting_on_us'::text, 'closed'::text])));

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 200)));

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_assigned_to_fkey FOREIGN KEY (assigned_to) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES alquimista_platform.users(id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_tenant_id_incident_id_fkey FOREIGN KEY (tenant_id, incident_id) REFERENCES alquimista_platform.incidents(tenant_id, id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.tickets ADD CONSTRAINT tickets_tenant_id_number_key UNIQUE (tenant_id, number);

ALTER TABLE alquimista_platform.usage_closed_days ADD CONSTRAINT usage_closed_days_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.usage_closed_days ADD CONSTRAINT usage_closed_days_pkey PRIMARY KEY (tenant_id, day);

ALTER TABLE alquimista_platform.usage_deltas ADD CONSTRAINT usage_deltas_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.usage_deltas ADD CONSTRAINT usage_deltas_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.usage_deltas ADD CONSTRAINT usage_deltas_pkey PRIMARY KEY (tenant_id, batch_id, hour, agent_id, currency);

ALTER TABLE alquimista_platform.usage_hourly ADD CONSTRAINT usage_hourly_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.usage_hourly ADD CONSTRAINT usage_hourly_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.usage_hourly ADD CONSTRAINT usage_hourly_pkey PRIMARY KEY (tenant_id, hour, agent_id, currency);

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_days CHECK ((until_on > from_on));

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_noticed_percent_check CHECK (((noticed_percent >= 0) AND (noticed_percent <= 100)));

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_overage_cents_check CHECK ((overage_cents >= 0));

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_status_check CHECK ((status = ANY (ARRAY['open'::text, 'billed'::text])));

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.subscription_plans(id);

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_tenant_id_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id);

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.usage_periods ADD CONSTRAINT usage_periods_tenant_id_from_on_key UNIQUE (tenant_id, from_on);

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_cost_micros_check CHECK ((cost_micros >= 0));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_counted CHECK (((NOT counted) OR (agent_id IS NOT NULL)));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_input_tokens_check CHECK ((input_tokens >= 0));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_kind_check CHECK ((kind = ANY (ARRAY['invocation'::text, 'inference'::text])));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_model_check CHECK ((length(model) <= 200));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_output_tokens_check CHECK ((output_tokens >= 0));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_parent_span_id_check CHECK (((length(parent_span_id) = ANY (ARRAY[0, 16])) AND (parent_span_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_response_time_ms_check CHECK ((response_time_ms >= 0));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_span_id_check CHECK (((length(span_id) = 16) AND (span_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_status_check CHECK ((status = ANY (ARRAY['success'::text, 'error'::text])));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_trace_id_check CHECK (((length(trace_id) = 32) AND (trace_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES alquimista_platform.tenant_agents(tenant_id, agent_id);

ALTER TABLE alquimista_platform.usage_spans ADD CONSTRAINT usage_spans_pkey PRIMARY KEY (tenant_id, trace_id, span_id);

ALTER TABLE alquimista_platform.usage_versions ADD CONSTRAINT usage_versions_version_check CHECK ((version > 0));

ALTER TABLE alquimista_platform.usage_versions ADD CONSTRAINT usage_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.usage_versions ADD CONSTRAINT usage_versions_pkey PRIMARY KEY (tenant_id);

ALTER TABLE alquimista_platform.usage_zone_changes ADD CONSTRAINT usage_zone_changes_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 64)));

ALTER TABLE alquimista_platform.usage_zone_changes ADD CONSTRAINT usage_zone_changes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.usage_zone_changes ADD CONSTRAINT usage_zone_changes_pkey PRIMARY KEY (tenant_id, until);

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_failed_count_check CHECK ((failed_count >= 0));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_password_hash_check CHECK (((length(password_hash) >= 1) AND (length(password_hash) <= 200)));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_recovery_hashes_check CHECK ((cardinality(recovery_hashes) <= 20));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_totp_ciphertext_check CHECK ((octet_length(totp_ciphertext) <= 1024));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_totp_confirmed CHECK (((totp_confirmed_at IS NULL) OR (totp_ciphertext IS NOT NULL)));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_totp_key_id_check CHECK (((length(totp_key_id) >= 1) AND (length(totp_key_id) <= 64)));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_totp_sealed CHECK (((totp_ciphertext IS NULL) = (totp_key_id IS NULL)));

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.user_credentials ADD CONSTRAINT user_credentials_pkey PRIMARY KEY (user_id);

ALTER TABLE alquimista_platform.user_identities ADD CONSTRAINT user_identities_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 500)));

ALTER TABLE alquimista_platform.user_identities ADD CONSTRAINT user_identities_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)));

ALTER TABLE alquimista_platform.user_identities ADD CONSTRAINT user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES alquimista_platform.users(id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.user_identities ADD CONSTRAINT user_identities_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_email_check CHECK (alquimista_platform.is_email(email));

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_full_name_check CHECK (((length(full_name) >= 1) AND (length(full_name) <= 200)));

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_locale_check CHECK ((locale = ANY (ARRAY['pt-BR'::text, 'en'::text])));

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_status_check CHECK ((status = ANY (ARRAY['active'::text, 'pending'::text, 'deactivated'::text])));

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE alquimista_platform.users ADD CONSTRAINT users_email_key UNIQUE (email);

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_duration_ms_check CHECK ((duration_ms >= 0));

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_failure_check CHECK (((length(failure) >= 1) AND (length(failure) <= 50)));

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_number_check CHECK ((number > 0));

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_response_check CHECK ((length(response) <= 1000));

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_status_code_check CHECK (((status_code >= 100) AND (status_code <= 999)));

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_tenant_id_delivery_id_fkey FOREIGN KEY (tenant_id, delivery_id) REFERENCES alquimista_platform.webhook_deliveries(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.webhook_attempts ADD CONSTRAINT webhook_attempts_pkey PRIMARY KEY (tenant_id, delivery_id, number);

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_attempts_check CHECK ((attempts >= 0));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_delivered CHECK (((state = 'delivered'::text) = (delivered_at IS NOT NULL)));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_event_type_check CHECK (((length(event_type) >= 1) AND (length(event_type) <= 200)));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_last_failure_check CHECK ((last_failure = ANY (ARRAY['status'::text, 'redirect'::text, 'timeout'::text, 'unreachable'::text, 'tls'::text, 'unresolved'::text, 'forbidden_address'::text, 'insecure'::text, 'protocol'::text, 'disabled'::text, 'lost'::text])));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_last_status_check CHECK (((last_status >= 100) AND (last_status <= 999)));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_payload_check CHECK (alquimista_platform.is_object(payload, 262144));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_pending CHECK (((state = 'pending'::text) = (next_attempt_at IS NOT NULL)));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_sending CHECK (((sending_until IS NULL) OR (state = 'pending'::text)));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_step_check CHECK ((step >= 0));

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_tenant_id_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES alquimista_platform.webhook_endpoints(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.webhook_deliveries ADD CONSTRAINT webhook_deliveries_tenant_id_endpoint_id_event_id_key UNIQUE (tenant_id, endpoint_id, event_id);

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_description_check CHECK ((length(description) <= 200));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_disabled CHECK (((status = 'disabled'::text) = (disabled_reason IS NOT NULL)));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['person'::text, 'failing'::text, 'gone'::text])));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_event_types_check CHECK ((((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 100)) AND (array_position(event_types, NULL::text) IS NULL) AND (octet_length(array_to_string(event_types, ' '::text)) <= 10000)));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_previous CHECK ((((previous_key_id IS NULL) = (previous_ciphertext IS NULL)) AND ((previous_key_id IS NULL) = (previous_until IS NULL))));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_previous_ciphertext_check CHECK ((octet_length(previous_ciphertext) <= 1024));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_previous_key_id_check CHECK (((length(previous_key_id) >= 1) AND (length(previous_key_id) <= 64)));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_secret_ciphertext_check CHECK ((octet_length(secret_ciphertext) <= 1024));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_secret_key_id_check CHECK (((length(secret_key_id) >= 1) AND (length(secret_key_id) <= 64)));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_status_check CHECK ((status = ANY (ARRAY['enabled'::text, 'disabled'::text])));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_url_check CHECK (((length(url) <= 2048) AND (url ~ '^https?://[^[:space:][:cntrl:]]+$'::text)));

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE alquimista_platform.webhook_endpoints ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE alquimista_platform.workers ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_attempts_check CHECK ((attempts >= 0));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_consumer_check CHECK (((length(consumer) >= 1) AND (length(consumer) <= 100)));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_delivered CHECK (((state = 'delivered'::text) = (delivered_at IS NOT NULL)));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_last_error_check CHECK ((length(last_error) <= 2000));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_pending CHECK (((state = 'pending'::text) = (next_attempt_at IS NOT NULL)));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_step_check CHECK ((step >= 0));

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_tenant_id_event_id_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES fibonacci_core.events(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE fibonacci_core.event_deliveries ADD CONSTRAINT event_deliveries_pkey PRIMARY KEY (tenant_id, event_id, consumer);

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_detail_check CHECK (alquimista_platform.is_object(detail, 262144));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_error_message_check CHECK ((length(error_message) <= 2000));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_event_id_check CHECK (((length(event_id) >= 1) AND (length(event_id) <= 200)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_event_type_check CHECK (((length(event_type) >= 1) AND (length(event_type) <= 200)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_hops_check CHECK (((hops >= 0) AND (hops <= 100)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_metadata_check CHECK (alquimista_platform.is_object(metadata, 32768));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_processed CHECK (((status = 'processed'::text) = (processed_at IS NOT NULL)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_produced_by_check CHECK (((length(produced_by) >= 1) AND (length(produced_by) <= 100)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_retry_count_check CHECK ((retry_count >= 0));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_source_check CHECK (((length(source) >= 1) AND (length(source) <= 200)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_span_id_check CHECK (((length(span_id) = 16) AND (span_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_status_check CHECK ((status = ANY (ARRAY['published'::text, 'processing'::text, 'processed'::text, 'failed'::text])));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_trace_id_check CHECK (((length(trace_id) >= 1) AND (length(trace_id) <= 64)));

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE fibonacci_core.events ADD CONSTRAINT events_tenant_id_source_event_id_key UNIQUE (tenant_id, source, event_id);

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_aggregation_type_check CHECK ((aggregation_type = ANY (ARRAY['sum'::text, 'count'::text, 'min'::text, 'max'::text, 'last'::text])));

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_dimensions_check CHECK (alquimista_platform.is_object(dimensions, 2000));

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_metric_name_check CHECK ((metric_name ~ '^[a-zA-Z_:][a-zA-Z0-9_.:-]{0,199}$'::text));

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_period CHECK ((period_end > period_start));

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_unit_check CHECK ((length(unit) <= 50));

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE fibonacci_core.metrics ADD CONSTRAINT metrics_pkey PRIMARY KEY (tenant_id, metric_name, period_start, period_end, aggregation_type, dimensions);

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_annotations_check CHECK (((jsonb_typeof(annotations) = 'array'::text) AND (octet_length((annotations)::text) <= 65536)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_ended CHECK (((status = 'in_progress'::text) = (end_time IS NULL)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_error_message_check CHECK ((length(error_message) <= 2000));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_metadata_check CHECK (alquimista_platform.is_object(metadata, 65536));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_not_own_parent CHECK ((parent_span_id <> span_id));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_order CHECK ((end_time >= start_time));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_parent_span_id_check CHECK (((length(parent_span_id) = 16) AND (parent_span_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_service_name_check CHECK ((length(service_name) <= 200));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_span_id_check CHECK (((length(span_id) = 16) AND (span_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_span_name_check CHECK (((length(span_name) >= 1) AND (length(span_name) <= 500)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_span_type_check CHECK (((length(span_type) >= 1) AND (length(span_type) <= 50)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_status_check CHECK ((status = ANY (ARRAY['in_progress'::text, 'unset'::text, 'ok'::text, 'error'::text])));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_trace_id_check CHECK (((length(trace_id) = 32) AND (trace_id ~ '^[0-9a-f]*$'::text)));

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES alquimista_platform.agents(id);

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE SET NULL (lead_id);

ALTER TABLE fibonacci_core.traces ADD CONSTRAINT traces_pkey PRIMARY KEY (tenant_id, trace_id, span_id);

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_briefing_check CHECK ((length(briefing) <= 20000));

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_calendar_event_id_check CHECK (((length(calendar_event_id) >= 1) AND (length(calendar_event_id) <= 1024)));

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_duracao_check CHECK (((duracao >= 5) AND (duracao <= 1440)));

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_status_check CHECK ((status = ANY (ARRAY['proposto'::text, 'confirmado'::text, 'remarcado'::text, 'cancelado'::text, 'realizado'::text, 'no_show'::text])));

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE nigredo_leads.agendamentos ADD CONSTRAINT agendamentos_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_contact CHECK ((num_nonnulls(telefone, email) > 0));

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_email_check CHECK (alquimista_platform.is_email(email));

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 200)));

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_telefone_check CHECK (alquimista_platform.is_phone(telefone));

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_tenant FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE SET NULL (lead_id);

ALTER TABLE nigredo_leads.blocklist ADD CONSTRAINT blocklist_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_canal_check CHECK ((canal = ANY (ARRAY['whatsapp'::text, 'email'::text, 'sms'::text])));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_mensagens_check CHECK (((jsonb_typeof(mensagens) = 'array'::text) AND (octet_length((mensagens)::text) <= 131072)));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_metricas_check CHECK (alquimista_platform.is_object(metricas, 8192));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_nome_check CHECK (((length(nome) >= 1) AND (length(nome) <= 200)));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_segmento_check CHECK (((length(segmento) >= 1) AND (length(segmento) <= 100)));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_status_check CHECK ((status = ANY (ARRAY['rascunho'::text, 'aguardando_aprovacao'::text, 'aprovada'::text, 'ativa'::text, 'pausada'::text, 'concluida'::text, 'cancelada'::text])));

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_tenant FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.campanhas ADD CONSTRAINT campanhas_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_form_type_check CHECK ((form_type ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_message_check CHECK ((length(message) <= 1000));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_referer_check CHECK ((length(referer) <= 2000));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_source_check CHECK (((length(source) >= 1) AND (length(source) <= 100)));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_user_agent_check CHECK ((length(user_agent) <= 512));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_utm_campaign_check CHECK ((length(utm_campaign) <= 200));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_utm_medium_check CHECK ((length(utm_medium) <= 200));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_utm_source_check CHECK ((length(utm_source) <= 200));

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE nigredo_leads.form_submissions ADD CONSTRAINT form_submissions_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_canal_check CHECK ((canal ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_intensidade_check CHECK (((intensidade >= 0) AND (intensidade <= 100)));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_mensagem_check CHECK ((length(mensagem) <= 20000));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_sentimento_check CHECK ((sentimento = ANY (ARRAY['positivo'::text, 'neutro'::text, 'negativo'::text, 'objecao'::text])));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_tipo_check CHECK ((tipo ~ '^[a-z][a-z0-9_.-]{0,49}$'::text));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_trace_id_check CHECK (((length(trace_id) >= 1) AND (length(trace_id) <= 64)));

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE nigredo_leads.interacoes ADD CONSTRAINT interacoes_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_atividade_principal_check CHECK (((length(atividade_principal) >= 1) AND (length(atividade_principal) <= 500)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_cnpj_check CHECK (alquimista_platform.is_cnpj(cnpj));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_consent_erased CHECK (((erased_at IS NULL) OR (consent_ip_address IS NULL)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_consent_proved CHECK (((NOT consent_given) OR (num_nonnulls(consent_date, consent_source) = 2)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_consent_source_check CHECK (((length(consent_source) >= 1) AND (length(consent_source) <= 100)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_contato_check CHECK (((length(contato) >= 1) AND (length(contato) <= 200)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_email_check CHECK (alquimista_platform.is_email(email));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_empresa_check CHECK (((length(empresa) >= 1) AND (length(empresa) <= 200)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_erased CHECK (((erased_at IS NULL) OR ((num_nonnulls(empresa, cnpj, atividade_principal, contato, telefone, email) = 0) AND (metadata = '{}'::jsonb))));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_identified CHECK (((erased_at IS NOT NULL) OR ((empresa IS NOT NULL) AND (num_nonnulls(telefone, email) > 0))));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_metadata_check CHECK (alquimista_platform.is_object(metadata, 32768));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_porte_check CHECK (((length(porte) >= 1) AND (length(porte) <= 50)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_priority_score_check CHECK (((priority_score >= 0) AND (priority_score <= 100)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_setor_check CHECK (((length(setor) >= 1) AND (length(setor) <= 100)));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_status_check CHECK ((status = ANY (ARRAY['novo'::text, 'enriquecido'::text, 'contatado'::text, 'respondeu'::text, 'interessado'::text, 'agendado'::text, 'convertido'::text, 'descartado'::text, 'descadastrado'::text])));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_telefone_check CHECK (alquimista_platform.is_phone(telefone));

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_tenant FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.leads ADD CONSTRAINT leads_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE nigredo_leads.metricas_diarias ADD CONSTRAINT metricas_diarias_metricas_check CHECK (alquimista_platform.is_object(metricas, 32768));

ALTER TABLE nigredo_leads.metricas_diarias ADD CONSTRAINT metricas_diarias_tenant FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.metricas_diarias ADD CONSTRAINT metricas_diarias_pkey PRIMARY KEY (tenant_id, data);

ALTER TABLE nigredo_leads.rate_limits ADD CONSTRAINT rate_limits_submission_count_check CHECK ((submission_count >= 0));

ALTER TABLE nigredo_leads.rate_limits ADD CONSTRAINT rate_limits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.rate_limits ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (tenant_id, ip, window_start);

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_attempt_check CHECK (((attempt >= 1) AND (attempt <= 3)));

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_error_check CHECK ((length(error) <= 2000));

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_payload_check CHECK (alquimista_platform.is_object(payload, 65536));

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_status_code_check CHECK (((status_code >= 100) AND (status_code <= 599)));

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_webhook_url_check CHECK (((length(webhook_url) >= 1) AND (length(webhook_url) <= 2000)));

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE nigredo_leads.webhook_logs ADD CONSTRAINT webhook_logs_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_cnpj_check CHECK (alquimista_platform.is_cnpj(cnpj));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_company_name_check CHECK (((length(company_name) >= 1) AND (length(company_name) <= 200)));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_contact_name_check CHECK (((length(contact_name) >= 1) AND (length(contact_name) <= 200)));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_email_check CHECK (alquimista_platform.is_email(email));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_message_check CHECK ((length(message) <= 5000));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_selected_agents_check CHECK ((cardinality(selected_agents) <= 100));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_selected_subnucleos_check CHECK ((cardinality(selected_subnucleos) <= 20));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'contacted'::text, 'proposal_sent'::text, 'closed'::text, 'cancelled'::text])));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_whatsapp_check CHECK (alquimista_platform.is_phone(whatsapp));

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE public.commercial_requests ADD CONSTRAINT commercial_requests_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_ambiente_check CHECK (((length(ambiente) >= 1) AND (length(ambiente) <= 20)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_blocked CHECK ((disparo_seria_executado OR (razao_bloqueio IS NOT NULL)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_canal_decidido_check CHECK ((canal_decidido = ANY (ARRAY['whatsapp'::text, 'email'::text, 'calendar'::text, 'none'::text])));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_channel CHECK (((canal_decidido <> 'none'::text) OR (NOT disparo_seria_executado)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_lead_documento_check CHECK ((length(lead_documento) <= 20));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_lead_email_check CHECK ((length(lead_email) <= 255));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_lead_nome_check CHECK ((length(lead_nome) <= 500));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_lead_telefone_check CHECK ((length(lead_telefone) <= 50));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_motivo_decisao_check CHECK (((length(motivo_decisao) >= 1) AND (length(motivo_decisao) <= 2000)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_razao_bloqueio_check CHECK (((length(razao_bloqueio) >= 1) AND (length(razao_bloqueio) <= 2000)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_template_selecionado_check CHECK (((length(template_selecionado) >= 1) AND (length(template_selecionado) <= 100)));

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_tenant_id_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES nigredo_leads.leads(tenant_id, id) ON DELETE SET NULL (lead_id);

ALTER TABLE public.dry_run_log ADD CONSTRAINT dry_run_log_pkey PRIMARY KEY (tenant_id, log_id);

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_error_check CHECK ((length(error) <= 2000));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_event_type_check CHECK (((length(event_type) >= 1) AND (length(event_type) <= 100)));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_metadata_check CHECK (alquimista_platform.is_object(metadata, 262144));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_money CHECK (((amount_cents IS NULL) = (currency IS NULL)));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_provider_event_id_check CHECK (((length(provider_event_id) >= 1) AND (length(provider_event_id) <= 255)));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_raw_check CHECK ((octet_length(raw) <= 262144));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_status_check CHECK ((status = ANY (ARRAY['received'::text, 'processed'::text, 'ignored'::text, 'failed'::text])));

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE public.payment_events ADD CONSTRAINT payment_events_tenant_id_provider_provider_event_id_key UNIQUE (tenant_id, provider, provider_event_id);

ALTER TABLE public.subnucleo_agents ADD CONSTRAINT subnucleo_agents_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES alquimista_platform.agents(id);

ALTER TABLE public.subnucleo_agents ADD CONSTRAINT subnucleo_agents_subnucleo_id_fkey FOREIGN KEY (subnucleo_id) REFERENCES public.subnucleos(id);

ALTER TABLE public.subnucleo_agents ADD CONSTRAINT subnucleo_agents_pkey PRIMARY KEY (subnucleo_id, agent_id);

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_category_check CHECK (((length(category) >= 1) AND (length(category) <= 100)));

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_description_check CHECK ((length(description) <= 2000));

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 100)));

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_name_check CHECK ((name ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_source_check CHECK ((source = ANY (ARRAY['file'::text, 'staff'::text])));

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_pkey PRIMARY KEY (id);

ALTER TABLE public.subnucleos ADD CONSTRAINT subnucleos_name_key UNIQUE (name);

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_description_check CHECK ((length(description) <= 2000));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 100)));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_kind_check CHECK ((kind = ANY (ARRAY['agent'::text])));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_name_check CHECK ((name ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_price_monthly_cents_check CHECK ((price_monthly_cents >= 0));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_price_yearly_cents_check CHECK ((price_yearly_cents >= 0));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_source_check CHECK ((source = ANY (ARRAY['file'::text, 'staff'::text])));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_validity CHECK ((valid_to > valid_from));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_version_check CHECK ((version > 0));

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_pkey PRIMARY KEY (id);

ALTER TABLE public.subscription_addons ADD CONSTRAINT subscription_addons_name_version_key UNIQUE (name, version);

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_description_check CHECK ((length(description) <= 2000));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 100)));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_features_check CHECK (((jsonb_typeof(features) = 'array'::text) AND (octet_length((features)::text) <= 16384)));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_max_agents_check CHECK ((max_agents >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_max_requests_per_month_check CHECK ((max_requests_per_month >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_max_subnucleos_check CHECK ((max_subnucleos >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_max_users_check CHECK ((max_users >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_name_check CHECK ((name ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_overage_tiers_check CHECK (((jsonb_typeof(overage_tiers) = 'array'::text) AND (octet_length((overage_tiers)::text) <= 8192)));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_price_monthly_cents_check CHECK ((price_monthly_cents >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_price_yearly_cents_check CHECK ((price_yearly_cents >= 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_source_check CHECK ((source = ANY (ARRAY['file'::text, 'staff'::text])));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_validity CHECK ((valid_to > valid_from));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_version_check CHECK ((version > 0));

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_pkey PRIMARY KEY (id);

ALTER TABLE public.subscription_plans ADD CONSTRAINT subscription_plans_name_version_key UNIQUE (name, version);

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_addon CHECK (((addon_count = 0) OR (addon_id IS NOT NULL)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_addon_count_check CHECK (((addon_count >= 0) AND (addon_count <= 1000)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_anchor CHECK (((status = ANY (ARRAY['pending'::text, 'canceled'::text])) OR (anchor_on IS NOT NULL)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_billing_cycle_check CHECK ((billing_cycle = ANY (ARRAY['monthly'::text, 'yearly'::text])));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_canceled CHECK (((status = 'canceled'::text) = (canceled_at IS NOT NULL)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_currency_check CHECK (alquimista_platform.is_currency(currency));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_cycles_check CHECK ((cycles >= 0));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_dunning_step_check CHECK (((dunning_step >= 0) AND (dunning_step <= 20)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_mrr_cents_check CHECK ((mrr_cents >= 0));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_next_terms_check CHECK (alquimista_platform.is_object(next_terms, 16384));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_pending_terms_check CHECK (alquimista_platform.is_object(pending_terms, 16384));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_period CHECK ((((current_period_start IS NULL) = (current_period_end IS NULL)) AND (current_period_end > current_period_start)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_-]{0,49}$'::text));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_provider_customer_id_check CHECK (((length(provider_customer_id) >= 1) AND (length(provider_customer_id) <= 255)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_provider_method_id_check CHECK (((length(provider_method_id) >= 1) AND (length(provider_method_id) <= 255)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_provider_subscription_id_check CHECK (((length(provider_subscription_id) >= 1) AND (length(provider_subscription_id) <= 255)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_running CHECK (((status = ANY (ARRAY['pending'::text, 'canceled'::text])) OR (current_period_end IS NOT NULL)));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_selected_agents_check CHECK ((cardinality(selected_agents) <= 100));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_selected_subnucleos_check CHECK ((cardinality(selected_subnucleos) <= 20));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'suspended'::text, 'canceled'::text])));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_total_cents_check CHECK ((total_cents >= 0));

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_addon_id_fkey FOREIGN KEY (addon_id) REFERENCES public.subscription_addons(id);

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_pending_invoice FOREIGN KEY (tenant_id, pending_invoice_id) REFERENCES alquimista_platform.invoices(tenant_id, id) DEFERRABLE;

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.subscription_plans(id);

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE public.tenant_subnucleos ADD CONSTRAINT tenant_subnucleos_deactivated CHECK (((status = 'inactive'::text) = (deactivated_at IS NOT NULL)));

ALTER TABLE public.tenant_subnucleos ADD CONSTRAINT tenant_subnucleos_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text])));

ALTER TABLE public.tenant_subnucleos ADD CONSTRAINT tenant_subnucleos_subnucleo_id_fkey FOREIGN KEY (subnucleo_id) REFERENCES public.subnucleos(id);

ALTER TABLE public.tenant_subnucleos ADD CONSTRAINT tenant_subnucleos_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES alquimista_platform.tenants(id);

ALTER TABLE public.tenant_subnucleos ADD CONSTRAINT tenant_subnucleos_pkey PRIMARY KEY (tenant_id, subnucleo_id);

ALTER TABLE public.trials ADD CONSTRAINT trials_expiry CHECK ((expires_at > started_at));

ALTER TABLE public.trials ADD CONSTRAINT trials_max_usage_check CHECK (((max_usage >= 1) AND (max_usage <= 1000)));

ALTER TABLE public.trials ADD CONSTRAINT trials_status_check CHECK ((status = ANY (ARRAY['active'::text, 'expired'::text, 'completed'::text])));

ALTER TABLE public.trials ADD CONSTRAINT trials_target_type_check CHECK ((target_type = ANY (ARRAY['agent'::text, 'subnucleo'::text])));

ALTER TABLE public.trials ADD CONSTRAINT trials_usage CHECK (((usage_count >= 0) AND (usage_count <= max_usage)));

ALTER TABLE public.trials ADD CONSTRAINT trials_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES alquimista_platform.agents(id);

ALTER TABLE public.trials ADD CONSTRAINT trials_subnucleo FOREIGN KEY (subnucleo_id) REFERENCES public.subnucleos(id);

ALTER TABLE public.trials ADD CONSTRAINT trials_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES alquimista_platform.tenant_users(tenant_id, user_id);

ALTER TABLE public.trials ADD CONSTRAINT trials_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE public.trials ADD CONSTRAINT trials_tenant_id_user_id_target_type_target_id_key UNIQUE (tenant_id, user_id, target_type, target_id);

CREATE INDEX agent_boots_time ON alquimista_platform.agent_boots USING btree (tenant_id, agent_id, booted_at DESC);

CREATE INDEX agent_controls_request ON alquimista_platform.agent_controls USING btree (tenant_id, request_id);

CREATE INDEX agent_controls_time ON alquimista_platform.agent_controls USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX agent_controls_waiting ON alquimista_platform.agent_controls USING btree (tenant_id, agent_id, instance_id) WHERE (acknowledged_at IS NULL);

CREATE INDEX agent_versions_author ON alquimista_platform.agent_versions USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX api_key_lookup_key ON alquimista_platform.api_key_lookup USING btree (tenant_id, key_id);

CREATE INDEX approval_decisions_approver ON alquimista_platform.approval_decisions USING btree (approver_id);

CREATE INDEX approval_requests_pending ON alquimista_platform.approval_requests USING btree (expires_at) WHERE (status = 'pending'::text);

CREATE INDEX approval_requests_requester ON alquimista_platform.approval_requests USING btree (requested_by);

CREATE INDEX approval_requests_status ON alquimista_platform.approval_requests USING btree (tenant_id, status, created_at DESC);

CREATE INDEX audit_logs_actor ON alquimista_platform.audit_logs USING btree (tenant_id, actor_id, occurred_at DESC, id DESC) WHERE (actor_id IS NOT NULL);

CREATE INDEX audit_logs_failures ON alquimista_platform.audit_logs USING btree (action, occurred_at) WHERE (result = 'failure'::text);

CREATE INDEX audit_logs_recent ON alquimista_platform.audit_logs USING btree (occurred_at DESC, id DESC);

CREATE INDEX audit_logs_resource ON alquimista_platform.audit_logs USING btree (tenant_id, resource_type, resource_id, occurred_at DESC);

CREATE INDEX audit_logs_time ON alquimista_platform.audit_logs USING btree (tenant_id, occurred_at DESC, id DESC);

CREATE INDEX audit_logs_trace ON alquimista_platform.audit_logs USING btree (trace_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX charges_invoice ON alquimista_platform.charges USING btree (tenant_id, invoice_id, created_at DESC);

CREATE INDEX charges_waiting ON alquimista_platform.charges USING btree (created_at) WHERE (status = ANY (ARRAY['pending'::text, 'failed'::text]));

CREATE INDEX credits_invoice ON alquimista_platform.credits USING btree (tenant_id, invoice_id) WHERE (invoice_id IS NOT NULL);

CREATE INDEX email_tokens_invitation ON alquimista_platform.email_tokens USING btree (tenant_id, invitation_id);

CREATE INDEX email_tokens_user ON alquimista_platform.email_tokens USING btree (user_id);

CREATE INDEX failed_jobs_time ON alquimista_platform.failed_jobs USING btree (failed_at);

CREATE INDEX incident_events_incident ON alquimista_platform.incident_events USING btree (tenant_id, incident_id, occurred_at, id);

CREATE INDEX incident_tenants_affected ON alquimista_platform.incident_tenants USING btree (affected_tenant_id);

CREATE INDEX incidents_children ON alquimista_platform.incidents USING btree (parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX incidents_id ON alquimista_platform.incidents USING btree (id);

CREATE INDEX incidents_key ON alquimista_platform.incidents USING btree (tenant_id, dedupe_key, created_at DESC);

CREATE UNIQUE INDEX incidents_one_open ON alquimista_platform.incidents USING btree (tenant_id, dedupe_key) WHERE (resolved_at IS NULL);

CREATE UNIQUE INDEX incidents_parent ON alquimista_platform.incidents USING btree (tenant_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX incidents_recent ON alquimista_platform.incidents USING btree (created_at DESC);

CREATE INDEX incidents_time ON alquimista_platform.incidents USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX incidents_unheard ON alquimista_platform.incidents USING btree (created_at) WHERE ((severity = 'critical'::text) AND (acknowledged_at IS NULL) AND (resolved_at IS NULL) AND (escalated_at IS NULL));

CREATE INDEX integration_authorizations_integration ON alquimista_platform.integration_authorizations USING btree (tenant_id, integration_id) WHERE (integration_id IS NOT NULL);

CREATE UNIQUE INDEX invitations_one_open ON alquimista_platform.invitations USING btree (tenant_id, email) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX invoice_lines_period ON alquimista_platform.invoice_lines USING btree (tenant_id, usage_period_id) WHERE (usage_period_id IS NOT NULL);

CREATE INDEX invoices_open ON alquimista_platform.invoices USING btree (tenant_id, due_on) WHERE (status = 'open'::text);

CREATE INDEX invoices_subscription ON alquimista_platform.invoices USING btree (tenant_id, subscription_id, issued_at DESC);

CREATE INDEX job_log_created ON alquimista_platform.job_log USING btree (created);

CREATE INDEX job_log_job_id_status ON alquimista_platform.job_log USING btree (job_id, created DESC);

CREATE INDEX job_log_not_aggregated ON alquimista_platform.job_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX job_log_status ON alquimista_platform.job_log USING btree (status);

CREATE INDEX job_queue_ep_ea_idx ON alquimista_platform.job_queue USING btree (entrypoint, execute_after) WHERE (status = 'queued'::alquimista_platform.job_status);

CREATE INDEX job_queue_ep_prio_id_idx ON alquimista_platform.job_queue USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::alquimista_platform.job_status);

CREATE INDEX job_queue_picked_heartbeat_idx ON alquimista_platform.job_queue USING btree (heartbeat) WHERE (status = 'picked'::alquimista_platform.job_status);

CREATE UNIQUE INDEX job_queue_picked_slot_idx ON alquimista_platform.job_queue USING btree (entrypoint, slot) WHERE ((status = 'picked'::alquimista_platform.job_status) AND (slot IS NOT NULL));

CREATE INDEX job_queue_priority_id_id1_idx ON alquimista_platform.job_queue USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::alquimista_platform.job_status);

CREATE INDEX job_queue_queue_manager_id_idx ON alquimista_platform.job_queue USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX job_queue_unique_dedupe_key ON alquimista_platform.job_queue USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::alquimista_platform.job_status, 'picked'::alquimista_platform.job_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX job_queue_updated_id_id1_idx ON alquimista_platform.job_queue USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::alquimista_platform.job_status);

CREATE UNIQUE INDEX job_statistics_unique_count ON alquimista_platform.job_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE INDEX mails_recent ON alquimista_platform.mails USING btree (tenant_id, created_at DESC);

CREATE INDEX mails_status ON alquimista_platform.mails USING btree (status, created_at);

CREATE INDEX notification_digests_age ON alquimista_platform.notification_digests USING btree (day);

CREATE INDEX notifications_age ON alquimista_platform.notifications USING btree (created_at);

CREATE INDEX notifications_inbox ON alquimista_platform.notifications USING btree (tenant_id, user_id, created_at DESC, id DESC);

CREATE INDEX notifications_unread ON alquimista_platform.notifications USING btree (tenant_id, user_id) WHERE ((read_at IS NULL) AND in_app);

CREATE INDEX notifications_waiting ON alquimista_platform.notifications USING btree (tenant_id, user_id, created_at) WHERE (digest AND (digested_at IS NULL) AND (read_at IS NULL));

CREATE UNIQUE INDEX operational_commands_approvals ON alquimista_platform.operational_commands USING btree (tenant_id, approval_id) WHERE (approval_id IS NOT NULL);

CREATE INDEX operational_commands_author ON alquimista_platform.operational_commands USING btree (created_by, created_at DESC);

CREATE INDEX operational_commands_canceller ON alquimista_platform.operational_commands USING btree (cancel_requested_by) WHERE (cancel_requested_by IS NOT NULL);

CREATE INDEX operational_commands_changed ON alquimista_platform.operational_commands USING btree (updated_at);

CREATE INDEX operational_commands_due ON alquimista_platform.operational_commands USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX operational_commands_id ON alquimista_platform.operational_commands USING btree (id);

CREATE UNIQUE INDEX operational_commands_key ON alquimista_platform.operational_commands USING btree (tenant_id, created_by, idempotency_key) NULLS NOT DISTINCT WHERE (idempotency_key IS NOT NULL);

CREATE INDEX operational_commands_keys ON alquimista_platform.operational_commands USING btree (created_by, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX operational_commands_newest ON alquimista_platform.operational_commands USING btree (created_at DESC, id DESC);

CREATE INDEX operational_commands_of_tenant ON alquimista_platform.operational_commands USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX operational_commands_status ON alquimista_platform.operational_commands USING btree (status, created_at DESC, id DESC);

CREATE INDEX permission_grants_granted_by ON alquimista_platform.permission_grants USING btree (granted_by);

CREATE UNIQUE INDEX permission_grants_once ON alquimista_platform.permission_grants USING btree (tenant_id, user_id, permission, resource_type, resource_id) NULLS NOT DISTINCT WHERE (revoked_at IS NULL);

CREATE INDEX permission_grants_revoked_by ON alquimista_platform.permission_grants USING btree (revoked_by);

CREATE INDEX rate_limit_windows_start ON alquimista_platform.rate_limit_windows USING btree (window_start);

CREATE INDEX refresh_tokens_session ON alquimista_platform.refresh_tokens USING btree (session_id);

CREATE INDEX sessions_expires ON alquimista_platform.sessions USING btree (expires_at);

CREATE INDEX sessions_member ON alquimista_platform.sessions USING btree (tenant_id, user_id);

CREATE INDEX sessions_user ON alquimista_platform.sessions USING btree (user_id);

CREATE INDEX subscription_changes_subscription ON alquimista_platform.subscription_changes USING btree (tenant_id, subscription_id);

CREATE INDEX subscription_changes_time ON alquimista_platform.subscription_changes USING btree (occurred_at);

CREATE INDEX tenant_agents_agent ON alquimista_platform.tenant_agents USING btree (agent_id);

CREATE INDEX tenant_agents_subnucleo ON alquimista_platform.tenant_agents USING btree (tenant_id, subnucleo_id) WHERE (subnucleo_id IS NOT NULL);

CREATE INDEX tenant_integrations_due ON alquimista_platform.tenant_integrations USING btree (next_check_at) WHERE (next_check_at IS NOT NULL);

CREATE UNIQUE INDEX tenant_offboardings_one ON alquimista_platform.tenant_offboardings USING btree (tenant_id) WHERE (cancelled_at IS NULL);

CREATE INDEX tenant_users_user ON alquimista_platform.tenant_users USING btree (user_id);

CREATE INDEX tenant_views_expires ON alquimista_platform.tenant_views USING btree (expires_at);

CREATE INDEX tenant_views_tenant ON alquimista_platform.tenant_views USING btree (tenant_id);

CREATE INDEX tenant_views_user ON alquimista_platform.tenant_views USING btree (user_id);

CREATE INDEX ticket_messages_incident ON alquimista_platform.ticket_messages USING btree (tenant_id, incident_id) WHERE (incident_id IS NOT NULL);

CREATE UNIQUE INDEX ticket_messages_resolution ON alquimista_platform.ticket_messages USING btree (tenant_id, ticket_id, incident_id) WHERE (incident_id IS NOT NULL);

CREATE INDEX ticket_messages_ticket ON alquimista_platform.ticket_messages USING btree (tenant_id, ticket_id, created_at, id);

CREATE INDEX tickets_assigned ON alquimista_platform.tickets USING btree (assigned_to) WHERE (assigned_to IS NOT NULL);

CREATE INDEX tickets_id ON alquimista_platform.tickets USING btree (id);

CREATE INDEX tickets_incident ON alquimista_platform.tickets USING btree (tenant_id, incident_id) WHERE (incident_id IS NOT NULL);

CREATE INDEX tickets_of_tenant ON alquimista_platform.tickets USING btree (tenant_id, updated_at DESC, id DESC);

CREATE INDEX tickets_opener ON alquimista_platform.tickets USING btree (opened_by);

CREATE INDEX tickets_time ON alquimista_platform.tickets USING btree (updated_at DESC, id DESC);

CREATE INDEX usage_periods_open ON alquimista_platform.usage_periods USING btree (tenant_id) WHERE (status = 'open'::text);

CREATE INDEX usage_periods_plan ON alquimista_platform.usage_periods USING btree (plan_id);

CREATE INDEX usage_periods_subscription ON alquimista_platform.usage_periods USING btree (tenant_id, subscription_id);

CREATE INDEX usage_spans_agent ON alquimista_platform.usage_spans USING btree (tenant_id, agent_id);

CREATE INDEX usage_spans_seen ON alquimista_platform.usage_spans USING btree (tenant_id, seen_on);

CREATE INDEX user_identities_user ON alquimista_platform.user_identities USING btree (user_id);

CREATE INDEX webhook_attempts_recent ON alquimista_platform.webhook_attempts USING btree (started_at);

CREATE INDEX webhook_deliveries_due ON alquimista_platform.webhook_deliveries USING btree (next_attempt_at) WHERE (state = 'pending'::text);

CREATE INDEX webhook_deliveries_event ON alquimista_platform.webhook_deliveries USING btree (tenant_id, event_id);

CREATE INDEX webhook_deliveries_failed ON alquimista_platform.webhook_deliveries USING btree (tenant_id) WHERE (state = 'failed'::text);

CREATE INDEX webhook_deliveries_old ON alquimista_platform.webhook_deliveries USING btree (created_at);

CREATE INDEX webhook_deliveries_recent ON alquimista_platform.webhook_deliveries USING btree (tenant_id, endpoint_id, created_at DESC, id DESC);

CREATE INDEX webhook_deliveries_sending ON alquimista_platform.webhook_deliveries USING btree (tenant_id) WHERE (sending_until IS NOT NULL);

CREATE INDEX webhook_deliveries_waiting ON alquimista_platform.webhook_deliveries USING btree (tenant_id, next_attempt_at) WHERE (state = 'pending'::text);

CREATE INDEX webhook_endpoints_previous_until ON alquimista_platform.webhook_endpoints USING btree (previous_until) WHERE (previous_until IS NOT NULL);

CREATE INDEX event_deliveries_dead ON fibonacci_core.event_deliveries USING btree (tenant_id) WHERE (state = 'dead'::text);

CREATE INDEX event_deliveries_due ON fibonacci_core.event_deliveries USING btree (next_attempt_at) WHERE (state = 'pending'::text);

CREATE INDEX events_id ON fibonacci_core.events USING btree (id);

CREATE INDEX events_recent ON fibonacci_core.events USING btree (created_at DESC, id DESC);

CREATE INDEX events_trace ON fibonacci_core.events USING btree (tenant_id, trace_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX events_type ON fibonacci_core.events USING btree (tenant_id, event_type, created_at DESC);

CREATE INDEX events_waiting ON fibonacci_core.events USING btree (created_at) WHERE (status = ANY (ARRAY['published'::text, 'processing'::text]));

CREATE INDEX traces_agent ON fibonacci_core.traces USING btree (agent_id) WHERE (agent_id IS NOT NULL);

CREATE INDEX traces_lead ON fibonacci_core.traces USING btree (tenant_id, lead_id) WHERE (lead_id IS NOT NULL);

CREATE INDEX traces_recent ON fibonacci_core.traces USING btree (tenant_id, start_time DESC);

CREATE INDEX agendamentos_agenda ON nigredo_leads.agendamentos USING btree (tenant_id, data_hora);

CREATE INDEX agendamentos_lead ON nigredo_leads.agendamentos USING btree (tenant_id, lead_id);

CREATE UNIQUE INDEX blocklist_email ON nigredo_leads.blocklist USING btree (tenant_id, email) WHERE (email IS NOT NULL);

CREATE INDEX blocklist_lead ON nigredo_leads.blocklist USING btree (tenant_id, lead_id) WHERE (lead_id IS NOT NULL);

CREATE UNIQUE INDEX blocklist_telefone ON nigredo_leads.blocklist USING btree (tenant_id, telefone) WHERE (telefone IS NOT NULL);

CREATE INDEX campanhas_status ON nigredo_leads.campanhas USING btree (tenant_id, status, created_at DESC);

CREATE INDEX form_submissions_lead ON nigredo_leads.form_submissions USING btree (tenant_id, lead_id, created_at DESC);

CREATE INDEX interacoes_lead ON nigredo_leads.interacoes USING btree (tenant_id, lead_id, created_at DESC);

CREATE INDEX leads_cnpj ON nigredo_leads.leads USING btree (tenant_id, cnpj) WHERE (cnpj IS NOT NULL);

CREATE INDEX leads_consented ON nigredo_leads.leads USING btree (tenant_id, status) WHERE consent_given;

CREATE INDEX leads_email ON nigredo_leads.leads USING btree (tenant_id, email) WHERE (email IS NOT NULL);

CREATE INDEX leads_recent ON nigredo_leads.leads USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX leads_status ON nigredo_leads.leads USING btree (tenant_id, status, created_at DESC);

CREATE INDEX leads_telefone ON nigredo_leads.leads USING btree (tenant_id, telefone) WHERE (telefone IS NOT NULL);

CREATE INDEX rate_limits_old ON nigredo_leads.rate_limits USING btree (tenant_id, window_start);

CREATE INDEX webhook_logs_lead ON nigredo_leads.webhook_logs USING btree (tenant_id, lead_id, sent_at DESC);

CREATE INDEX commercial_requests_status ON public.commercial_requests USING btree (tenant_id, status, created_at DESC);

CREATE INDEX dry_run_log_lead ON public.dry_run_log USING btree (tenant_id, lead_id) WHERE (lead_id IS NOT NULL);

CREATE INDEX dry_run_log_recent ON public.dry_run_log USING btree (tenant_id, created_at DESC);

CREATE INDEX payment_events_recent ON public.payment_events USING btree (tenant_id, received_at DESC);

CREATE INDEX subnucleo_agents_agent ON public.subnucleo_agents USING btree (agent_id);

CREATE UNIQUE INDEX subscription_addons_one_open ON public.subscription_addons USING btree (name) WHERE (valid_to IS NULL);

CREATE UNIQUE INDEX subscription_plans_one_open ON public.subscription_plans USING btree (name) WHERE (valid_to IS NULL);

CREATE INDEX subscriptions_addon ON public.subscriptions USING btree (addon_id) WHERE (addon_id IS NOT NULL);

CREATE INDEX subscriptions_customer ON public.subscriptions USING btree (provider, provider_customer_id) WHERE (provider_customer_id IS NOT NULL);

CREATE INDEX subscriptions_due_at ON public.subscriptions USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE UNIQUE INDEX subscriptions_one_live ON public.subscriptions USING btree (tenant_id) WHERE (status <> 'canceled'::text);

CREATE INDEX subscriptions_plan ON public.subscriptions USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE UNIQUE INDEX subscriptions_provider ON public.subscriptions USING btree (tenant_id, provider, provider_subscription_id) WHERE (provider_subscription_id IS NOT NULL);

CREATE INDEX tenant_subnucleos_subnucleo ON public.tenant_subnucleos USING btree (subnucleo_id);

CREATE INDEX trials_active ON public.trials USING btree (tenant_id, expires_at) WHERE (status = 'active'::text);

CREATE INDEX trials_agent ON public.trials USING btree (agent_id) WHERE (agent_id IS NOT NULL);

CREATE INDEX trials_subnucleo ON public.trials USING btree (subnucleo_id) WHERE (subnucleo_id IS NOT NULL);

CREATE TRIGGER agent_versions_rows BEFORE DELETE OR UPDATE ON alquimista_platform.agent_versions FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER agent_versions_truncate BEFORE TRUNCATE ON alquimista_platform.agent_versions FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER approval_decisions_guard BEFORE INSERT ON alquimista_platform.approval_decisions FOR EACH ROW EXECUTE FUNCTION alquimista_platform.guard_approval_decision();

CREATE TRIGGER approval_decisions_rows BEFORE DELETE OR UPDATE ON alquimista_platform.approval_decisions FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER approval_decisions_truncate BEFORE TRUNCATE ON alquimista_platform.approval_decisions FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER approval_requests_guard BEFORE INSERT OR UPDATE ON alquimista_platform.approval_requests FOR EACH ROW EXECUTE FUNCTION alquimista_platform.guard_approval_request();

CREATE TRIGGER audit_heads_rows BEFORE DELETE OR UPDATE ON alquimista_platform.audit_heads FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_heads_truncate BEFORE TRUNCATE ON alquimista_platform.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_logs_rows BEFORE DELETE OR UPDATE ON alquimista_platform.audit_logs FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_logs_truncate BEFORE TRUNCATE ON alquimista_platform.audit_logs FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_personal_delete BEFORE DELETE ON alquimista_platform.audit_personal FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_personal_truncate BEFORE TRUNCATE ON alquimista_platform.audit_personal FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_personal_update BEFORE UPDATE ON alquimista_platform.audit_personal FOR EACH ROW EXECUTE FUNCTION alquimista_platform.allow_erasure_only();

CREATE TRIGGER audit_seals_rows BEFORE DELETE OR UPDATE ON alquimista_platform.audit_seals FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER audit_seals_truncate BEFORE TRUNCATE ON alquimista_platform.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER credits_rows BEFORE DELETE OR UPDATE ON alquimista_platform.credits FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER credits_truncate BEFORE TRUNCATE ON alquimista_platform.credits FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER incident_events_rows BEFORE DELETE OR UPDATE ON alquimista_platform.incident_events FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER incident_events_truncate BEFORE TRUNCATE ON alquimista_platform.incident_events FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER incident_tenants_rows BEFORE DELETE OR UPDATE ON alquimista_platform.incident_tenants FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER incident_tenants_truncate BEFORE TRUNCATE ON alquimista_platform.incident_tenants FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER invoice_lines_rows BEFORE DELETE OR UPDATE ON alquimista_platform.invoice_lines FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER invoice_lines_truncate BEFORE TRUNCATE ON alquimista_platform.invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER job_queue_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON alquimista_platform.job_queue FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.job_queue_changed();

CREATE TRIGGER operational_commands_moves BEFORE INSERT OR UPDATE ON alquimista_platform.operational_commands FOR EACH ROW EXECUTE FUNCTION alquimista_platform.keep_command();

CREATE TRIGGER subscription_changes_rows BEFORE DELETE OR UPDATE ON alquimista_platform.subscription_changes FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER subscription_changes_truncate BEFORE TRUNCATE ON alquimista_platform.subscription_changes FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER tenants_cycle_days AFTER UPDATE OF time_zone ON alquimista_platform.tenants FOR EACH ROW WHEN ((old.time_zone IS DISTINCT FROM new.time_zone)) EXECUTE FUNCTION alquimista_platform.keep_cycle_days();

CREATE TRIGGER tenants_time_zone BEFORE UPDATE OF time_zone ON alquimista_platform.tenants FOR EACH ROW WHEN ((old.time_zone IS DISTINCT FROM new.time_zone)) EXECUTE FUNCTION alquimista_platform.keep_past_time_zone();

CREATE TRIGGER ticket_messages_rows BEFORE DELETE OR UPDATE ON alquimista_platform.ticket_messages FOR EACH ROW EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE TRIGGER ticket_messages_truncate BEFORE TRUNCATE ON alquimista_platform.ticket_messages FOR EACH STATEMENT EXECUTE FUNCTION alquimista_platform.refuse_change();

CREATE POLICY internal_read ON alquimista_platform.agent_boots FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.agent_boots FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.agent_controls FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.agent_controls FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.agent_instances FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.agent_instances FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.agent_requests FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.agent_requests FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.agent_standings FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.agent_standings FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY catalogue_add ON alquimista_platform.agent_versions FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON alquimista_platform.agent_versions FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON alquimista_platform.agent_versions FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON alquimista_platform.agent_versions FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_add ON alquimista_platform.agents FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON alquimista_platform.agents FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON alquimista_platform.agents FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON alquimista_platform.agents FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY login_all ON alquimista_platform.api_key_lookup FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY tenant_insert ON alquimista_platform.api_key_lookup FOR INSERT TO alquimista_app WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.api_keys FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_read ON alquimista_platform.api_keys FOR SELECT TO alquimista_login USING (true);

CREATE POLICY login_use ON alquimista_platform.api_keys FOR UPDATE TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.api_keys FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.approval_decisions FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.approval_decisions FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.approval_notices FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.approval_notices FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.approval_requests FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.approval_requests FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.audit_heads FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.audit_heads FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.audit_logs FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_append ON alquimista_platform.audit_logs FOR INSERT TO alquimista_login WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.audit_logs FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.audit_personal FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_append ON alquimista_platform.audit_personal FOR INSERT TO alquimista_login WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.audit_personal FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.audit_seals FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.audit_seals FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.audit_unsealed FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_append ON alquimista_platform.audit_unsealed FOR INSERT TO alquimista_login WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.audit_unsealed FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.charges FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.charges FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.credits FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.credits FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY login_all ON alquimista_platform.email_tokens FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY tenant_insert ON alquimista_platform.email_tokens FOR INSERT TO alquimista_app WITH CHECK (((tenant_id = alquimista_platform.current_tenant()) AND (purpose = 'invite'::text)));

CREATE POLICY internal_read ON alquimista_platform.event_keys FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.event_keys FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.failed_jobs FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.failed_jobs FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.fleet_watches FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.fleet_watches FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.incident_events FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY public_only ON alquimista_platform.incident_events AS RESTRICTIVE FOR SELECT TO alquimista_app USING (public);

CREATE POLICY tenant_isolation ON alquimista_platform.incident_events FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.incident_tenants FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.incident_tenants FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.incidents FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.incidents FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.integration_authorizations FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.integration_authorizations FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.invitations FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_accept ON alquimista_platform.invitations FOR UPDATE TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY login_read ON alquimista_platform.invitations FOR SELECT TO alquimista_login USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.invitations FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.invoice_lines FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.invoice_lines FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.invoices FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.invoices FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.mails FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_delivers ON alquimista_platform.mails FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.mails FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.notification_digests FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.notification_digests FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.notification_preferences FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.notification_preferences FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.notifications FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.notifications FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.operational_commands FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.operational_commands FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.permission_grants FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_read ON alquimista_platform.permission_grants FOR SELECT TO alquimista_login USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.permission_grants FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY login_all ON alquimista_platform.refresh_tokens FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY internal_read ON alquimista_platform.saved_views FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.saved_views FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY login_all ON alquimista_platform.sessions FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY login_all ON alquimista_platform.signing_keys FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY internal_read ON alquimista_platform.subscription_changes FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.subscription_changes FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_agents FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_agents FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_integrations FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_integrations FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_offboardings FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_offboardings FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_onboarding FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_onboarding FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_usage_daily FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_usage_daily FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tenant_users FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_all ON alquimista_platform.tenant_users FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenant_users FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY login_all ON alquimista_platform.tenant_views FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY internal_read ON alquimista_platform.tenants FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_read ON alquimista_platform.tenants FOR SELECT TO alquimista_login USING (true);

CREATE POLICY owner_read ON alquimista_platform.tenants FOR SELECT TO alquimista_owner USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tenants FOR ALL TO alquimista_app, alquimista_owner USING ((id = alquimista_platform.current_tenant())) WITH CHECK ((id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.ticket_messages FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY public_only ON alquimista_platform.ticket_messages AS RESTRICTIVE FOR SELECT TO alquimista_app USING ((NOT internal));

CREATE POLICY tenant_isolation ON alquimista_platform.ticket_messages FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.tickets FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.tickets FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_closed_days FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_closed_days FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_deltas FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_deltas FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_hourly FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_hourly FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_periods FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_periods FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_spans FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_spans FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_versions FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_versions FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.usage_zone_changes FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.usage_zone_changes FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY login_all ON alquimista_platform.user_credentials FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY login_all ON alquimista_platform.user_identities FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY internal_read ON alquimista_platform.users FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY login_all ON alquimista_platform.users FOR ALL TO alquimista_login USING (true) WITH CHECK (true);

CREATE POLICY member_read ON alquimista_platform.users FOR SELECT TO alquimista_app USING ((EXISTS ( SELECT
   FROM alquimista_platform.tenant_users m
  WHERE ((m.tenant_id = alquimista_platform.current_tenant()) AND (m.user_id = users.id)))));

CREATE POLICY restoring_add ON alquimista_platform.users FOR INSERT TO alquimista_owner WITH CHECK (alquimista_platform.is_restoring(alquimista_platform.current_tenant()));

CREATE POLICY restoring_read ON alquimista_platform.users FOR SELECT TO alquimista_owner USING (alquimista_platform.is_restoring(alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.webhook_attempts FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.webhook_attempts FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.webhook_deliveries FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.webhook_deliveries FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON alquimista_platform.webhook_endpoints FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON alquimista_platform.webhook_endpoints FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON fibonacci_core.event_deliveries FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON fibonacci_core.event_deliveries FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON fibonacci_core.events FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON fibonacci_core.events FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON fibonacci_core.metrics FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON fibonacci_core.metrics FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON fibonacci_core.traces FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON fibonacci_core.traces FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.agendamentos FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.agendamentos FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.blocklist FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.blocklist FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.campanhas FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.campanhas FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.form_submissions FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.form_submissions FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.interacoes FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.interacoes FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.leads FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.leads FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.metricas_diarias FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.metricas_diarias FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.rate_limits FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.rate_limits FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON nigredo_leads.webhook_logs FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON nigredo_leads.webhook_logs FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON public.commercial_requests FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.commercial_requests FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON public.dry_run_log FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.dry_run_log FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON public.payment_events FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.payment_events FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY catalogue_add ON public.subnucleo_agents FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON public.subnucleo_agents FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON public.subnucleo_agents FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON public.subnucleo_agents FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_add ON public.subnucleos FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON public.subnucleos FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON public.subnucleos FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON public.subnucleos FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_add ON public.subscription_addons FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON public.subscription_addons FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON public.subscription_addons FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON public.subscription_addons FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_add ON public.subscription_plans FOR INSERT TO alquimista_app, alquimista_owner WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_change ON public.subscription_plans FOR UPDATE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())) WITH CHECK ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY catalogue_read ON public.subscription_plans FOR SELECT TO alquimista_app, alquimista_internal, alquimista_owner USING (true);

CREATE POLICY catalogue_remove ON public.subscription_plans FOR DELETE TO alquimista_app, alquimista_owner USING ((alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()));

CREATE POLICY internal_read ON public.subscriptions FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.subscriptions FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON public.tenant_subnucleos FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.tenant_subnucleos FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

CREATE POLICY internal_read ON public.trials FOR SELECT TO alquimista_internal USING (true);

CREATE POLICY tenant_isolation ON public.trials FOR ALL TO alquimista_app, alquimista_owner USING ((tenant_id = alquimista_platform.current_tenant())) WITH CHECK ((tenant_id = alquimista_platform.current_tenant()));

GRANT UPDATE ON COLUMN alquimista_platform.agent_controls.acknowledged_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_controls.boot_id_before TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_controls.delivered_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_controls.detail TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_controls.outcome TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.boot_id TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.host TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.sdk TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.seen_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.started_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_instances.version TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_standings.offline_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_standings.pause_reason TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_standings.paused_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_standings.paused_by TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.agent_standings.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.api_keys.last_used_at TO alquimista_login;

GRANT UPDATE ON COLUMN alquimista_platform.approval_requests.closed_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.approval_requests.status TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.approval_requests.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.actor_email TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.actor_erased_by TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.actor_name TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.actor_salt TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.after TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.before TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.content_erased_by TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.content_salt TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.details TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.ip TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.audit_personal.user_agent TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.fleet_watches.quiet_until TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.fleet_watches.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.fleet_watches.watched_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.acknowledged_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.escalated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.resolved_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.severity TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.staff_told_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.told_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.incidents.told_over_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.invitations.accepted_at TO alquimista_login;

GRANT UPDATE ON COLUMN alquimista_platform.invoices.paid_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.invoices.refunded_cents TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.invoices.status TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.invoices.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.invoices.voided_at TO alquimista_app;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.dedupe_key TO alquimista_app;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.dedupe_key TO alquimista_login;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.entrypoint TO alquimista_app;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.entrypoint TO alquimista_login;

GRANT INSERT ON COLUMN alquimista_platform.job_queue.execute_after TO alquimista_app;

GRANT INSERT ON COLUMN alquimista_platform.job_queue.execute_after TO alquimista_login;

GRANT SELECT ON COLUMN alquimista_platform.job_queue.id TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.job_queue.id TO alquimista_login;

GRANT INSERT ON COLUMN alquimista_platform.job_queue.payload TO alquimista_app;

GRANT INSERT ON COLUMN alquimista_platform.job_queue.payload TO alquimista_login;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.priority TO alquimista_app;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.priority TO alquimista_login;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.status TO alquimista_app;

GRANT INSERT, SELECT ON COLUMN alquimista_platform.job_queue.status TO alquimista_login;

GRANT SELECT, UPDATE ON COLUMN alquimista_platform.mails.attempts TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.attempts TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.created_at TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.created_at TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.id TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.id TO alquimista_internal;

GRANT SELECT, UPDATE ON COLUMN alquimista_platform.mails.last_error TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.last_error TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.recipient TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.recipient TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.sent_at TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.sent_at TO alquimista_internal;

GRANT SELECT, UPDATE ON COLUMN alquimista_platform.mails.status TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.status TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.subject TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.subject TO alquimista_internal;

GRANT SELECT ON COLUMN alquimista_platform.mails.tenant_id TO alquimista_app;

GRANT SELECT ON COLUMN alquimista_platform.mails.tenant_id TO alquimista_internal;

GRANT UPDATE ON COLUMN alquimista_platform.notification_preferences.in_app TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.notification_preferences.mail TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.notification_preferences.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.attempts TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.cancel_requested_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.cancel_requested_by TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.completed_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.due_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.error_message TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.error_text TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.lease_id TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.output TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.progress_done TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.progress_text TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.progress_total TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.started_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.status TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.operational_commands.worker TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.permission_grants.revoked_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.permission_grants.revoked_by TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.saved_views.query TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.saved_views.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_offboardings.cancelled_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_offboardings.deleted_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_offboardings.deleting_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.agents TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.dismissed_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.finished_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.goals TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.industry TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.size TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tenant_onboarding.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tickets.assigned_to TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tickets.closed_at TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tickets.incident_id TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tickets.status TO alquimista_app;

GRANT UPDATE ON COLUMN alquimista_platform.tickets.updated_at TO alquimista_app;

GRANT UPDATE ON COLUMN public.subscription_addons.valid_to TO alquimista_app;

GRANT UPDATE ON COLUMN public.subscription_plans.valid_to TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.current_tenant() TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.current_tenant() TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.current_tenant() TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.histogram(integer,bigint) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.histogram(integer,bigint) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_cnpj(text) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_cnpj(text) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_cnpj(text) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_currency(text) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_currency(text) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_currency(text) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_email(text) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_email(text) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_email(text) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_object(jsonb,integer) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_object(jsonb,integer) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_object(jsonb,integer) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_phone(text) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_phone(text) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_phone(text) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_restoring(uuid) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_restoring(uuid) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.is_restoring(uuid) TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.local_hours(uuid,timestamp with time zone,timestamp with time zone) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.local_hours(uuid,timestamp with time zone,timestamp with time zone) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.platform_tenant() TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.platform_tenant() TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.platform_tenant() TO alquimista_login;

GRANT EXECUTE ON ROUTINE alquimista_platform.response_time_bucket(integer) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.response_time_bucket(integer) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE alquimista_platform.search_text(text) TO alquimista_app;

GRANT EXECUTE ON ROUTINE alquimista_platform.search_text(text) TO alquimista_internal;

GRANT EXECUTE ON ROUTINE public.expire_trials(timestamp with time zone) TO alquimista_app;

GRANT USAGE ON SCHEMA alquimista_platform TO alquimista_app;

GRANT USAGE ON SCHEMA alquimista_platform TO alquimista_internal;

GRANT USAGE ON SCHEMA alquimista_platform TO alquimista_login;

GRANT USAGE ON SCHEMA fibonacci_core TO alquimista_app;

GRANT USAGE ON SCHEMA fibonacci_core TO alquimista_internal;

GRANT USAGE ON SCHEMA nigredo_leads TO alquimista_app;

GRANT USAGE ON SCHEMA nigredo_leads TO alquimista_internal;

GRANT USAGE ON SEQUENCE alquimista_platform.job_queue_id_seq TO alquimista_app;

GRANT USAGE ON SEQUENCE alquimista_platform.job_queue_id_seq TO alquimista_internal;

GRANT USAGE ON SEQUENCE alquimista_platform.job_queue_id_seq TO alquimista_login;

GRANT USAGE ON SEQUENCE alquimista_platform.job_schedules_id_seq TO alquimista_internal;

GRANT USAGE ON SEQUENCE alquimista_platform.job_statistics_id_seq TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.agent_activations TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_activations TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.agent_boots TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_boots TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.agent_controls TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_controls TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.agent_instances TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_instances TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.agent_requests TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_requests TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.agent_standings TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_standings TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.agent_versions TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agent_versions TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.agents TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.agents TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.api_key_lookup TO alquimista_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.api_key_lookup TO alquimista_login;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.api_keys TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.api_keys TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.api_keys TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.approval_decisions TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.approval_decisions TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.approval_notices TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.approval_notices TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.approval_requests TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.approval_requests TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.audit_heads TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.audit_heads TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.audit_logs TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.audit_logs TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.audit_logs TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.audit_personal TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.audit_personal TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.audit_personal TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.audit_seals TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.audit_seals TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.audit_unsealed TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.audit_unsealed TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.audit_unsealed TO alquimista_login;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.charges TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.charges TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.credits TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.credits TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.email_tokens TO alquimista_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.email_tokens TO alquimista_login;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.event_keys TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.event_keys TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.failed_jobs TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.failed_jobs TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.fleet_watches TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.fleet_watches TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.incident_events TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.incident_events TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.incident_tenants TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.incident_tenants TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.incidents TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.incidents TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.integration_authorizations TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.integration_authorizations TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.invitations TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.invitations TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.invitations TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.invoice_lines TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.invoice_lines TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.invoices TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.invoices TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.job_log TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.job_queue TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.job_schedules TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.job_statistics TO alquimista_internal;

GRANT INSERT ON TABLE alquimista_platform.mails TO alquimista_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.mails TO alquimista_login;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.notification_digests TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.notification_digests TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.notification_preferences TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.notification_preferences TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.notifications TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.notifications TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.operational_commands TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.operational_commands TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.operational_events TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.operational_events TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.permission_grants TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.permission_grants TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.permission_grants TO alquimista_login;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.rate_limit_windows TO alquimista_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.rate_limit_windows TO alquimista_login;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.refresh_tokens TO alquimista_login;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.saved_views TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.saved_views TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.sessions TO alquimista_login;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.signing_keys TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.subscription_changes TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.subscription_changes TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenant_agents TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_agents TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenant_integrations TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_integrations TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.tenant_offboardings TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_offboardings TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.tenant_onboarding TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_onboarding TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenant_usage_daily TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_usage_daily TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenant_users TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenant_users TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenant_users TO alquimista_login;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.tenant_views TO alquimista_login;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.tenants TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tenants TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.tenants TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.ticket_messages TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.ticket_messages TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.tickets TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.tickets TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.usage_closed_days TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_closed_days TO alquimista_internal;

GRANT DELETE, INSERT, SELECT ON TABLE alquimista_platform.usage_deltas TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_deltas TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.usage_hourly TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_hourly TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.usage_periods TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_periods TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.usage_spans TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_spans TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.usage_versions TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_versions TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE alquimista_platform.usage_zone_changes TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.usage_zone_changes TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.user_credentials TO alquimista_login;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.user_identities TO alquimista_login;

GRANT SELECT ON TABLE alquimista_platform.users TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.users TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE alquimista_platform.users TO alquimista_login;

GRANT INSERT, SELECT ON TABLE alquimista_platform.webhook_attempts TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.webhook_attempts TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.webhook_deliveries TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.webhook_deliveries TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.webhook_endpoints TO alquimista_app;

GRANT SELECT ON TABLE alquimista_platform.webhook_endpoints TO alquimista_internal;

GRANT SELECT ON TABLE alquimista_platform.workers TO alquimista_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alquimista_platform.workers TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE fibonacci_core.event_deliveries TO alquimista_app;

GRANT SELECT ON TABLE fibonacci_core.event_deliveries TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE fibonacci_core.events TO alquimista_app;

GRANT SELECT ON TABLE fibonacci_core.events TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE fibonacci_core.metrics TO alquimista_app;

GRANT SELECT ON TABLE fibonacci_core.metrics TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE fibonacci_core.traces TO alquimista_app;

GRANT SELECT ON TABLE fibonacci_core.traces TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.agendamentos TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.agendamentos TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE nigredo_leads.blocklist TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.blocklist TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.campanhas TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.campanhas TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.form_submissions TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.form_submissions TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.interacoes TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.interacoes TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.leads TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.leads TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.metricas_diarias TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.metricas_diarias TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE nigredo_leads.rate_limits TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.rate_limits TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE nigredo_leads.webhook_logs TO alquimista_app;

GRANT SELECT ON TABLE nigredo_leads.webhook_logs TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.commercial_requests TO alquimista_app;

GRANT SELECT ON TABLE public.commercial_requests TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE public.dry_run_log TO alquimista_app;

GRANT SELECT ON TABLE public.dry_run_log TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.payment_events TO alquimista_app;

GRANT SELECT ON TABLE public.payment_events TO alquimista_internal;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE public.subnucleo_agents TO alquimista_app;

GRANT SELECT ON TABLE public.subnucleo_agents TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.subnucleos TO alquimista_app;

GRANT SELECT ON TABLE public.subnucleos TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE public.subscription_addons TO alquimista_app;

GRANT SELECT ON TABLE public.subscription_addons TO alquimista_internal;

GRANT INSERT, SELECT ON TABLE public.subscription_plans TO alquimista_app;

GRANT SELECT ON TABLE public.subscription_plans TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.subscriptions TO alquimista_app;

GRANT SELECT ON TABLE public.subscriptions TO alquimista_internal;

GRANT SELECT ON TABLE public.tenant_agents TO alquimista_app;

GRANT SELECT ON TABLE public.tenant_agents TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.tenant_subnucleos TO alquimista_app;

GRANT SELECT ON TABLE public.tenant_subnucleos TO alquimista_internal;

GRANT SELECT ON TABLE public.tenant_subscriptions TO alquimista_app;

GRANT SELECT ON TABLE public.tenant_subscriptions TO alquimista_internal;

GRANT INSERT, SELECT, UPDATE ON TABLE public.trials TO alquimista_app;

GRANT SELECT ON TABLE public.trials TO alquimista_internal;

GRANT SELECT ON TABLE public.v_tenant_subscription_summary TO alquimista_app;

GRANT SELECT ON TABLE public.v_tenant_subscription_summary TO alquimista_internal;

GRANT USAGE ON TYPE alquimista_platform.job_status TO PUBLIC;

GRANT USAGE ON TYPE alquimista_platform.job_status TO alquimista_app;

GRANT USAGE ON TYPE alquimista_platform.job_status TO alquimista_internal;

GRANT USAGE ON TYPE alquimista_platform.job_status TO alquimista_login;
