-- 007: the public form: what was submitted, the webhooks it caused, and how often an address may submit.
-- The founding English doubles on leads (name, phone, company) are not made: contato, telefone and empresa hold them;
-- what belongs to a submission (message, utm_*, address, browser) is kept with the submission.

-- migrate:up

create table nigredo_leads.form_submissions (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  lead_id uuid not null,
  form_type text not null check (form_type ~ '^[a-z][a-z0-9_-]{0,49}$'),
  source text check (length(source) between 1 and 100),
  message text check (length(message) <= 1000),
  utm_source text check (length(utm_source) <= 200),
  utm_medium text check (length(utm_medium) <= 200),
  utm_campaign text check (length(utm_campaign) <= 200),
  referer text check (length(referer) <= 2000),
  ip inet,
  user_agent text check (length(user_agent) <= 512),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete cascade
);
create index form_submissions_lead on nigredo_leads.form_submissions (tenant_id, lead_id, created_at desc);
comment on table nigredo_leads.form_submissions is 'What people sent through the public form.';
comment on column nigredo_leads.form_submissions.tenant_id is 'The tenant whose form it is.';
comment on column nigredo_leads.form_submissions.id is 'The submission.';
comment on column nigredo_leads.form_submissions.lead_id is 'The lead that it made or found.';
comment on column nigredo_leads.form_submissions.form_type is 'Which form.';
comment on column nigredo_leads.form_submissions.source is 'Where the form stood.';
comment on column nigredo_leads.form_submissions.message is 'What the person wrote; null once erased.';
comment on column nigredo_leads.form_submissions.utm_source is 'Campaign tag utm_source.';
comment on column nigredo_leads.form_submissions.utm_medium is 'Campaign tag utm_medium.';
comment on column nigredo_leads.form_submissions.utm_campaign is 'Campaign tag utm_campaign.';
comment on column nigredo_leads.form_submissions.referer is 'The page before.';
comment on column nigredo_leads.form_submissions.ip is 'Client address; null once erased.';
comment on column nigredo_leads.form_submissions.user_agent is 'Browser, cut to 512 characters; null once erased.';
comment on column nigredo_leads.form_submissions.created_at is 'When it was sent.';

create table nigredo_leads.webhook_logs (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  lead_id uuid not null,
  webhook_url text not null check (length(webhook_url) between 1 and 2000),
  attempt integer not null check (attempt between 1 and 3),
  payload jsonb not null default '{}' check (alquimista_platform.is_object(payload, 65536)),
  status_code integer check (status_code between 100 and 599),
  success boolean not null,
  error text check (length(error) <= 2000),
  sent_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete cascade
);
create index webhook_logs_lead on nigredo_leads.webhook_logs (tenant_id, lead_id, sent_at desc);
comment on table nigredo_leads.webhook_logs is 'Each try to tell an outside address about a lead.';
comment on column nigredo_leads.webhook_logs.tenant_id is 'The tenant.';
comment on column nigredo_leads.webhook_logs.id is 'The try.';
comment on column nigredo_leads.webhook_logs.lead_id is 'The lead told about.';
comment on column nigredo_leads.webhook_logs.webhook_url is 'Where it was sent.';
comment on column nigredo_leads.webhook_logs.attempt is 'Which try, 1 to 3.';
comment on column nigredo_leads.webhook_logs.payload is 'What was sent; emptied once erased.';
comment on column nigredo_leads.webhook_logs.status_code is 'The answer''s HTTP status; null without an answer.';
comment on column nigredo_leads.webhook_logs.success is 'Whether it was accepted.';
comment on column nigredo_leads.webhook_logs.error is 'Why it failed.';
comment on column nigredo_leads.webhook_logs.sent_at is 'When it was tried.';

create table nigredo_leads.rate_limits (
  tenant_id uuid not null references alquimista_platform.tenants,
  ip inet not null,
  window_start timestamptz not null,
  window_end timestamptz not null
    generated always as (((window_start at time zone 'UTC') + interval '1 hour') at time zone 'UTC') stored,
  submission_count integer not null default 0 check (submission_count >= 0),
  blocked_until timestamptz,
  primary key (tenant_id, ip, window_start)
);
create index rate_limits_old on nigredo_leads.rate_limits (tenant_id, window_start);
comment on table nigredo_leads.rate_limits is 'Submissions of the public form by address and hour; ten an hour, then a day''s block.';
comment on column nigredo_leads.rate_limits.tenant_id is 'The tenant whose form it is.';
comment on column nigredo_leads.rate_limits.ip is 'Client address.';
comment on column nigredo_leads.rate_limits.window_start is 'Start of the hour counted.';
comment on column nigredo_leads.rate_limits.window_end is 'Its end, derived.';
comment on column nigredo_leads.rate_limits.submission_count is 'Submissions in it.';
comment on column nigredo_leads.rate_limits.blocked_until is 'Until when the address is refused.';

call alquimista_platform.isolate('nigredo_leads.form_submissions');
call alquimista_platform.isolate('nigredo_leads.webhook_logs');
call alquimista_platform.isolate('nigredo_leads.rate_limits');
-- Updated by erasure (LGPD); the windows are deleted after a day.
grant select, insert, update on nigredo_leads.form_submissions, nigredo_leads.webhook_logs to alquimista_app;
grant select, insert, update, delete on nigredo_leads.rate_limits to alquimista_app;

-- migrate:down

drop table nigredo_leads.rate_limits;
drop table nigredo_leads.webhook_logs;
drop table nigredo_leads.form_submissions;
