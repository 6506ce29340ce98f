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
  deleted_at timestamptz,
  primary key (tenant_id, id),
  constraint tenant_offboardings_wait check (delete_after >= requested_at),
  constraint tenant_offboardings_one_end check (cancelled_at is null or deleted_at is null),
  constraint tenant_offboardings_patience check (deleted_at >= delete_after)
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
comment on column alquimista_platform.tenant_offboardings.deleted_at is 'When its data was deleted.';

call alquimista_platform.isolate('alquimista_platform.tenant_offboardings');
grant select, insert, update (cancelled_at, deleted_at) on alquimista_platform.tenant_offboardings to alquimista_app;

-- migrate:down

drop table alquimista_platform.tenant_offboardings;
