-- 024: approvals as a facility of their own. The database itself holds what they are for: a request is approved only by
-- as many people as it asks for, none of them who asks, while it was open; and once closed it never changes.
-- The tables altered here come from this first chain and are empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation

-- migrate:up

alter table alquimista_platform.approval_requests
  add column audience text not null default 'staff' check (audience in ('staff', 'tenant')),
  add column permission text check (length(permission) between 1 and 100),
  add column page text not null default '/app' check (page ~ '^/[^[:cntrl:]]*$' and length(page) <= 500),
  add constraint approval_requests_decided_in_time
    check (status not in ('approved', 'rejected') or closed_at <= expires_at),
  add constraint approval_requests_expired_in_time check (status <> 'expired' or closed_at >= expires_at);
comment on column alquimista_platform.approval_requests.audience is 'Who decides, and alone may see it: the vendor''s staff, or the tenant''s own people.';
comment on column alquimista_platform.approval_requests.permission is 'What a decider must hold besides approval:decide, such as that of the act itself; null when nothing more.';
comment on column alquimista_platform.approval_requests.page is 'The page on which it is shown, to which notices lead.';
create index approval_requests_pending on alquimista_platform.approval_requests (expires_at) where status = 'pending';

create function alquimista_platform.guard_approval_request() returns trigger
  language plpgsql
as $$
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
$$;
comment on function alquimista_platform.guard_approval_request() is 'Trigger: a request begins as pending, is closed once, and as approved or rejected only by decisions that stand.';
create trigger approval_requests_guard before insert or update on alquimista_platform.approval_requests
  for each row execute function alquimista_platform.guard_approval_request();

create function alquimista_platform.guard_approval_decision() returns trigger
  language plpgsql
as $$
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
$$;
comment on function alquimista_platform.guard_approval_decision() is 'Trigger: a decision is about a request that is pending, and in time.';
create trigger approval_decisions_guard before insert on alquimista_platform.approval_decisions
  for each row execute function alquimista_platform.guard_approval_decision();

-- What was asked is written once: the app may only close a request.
revoke update on alquimista_platform.approval_requests from alquimista_app;
grant update (status, closed_at, updated_at) on alquimista_platform.approval_requests to alquimista_app;

create table alquimista_platform.approval_notices (
  tenant_id uuid not null references alquimista_platform.tenants,
  request_id uuid not null,
  status text not null check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  created_at timestamptz not null,
  primary key (tenant_id, request_id, status)
);
comment on table alquimista_platform.approval_notices is 'What people have been told of, so that a job that is repeated does not tell them twice.';
comment on column alquimista_platform.approval_notices.tenant_id is 'The tenant whose people are told; the platform tenant for staff.';
comment on column alquimista_platform.approval_notices.request_id is 'The request, which may concern another tenant: hence no foreign key.';
comment on column alquimista_platform.approval_notices.status is 'The state that they were told of.';
comment on column alquimista_platform.approval_notices.created_at is 'When.';
call alquimista_platform.isolate('alquimista_platform.approval_notices');
grant select, insert on alquimista_platform.approval_notices to alquimista_app;

-- migrate:down

drop table alquimista_platform.approval_notices;
revoke update (status, closed_at, updated_at) on alquimista_platform.approval_requests from alquimista_app;
grant update on alquimista_platform.approval_requests to alquimista_app;
drop trigger approval_decisions_guard on alquimista_platform.approval_decisions;
drop trigger approval_requests_guard on alquimista_platform.approval_requests;
drop function alquimista_platform.guard_approval_decision();
drop function alquimista_platform.guard_approval_request();
drop index alquimista_platform.approval_requests_pending;
alter table alquimista_platform.approval_requests
  drop constraint approval_requests_expired_in_time,
  drop constraint approval_requests_decided_in_time,
  drop column page,
  drop column permission,
  drop column audience;
