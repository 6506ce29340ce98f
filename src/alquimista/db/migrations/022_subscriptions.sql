-- 022: subscriptions as they live: their terms and next moments, months of use, invoices, payments, credits, and the
-- ledger from which revenue is told.
-- The tables altered here come from this first chain and are empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation
-- squawk-ignore-file disallowed-unique-constraint, adding-not-nullable-field, require-concurrent-index-deletion

-- migrate:up

alter table public.subscriptions
  add column addon_id uuid references public.subscription_addons,
  add column addon_count integer not null default 0 check (addon_count between 0 and 1000),
  add column anchor_on date,
  add column cycles integer not null default 0 check (cycles >= 0),
  add column trial_ends_at timestamptz,
  add column next_terms jsonb check (alquimista_platform.is_object(next_terms, 16384)),
  add column pending_terms jsonb check (alquimista_platform.is_object(pending_terms, 16384)),
  add column pending_invoice_id uuid,
  add column dunning_step smallint not null default 0 check (dunning_step between 0 and 20),
  add column mrr_cents bigint not null default 0 check (mrr_cents >= 0),
  add column provider_method_id text check (length(provider_method_id) between 1 and 255),
  add column due_at timestamptz,
  add constraint subscriptions_addon check (addon_count = 0 or addon_id is not null),
  add constraint subscriptions_anchor check (status in ('pending', 'canceled') or anchor_on is not null);
create index subscriptions_due_at on public.subscriptions (due_at) where due_at is not null;
create index subscriptions_addon on public.subscriptions (addon_id) where addon_id is not null;
drop index public.subscriptions_due;
comment on column public.subscriptions.addon_id is 'The version of the single agent that was bought beside the plan; null when there is none.';
comment on column public.subscriptions.addon_count is 'How many agents beyond the plan''s.';
comment on column public.subscriptions.anchor_on is 'The tenant''s local day from which its cycles are counted; null until it runs.';
comment on column public.subscriptions.cycles is 'Cycles begun since the anchor.';
comment on column public.subscriptions.trial_ends_at is 'Until when a granted trial runs; null without one.';
comment on column public.subscriptions.next_terms is 'What it becomes with the next cycle, in the shape of alquimista.billing.models.subscriptions.Terms; null when it stays.';
comment on column public.subscriptions.pending_terms is 'What it becomes as soon as pending_invoice_id is paid, in the same shape.';
comment on column public.subscriptions.pending_invoice_id is 'The invoice of the change that waits for payment.';
comment on column public.subscriptions.dunning_step is 'Reminders sent for the oldest overdue invoice.';
comment on column public.subscriptions.mrr_cents is 'What it brings in a month, in cents of currency, as the ledger last said.';
comment on column public.subscriptions.provider_method_id is 'The provider''s reference of the stored means of payment. Never a card number.';
comment on column public.subscriptions.due_at is 'When it must be looked at next; null when nothing is to come.';

create table alquimista_platform.subscription_changes (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  subscription_id uuid not null,
  sequence integer not null check (sequence > 0),
  occurred_at timestamptz not null,
  kind text not null
    check (kind in ('new', 'expansion', 'contraction', 'churned', 'reactivated', 'moved')),
  reason text not null check (length(reason) between 1 and 100),
  mrr_before_cents bigint not null check (mrr_before_cents >= 0),
  mrr_after_cents bigint not null check (mrr_after_cents >= 0),
  currency text not null check (alquimista_platform.is_currency(currency)),
  plan_before text not null check (length(plan_before) <= 50),
  plan_after text not null check (length(plan_after) <= 50),
  segment text not null check (length(segment) <= 100),
  actor_id uuid,
  primary key (tenant_id, id),
  unique (tenant_id, sequence),
  foreign key (tenant_id, subscription_id) references public.subscriptions (tenant_id, id),
  constraint subscription_changes_kind check (case kind
    when 'new' then mrr_before_cents = 0 and mrr_after_cents > 0
    when 'reactivated' then mrr_before_cents = 0 and mrr_after_cents > 0
    when 'expansion' then mrr_after_cents > mrr_before_cents and mrr_before_cents > 0
    when 'contraction' then mrr_after_cents < mrr_before_cents and mrr_after_cents > 0
    when 'moved' then mrr_after_cents = mrr_before_cents and mrr_after_cents > 0 and plan_before <> plan_after
    else mrr_before_cents > 0 and mrr_after_cents = 0 end)
);
create index subscription_changes_subscription on alquimista_platform.subscription_changes (tenant_id, subscription_id);
create index subscription_changes_time on alquimista_platform.subscription_changes (occurred_at);
comment on table alquimista_platform.subscription_changes is 'The ledger of monthly revenue: each movement once, never changed. Revenue figures are sums of it.';
comment on column alquimista_platform.subscription_changes.tenant_id is 'The tenant.';
comment on column alquimista_platform.subscription_changes.id is 'The movement.';
comment on column alquimista_platform.subscription_changes.subscription_id is 'The subscription that moved.';
comment on column alquimista_platform.subscription_changes.sequence is 'Counts the tenant''s movements from 1: each begins where the one before ended.';
comment on column alquimista_platform.subscription_changes.occurred_at is 'When it took effect.';
comment on column alquimista_platform.subscription_changes.kind is 'new, expansion, contraction, churned, reactivated, or moved (to another plan of the same price).';
comment on column alquimista_platform.subscription_changes.reason is 'What caused it: activation, plan change, renewal, unpaid, cancellation…';
comment on column alquimista_platform.subscription_changes.mrr_before_cents is 'Monthly revenue of the tenant before, in cents of currency.';
comment on column alquimista_platform.subscription_changes.mrr_after_cents is 'The same afterwards.';
comment on column alquimista_platform.subscription_changes.currency is 'ISO 4217 code.';
comment on column alquimista_platform.subscription_changes.plan_before is 'The plan''s name before; empty when none.';
comment on column alquimista_platform.subscription_changes.plan_after is 'The plan''s name afterwards; empty when none.';
comment on column alquimista_platform.subscription_changes.segment is 'The tenant''s line of business at the time.';
comment on column alquimista_platform.subscription_changes.actor_id is 'Who caused it; null for the clock.';

create table alquimista_platform.invoices (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  number integer not null check (number > 0),
  subscription_id uuid not null,
  kind text not null check (kind in ('first', 'renewal', 'change', 'usage')),
  status text not null default 'open' check (status in ('open', 'paid', 'void', 'refunded')),
  currency text not null check (alquimista_platform.is_currency(currency)),
  subtotal_cents bigint not null check (subtotal_cents >= 0),
  tax_cents bigint not null check (tax_cents >= 0),
  credit_cents bigint not null check (credit_cents >= 0),
  total_cents bigint not null check (total_cents >= 0),
  refunded_cents bigint not null default 0,
  customer_name text not null check (length(customer_name) between 1 and 200),
  customer_cnpj text not null check (alquimista_platform.is_cnpj(customer_cnpj)),
  issued_at timestamptz not null,
  due_on date not null,
  paid_at timestamptz,
  voided_at timestamptz,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, number),
  foreign key (tenant_id, subscription_id) references public.subscriptions (tenant_id, id),
  constraint invoices_sum check (total_cents = subtotal_cents + tax_cents - credit_cents),
  constraint invoices_refunded check (refunded_cents between 0 and total_cents),
  constraint invoices_paid check ((status in ('paid', 'refunded')) = (paid_at is not null)),
  constraint invoices_void check ((status = 'void') = (voided_at is not null))
);
create index invoices_subscription on alquimista_platform.invoices (tenant_id, subscription_id, issued_at desc);
create index invoices_open on alquimista_platform.invoices (tenant_id, due_on) where status = 'open';
comment on table alquimista_platform.invoices is 'Invoices. What they say never changes; only what becomes of them does.';
comment on column alquimista_platform.invoices.tenant_id is 'The tenant.';
comment on column alquimista_platform.invoices.id is 'The invoice.';
comment on column alquimista_platform.invoices.number is 'Counts the tenant''s invoices from 1, without gaps.';
comment on column alquimista_platform.invoices.subscription_id is 'The subscription.';
comment on column alquimista_platform.invoices.kind is 'first, renewal, change (of plan) or usage (beyond the plan, between renewals).';
comment on column alquimista_platform.invoices.status is 'open, paid, void or refunded (in full).';
comment on column alquimista_platform.invoices.currency is 'ISO 4217 code of all amounts.';
comment on column alquimista_platform.invoices.subtotal_cents is 'Sum of the lines, in cents.';
comment on column alquimista_platform.invoices.tax_cents is 'Sum of the configured taxes, in cents.';
comment on column alquimista_platform.invoices.credit_cents is 'Credit that was used, in cents.';
comment on column alquimista_platform.invoices.total_cents is 'What is to be paid, in cents.';
comment on column alquimista_platform.invoices.refunded_cents is 'What was paid back, in cents.';
comment on column alquimista_platform.invoices.customer_name is 'The tenant''s name at issue.';
comment on column alquimista_platform.invoices.customer_cnpj is 'The tenant''s CNPJ at issue.';
comment on column alquimista_platform.invoices.issued_at is 'When it was issued.';
comment on column alquimista_platform.invoices.due_on is 'The tenant''s local day until which it is to be paid.';
comment on column alquimista_platform.invoices.paid_at is 'When it was paid.';
comment on column alquimista_platform.invoices.voided_at is 'When it was declared void.';
comment on column alquimista_platform.invoices.updated_at is 'When the row last changed.';
alter table public.subscriptions add constraint subscriptions_pending_invoice
  foreign key (tenant_id, pending_invoice_id) references alquimista_platform.invoices (tenant_id, id)
  deferrable;  -- Invoices refer to subscriptions, too: whoever puts both back asks at the end.

create table alquimista_platform.usage_periods (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  subscription_id uuid not null,
  plan_id uuid not null references public.subscription_plans,
  from_on date not null,
  until_on date not null,
  status text not null default 'open' check (status in ('open', 'billed')),
  requests bigint not null default 0,
  overage_cents bigint not null default 0 check (overage_cents >= 0),
  currency text not null check (alquimista_platform.is_currency(currency)),
  noticed_percent smallint not null default 0 check (noticed_percent between 0 and 100),
  stopped_at timestamptz,
  raw_requests bigint,
  rollup_requests bigint,
  late_requests bigint,
  reconciled_at timestamptz,
  billed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, from_on),
  foreign key (tenant_id, subscription_id) references public.subscriptions (tenant_id, id),
  constraint usage_periods_days check (until_on > from_on)
);
create index usage_periods_subscription on alquimista_platform.usage_periods (tenant_id, subscription_id);
create index usage_periods_open on alquimista_platform.usage_periods (tenant_id) where status = 'open';
create index usage_periods_plan on alquimista_platform.usage_periods (plan_id);
comment on table alquimista_platform.usage_periods is 'The months of use of a subscription, in the tenant''s local days: what was billed for each, against which plan.';
comment on column alquimista_platform.usage_periods.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_periods.id is 'The period.';
comment on column alquimista_platform.usage_periods.subscription_id is 'The subscription.';
comment on column alquimista_platform.usage_periods.plan_id is 'The version of the plan whose requests and tiers count: the one in force when the period ends.';
comment on column alquimista_platform.usage_periods.from_on is 'First local day.';
comment on column alquimista_platform.usage_periods.until_on is 'The local day after the last one.';
comment on column alquimista_platform.usage_periods.status is 'open, or billed: what comes later is adjusted on the next invoice.';
comment on column alquimista_platform.usage_periods.requests is 'Requests that were billed, adjustments included.';
comment on column alquimista_platform.usage_periods.overage_cents is 'What was billed beyond the plan, in cents of currency, adjustments included.';
comment on column alquimista_platform.usage_periods.currency is 'ISO 4217 code.';
comment on column alquimista_platform.usage_periods.noticed_percent is 'The highest part of the plan''s requests of which people were told: 0, 80, 95 or 100.';
comment on column alquimista_platform.usage_periods.stopped_at is 'When the agents were stopped at the hard limit; null when they were not.';
comment on column alquimista_platform.usage_periods.raw_requests is 'Raw events of the period when it was last reconciled.';
comment on column alquimista_platform.usage_periods.rollup_requests is 'Requests of the rollups when it was last reconciled.';
comment on column alquimista_platform.usage_periods.late_requests is 'Of what was not billed then, the requests that came after billed_at: the next invoice adjusts them.';
comment on column alquimista_platform.usage_periods.reconciled_at is 'When events, rollups and invoice were last compared.';
comment on column alquimista_platform.usage_periods.billed_at is 'When it was last billed or adjusted; null while it is open.';
comment on column alquimista_platform.usage_periods.created_at is 'When it began.';
comment on column alquimista_platform.usage_periods.updated_at is 'When the row last changed.';

create table alquimista_platform.invoice_lines (
  tenant_id uuid not null,
  invoice_id uuid not null,
  position smallint not null check (position > 0),
  kind text not null
    check (kind in ('plan', 'addon', 'proration', 'usage', 'adjustment', 'carried', 'tax', 'credit')),
  description text not null check (length(description) between 1 and 300),
  quantity bigint not null,
  amount_cents bigint not null,
  currency text not null check (alquimista_platform.is_currency(currency)),
  usage_period_id uuid,
  primary key (tenant_id, invoice_id, position),
  foreign key (tenant_id, invoice_id) references alquimista_platform.invoices (tenant_id, id),
  foreign key (tenant_id, usage_period_id) references alquimista_platform.usage_periods (tenant_id, id)
);
create index invoice_lines_period on alquimista_platform.invoice_lines (tenant_id, usage_period_id) where usage_period_id is not null;
create trigger invoice_lines_rows before update or delete on alquimista_platform.invoice_lines
  for each row execute function alquimista_platform.refuse_change();
create trigger invoice_lines_truncate before truncate on alquimista_platform.invoice_lines
  for each statement execute function alquimista_platform.refuse_change();
comment on table alquimista_platform.invoice_lines is 'The lines of invoices; never changed.';
comment on column alquimista_platform.invoice_lines.tenant_id is 'The tenant.';
comment on column alquimista_platform.invoice_lines.invoice_id is 'The invoice.';
comment on column alquimista_platform.invoice_lines.position is 'Counts from 1.';
comment on column alquimista_platform.invoice_lines.kind is 'plan, addon, proration, usage (beyond the plan), adjustment (of an earlier period), carried (to credit), tax or credit.';
comment on column alquimista_platform.invoice_lines.description is 'As people read it, in the tenant''s language at issue.';
comment on column alquimista_platform.invoice_lines.quantity is 'How many: agents, or requests beyond the plan; negative when an adjustment takes back.';
comment on column alquimista_platform.invoice_lines.amount_cents is 'In cents of currency; negative lines take off.';
comment on column alquimista_platform.invoice_lines.currency is 'ISO 4217 code.';
comment on column alquimista_platform.invoice_lines.usage_period_id is 'The period of use that the line bills; null for other lines.';

create table alquimista_platform.credits (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  occurred_at timestamptz not null,
  amount_cents bigint not null check (amount_cents <> 0),
  currency text not null check (alquimista_platform.is_currency(currency)),
  reason text not null check (length(reason) between 1 and 300),
  invoice_id uuid,
  actor_id uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, invoice_id) references alquimista_platform.invoices (tenant_id, id)
);
create index credits_invoice on alquimista_platform.credits (tenant_id, invoice_id) where invoice_id is not null;
create trigger credits_rows before update or delete on alquimista_platform.credits
  for each row execute function alquimista_platform.refuse_change();
create trigger credits_truncate before truncate on alquimista_platform.credits
  for each statement execute function alquimista_platform.refuse_change();
comment on table alquimista_platform.credits is 'What a tenant is owed and has used of it: the balance is the sum. Never changed.';
comment on column alquimista_platform.credits.tenant_id is 'The tenant.';
comment on column alquimista_platform.credits.id is 'The entry.';
comment on column alquimista_platform.credits.occurred_at is 'When.';
comment on column alquimista_platform.credits.amount_cents is 'In cents of currency: given when positive, used when negative.';
comment on column alquimista_platform.credits.currency is 'ISO 4217 code.';
comment on column alquimista_platform.credits.reason is 'Why, in words.';
comment on column alquimista_platform.credits.invoice_id is 'The invoice that gave or used it; null when staff gave it.';
comment on column alquimista_platform.credits.actor_id is 'Who gave it; null for the platform.';

create table alquimista_platform.charges (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  invoice_id uuid not null,
  provider text not null check (provider ~ '^[a-z][a-z0-9_-]{0,49}$'),
  provider_ref text check (length(provider_ref) between 1 and 255),
  status text not null default 'pending' check (status in ('pending', 'failed', 'expired', 'paid', 'refunded')),
  amount_cents bigint not null check (amount_cents > 0),
  refunded_cents bigint not null default 0,
  currency text not null check (alquimista_platform.is_currency(currency)),
  checkout_url text check (length(checkout_url) between 1 and 2048),
  pix_code text check (length(pix_code) between 1 and 512),
  expires_at timestamptz,
  reason text not null default '' check (length(reason) <= 500),
  credited_cents bigint not null default 0 check (credited_cents >= 0),
  claimed_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, invoice_id) references alquimista_platform.invoices (tenant_id, id),
  constraint charges_refunded check (refunded_cents between 0 and amount_cents)
);
create index charges_invoice on alquimista_platform.charges (tenant_id, invoice_id, created_at desc);
create index charges_waiting on alquimista_platform.charges (created_at) where status in ('pending', 'failed');
comment on table alquimista_platform.charges is 'Attempts to collect an invoice through a payment provider.';
comment on column alquimista_platform.charges.tenant_id is 'The tenant.';
comment on column alquimista_platform.charges.id is 'The attempt; the provider knows it by this id.';
comment on column alquimista_platform.charges.invoice_id is 'What is collected.';
comment on column alquimista_platform.charges.provider is 'Which provider: manual, stripe or asaas.';
comment on column alquimista_platform.charges.provider_ref is 'The provider''s own name for it; null until it answered.';
comment on column alquimista_platform.charges.status is 'pending, failed, expired, paid or refunded (in full).';
comment on column alquimista_platform.charges.amount_cents is 'In cents of currency.';
comment on column alquimista_platform.charges.refunded_cents is 'Paid back so far, in cents.';
comment on column alquimista_platform.charges.currency is 'ISO 4217 code.';
comment on column alquimista_platform.charges.checkout_url is 'Where the payer pays; null when nobody has to be there.';
comment on column alquimista_platform.charges.pix_code is 'Pix copia e cola (BR Code); null without one.';
comment on column alquimista_platform.charges.expires_at is 'Until when that can be paid; null when it does not end.';
comment on column alquimista_platform.charges.reason is 'Why it failed, in the provider''s words; empty otherwise.';
comment on column alquimista_platform.charges.credited_cents is 'What of it became the tenant''s credit, in cents: it was for no open invoice.';
comment on column alquimista_platform.charges.claimed_until is 'Until when somebody speaks to the provider about it: nobody else does meanwhile.';
comment on column alquimista_platform.charges.created_at is 'When it was begun.';
comment on column alquimista_platform.charges.updated_at is 'When the row last changed.';

alter table public.payment_events
  add column raw text not null default '' check (octet_length(raw) <= 262144),
  add column charge_id uuid;
comment on column public.payment_events.raw is 'What the provider sent, as it came.';
comment on column public.payment_events.charge_id is 'The attempt that it is about; null when it is about none of ours.';

comment on column public.trials.status is 'active, expired (its time is over) or completed (all of its messages were used).';

call alquimista_platform.isolate('alquimista_platform.subscription_changes');
call alquimista_platform.isolate('alquimista_platform.invoices');
call alquimista_platform.isolate('alquimista_platform.usage_periods');
call alquimista_platform.isolate('alquimista_platform.invoice_lines');
call alquimista_platform.isolate('alquimista_platform.credits');
call alquimista_platform.isolate('alquimista_platform.charges');
grant select, insert on alquimista_platform.subscription_changes, alquimista_platform.invoice_lines, alquimista_platform.credits to alquimista_app;
grant select, insert, update on alquimista_platform.usage_periods, alquimista_platform.charges to alquimista_app;
grant select, insert, update (status, refunded_cents, paid_at, voided_at, updated_at) on alquimista_platform.invoices to alquimista_app;
create trigger subscription_changes_rows before update or delete on alquimista_platform.subscription_changes
  for each row execute function alquimista_platform.refuse_change();
create trigger subscription_changes_truncate before truncate on alquimista_platform.subscription_changes
  for each statement execute function alquimista_platform.refuse_change();

-- migrate:down

comment on column public.trials.status is 'active, expired or completed (became a subscription).';
alter table public.payment_events drop column charge_id, drop column raw;
drop table alquimista_platform.charges;
drop table alquimista_platform.credits;
drop table alquimista_platform.invoice_lines;
drop table alquimista_platform.usage_periods;
alter table public.subscriptions drop constraint subscriptions_pending_invoice;
drop table alquimista_platform.invoices;
drop table alquimista_platform.subscription_changes;
alter table public.subscriptions
  drop column due_at, drop column provider_method_id, drop column mrr_cents, drop column dunning_step,
  drop column pending_invoice_id, drop column pending_terms, drop column next_terms, drop column trial_ends_at,
  drop column cycles, drop column anchor_on, drop column addon_count, drop column addon_id;
create index subscriptions_due on public.subscriptions (current_period_end) where status <> 'canceled';
