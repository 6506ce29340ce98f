-- 008: trials, commercial requests, payment events and subscriptions. Money is in cents with its currency.
-- 009 repeated three of these tables and is skipped; the one thing it added, expire_trials(), is here.

-- migrate:up

create table public.trials (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  target_type text not null check (target_type in ('agent', 'subnucleo')),
  target_id uuid not null,
  agent_id uuid generated always as (case target_type when 'agent' then target_id end) stored
    references alquimista_platform.agents,
  subnucleo_id uuid generated always as (case target_type when 'subnucleo' then target_id end) stored,
  started_at timestamptz not null,
  expires_at timestamptz not null,
  usage_count integer not null default 0,
  max_usage integer not null default 5 check (max_usage between 1 and 1000),
  status text not null default 'active' check (status in ('active', 'expired', 'completed')),
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, user_id, target_type, target_id),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id),
  constraint trials_usage check (usage_count between 0 and max_usage),
  constraint trials_expiry check (expires_at > started_at)
);
create index trials_active on public.trials (tenant_id, expires_at) where status = 'active';
create index trials_agent on public.trials (agent_id) where agent_id is not null;
create index trials_subnucleo on public.trials (subnucleo_id) where subnucleo_id is not null;
comment on table public.trials is 'Free trials: one for each person and target, ended by time or by use, whichever comes first.';
comment on column public.trials.tenant_id is 'The tenant of the person.';
comment on column public.trials.id is 'The trial.';
comment on column public.trials.user_id is 'The person, from their session.';
comment on column public.trials.target_type is 'agent or subnucleo.';
comment on column public.trials.target_id is 'What is tried.';
comment on column public.trials.agent_id is 'The target when it is an agent, derived, so that a key guards it.';
comment on column public.trials.subnucleo_id is 'The target when it is a SubNúcleo, derived, so that a key guards it.';
comment on column public.trials.started_at is 'When it started.';
comment on column public.trials.expires_at is 'When it ends at the latest.';
comment on column public.trials.usage_count is 'Messages used.';
comment on column public.trials.max_usage is 'Messages allowed.';
comment on column public.trials.status is 'active, expired or completed (became a subscription).';
comment on column public.trials.updated_at is 'When the row last changed.';

create function public.expire_trials(moment timestamptz) returns integer
  language sql
begin atomic
  with expired as (
    update public.trials
    set status = 'expired', updated_at = moment
    where status = 'active' and (expires_at <= moment or usage_count >= max_usage)
    returning 1
  )
  select count(*)::integer from expired;
end;
comment on function public.expire_trials(timestamptz) is
  'Ends the current tenant''s trials whose time or messages are used up at that moment; how many it ended.';

create table public.commercial_requests (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  company_name text not null check (length(company_name) between 1 and 200),
  cnpj text check (alquimista_platform.is_cnpj(cnpj)),
  contact_name text not null check (length(contact_name) between 1 and 200),
  email text not null check (alquimista_platform.is_email(email)),
  whatsapp text not null check (alquimista_platform.is_phone(whatsapp)),
  selected_agents uuid[] not null default '{}' check (cardinality(selected_agents) <= 100),
  selected_subnucleos uuid[] not null default '{}' check (cardinality(selected_subnucleos) <= 20),
  message text not null default '' check (length(message) <= 5000),
  status text not null default 'pending' check (status in ('pending', 'contacted', 'proposal_sent', 'closed', 'cancelled')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create index commercial_requests_status on public.commercial_requests (tenant_id, status, created_at desc);
comment on table public.commercial_requests is 'Requests for a quote, as they were sent. A stranger''s belong to the platform tenant.';
comment on column public.commercial_requests.tenant_id is 'The tenant that asks; the platform tenant for strangers.';
comment on column public.commercial_requests.id is 'The request.';
comment on column public.commercial_requests.company_name is 'Company.';
comment on column public.commercial_requests.cnpj is 'Its register number, when given.';
comment on column public.commercial_requests.contact_name is 'Whom to call.';
comment on column public.commercial_requests.email is 'Address, lower-case.';
comment on column public.commercial_requests.whatsapp is 'Phone, E.164.';
comment on column public.commercial_requests.selected_agents is 'Agents of interest, by id.';
comment on column public.commercial_requests.selected_subnucleos is 'SubNúcleos of interest, by id.';
comment on column public.commercial_requests.message is 'What else they wrote.';
comment on column public.commercial_requests.status is 'pending, contacted, proposal_sent, closed or cancelled.';
comment on column public.commercial_requests.created_at is 'When it was sent.';
comment on column public.commercial_requests.updated_at is 'When the row last changed.';

create table public.payment_events (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  provider text not null check (provider ~ '^[a-z][a-z0-9_-]{0,49}$'),
  provider_event_id text not null check (length(provider_event_id) between 1 and 255),
  event_type text not null check (length(event_type) between 1 and 100),
  amount_cents bigint,
  currency text check (alquimista_platform.is_currency(currency)),
  status text not null default 'received' check (status in ('received', 'processed', 'ignored', 'failed')),
  metadata jsonb not null default '{}' check (alquimista_platform.is_object(metadata, 262144)),
  error text check (length(error) <= 2000),
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  processed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, provider, provider_event_id),
  constraint payment_events_money check ((amount_cents is null) = (currency is null))
);
create index payment_events_recent on public.payment_events (tenant_id, received_at desc);
comment on table public.payment_events is 'What the payment provider told, once each, with what came of it. Never card data.';
comment on column public.payment_events.tenant_id is 'The tenant that pays; the platform tenant while unknown.';
comment on column public.payment_events.id is 'The row.';
comment on column public.payment_events.provider is 'The payment provider.';
comment on column public.payment_events.provider_event_id is 'Its id for the event; a repeated one is not taken twice.';
comment on column public.payment_events.event_type is 'Its name for what happened.';
comment on column public.payment_events.amount_cents is 'Amount in cents; null when the event has none, negative for a refund.';
comment on column public.payment_events.currency is 'ISO 4217 code of the amount.';
comment on column public.payment_events.status is 'received, processed, ignored (of no interest) or failed.';
comment on column public.payment_events.metadata is 'The event as received, verified.';
comment on column public.payment_events.error is 'Why processing failed.';
comment on column public.payment_events.occurred_at is 'When it happened at the provider.';
comment on column public.payment_events.received_at is 'When it reached us.';
comment on column public.payment_events.processed_at is 'When it was done with.';

create table public.subscriptions (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  status text not null default 'pending'
    check (status in ('pending', 'trialing', 'active', 'past_due', 'suspended', 'canceled')),
  billing_cycle text not null default 'monthly' check (billing_cycle in ('monthly', 'yearly')),
  provider text check (provider ~ '^[a-z][a-z0-9_-]{0,49}$'),
  provider_customer_id text check (length(provider_customer_id) between 1 and 255),
  provider_subscription_id text check (length(provider_subscription_id) between 1 and 255),
  selected_agents uuid[] not null default '{}' check (cardinality(selected_agents) <= 100),
  selected_subnucleos uuid[] not null default '{}' check (cardinality(selected_subnucleos) <= 20),
  total_cents bigint not null check (total_cents >= 0),
  currency text not null default 'BRL' check (alquimista_platform.is_currency(currency)),
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  canceled_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint subscriptions_period check (
    (current_period_start is null) = (current_period_end is null) and current_period_end > current_period_start),
  constraint subscriptions_running check (status in ('pending', 'canceled') or current_period_end is not null),
  constraint subscriptions_canceled check ((status = 'canceled') = (canceled_at is not null))
);
create unique index subscriptions_one_live on public.subscriptions (tenant_id) where status <> 'canceled';
create unique index subscriptions_provider on public.subscriptions (tenant_id, provider, provider_subscription_id)
  where provider_subscription_id is not null;
create index subscriptions_customer on public.subscriptions (provider, provider_customer_id)
  where provider_customer_id is not null;
create index subscriptions_due on public.subscriptions (current_period_end) where status <> 'canceled';
comment on table public.subscriptions is 'What a tenant pays for; one live subscription at a time. pending → trialing or active → past_due → suspended → canceled.';
comment on column public.subscriptions.tenant_id is 'The tenant.';
comment on column public.subscriptions.id is 'The subscription.';
comment on column public.subscriptions.status is 'pending, trialing, active, past_due, suspended or canceled.';
comment on column public.subscriptions.billing_cycle is 'monthly or yearly.';
comment on column public.subscriptions.provider is 'The payment provider; null for invoices by hand.';
comment on column public.subscriptions.provider_customer_id is 'Its id for the tenant.';
comment on column public.subscriptions.provider_subscription_id is 'Its id for the subscription.';
comment on column public.subscriptions.selected_agents is 'Agents chosen at checkout, to activate when paid.';
comment on column public.subscriptions.selected_subnucleos is 'SubNúcleos chosen at checkout, to activate when paid.';
comment on column public.subscriptions.total_cents is 'Price of a cycle, in cents of currency.';
comment on column public.subscriptions.currency is 'ISO 4217 code.';
comment on column public.subscriptions.current_period_start is 'Start of the paid period, included.';
comment on column public.subscriptions.current_period_end is 'End of the paid period, excluded.';
comment on column public.subscriptions.cancel_at_period_end is 'Whether it ends with the period.';
comment on column public.subscriptions.canceled_at is 'When it ended.';
comment on column public.subscriptions.created_at is 'When it was asked for.';
comment on column public.subscriptions.updated_at is 'When the row last changed.';

call alquimista_platform.isolate('public.trials');
call alquimista_platform.isolate('public.commercial_requests');
call alquimista_platform.isolate('public.payment_events');
call alquimista_platform.isolate('public.subscriptions');
grant select, insert, update on
  public.trials, public.commercial_requests, public.payment_events, public.subscriptions
to alquimista_app;
grant execute on function public.expire_trials(timestamptz) to alquimista_app;

-- migrate:down

drop table public.subscriptions;
drop table public.payment_events;
drop table public.commercial_requests;
drop function public.expire_trials(timestamptz);
drop table public.trials;
