-- 010: the price catalogue, SubNúcleos, and what a tenant has of them.
-- Founding names that another table serves are views here: tenant_subscriptions, tenant_agents, agent_activations.
-- The tables altered here come from this first chain and are empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation

-- migrate:up

create table public.subscription_plans (
  id uuid primary key,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
  version integer not null check (version > 0),
  display_name text not null check (length(display_name) between 1 and 100),
  description text not null default '' check (length(description) <= 2000),
  currency text not null default 'BRL' check (alquimista_platform.is_currency(currency)),
  price_monthly_cents bigint not null check (price_monthly_cents >= 0),
  price_yearly_cents bigint not null check (price_yearly_cents >= 0),
  max_subnucleos integer not null check (max_subnucleos >= 0),
  max_agents integer not null check (max_agents >= 0),
  max_users integer not null check (max_users >= 0),
  max_requests_per_month bigint not null check (max_requests_per_month >= 0),
  includes_fibonacci boolean not null default false,
  features jsonb not null default '[]' check (jsonb_typeof(features) = 'array' and octet_length(features::text) <= 16384),
  sort_order integer not null default 0,
  valid_from timestamptz not null,
  valid_to timestamptz,
  created_at timestamptz not null,
  unique (name, version),
  constraint subscription_plans_validity check (valid_to > valid_from)
);
create unique index subscription_plans_one_open on public.subscription_plans (name) where valid_to is null;
comment on table public.subscription_plans is 'The price catalogue: a change of price or limits is a new version of the plan. The same for all tenants.';
comment on column public.subscription_plans.id is 'The version of the plan.';
comment on column public.subscription_plans.name is 'The plan, as tenants name it.';
comment on column public.subscription_plans.version is 'Counts up from 1.';
comment on column public.subscription_plans.display_name is 'The name that people see.';
comment on column public.subscription_plans.description is 'What it is for.';
comment on column public.subscription_plans.currency is 'ISO 4217 code of both prices.';
comment on column public.subscription_plans.price_monthly_cents is 'Price of a month, in cents.';
comment on column public.subscription_plans.price_yearly_cents is 'Price of a year, in cents.';
comment on column public.subscription_plans.max_subnucleos is 'SubNúcleos included.';
comment on column public.subscription_plans.max_agents is 'Agents included.';
comment on column public.subscription_plans.max_users is 'People included.';
comment on column public.subscription_plans.max_requests_per_month is 'Agent requests included in a month.';
comment on column public.subscription_plans.includes_fibonacci is 'Whether the orchestrator is included.';
comment on column public.subscription_plans.features is 'Lines of the price page.';
comment on column public.subscription_plans.sort_order is 'Order on the price page.';
comment on column public.subscription_plans.valid_from is 'From when it can be bought.';
comment on column public.subscription_plans.valid_to is 'Until when; null while on sale.';
comment on column public.subscription_plans.created_at is 'When it was written.';

create table public.subnucleos (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
  display_name text not null check (length(display_name) between 1 and 100),
  description text not null default '' check (length(description) <= 2000),
  category text not null check (length(category) between 1 and 100),
  sort_order integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table public.subnucleos is 'SubNúcleos: the orchestrator''s bundles of agents for a line of business. The same for all tenants.';
comment on column public.subnucleos.id is 'The SubNúcleo.';
comment on column public.subnucleos.name is 'Stable name.';
comment on column public.subnucleos.display_name is 'The name that people see.';
comment on column public.subnucleos.description is 'What it does.';
comment on column public.subnucleos.category is 'Group in the catalogue.';
comment on column public.subnucleos.sort_order is 'Order in the catalogue.';
comment on column public.subnucleos.created_at is 'When it entered the catalogue.';
comment on column public.subnucleos.updated_at is 'When the row last changed.';

create table public.subnucleo_agents (
  subnucleo_id uuid not null references public.subnucleos,
  agent_id uuid not null references alquimista_platform.agents,
  is_required boolean not null default false,
  primary key (subnucleo_id, agent_id)
);
create index subnucleo_agents_agent on public.subnucleo_agents (agent_id);
comment on table public.subnucleo_agents is 'Which agents make up a SubNúcleo. The same for all tenants.';
comment on column public.subnucleo_agents.subnucleo_id is 'The SubNúcleo.';
comment on column public.subnucleo_agents.agent_id is 'The agent.';
comment on column public.subnucleo_agents.is_required is 'Whether it cannot be left out.';

create table public.tenant_subnucleos (
  tenant_id uuid not null references alquimista_platform.tenants,
  subnucleo_id uuid not null references public.subnucleos,
  status text not null default 'active' check (status in ('active', 'inactive', 'suspended')),
  activated_at timestamptz not null,
  deactivated_at timestamptz,
  updated_at timestamptz not null,
  primary key (tenant_id, subnucleo_id),
  constraint tenant_subnucleos_deactivated check ((status = 'inactive') = (deactivated_at is not null))
);
create index tenant_subnucleos_subnucleo on public.tenant_subnucleos (subnucleo_id);
comment on table public.tenant_subnucleos is 'The SubNúcleos that a tenant has or had.';
comment on column public.tenant_subnucleos.tenant_id is 'The tenant.';
comment on column public.tenant_subnucleos.subnucleo_id is 'The SubNúcleo.';
comment on column public.tenant_subnucleos.status is 'active, inactive (given up) or suspended.';
comment on column public.tenant_subnucleos.activated_at is 'When it was last activated.';
comment on column public.tenant_subnucleos.deactivated_at is 'When it was given up; null unless inactive.';
comment on column public.tenant_subnucleos.updated_at is 'When the row last changed.';

alter table alquimista_platform.tenant_agents
  add column subnucleo_id uuid,
  add constraint tenant_agents_subnucleo foreign key (tenant_id, subnucleo_id)
    references public.tenant_subnucleos (tenant_id, subnucleo_id);
create index tenant_agents_subnucleo on alquimista_platform.tenant_agents (tenant_id, subnucleo_id)
  where subnucleo_id is not null;
comment on column alquimista_platform.tenant_agents.subnucleo_id is 'The SubNúcleo that brought the agent; null when chosen alone.';

alter table public.trials
  add constraint trials_subnucleo foreign key (subnucleo_id) references public.subnucleos;

alter table public.subscriptions add column plan_id uuid references public.subscription_plans;
create index subscriptions_plan on public.subscriptions (plan_id) where plan_id is not null;
comment on column public.subscriptions.plan_id is 'The version of the plan that was bought; null when single agents were.';

call alquimista_platform.isolate('public.tenant_subnucleos');
grant select, insert, update on public.tenant_subnucleos to alquimista_app;
grant select on public.subscription_plans, public.subnucleos, public.subnucleo_agents to alquimista_app, alquimista_internal;

create view public.tenant_subscriptions with (security_invoker = true) as
  select s.tenant_id, s.id, s.plan_id, s.billing_cycle, s.status, s.total_cents as amount_cents, s.currency,
    s.current_period_start, s.current_period_end, s.created_at, s.updated_at
  from public.subscriptions as s
  where s.status <> 'canceled';
comment on view public.tenant_subscriptions is 'Founding name of the live rows of subscriptions.';
comment on column public.tenant_subscriptions.tenant_id is 'The tenant.';
comment on column public.tenant_subscriptions.id is 'The subscription.';
comment on column public.tenant_subscriptions.plan_id is 'The version of the plan.';
comment on column public.tenant_subscriptions.billing_cycle is 'monthly or yearly.';
comment on column public.tenant_subscriptions.status is 'As in subscriptions.';
comment on column public.tenant_subscriptions.amount_cents is 'Price of a cycle, in cents of currency.';
comment on column public.tenant_subscriptions.currency is 'ISO 4217 code.';
comment on column public.tenant_subscriptions.current_period_start is 'Start of the paid period.';
comment on column public.tenant_subscriptions.current_period_end is 'End of the paid period.';
comment on column public.tenant_subscriptions.created_at is 'When it was asked for.';
comment on column public.tenant_subscriptions.updated_at is 'When the row last changed.';

create view public.v_tenant_subscription_summary with (security_invoker = true) as
  select t.id as tenant_id, t.name as company_name, t.cnpj, s.id as subscription_id, s.status, s.billing_cycle,
    p.name as plan_name, p.display_name as plan_display_name, s.total_cents, s.currency, s.current_period_end,
    (select count(*) from alquimista_platform.tenant_agents as a where a.tenant_id = t.id and a.status = 'active')
      as active_agents,
    (select count(*) from public.tenant_subnucleos as n where n.tenant_id = t.id and n.status = 'active')
      as active_subnucleos
  from alquimista_platform.tenants as t
  join public.subscriptions as s on s.tenant_id = t.id and s.status <> 'canceled'
  left join public.subscription_plans as p on p.id = s.plan_id;
comment on view public.v_tenant_subscription_summary is 'A tenant''s live subscription beside what it has active.';
comment on column public.v_tenant_subscription_summary.tenant_id is 'The tenant.';
comment on column public.v_tenant_subscription_summary.company_name is 'Its name.';
comment on column public.v_tenant_subscription_summary.cnpj is 'Its register number.';
comment on column public.v_tenant_subscription_summary.subscription_id is 'The subscription.';
comment on column public.v_tenant_subscription_summary.status is 'As in subscriptions.';
comment on column public.v_tenant_subscription_summary.billing_cycle is 'monthly or yearly.';
comment on column public.v_tenant_subscription_summary.plan_name is 'The plan; null when single agents were bought.';
comment on column public.v_tenant_subscription_summary.plan_display_name is 'The plan''s name for people.';
comment on column public.v_tenant_subscription_summary.total_cents is 'Price of a cycle, in cents of currency.';
comment on column public.v_tenant_subscription_summary.currency is 'ISO 4217 code.';
comment on column public.v_tenant_subscription_summary.current_period_end is 'End of the paid period.';
comment on column public.v_tenant_subscription_summary.active_agents is 'Agents active now.';
comment on column public.v_tenant_subscription_summary.active_subnucleos is 'SubNúcleos active now.';

create view public.tenant_agents with (security_invoker = true) as
  select a.tenant_id, a.agent_id, a.subnucleo_id, a.status = 'active' as is_active, a.activated_at, a.deactivated_at
  from alquimista_platform.tenant_agents as a;
comment on view public.tenant_agents is 'Founding name of alquimista_platform.tenant_agents in the public schema.';
comment on column public.tenant_agents.tenant_id is 'The tenant.';
comment on column public.tenant_agents.agent_id is 'The agent.';
comment on column public.tenant_agents.subnucleo_id is 'The SubNúcleo that brought it.';
comment on column public.tenant_agents.is_active is 'Whether its status is active.';
comment on column public.tenant_agents.activated_at is 'When it was last activated.';
comment on column public.tenant_agents.deactivated_at is 'When it was given up.';

create view alquimista_platform.agent_activations with (security_invoker = true) as
  select a.tenant_id, a.agent_id, a.status, a.config as tenant_config, a.activated_at, a.deactivated_at
  from alquimista_platform.tenant_agents as a;
comment on view alquimista_platform.agent_activations is 'Founding name of tenant_agents.';
comment on column alquimista_platform.agent_activations.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_activations.agent_id is 'The agent.';
comment on column alquimista_platform.agent_activations.status is 'As in tenant_agents.';
comment on column alquimista_platform.agent_activations.tenant_config is 'The tenant''s settings.';
comment on column alquimista_platform.agent_activations.activated_at is 'When it was last activated.';
comment on column alquimista_platform.agent_activations.deactivated_at is 'When it was given up.';

grant select on
  public.tenant_subscriptions, public.v_tenant_subscription_summary, public.tenant_agents,
  alquimista_platform.agent_activations
to alquimista_app, alquimista_internal;

-- migrate:down

drop view alquimista_platform.agent_activations;
drop view public.tenant_agents;
drop view public.v_tenant_subscription_summary;
drop view public.tenant_subscriptions;
alter table public.subscriptions drop column plan_id;
alter table public.trials drop constraint trials_subnucleo;
alter table alquimista_platform.tenant_agents drop column subnucleo_id;
drop table public.tenant_subnucleos;
drop table public.subnucleo_agents;
drop table public.subnucleos;
drop table public.subscription_plans;
