-- 023: what proves a period of use: when it was billed, and how much of a difference came after that.
-- The table altered here comes from the migration before and is empty: nobody waits.

-- migrate:up

alter table public.usage_periods
  add column billed_at timestamptz,
  add column late_requests bigint;
comment on column public.usage_periods.billed_at is 'When it was last billed or adjusted; null while it is open.';
comment on column public.usage_periods.late_requests is 'Of what is not billed, the requests that came after billed_at, when it was last reconciled: the next invoice adjusts them.';

-- migrate:down

alter table public.usage_periods drop column late_requests, drop column billed_at;
