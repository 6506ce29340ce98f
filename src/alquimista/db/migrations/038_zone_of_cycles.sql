-- 038: a company that moves to another time zone keeps the days of its cycle.
--
-- Only changes of a company's zone fire it: nobody waits.

-- migrate:up

-- Cycles are counted in the company's own days, and stored as the moments of their midnights: the same days begin at
-- other moments elsewhere (docs/decisions/0061-moving-to-another-time-zone.md). Looked at again at once, since what is
-- due falls on other moments too. A trial's ends are moments of their own, and stay.
create function alquimista_platform.keep_cycle_days() returns trigger
  language plpgsql
as $$
begin
  update public.subscriptions as s set
    current_period_start = (s.current_period_start at time zone old.time_zone)::date::timestamp at time zone new.time_zone,
    current_period_end = (s.current_period_end at time zone old.time_zone)::date::timestamp at time zone new.time_zone,
    due_at = case when s.due_at is not null then new.updated_at end,
    updated_at = new.updated_at
  where s.tenant_id = new.id and s.cycles > 0 and s.status in ('active', 'past_due', 'suspended');
  return null;
end
$$;
comment on function alquimista_platform.keep_cycle_days() is 'Trigger: a subscription''s cycle keeps its days in the zone that a tenant moves to.';
create trigger tenants_cycle_days after update of time_zone on alquimista_platform.tenants
  for each row when (old.time_zone is distinct from new.time_zone)
  execute function alquimista_platform.keep_cycle_days();

-- migrate:down

drop trigger tenants_cycle_days on alquimista_platform.tenants;
drop function alquimista_platform.keep_cycle_days();
