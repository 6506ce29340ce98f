-- 040: what the platform watches itself by, and failures of commands in the reader's language.
--
-- Nothing is released, so every table is empty or small: nobody waits, and indexes need not be made concurrently.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

alter table alquimista_platform.job_schedules add column succeeded_at timestamptz not null default now();
comment on column alquimista_platform.job_schedules.succeeded_at is 'When a run last ended well; until the first one, when the schedule was first seen.';

alter table alquimista_platform.operational_commands add column error_text jsonb
  check (jsonb_typeof(error_text) = 'object' and length(error_text::text) <= 10000);
comment on column alquimista_platform.operational_commands.error_text is 'The text of error_message before it was translated: template and params. Null when it is no text of ours.';

grant update (error_text) on alquimista_platform.operational_commands to alquimista_app;

create index event_deliveries_dead on fibonacci_core.event_deliveries (tenant_id) where state = 'dead';
create index webhook_attempts_recent on alquimista_platform.webhook_attempts (started_at);

-- migrate:down

drop index alquimista_platform.webhook_attempts_recent;
drop index fibonacci_core.event_deliveries_dead;
alter table alquimista_platform.operational_commands drop column error_text;
alter table alquimista_platform.job_schedules drop column succeeded_at;
