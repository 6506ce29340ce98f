-- 021: an agent on trial is the tenant's for a while: metered like any other, without taking one of the plan's seats.
-- The table altered here is small, and nobody waits for the moment that its rows are checked.
-- The constraint that is dropped comes back wider in the same statement.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint

-- migrate:up

alter table alquimista_platform.tenant_agents
  drop constraint tenant_agents_status_check,
  add constraint tenant_agents_status_check check (status in ('active', 'inactive', 'suspended', 'trial'));
comment on column alquimista_platform.tenant_agents.status is 'active, trial (for a while, without a seat), inactive (given up) or suspended (paused with the tenant or by staff).';

-- migrate:down

-- Row security shows the owner one tenant at a time.
do $$
declare
  one uuid;
begin
  for one in select id from alquimista_platform.tenants loop
    perform set_config('app.tenant_id', one::text, true);
    update alquimista_platform.tenant_agents
    set status = 'inactive', deactivated_at = updated_at
    where status = 'trial';
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
alter table alquimista_platform.tenant_agents
  drop constraint tenant_agents_status_check,
  add constraint tenant_agents_status_check check (status in ('active', 'inactive', 'suspended'));
comment on column alquimista_platform.tenant_agents.status is 'active, inactive (given up) or suspended (paused with the tenant or by staff).';
