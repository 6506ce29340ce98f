-- 020: the catalogue as data that staff may edit: agents with their rules and versions, prices of single agents, tiers of
-- use beyond a plan.
--
-- A catalogue table is the same for all tenants: everybody reads it, and only a transaction of the platform tenant writes
-- it, so that no request of a tenant can change a price, whatever its code does.
-- The tables altered here hold a few dozen rows: nothing is scanned for long, and nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, adding-not-nullable-field, require-concurrent-index-creation

-- migrate:up

create procedure alquimista_platform.offer(target regclass)
  language plpgsql
as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy catalogue_read on %s for select to alquimista_app, alquimista_internal, alquimista_owner using (true)',
    target);
  execute format(
    'create policy catalogue_add on %s for insert to alquimista_app, alquimista_owner '
    'with check (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format(
    'create policy catalogue_change on %s for update to alquimista_app, alquimista_owner '
    'using (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant()) '
    'with check (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format(
    'create policy catalogue_remove on %s for delete to alquimista_app, alquimista_owner '
    'using (alquimista_platform.current_tenant() = alquimista_platform.platform_tenant())', target);
  execute format('grant select on %s to alquimista_app, alquimista_internal', target);
end
$$;
comment on procedure alquimista_platform.offer(regclass) is
  'Makes a table a catalogue table: row security enabled and forced, reading for all, writing for the platform tenant''s transactions. Grants to write stay explicit in each migration.';

alter table alquimista_platform.agents
  add column number integer check (number between 1 and 9999),
  add column tags text[] not null default '{}' check (cardinality(tags) <= 10),
  add column source text not null default 'file' check (source in ('file', 'staff'));
comment on column alquimista_platform.agents.number is 'Its number in the founding catalogue, which orders the list; null for others.';
comment on column alquimista_platform.agents.tags is 'Short words for the catalogue page.';
comment on column alquimista_platform.agents.source is 'Who wrote the version in force: a catalogue file or staff. Loading files leaves what staff wrote.';
comment on column alquimista_platform.agents.version is 'Version in force, one of agent_versions when it has rules.';

create table alquimista_platform.agent_versions (
  agent_id uuid not null references alquimista_platform.agents,
  version text not null check (version ~ '^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}$'),
  definition jsonb not null check (alquimista_platform.is_object(definition, 65536)),
  created_at timestamptz not null,
  created_by uuid references alquimista_platform.users,
  primary key (agent_id, version)
);
create index agent_versions_author on alquimista_platform.agent_versions (created_by) where created_by is not null;
comment on table alquimista_platform.agent_versions is 'What an agent is and may do, version by version: persona, functions, what it must confirm, what it never does, when it hands over. The same for all tenants; never changed once written.';
comment on column alquimista_platform.agent_versions.agent_id is 'The agent.';
comment on column alquimista_platform.agent_versions.version is 'major.minor.patch.';
comment on column alquimista_platform.agent_versions.definition is 'The rules, in the shape of alquimista.agents.models.Definition.';
comment on column alquimista_platform.agent_versions.created_at is 'When it was written.';
comment on column alquimista_platform.agent_versions.created_by is 'Who wrote it; null for a catalogue file.';

alter table public.subscription_plans
  add column overage_tiers jsonb not null default '[]'
    check (jsonb_typeof(overage_tiers) = 'array' and octet_length(overage_tiers::text) <= 8192),
  add column source text not null default 'file' check (source in ('file', 'staff'));
comment on column public.subscription_plans.overage_tiers is 'Prices of requests beyond the limit, in the shape of alquimista.billing.models.catalogue.Tier; empty: the limit is soft and nothing is charged beyond it.';
comment on column public.subscription_plans.source is 'Who wrote the version: a catalogue file or staff. Loading files leaves what staff wrote.';

alter table public.subnucleos
  add column source text not null default 'file' check (source in ('file', 'staff'));
comment on column public.subnucleos.source is 'Who wrote it last: a catalogue file or staff. Loading files leaves what staff wrote.';

create table public.subscription_addons (
  id uuid primary key,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
  version integer not null check (version > 0),
  kind text not null check (kind = any (array['agent'])),
  display_name text not null check (length(display_name) between 1 and 100),
  description text not null default '' check (length(description) <= 2000),
  currency text not null default 'BRL' check (alquimista_platform.is_currency(currency)),
  price_monthly_cents bigint not null check (price_monthly_cents >= 0),
  price_yearly_cents bigint not null check (price_yearly_cents >= 0),
  source text not null default 'file' check (source in ('file', 'staff')),
  valid_from timestamptz not null,
  valid_to timestamptz,
  created_at timestamptz not null,
  unique (name, version),
  constraint subscription_addons_validity check (valid_to > valid_from)
);
create unique index subscription_addons_one_open on public.subscription_addons (name) where valid_to is null;
comment on table public.subscription_addons is 'What can be bought beside a plan, such as a single agent; versions as in subscription_plans. The same for all tenants.';
comment on column public.subscription_addons.id is 'The version of the add-on.';
comment on column public.subscription_addons.name is 'The add-on.';
comment on column public.subscription_addons.version is 'Counts up from 1.';
comment on column public.subscription_addons.kind is 'agent: one more agent, priced each.';
comment on column public.subscription_addons.display_name is 'The name that people see.';
comment on column public.subscription_addons.description is 'What it is for.';
comment on column public.subscription_addons.currency is 'ISO 4217 code of both prices.';
comment on column public.subscription_addons.price_monthly_cents is 'Price of a month, in cents.';
comment on column public.subscription_addons.price_yearly_cents is 'Price of a year, in cents.';
comment on column public.subscription_addons.source is 'Who wrote the version: a catalogue file or staff.';
comment on column public.subscription_addons.valid_from is 'From when it can be bought.';
comment on column public.subscription_addons.valid_to is 'Until when; null while on sale.';
comment on column public.subscription_addons.created_at is 'When it was written.';

call alquimista_platform.offer('alquimista_platform.agents');
call alquimista_platform.offer('alquimista_platform.agent_versions');
call alquimista_platform.offer('public.subscription_plans');
call alquimista_platform.offer('public.subscription_addons');
call alquimista_platform.offer('public.subnucleos');
call alquimista_platform.offer('public.subnucleo_agents');
grant insert, update on alquimista_platform.agents, public.subnucleos to alquimista_app;
-- Of a version only its end is ever written after it.
grant insert, update (valid_to) on public.subscription_plans, public.subscription_addons to alquimista_app;
grant insert on alquimista_platform.agent_versions to alquimista_app;
grant insert, update, delete on public.subnucleo_agents to alquimista_app;
revoke select on alquimista_platform.agents from alquimista_login; -- Sign-in never read it.
create trigger agent_versions_rows before update or delete on alquimista_platform.agent_versions
  for each row execute function alquimista_platform.refuse_change();
create trigger agent_versions_truncate before truncate on alquimista_platform.agent_versions
  for each statement execute function alquimista_platform.refuse_change();

-- migrate:down

drop table public.subscription_addons;
alter table public.subscription_plans drop column source, drop column overage_tiers;
alter table public.subnucleos drop column source;
drop table alquimista_platform.agent_versions;
alter table alquimista_platform.agents drop column source, drop column tags, drop column number;
comment on column alquimista_platform.agents.version is 'Version in force.';
do $$
declare
  target regclass;
  policy text;
begin
  foreach target in array array[
    'alquimista_platform.agents', 'public.subscription_plans', 'public.subnucleos', 'public.subnucleo_agents']::regclass[]
  loop
    foreach policy in array array['catalogue_read', 'catalogue_add', 'catalogue_change', 'catalogue_remove'] loop
      execute format('drop policy %I on %s', policy, target);
    end loop;
    execute format('alter table %s no force row level security', target);
    execute format('alter table %s disable row level security', target);
  end loop;
end
$$;
grant select on alquimista_platform.agents to alquimista_login;
revoke insert, update on alquimista_platform.agents, public.subnucleos from alquimista_app;
revoke insert, update (valid_to) on public.subscription_plans from alquimista_app;
revoke insert, update, delete on public.subnucleo_agents from alquimista_app;
drop procedure alquimista_platform.offer(regclass);
