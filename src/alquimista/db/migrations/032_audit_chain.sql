-- 032: the audit as a chain: what names a person beside each entry, what waits for its seal, the seals, signed heads.
--
-- A writer adds an entry, its personal part and a line in the queue, in one statement; it takes no lock that another
-- writer waits for. One sealer for each tenant takes what was committed out of the queue and chains it (docs/audit.md).
-- audit_logs comes from this first chain and is empty: its indexes are made at once, and nobody waits.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

create table alquimista_platform.audit_personal (
  tenant_id uuid not null,
  entry_id uuid not null,
  actor_salt bytea check (octet_length(actor_salt) = 16),
  actor_email text not null default '' check (length(actor_email) <= 254),
  actor_name text not null default '' check (length(actor_name) <= 200),
  ip inet,
  user_agent text not null default '' check (length(user_agent) <= 512),
  actor_erased_by uuid,
  content_salt bytea check (octet_length(content_salt) = 16),
  details jsonb not null default '{}' check (alquimista_platform.is_object(details, 32768)),
  before jsonb check (alquimista_platform.is_object(before, 32768)),
  after jsonb check (alquimista_platform.is_object(after, 32768)),
  content_erased_by uuid,
  primary key (tenant_id, entry_id),
  constraint audit_personal_actor_erased check (
    (actor_salt is null) = (actor_erased_by is not null)
    and (actor_erased_by is null or (actor_email = '' and actor_name = '' and ip is null and user_agent = ''))),
  constraint audit_personal_content_erased check (
    (content_salt is null) = (content_erased_by is not null)
    and (content_erased_by is null or (details = '{}' and before is null and after is null)))
);
comment on table alquimista_platform.audit_personal is 'What names people in an audit entry. The chain holds salted digests of it; an erasure empties a part and its salt, and nothing else may change it.';
comment on column alquimista_platform.audit_personal.tenant_id is 'The tenant concerned.';
comment on column alquimista_platform.audit_personal.entry_id is 'The entry of audit_logs, written in the same statement.';
comment on column alquimista_platform.audit_personal.actor_salt is 'Random bytes in the digest of who acted; gone once erased, so that no guess can be checked.';
comment on column alquimista_platform.audit_personal.actor_email is 'The person''s address at the time, or the one that was tried.';
comment on column alquimista_platform.audit_personal.actor_name is 'The person''s name at the time.';
comment on column alquimista_platform.audit_personal.ip is 'Client address.';
comment on column alquimista_platform.audit_personal.user_agent is 'Client software, cut to 512 characters.';
comment on column alquimista_platform.audit_personal.actor_erased_by is 'The entry of the erasure that emptied who acted; null while it is here.';
comment on column alquimista_platform.audit_personal.content_salt is 'Random bytes in the digest of the content; gone once erased.';
comment on column alquimista_platform.audit_personal.details is 'What else to know, without secrets.';
comment on column alquimista_platform.audit_personal.before is 'The thing before the act, without secrets; null where that says nothing.';
comment on column alquimista_platform.audit_personal.after is 'The thing after the act, without secrets; null where that says nothing.';
comment on column alquimista_platform.audit_personal.content_erased_by is 'The entry of the erasure that emptied the content; null while it is here.';

create function alquimista_platform.allow_erasure_only() returns trigger
  language plpgsql
as $$
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
$$;
comment on function alquimista_platform.allow_erasure_only() is 'Trigger of audit_personal: lets a part be emptied once, by an erasure, and refuses every other change.';

create trigger audit_personal_update before update on alquimista_platform.audit_personal
  for each row execute function alquimista_platform.allow_erasure_only();
create trigger audit_personal_delete before delete on alquimista_platform.audit_personal
  for each row execute function alquimista_platform.refuse_change();
create trigger audit_personal_truncate before truncate on alquimista_platform.audit_personal
  for each statement execute function alquimista_platform.refuse_change();

create table alquimista_platform.audit_unsealed (
  tenant_id uuid not null,
  entry_id uuid not null,
  primary key (tenant_id, entry_id)
);
comment on table alquimista_platform.audit_unsealed is 'Entries that wait for their seal: seen by the sealer when their writer commits, however late that is.';
comment on column alquimista_platform.audit_unsealed.tenant_id is 'The tenant concerned.';
comment on column alquimista_platform.audit_unsealed.entry_id is 'The entry, written in the same statement.';

create table alquimista_platform.audit_seals (
  tenant_id uuid not null references alquimista_platform.tenants,
  seq bigint not null check (seq > 0),
  entry_id uuid not null,
  actor_digest bytea not null check (octet_length(actor_digest) = 32),
  content_digest bytea not null check (octet_length(content_digest) = 32),
  hash bytea not null check (octet_length(hash) = 32),
  sealed_at timestamptz not null,
  primary key (tenant_id, seq),
  unique (tenant_id, entry_id),
  foreign key (tenant_id, entry_id) references alquimista_platform.audit_logs (tenant_id, id)
);
comment on table alquimista_platform.audit_seals is 'Each tenant''s chain: the place of every entry and the hash that ties it to the one before. Append only.';
comment on column alquimista_platform.audit_seals.tenant_id is 'The tenant whose chain it is.';
comment on column alquimista_platform.audit_seals.seq is 'The place in the chain, from 1 without a gap.';
comment on column alquimista_platform.audit_seals.entry_id is 'The entry.';
comment on column alquimista_platform.audit_seals.actor_digest is 'Salted SHA-256 of who acted, kept when that is erased.';
comment on column alquimista_platform.audit_seals.content_digest is 'Salted SHA-256 of the content, kept when that is erased.';
comment on column alquimista_platform.audit_seals.hash is 'SHA-256 of the hash before, the place, the entry and both digests.';
comment on column alquimista_platform.audit_seals.sealed_at is 'When it was sealed.';

create table alquimista_platform.audit_heads (
  tenant_id uuid not null references alquimista_platform.tenants,
  seq bigint not null check (seq > 0),
  hash bytea not null check (octet_length(hash) = 32),
  signed_at timestamptz not null,
  key_id text not null check (key_id ~ '^[0-9a-f]{16}$'),
  signature bytea not null check (octet_length(signature) = 64),
  primary key (tenant_id, seq)
);
comment on table alquimista_platform.audit_heads is 'Copies of the signed heads; the originals are in the anchor file outside the database. Append only.';
comment on column alquimista_platform.audit_heads.tenant_id is 'The tenant whose chain it is.';
comment on column alquimista_platform.audit_heads.seq is 'The last place of the chain at the time.';
comment on column alquimista_platform.audit_heads.hash is 'The hash at that place.';
comment on column alquimista_platform.audit_heads.signed_at is 'When it was signed.';
comment on column alquimista_platform.audit_heads.key_id is 'Which key signed: the first 16 hex digits of the SHA-256 of the public key.';
comment on column alquimista_platform.audit_heads.signature is 'Ed25519 over the head.';

create trigger audit_seals_rows before update or delete on alquimista_platform.audit_seals
  for each row execute function alquimista_platform.refuse_change();
create trigger audit_seals_truncate before truncate on alquimista_platform.audit_seals
  for each statement execute function alquimista_platform.refuse_change();
create trigger audit_heads_rows before update or delete on alquimista_platform.audit_heads
  for each row execute function alquimista_platform.refuse_change();
create trigger audit_heads_truncate before truncate on alquimista_platform.audit_heads
  for each statement execute function alquimista_platform.refuse_change();

-- What people filter by, besides time and thing (003). A trace is a handful of entries, so it needs no tenant.
create index audit_logs_actor on alquimista_platform.audit_logs (tenant_id, actor_id, occurred_at desc, id desc)
  where actor_id is not null;
create index audit_logs_trace on alquimista_platform.audit_logs (trace_id) where trace_id is not null;
create index audit_logs_recent on alquimista_platform.audit_logs (occurred_at desc, id desc);

call alquimista_platform.isolate('alquimista_platform.audit_personal');
call alquimista_platform.isolate('alquimista_platform.audit_unsealed');
call alquimista_platform.isolate('alquimista_platform.audit_seals');
call alquimista_platform.isolate('alquimista_platform.audit_heads');
grant select, insert on
  alquimista_platform.audit_personal, alquimista_platform.audit_seals, alquimista_platform.audit_heads
to alquimista_app;
grant update (
  actor_salt, actor_email, actor_name, ip, user_agent, actor_erased_by,
  content_salt, details, before, after, content_erased_by
) on alquimista_platform.audit_personal to alquimista_app;
grant select, insert, delete on alquimista_platform.audit_unsealed to alquimista_app;
-- Sign-in writes entries before any tenant is known.
create policy login_append on alquimista_platform.audit_personal for insert to alquimista_login with check (true);
create policy login_append on alquimista_platform.audit_unsealed for insert to alquimista_login with check (true);
grant insert on alquimista_platform.audit_personal, alquimista_platform.audit_unsealed to alquimista_login;

create view alquimista_platform.operational_events with (security_invoker = true) as
select
  a.tenant_id, a.id, a.occurred_at, 'audit' as event_type, a.category as event_category, a.action, a.result as status,
  case a.result when 'failure' then 'warning' else 'info' end as severity, a.actor_id as user_id,
  p.actor_email as user_email, a.resource_type, a.resource_id, p.details, p.ip, p.user_agent,
  null::timestamptz as resolved_at
from alquimista_platform.audit_logs a
left join alquimista_platform.audit_personal p on p.tenant_id = a.tenant_id and p.entry_id = a.id
union all
select
  tenant_id, id, created_at, 'incident', 'system', 'incident.opened',
  case when resolved_at is null then 'pending' else 'success' end, severity, null, '', source, dedupe_key,
  details || jsonb_build_object('title', title), null, '', resolved_at
from alquimista_platform.incidents
-- A tenant does not see what is internal. Staff read without a tenant set.
where visibility = 'tenant' or alquimista_platform.current_tenant() is null;
comment on view alquimista_platform.operational_events is 'What happened in a tenant: its audit entries and its incidents, in one list.';
comment on column alquimista_platform.operational_events.tenant_id is 'The tenant.';
comment on column alquimista_platform.operational_events.id is 'The audit entry or the incident.';
comment on column alquimista_platform.operational_events.occurred_at is 'When it happened.';
comment on column alquimista_platform.operational_events.event_type is 'audit or incident.';
comment on column alquimista_platform.operational_events.event_category is 'auth, tenant, agent, integration, command, system, user or usage.';
comment on column alquimista_platform.operational_events.action is 'What was done.';
comment on column alquimista_platform.operational_events.status is 'success, failure, or pending for an open incident.';
comment on column alquimista_platform.operational_events.severity is 'info, warning, error or critical.';
comment on column alquimista_platform.operational_events.user_id is 'Who did it, when somebody did.';
comment on column alquimista_platform.operational_events.user_email is 'That person''s address at the time.';
comment on column alquimista_platform.operational_events.resource_type is 'Kind of thing concerned; of an incident, its source.';
comment on column alquimista_platform.operational_events.resource_id is 'Which one; of an incident, its condition.';
comment on column alquimista_platform.operational_events.details is 'What else to know, without secrets.';
comment on column alquimista_platform.operational_events.ip is 'Client address.';
comment on column alquimista_platform.operational_events.user_agent is 'Client software.';
comment on column alquimista_platform.operational_events.resolved_at is 'When an incident was over.';
grant select on alquimista_platform.operational_events to alquimista_app, alquimista_internal;

-- migrate:down

drop view alquimista_platform.operational_events;
drop index alquimista_platform.audit_logs_recent;
drop index alquimista_platform.audit_logs_trace;
drop index alquimista_platform.audit_logs_actor;
drop table alquimista_platform.audit_heads;
drop table alquimista_platform.audit_seals;
drop table alquimista_platform.audit_unsealed;
drop table alquimista_platform.audit_personal;
drop function alquimista_platform.allow_erasure_only();
