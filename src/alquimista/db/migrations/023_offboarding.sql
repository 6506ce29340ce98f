-- 023: companies that leave: when they asked, until when they may stay, and when their data was deleted.

-- migrate:up

create table alquimista_platform.tenant_offboardings (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  reason text not null check (length(reason) between 1 and 1000),
  requested_by uuid,
  standing_before text not null check (standing_before in ('active', 'inactive', 'suspended')),
  requested_at timestamptz not null,
  delete_after timestamptz not null,
  cancelled_at timestamptz,
  deleting_at timestamptz,
  deleted_at timestamptz,
  primary key (tenant_id, id),
  constraint tenant_offboardings_wait check (delete_after >= requested_at),
  constraint tenant_offboardings_one_end check (cancelled_at is null or deleted_at is null),
  constraint tenant_offboardings_patience check (deleting_at >= delete_after),
  constraint tenant_offboardings_turn check (deleted_at is null or deleting_at is not null),
  constraint tenant_offboardings_way check (cancelled_at is null or deleting_at is null)
);
create unique index tenant_offboardings_one on alquimista_platform.tenant_offboardings (tenant_id)
  where cancelled_at is null;
comment on table alquimista_platform.tenant_offboardings is 'Companies that leave: their data is deleted after a waiting period, in which they may stay after all.';
comment on column alquimista_platform.tenant_offboardings.tenant_id is 'The tenant that leaves.';
comment on column alquimista_platform.tenant_offboardings.id is 'The request.';
comment on column alquimista_platform.tenant_offboardings.reason is 'Why.';
comment on column alquimista_platform.tenant_offboardings.requested_by is 'Who of the staff asked for it; null for the command line.';
comment on column alquimista_platform.tenant_offboardings.standing_before is 'What it goes back to when it stays.';
comment on column alquimista_platform.tenant_offboardings.requested_at is 'When it was asked for.';
comment on column alquimista_platform.tenant_offboardings.delete_after is 'Until when it may stay; its data is deleted soon after.';
comment on column alquimista_platform.tenant_offboardings.cancelled_at is 'When it stayed after all.';
comment on column alquimista_platform.tenant_offboardings.deleting_at is 'Since when its data is being deleted: it cannot stay any more.';
comment on column alquimista_platform.tenant_offboardings.deleted_at is 'When its data was deleted.';

call alquimista_platform.isolate('alquimista_platform.tenant_offboardings');
grant select, insert, update (cancelled_at, deleting_at, deleted_at) on alquimista_platform.tenant_offboardings to alquimista_app;

-- What begins in one way only is put back as it was, by the owner who restores a whole tenant and by nobody else.
create function alquimista_platform.is_restoring(tenant uuid) returns boolean
  language sql stable parallel safe
  return current_user = 'alquimista_owner' and tenant::text = current_setting('app.restoring', true);
comment on function alquimista_platform.is_restoring(uuid) is
  'Whether the owner is putting this whole tenant back: rows then need not begin at their beginning.';
grant execute on function alquimista_platform.is_restoring(uuid) to alquimista_app, alquimista_internal, alquimista_login;

-- migrate:down

drop function alquimista_platform.is_restoring(uuid);

drop table alquimista_platform.tenant_offboardings;
