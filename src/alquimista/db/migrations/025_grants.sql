-- 025: permissions of a person beyond those of their role, within limits of time; and staff who look at a company as its
-- administrator does.
-- The indexes are on tables that are made here.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

create table alquimista_platform.permission_grants (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  permission text not null check (length(permission) between 3 and 100),
  resource_type text check (resource_type ~ '^[a-z][a-z_]{0,49}$'),
  resource_id text check (length(resource_id) between 1 and 200),
  days integer[] check (cardinality(days) between 1 and 7 and days <@ array[1, 2, 3, 4, 5, 6, 7]),
  from_minute integer check (from_minute between 0 and 1439),
  until_minute integer check (until_minute between 1 and 1440),
  expires_at timestamptz,
  granted_by uuid not null references alquimista_platform.users,
  created_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by uuid references alquimista_platform.users,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id),
  constraint permission_grants_not_to_oneself check (granted_by <> user_id),
  constraint permission_grants_resource check ((resource_type is null) = (resource_id is null)),
  constraint permission_grants_hours check (
    (from_minute is null) = (until_minute is null) and (from_minute is null or from_minute < until_minute)),
  constraint permission_grants_expiry check (expires_at is null or expires_at > created_at),
  constraint permission_grants_not_for_staff check (tenant_id <> alquimista_platform.platform_tenant())
);
create unique index permission_grants_once
  on alquimista_platform.permission_grants (tenant_id, user_id, permission, resource_type, resource_id)
  nulls not distinct where revoked_at is null;
create index permission_grants_granted_by on alquimista_platform.permission_grants (granted_by);
create index permission_grants_revoked_by on alquimista_platform.permission_grants (revoked_by);
comment on table alquimista_platform.permission_grants is 'Permissions of one person beyond those of their role, for as long as their limits hold.';
comment on column alquimista_platform.permission_grants.tenant_id is 'The tenant in which it holds.';
comment on column alquimista_platform.permission_grants.id is 'The grant.';
comment on column alquimista_platform.permission_grants.user_id is 'Who gets it.';
comment on column alquimista_platform.permission_grants.permission is 'Which permission, such as agent:manage.';
comment on column alquimista_platform.permission_grants.resource_type is 'Kind of the one thing that it is for; null for all.';
comment on column alquimista_platform.permission_grants.resource_id is 'Which one; null for all.';
comment on column alquimista_platform.permission_grants.days is 'Days of the week in the tenant''s zone, 1 is Monday; null for all.';
comment on column alquimista_platform.permission_grants.from_minute is 'First minute of the day, in the tenant''s zone; null for the whole day.';
comment on column alquimista_platform.permission_grants.until_minute is 'The minute of the day at which it ends, 1440 is midnight; null for the whole day.';
comment on column alquimista_platform.permission_grants.expires_at is 'Until when it holds; null has no end.';
comment on column alquimista_platform.permission_grants.granted_by is 'Who gave it; never who gets it.';
comment on column alquimista_platform.permission_grants.created_at is 'When it was given.';
comment on column alquimista_platform.permission_grants.revoked_at is 'When it was taken back, or made room for a new one after its end.';
comment on column alquimista_platform.permission_grants.revoked_by is 'Who took it back.';
call alquimista_platform.isolate('alquimista_platform.permission_grants');
grant select, insert, update (revoked_at, revoked_by) on alquimista_platform.permission_grants to alquimista_app;
-- Whoever signs in, or shows a token, gets what was granted to them.
create policy login_read on alquimista_platform.permission_grants for select to alquimista_login using (true);
grant select on alquimista_platform.permission_grants to alquimista_login;

create table alquimista_platform.tenant_views (
  session_id uuid primary key references alquimista_platform.sessions on delete cascade,
  tenant_id uuid not null references alquimista_platform.tenants,
  user_id uuid not null references alquimista_platform.users,
  reason text not null check (length(reason) between 3 and 300),
  started_at timestamptz not null,
  expires_at timestamptz not null,
  constraint tenant_views_an_hour check (expires_at > started_at and expires_at <= started_at + interval '60 minutes')
);
create index tenant_views_tenant on alquimista_platform.tenant_views (tenant_id);
create index tenant_views_user on alquimista_platform.tenant_views (user_id);
create index tenant_views_expires on alquimista_platform.tenant_views (expires_at);
comment on table alquimista_platform.tenant_views is 'Browser sessions of staff in which a company is looked at as its administrator sees it. One that ended is removed; the tenant''s audit tells of it.';
comment on column alquimista_platform.tenant_views.session_id is 'The session; it looks at one company at a time.';
comment on column alquimista_platform.tenant_views.tenant_id is 'The company.';
comment on column alquimista_platform.tenant_views.user_id is 'Who looks.';
comment on column alquimista_platform.tenant_views.reason is 'Why.';
comment on column alquimista_platform.tenant_views.started_at is 'Since when.';
comment on column alquimista_platform.tenant_views.expires_at is 'When it ends by itself, 60 minutes later at most.';
alter table alquimista_platform.tenant_views enable row level security;
alter table alquimista_platform.tenant_views force row level security;
create policy login_all on alquimista_platform.tenant_views to alquimista_login using (true) with check (true);
grant select, insert, delete on alquimista_platform.tenant_views to alquimista_login;

-- migrate:down

drop table alquimista_platform.tenant_views;
drop table alquimista_platform.permission_grants;
