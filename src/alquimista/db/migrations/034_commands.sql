-- 034: commands of the vendor's staff, each with exactly one end; and the failed jobs of a tenant, beside the queue.

-- migrate:up

create table alquimista_platform.operational_commands (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  command_type text not null check (length(command_type) between 1 and 50),
  parameters jsonb not null default '{}' check (alquimista_platform.is_object(parameters, 16384)),
  status text not null default 'PENDING'
    check (status in ('PENDING', 'AWAITING_APPROVAL', 'RUNNING', 'SUCCESS', 'ERROR', 'CANCELLED')),
  idempotency_key text check (length(idempotency_key) between 1 and 200),
  approval_id uuid,
  created_by uuid references alquimista_platform.users,
  tries smallint not null check (tries between 1 and 10),
  attempts smallint not null default 0,
  lease_id uuid,
  worker text check (length(worker) between 1 and 100),
  due_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_requested_by uuid references alquimista_platform.users,
  progress_done integer not null default 0,
  progress_total integer,
  progress_text text not null default '' check (length(progress_text) <= 200),
  output jsonb check (alquimista_platform.is_object(output, 65536)),
  error_message text check (length(error_message) between 1 and 2000),
  created_at timestamptz not null,
  started_at timestamptz,
  completed_at timestamptz,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, approval_id) references alquimista_platform.approval_requests deferrable initially deferred,
  constraint operational_commands_attempts check (attempts between 0 and tries),
  constraint operational_commands_ended
    check ((status in ('SUCCESS', 'ERROR', 'CANCELLED')) = (completed_at is not null)),
  constraint operational_commands_due check ((status in ('PENDING', 'RUNNING')) = (due_at is not null)),
  constraint operational_commands_lease check ((status = 'RUNNING') = (lease_id is not null)),
  constraint operational_commands_worker check ((lease_id is null) = (worker is null)),
  constraint operational_commands_started check ((attempts = 0) = (started_at is null)),
  constraint operational_commands_ran check (status not in ('RUNNING', 'SUCCESS', 'ERROR') or attempts > 0),
  constraint operational_commands_output check ((status = 'SUCCESS') = (output is not null)),
  constraint operational_commands_error check (case status
    when 'ERROR' then error_message is not null
    when 'SUCCESS' then error_message is null
    when 'AWAITING_APPROVAL' then error_message is null
    else true end),
  constraint operational_commands_approval
    check (status <> 'AWAITING_APPROVAL' or (approval_id is not null and created_by is not null and attempts = 0)),
  constraint operational_commands_cancel
    check (cancel_requested_by is null or cancel_requested_at is not null),
  constraint operational_commands_progress
    check (progress_done >= 0 and (progress_total is null or progress_total >= progress_done))
);
create unique index operational_commands_key
  on alquimista_platform.operational_commands (tenant_id, created_by, idempotency_key) nulls not distinct
  where idempotency_key is not null;
create index operational_commands_keys on alquimista_platform.operational_commands (created_by, idempotency_key)
  where idempotency_key is not null;
create index operational_commands_newest on alquimista_platform.operational_commands (created_at desc, id desc);
create index operational_commands_of_tenant
  on alquimista_platform.operational_commands (tenant_id, created_at desc, id desc);
create index operational_commands_status on alquimista_platform.operational_commands (status, created_at desc, id desc);
create index operational_commands_id on alquimista_platform.operational_commands (id);
create index operational_commands_author on alquimista_platform.operational_commands (created_by, created_at desc);
create unique index operational_commands_approvals
  on alquimista_platform.operational_commands (tenant_id, approval_id) where approval_id is not null;
create index operational_commands_canceller on alquimista_platform.operational_commands (cancel_requested_by)
  where cancel_requested_by is not null;
create index operational_commands_due on alquimista_platform.operational_commands (due_at) where due_at is not null;
create index operational_commands_changed on alquimista_platform.operational_commands (updated_at);
comment on table alquimista_platform.operational_commands is 'Commands of staff and of the platform itself, and what became of each: exactly one end, which never changes.';
comment on column alquimista_platform.operational_commands.tenant_id is 'The tenant that it is about; the platform tenant when it is about none.';
comment on column alquimista_platform.operational_commands.id is 'The command.';
comment on column alquimista_platform.operational_commands.command_type is 'What is to be done: a type of alquimista.operations.models.kinds.';
comment on column alquimista_platform.operational_commands.parameters is 'How, in the shape of its type.';
comment on column alquimista_platform.operational_commands.status is 'PENDING, AWAITING_APPROVAL, RUNNING, SUCCESS, ERROR or CANCELLED. The last three are ends.';
comment on column alquimista_platform.operational_commands.idempotency_key is 'The caller''s name for it: said again, it is the same command. Null when none was given.';
comment on column alquimista_platform.operational_commands.approval_id is 'The request for approval without which it does not run; null when it needs none.';
comment on column alquimista_platform.operational_commands.created_by is 'Who gave it; null for the platform itself.';
comment on column alquimista_platform.operational_commands.tries is 'How often it may be begun.';
comment on column alquimista_platform.operational_commands.attempts is 'How often it has been begun.';
comment on column alquimista_platform.operational_commands.lease_id is 'The try that runs: only that one may end it.';
comment on column alquimista_platform.operational_commands.worker is 'The process that runs it.';
comment on column alquimista_platform.operational_commands.due_at is 'When somebody must look at it: a pending one may begin then, the lease of a running one ends.';
comment on column alquimista_platform.operational_commands.cancel_requested_at is 'When somebody asked to cancel it.';
comment on column alquimista_platform.operational_commands.cancel_requested_by is 'Who asked.';
comment on column alquimista_platform.operational_commands.progress_done is 'Steps done.';
comment on column alquimista_platform.operational_commands.progress_total is 'Steps in all; null while that is not known.';
comment on column alquimista_platform.operational_commands.progress_text is 'What it is at.';
comment on column alquimista_platform.operational_commands.output is 'What it found or did.';
comment on column alquimista_platform.operational_commands.error_message is 'Why its last try failed, or why it was cancelled, with personal data masked.';
comment on column alquimista_platform.operational_commands.created_at is 'When it was given.';
comment on column alquimista_platform.operational_commands.started_at is 'When it first began.';
comment on column alquimista_platform.operational_commands.completed_at is 'When it ended.';
comment on column alquimista_platform.operational_commands.updated_at is 'When the row last changed.';

create function alquimista_platform.keep_command() returns trigger
  language plpgsql
as $$
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
$$;
comment on function alquimista_platform.keep_command() is 'Trigger of operational_commands: refuses every change that is no move of its state machine, and any change of an end.';
create trigger operational_commands_moves before insert or update
  on alquimista_platform.operational_commands
  for each row execute function alquimista_platform.keep_command();

create table alquimista_platform.failed_jobs (
  tenant_id uuid not null references alquimista_platform.tenants,
  job_id bigint not null,
  name text not null check (length(name) between 1 and 100),
  error text not null check (length(error) <= 2000),
  failed_at timestamptz not null,
  requeued_at timestamptz,
  primary key (tenant_id, job_id)
);
create index failed_jobs_time on alquimista_platform.failed_jobs (failed_at);
comment on table alquimista_platform.failed_jobs is 'The jobs of a tenant that failed for good, which it or staff for it may move back: the queue itself has no row security.';
comment on column alquimista_platform.failed_jobs.tenant_id is 'The tenant whose job it is; the platform tenant when it is nobody''s.';
comment on column alquimista_platform.failed_jobs.job_id is 'The job in job_queue, which keeps its payload.';
comment on column alquimista_platform.failed_jobs.name is 'The job''s name.';
comment on column alquimista_platform.failed_jobs.error is 'Why it last failed, with personal data masked.';
comment on column alquimista_platform.failed_jobs.failed_at is 'When it last failed.';
comment on column alquimista_platform.failed_jobs.requeued_at is 'When it was moved back; null until then.';

call alquimista_platform.isolate('alquimista_platform.operational_commands');
call alquimista_platform.isolate('alquimista_platform.failed_jobs');
grant select, insert, delete on alquimista_platform.operational_commands to alquimista_app;
grant update (status, attempts, lease_id, worker, due_at, cancel_requested_at, cancel_requested_by,
  progress_done, progress_total, progress_text, output, error_message, started_at, completed_at,
  updated_at) on alquimista_platform.operational_commands to alquimista_app;
grant select, insert, update, delete on alquimista_platform.failed_jobs to alquimista_app;
-- A tenant's failed mails may be sent again; what they say stays out of reach.
grant update (status, attempts, last_error) on alquimista_platform.mails to alquimista_app;

-- migrate:down

revoke update (status, attempts, last_error) on alquimista_platform.mails from alquimista_app;
drop table alquimista_platform.failed_jobs;
drop table alquimista_platform.operational_commands;
drop function alquimista_platform.keep_command();
