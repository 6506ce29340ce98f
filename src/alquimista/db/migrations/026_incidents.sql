-- 026: incidents from their opening to their end: who is told, what was done, whom it affects, what a tenant sees of it.
-- The table altered here comes from this first chain and is empty: nothing is scanned, nobody waits.
-- squawk-ignore-file require-concurrent-index-creation, adding-not-nullable-field

-- migrate:up

alter table alquimista_platform.incidents
  add column rule text not null default '' check (length(rule) <= 100),
  add column params jsonb check (alquimista_platform.is_object(params, 8192)),
  add column visibility text not null default 'tenant' check (visibility in ('tenant', 'internal')),
  add column acknowledged_at timestamptz,
  add column told_at timestamptz,
  add column told_over_at timestamptz,
  add column parent_id uuid;
create index incidents_id on alquimista_platform.incidents (id);
create index incidents_key on alquimista_platform.incidents (tenant_id, dedupe_key, created_at desc);
create unique index incidents_parent on alquimista_platform.incidents (tenant_id, parent_id) where parent_id is not null;
create index incidents_children on alquimista_platform.incidents (parent_id) where parent_id is not null;
comment on table alquimista_platform.incidents is 'Things that went wrong for a tenant, one open for each condition; those of the whole platform belong to the platform tenant.';
comment on column alquimista_platform.incidents.rule is 'The rule that opened it, of alquimista.incidents.models.RULES; empty when none did.';
comment on column alquimista_platform.incidents.params is 'Parameters of the rule''s texts, which are shown in the reader''s language; null: title and description are shown as stored.';
comment on column alquimista_platform.incidents.visibility is 'tenant, or internal: never shown to the tenant.';
comment on column alquimista_platform.incidents.acknowledged_at is 'When staff took it up; null until then.';
comment on column alquimista_platform.incidents.told_at is 'When the tenant''s administrators were told of it; null until then.';
comment on column alquimista_platform.incidents.told_over_at is 'When they were told that it is over.';
comment on column alquimista_platform.incidents.parent_id is 'The platform''s incident that this one shows to a tenant which it affects; null for one of its own.';
revoke update on alquimista_platform.incidents from alquimista_app;
grant update (severity, acknowledged_at, resolved_at, told_at, told_over_at) on alquimista_platform.incidents to alquimista_app;

create table alquimista_platform.incident_tenants (
  tenant_id uuid not null,
  incident_id uuid not null,
  affected_tenant_id uuid not null references alquimista_platform.tenants,
  created_at timestamptz not null,
  primary key (tenant_id, incident_id, affected_tenant_id),
  foreign key (tenant_id, incident_id) references alquimista_platform.incidents (tenant_id, id)
);
create index incident_tenants_affected on alquimista_platform.incident_tenants (affected_tenant_id);
comment on table alquimista_platform.incident_tenants is 'Which tenants an incident of the platform affects. Rows of the platform tenant, which no customer reads.';
comment on column alquimista_platform.incident_tenants.tenant_id is 'The platform tenant.';
comment on column alquimista_platform.incident_tenants.incident_id is 'The platform''s incident.';
comment on column alquimista_platform.incident_tenants.affected_tenant_id is 'A tenant that it affects.';
comment on column alquimista_platform.incident_tenants.created_at is 'When that was said.';

create table alquimista_platform.incident_events (
  tenant_id uuid not null,
  id uuid not null,
  incident_id uuid not null,
  occurred_at timestamptz not null,
  kind text not null
    check (kind in ('opened', 'severity_changed', 'acknowledged', 'comment', 'command', 'notified', 'resolved')),
  public boolean not null,
  actor_id uuid,
  body text not null default '' check (length(body) <= 5000),
  details jsonb not null default '{}' check (alquimista_platform.is_object(details, 8192)),
  primary key (tenant_id, id),
  foreign key (tenant_id, incident_id) references alquimista_platform.incidents (tenant_id, id),
  constraint incident_events_comment check ((kind = 'comment') = (body <> '')),
  constraint incident_events_command check (kind <> 'command' or not public)
);
create index incident_events_incident on alquimista_platform.incident_events (tenant_id, incident_id, occurred_at, id);
comment on table alquimista_platform.incident_events is 'An incident''s timeline: what happened to it, each once, never changed. What is not public is out of the app role''s sight.';
comment on column alquimista_platform.incident_events.tenant_id is 'The incident''s tenant.';
comment on column alquimista_platform.incident_events.id is 'The event; a platform comment that is shown to a tenant has the same id there.';
comment on column alquimista_platform.incident_events.incident_id is 'The incident.';
comment on column alquimista_platform.incident_events.occurred_at is 'When it happened.';
comment on column alquimista_platform.incident_events.kind is 'opened, severity_changed, acknowledged, comment, command, notified or resolved.';
comment on column alquimista_platform.incident_events.public is 'Whether the tenant sees it.';
comment on column alquimista_platform.incident_events.actor_id is 'Who did it; null for the platform itself.';
comment on column alquimista_platform.incident_events.body is 'A comment''s text; empty for other kinds.';
comment on column alquimista_platform.incident_events.details is 'What else to know: severities, a command''s id, how many were told.';

call alquimista_platform.isolate('alquimista_platform.incident_tenants');
call alquimista_platform.isolate('alquimista_platform.incident_events');
grant select, insert on alquimista_platform.incident_tenants, alquimista_platform.incident_events to alquimista_app;
-- The app writes what is not public and never reads it again: only staff do, through their own role.
create policy public_only on alquimista_platform.incident_events as restrictive for select to alquimista_app using (public);
create trigger incident_tenants_rows before update or delete on alquimista_platform.incident_tenants
  for each row execute function alquimista_platform.refuse_change();
create trigger incident_tenants_truncate before truncate on alquimista_platform.incident_tenants
  for each statement execute function alquimista_platform.refuse_change();
create trigger incident_events_rows before update or delete on alquimista_platform.incident_events
  for each row execute function alquimista_platform.refuse_change();
create trigger incident_events_truncate before truncate on alquimista_platform.incident_events
  for each statement execute function alquimista_platform.refuse_change();

-- migrate:down

drop table alquimista_platform.incident_events;
drop table alquimista_platform.incident_tenants;
drop index alquimista_platform.incidents_children, alquimista_platform.incidents_parent,
  alquimista_platform.incidents_key, alquimista_platform.incidents_id;
alter table alquimista_platform.incidents
  drop column parent_id, drop column told_over_at, drop column told_at, drop column acknowledged_at,
  drop column visibility, drop column params, drop column rule;
revoke update (severity, resolved_at) on alquimista_platform.incidents from alquimista_app;
grant update on alquimista_platform.incidents to alquimista_app;
comment on table alquimista_platform.incidents is 'Things that went wrong for a tenant and are shown to it; one open for each condition.';
