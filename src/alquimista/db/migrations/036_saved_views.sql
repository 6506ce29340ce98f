-- 036: filters that staff keep by a name.
-- The table is new: nothing is scanned, nobody waits.

-- migrate:up

create table alquimista_platform.saved_views (
  tenant_id uuid not null,
  user_id uuid not null,
  name text not null check (length(name) between 1 and 60),
  query text not null check (length(query) <= 1000),
  updated_at timestamptz not null,
  primary key (tenant_id, user_id, name),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id)
);
comment on table alquimista_platform.saved_views is 'Filters of the list of companies that a member of staff keeps by a name, for themselves alone.';
comment on column alquimista_platform.saved_views.tenant_id is 'The tenant of the member: for staff the platform''s.';
comment on column alquimista_platform.saved_views.user_id is 'The member.';
comment on column alquimista_platform.saved_views.name is 'What the member calls it.';
comment on column alquimista_platform.saved_views.query is 'The filters and the order, as the page''s address has them; empty for all companies.';
comment on column alquimista_platform.saved_views.updated_at is 'When it was last saved.';

call alquimista_platform.isolate('alquimista_platform.saved_views');
grant select, insert, update (query, updated_at), delete on alquimista_platform.saved_views to alquimista_app;

-- migrate:down

drop table alquimista_platform.saved_views;
