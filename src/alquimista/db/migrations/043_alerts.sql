-- 043: staff are told of customers' grave incidents, and of critical ones that nobody takes up; refusals are counted.
--
-- Nothing is released, so every table is empty or small: nobody waits, and indexes need not be made concurrently.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

alter table alquimista_platform.incidents
  add column staff_told_at timestamptz,
  add column escalated_at timestamptz;
comment on column alquimista_platform.incidents.staff_told_at is 'When staff were told of this incident of a customer; null until then, and for the platform''s own.';
comment on column alquimista_platform.incidents.escalated_at is 'When staff''s administrators were told that nobody had acknowledged it in time; null until then.';

grant update (staff_told_at, escalated_at) on alquimista_platform.incidents to alquimista_app;

-- The few that may be waiting to be taken up, among all that ever were.
create index incidents_unheard on alquimista_platform.incidents (created_at)
  where severity = 'critical' and acknowledged_at is null and resolved_at is null and escalated_at is null;

-- Signs of an attack are counted every two minutes, in all tenants together.
create index audit_logs_failures on alquimista_platform.audit_logs (action, occurred_at) where result = 'failure';

-- migrate:down

drop index alquimista_platform.audit_logs_failures;
drop index alquimista_platform.incidents_unheard;
alter table alquimista_platform.incidents drop column escalated_at, drop column staff_told_at;
