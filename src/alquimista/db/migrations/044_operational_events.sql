-- 044: operational_events with the founding columns and values, and what raw_days is about.
--
-- The founding table had event_type beside action, created_at, and six categories. An act's whole name is the type, and
-- its last part the action. Of the audit's two further categories, people belong to auth and use to the tenant.

-- Nobody reads the view but by hand, so that dropping it breaks no client.
-- squawk-ignore-file ban-drop-view

-- migrate:up

drop view alquimista_platform.operational_events;
create view alquimista_platform.operational_events with (security_invoker = true) as
select
  a.id, a.action as event_type,
  case a.category when 'user' then 'auth' when 'usage' then 'tenant' else a.category end as event_category,
  a.tenant_id, a.actor_id as user_id, p.actor_email as user_email, a.resource_type, a.resource_id,
  substring(a.action from '[^.]*$') as action, a.result as status, p.details, p.ip, p.user_agent,
  a.occurred_at as created_at, case a.result when 'failure' then 'warning' else 'info' end as severity,
  null::timestamptz as resolved_at
from alquimista_platform.audit_logs a
left join alquimista_platform.audit_personal p on p.tenant_id = a.tenant_id and p.entry_id = a.id
union all
select
  id, 'incident.opened', 'system', tenant_id, null, '', source, dedupe_key, 'opened',
  case when resolved_at is null then 'pending' else 'success' end,
  details || jsonb_build_object('title', title), null, '', created_at, severity, resolved_at
from alquimista_platform.incidents
-- A tenant does not see what is internal. Staff read without a tenant set.
where visibility = 'tenant' or alquimista_platform.current_tenant() is null;
comment on view alquimista_platform.operational_events is 'What happened in a tenant: its audit entries and its incidents, in one list, with the founding columns.';
comment on column alquimista_platform.operational_events.id is 'The audit entry or the incident.';
comment on column alquimista_platform.operational_events.event_type is 'What happened, by its whole name: an audited act such as agent.activated, or incident.opened.';
comment on column alquimista_platform.operational_events.event_category is 'auth (people, keys and permissions among them), tenant (its use too), agent, integration, command or system.';
comment on column alquimista_platform.operational_events.tenant_id is 'The tenant.';
comment on column alquimista_platform.operational_events.user_id is 'Who did it, when somebody did.';
comment on column alquimista_platform.operational_events.user_email is 'That person''s address at the time.';
comment on column alquimista_platform.operational_events.resource_type is 'Kind of thing concerned; of an incident, its source.';
comment on column alquimista_platform.operational_events.resource_id is 'Which one; of an incident, its condition.';
comment on column alquimista_platform.operational_events.action is 'What was done: the last part of event_type.';
comment on column alquimista_platform.operational_events.status is 'success, failure, or pending for an open incident.';
comment on column alquimista_platform.operational_events.details is 'What else to know, without secrets.';
comment on column alquimista_platform.operational_events.ip is 'Client address.';
comment on column alquimista_platform.operational_events.user_agent is 'Client software.';
comment on column alquimista_platform.operational_events.created_at is 'When it happened.';
comment on column alquimista_platform.operational_events.severity is 'info, warning, error or critical. The founding API answers it, without a column of its own.';
comment on column alquimista_platform.operational_events.resolved_at is 'When an incident was over. Likewise.';
grant select on alquimista_platform.operational_events to alquimista_app, alquimista_internal;

comment on column alquimista_platform.tenants.raw_days is 'Days for which raw requests and spans are kept, when fewer than the installation''s; null: as the installation.';

-- migrate:down

comment on column alquimista_platform.tenants.raw_days is 'Days for which raw requests are kept, when fewer than the installation''s; null: as the installation.';

drop view alquimista_platform.operational_events;
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
