-- 037: what a company said of itself when it began.
--
-- Nothing is released, so every table is empty or small: nobody waits.

-- migrate:up

create table alquimista_platform.tenant_onboarding (
  tenant_id uuid primary key references alquimista_platform.tenants,
  industry text not null default '' check (length(industry) <= 64),
  size text not null default '' check (size in ('', '1-10', '11-50', '51-200', '200+')),
  goals text[] not null default '{}'
    check (goals <@ array['answer', 'sell', 'schedule', 'collect', 'hire', 'measure'] and cardinality(goals) <= 6),
  agents text[] not null default '{}' check (cardinality(agents) <= 100),
  finished_at timestamptz,
  dismissed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table alquimista_platform.tenant_onboarding is 'What a company answered in its first steps, and whether it wants to be reminded of the rest. Without a row it has not begun.';
comment on column alquimista_platform.tenant_onboarding.tenant_id is 'The tenant.';
comment on column alquimista_platform.tenant_onboarding.industry is 'The category of the catalogue that its business is closest to; empty until answered.';
comment on column alquimista_platform.tenant_onboarding.size is 'How many people work there: 1-10, 11-50, 51-200, 200+; empty until answered.';
comment on column alquimista_platform.tenant_onboarding.goals is 'What it wants agents for: answer, sell, schedule, collect, hire, measure.';
comment on column alquimista_platform.tenant_onboarding.agents is 'Slugs of the agents that it was interested in.';
comment on column alquimista_platform.tenant_onboarding.finished_at is 'When the last step was done.';
comment on column alquimista_platform.tenant_onboarding.dismissed_at is 'When somebody did not want to see what is left to do any more.';
comment on column alquimista_platform.tenant_onboarding.created_at is 'When the first step was answered.';
comment on column alquimista_platform.tenant_onboarding.updated_at is 'When it last changed.';

call alquimista_platform.isolate('alquimista_platform.tenant_onboarding');
grant select, insert, update (industry, size, goals, agents, finished_at, dismissed_at, updated_at)
  on alquimista_platform.tenant_onboarding to alquimista_app;

-- migrate:down

drop table alquimista_platform.tenant_onboarding;
