-- 030: outbound webhooks: where companies are told, what they were told, and what became of each try.

-- migrate:up

create table alquimista_platform.webhook_endpoints (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  url text not null check (length(url) <= 2048 and url ~ '^https?://[^[:space:][:cntrl:]]+$'),
  description text not null default '' check (length(description) <= 200),
  event_types text[] not null check (
    cardinality(event_types) between 1 and 100 and array_position(event_types, null) is null
    and octet_length(array_to_string(event_types, ' ')) <= 10000),
  status text not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_reason text check (disabled_reason in ('person', 'failing', 'gone')),
  failing_since timestamptz,
  secret_key_id text not null check (length(secret_key_id) between 1 and 64),
  secret_ciphertext bytea not null check (octet_length(secret_ciphertext) <= 1024),
  previous_key_id text check (length(previous_key_id) between 1 and 64),
  previous_ciphertext bytea check (octet_length(previous_ciphertext) <= 1024),
  previous_until timestamptz,
  created_by uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint webhook_endpoints_disabled check ((status = 'disabled') = (disabled_reason is not null)),
  constraint webhook_endpoints_previous check (
    (previous_key_id is null) = (previous_ciphertext is null) and (previous_key_id is null) = (previous_until is null))
);
create index webhook_endpoints_previous_until on alquimista_platform.webhook_endpoints (previous_until)
  where previous_until is not null;
comment on table alquimista_platform.webhook_endpoints is 'Addresses at which a company is told what happens to it.';
comment on column alquimista_platform.webhook_endpoints.tenant_id is 'The company.';
comment on column alquimista_platform.webhook_endpoints.id is 'The endpoint.';
comment on column alquimista_platform.webhook_endpoints.url is 'Where messages are posted.';
comment on column alquimista_platform.webhook_endpoints.description is 'What it is for, in the company''s words.';
comment on column alquimista_platform.webhook_endpoints.event_types is 'The types of events that it is told; * is all.';
comment on column alquimista_platform.webhook_endpoints.status is 'enabled or disabled.';
comment on column alquimista_platform.webhook_endpoints.disabled_reason is 'person, failing (for days) or gone (it said so); null while enabled.';
comment on column alquimista_platform.webhook_endpoints.failing_since is 'The first failed try since the last that was taken; null when the last was taken.';
comment on column alquimista_platform.webhook_endpoints.secret_key_id is 'The key that sealed the secret.';
comment on column alquimista_platform.webhook_endpoints.secret_ciphertext is 'The sealed secret that signs.';
comment on column alquimista_platform.webhook_endpoints.previous_key_id is 'The key that sealed the secret before.';
comment on column alquimista_platform.webhook_endpoints.previous_ciphertext is 'The sealed secret before, which signs too for a while; null afterwards.';
comment on column alquimista_platform.webhook_endpoints.previous_until is 'Until when both sign.';
comment on column alquimista_platform.webhook_endpoints.created_by is 'Who made it.';
comment on column alquimista_platform.webhook_endpoints.created_at is 'When it was made.';
comment on column alquimista_platform.webhook_endpoints.updated_at is 'When the row last changed.';

create table alquimista_platform.webhook_deliveries (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  event_type text not null check (length(event_type) between 1 and 200),
  payload jsonb not null check (alquimista_platform.is_object(payload, 262144)),
  occurred_at timestamptz not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0 check (attempts >= 0),
  step smallint not null default 0 check (step >= 0),
  next_attempt_at timestamptz,
  sending_until timestamptz,
  last_status smallint check (last_status between 100 and 999),
  last_failure text check (last_failure in ('status', 'redirect', 'timeout', 'unreachable', 'tls', 'unresolved', 'forbidden_address', 'insecure', 'protocol', 'disabled', 'lost')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  delivered_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, endpoint_id, event_id),
  foreign key (tenant_id, endpoint_id) references alquimista_platform.webhook_endpoints (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_pending check ((state = 'pending') = (next_attempt_at is not null)),
  constraint webhook_deliveries_sending check (sending_until is null or state = 'pending'),
  constraint webhook_deliveries_delivered check ((state = 'delivered') = (delivered_at is not null))
);
create index webhook_deliveries_due on alquimista_platform.webhook_deliveries (next_attempt_at) where state = 'pending';
create index webhook_deliveries_recent on alquimista_platform.webhook_deliveries (tenant_id, endpoint_id, created_at desc, id desc);
create index webhook_deliveries_event on alquimista_platform.webhook_deliveries (tenant_id, event_id);
create index webhook_deliveries_old on alquimista_platform.webhook_deliveries (created_at);
comment on table alquimista_platform.webhook_deliveries is 'One message to one endpoint. The row is the truth; a job only wakes a worker up.';
comment on column alquimista_platform.webhook_deliveries.tenant_id is 'The company.';
comment on column alquimista_platform.webhook_deliveries.id is 'The delivery.';
comment on column alquimista_platform.webhook_deliveries.endpoint_id is 'Where it goes.';
comment on column alquimista_platform.webhook_deliveries.event_id is 'The event that it tells, and the message''s webhook-id.';
comment on column alquimista_platform.webhook_deliveries.event_type is 'What happened.';
comment on column alquimista_platform.webhook_deliveries.payload is 'What is told about it.';
comment on column alquimista_platform.webhook_deliveries.occurred_at is 'When it happened.';
comment on column alquimista_platform.webhook_deliveries.state is 'pending, delivered or failed (given up; it may be replayed).';
comment on column alquimista_platform.webhook_deliveries.attempts is 'Tries begun, ever.';
comment on column alquimista_platform.webhook_deliveries.step is 'Tries begun since it was made or replayed: its place in the schedule.';
comment on column alquimista_platform.webhook_deliveries.next_attempt_at is 'When it is tried next, or taken for lost while it is being sent.';
comment on column alquimista_platform.webhook_deliveries.sending_until is 'While a worker sends it: when that worker is taken for dead.';
comment on column alquimista_platform.webhook_deliveries.last_status is 'What the last try was answered.';
comment on column alquimista_platform.webhook_deliveries.last_failure is 'Why the last try failed; null when it did not.';
comment on column alquimista_platform.webhook_deliveries.created_at is 'When it was made.';
comment on column alquimista_platform.webhook_deliveries.updated_at is 'When the row last changed.';
comment on column alquimista_platform.webhook_deliveries.delivered_at is 'When it was taken.';

create table alquimista_platform.webhook_attempts (
  tenant_id uuid not null references alquimista_platform.tenants,
  delivery_id uuid not null,
  number integer not null check (number > 0),
  started_at timestamptz not null,
  duration_ms integer not null check (duration_ms >= 0),
  status_code smallint check (status_code between 100 and 999),
  failure text check (length(failure) between 1 and 50),
  response text not null default '' check (length(response) <= 1000),
  primary key (tenant_id, delivery_id, number),
  foreign key (tenant_id, delivery_id) references alquimista_platform.webhook_deliveries (tenant_id, id) on delete cascade
);
comment on table alquimista_platform.webhook_attempts is 'What became of each try of a delivery.';
comment on column alquimista_platform.webhook_attempts.tenant_id is 'The company.';
comment on column alquimista_platform.webhook_attempts.delivery_id is 'The delivery.';
comment on column alquimista_platform.webhook_attempts.number is 'Counts its tries from 1.';
comment on column alquimista_platform.webhook_attempts.started_at is 'When it began.';
comment on column alquimista_platform.webhook_attempts.duration_ms is 'How long it took.';
comment on column alquimista_platform.webhook_attempts.status_code is 'What was answered; null when nothing was.';
comment on column alquimista_platform.webhook_attempts.failure is 'Why it failed; null when it did not.';
comment on column alquimista_platform.webhook_attempts.response is 'The beginning of the answer''s body.';

call alquimista_platform.isolate('alquimista_platform.webhook_endpoints');
call alquimista_platform.isolate('alquimista_platform.webhook_deliveries');
call alquimista_platform.isolate('alquimista_platform.webhook_attempts');
-- An endpoint is the company's to take away, with its log; old deliveries are forgotten, with their tries.
grant select, insert, update, delete on alquimista_platform.webhook_endpoints, alquimista_platform.webhook_deliveries
  to alquimista_app;
grant select, insert on alquimista_platform.webhook_attempts to alquimista_app;

-- migrate:down

drop table alquimista_platform.webhook_attempts;
drop table alquimista_platform.webhook_deliveries;
drop table alquimista_platform.webhook_endpoints;
