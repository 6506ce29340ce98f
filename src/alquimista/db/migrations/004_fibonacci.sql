-- 004: Fibonacci, the orchestrator: events, spans (one row for each span, not for each trace) and metrics.

-- migrate:up

create table fibonacci_core.events (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  event_id text not null check (length(event_id) between 1 and 200),
  trace_id text check (length(trace_id) between 1 and 64),
  source text not null check (length(source) between 1 and 200),
  event_type text not null check (length(event_type) between 1 and 200),
  detail jsonb not null default '{}' check (alquimista_platform.is_object(detail, 262144)),
  metadata jsonb not null default '{}' check (alquimista_platform.is_object(metadata, 32768)),
  status text not null default 'published' check (status in ('published', 'processing', 'processed', 'failed')),
  retry_count integer not null default 0 check (retry_count >= 0),
  error_message text check (length(error_message) <= 2000),
  created_at timestamptz not null,
  processed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, source, event_id),
  constraint events_processed check ((status = 'processed') = (processed_at is not null))
);
create index events_type on fibonacci_core.events (tenant_id, event_type, created_at desc);
create index events_trace on fibonacci_core.events (tenant_id, trace_id) where trace_id is not null;
create index events_waiting on fibonacci_core.events (created_at) where status in ('published', 'processing');
comment on table fibonacci_core.events is 'Events that the orchestrator routes, kept with what became of them. One delivery counts once.';
comment on column fibonacci_core.events.tenant_id is 'The tenant that the event belongs to.';
comment on column fibonacci_core.events.id is 'The row.';
comment on column fibonacci_core.events.event_id is 'The sender''s id; unique for each tenant and source.';
comment on column fibonacci_core.events.trace_id is 'Trace that the event is part of.';
comment on column fibonacci_core.events.source is 'Who sent it: nigredo.*, alquimista.*, fibonacci.*…';
comment on column fibonacci_core.events.event_type is 'What happened: lead.recebido, mensagem.enviada…';
comment on column fibonacci_core.events.detail is 'The event''s content.';
comment on column fibonacci_core.events.metadata is 'Routing information.';
comment on column fibonacci_core.events.status is 'published, processing, processed or failed.';
comment on column fibonacci_core.events.retry_count is 'Tries that failed.';
comment on column fibonacci_core.events.error_message is 'Why the last try failed.';
comment on column fibonacci_core.events.created_at is 'When it was accepted.';
comment on column fibonacci_core.events.processed_at is 'When it was done with.';

-- The length by itself: a pattern that counts, as {32} does, takes five times as long (4 µs more for each span).
create table fibonacci_core.traces (
  tenant_id uuid not null references alquimista_platform.tenants,
  trace_id text not null check (length(trace_id) = 32 and trace_id ~ '^[0-9a-f]*$'),
  span_id text not null check (length(span_id) = 16 and span_id ~ '^[0-9a-f]*$'),
  parent_span_id text check (length(parent_span_id) = 16 and parent_span_id ~ '^[0-9a-f]*$'),
  agent_id uuid references alquimista_platform.agents,
  lead_id uuid,
  span_name text not null check (length(span_name) between 1 and 500),
  span_type text not null default 'internal' check (length(span_type) between 1 and 50),
  service_name text not null default '' check (length(service_name) <= 200),
  status text not null default 'in_progress' check (status in ('in_progress', 'unset', 'ok', 'error')),
  start_time timestamptz not null,
  end_time timestamptz,
  duration_ms double precision
    generated always as (extract(epoch from (end_time - start_time))::double precision * 1000) stored,
  annotations jsonb not null default '[]'
    check (jsonb_typeof(annotations) = 'array' and octet_length(annotations::text) <= 65536),
  metadata jsonb not null default '{}' check (alquimista_platform.is_object(metadata, 65536)),
  error_message text check (length(error_message) <= 2000),
  received_at timestamptz not null,
  primary key (tenant_id, trace_id, span_id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete set null (lead_id),
  constraint traces_not_own_parent check (parent_span_id <> span_id),
  constraint traces_order check (end_time >= start_time),
  constraint traces_ended check ((status = 'in_progress') = (end_time is null))
);
create index traces_recent on fibonacci_core.traces (tenant_id, start_time desc);
create index traces_lead on fibonacci_core.traces (tenant_id, lead_id) where lead_id is not null;
create index traces_agent on fibonacci_core.traces (agent_id) where agent_id is not null;
comment on table fibonacci_core.traces is 'Spans: each names its parent, so that a trace is a tree. A parent may arrive later or never.';
comment on column fibonacci_core.traces.tenant_id is 'The tenant whose work it is.';
comment on column fibonacci_core.traces.trace_id is 'The trace, 32 hexadecimal digits.';
comment on column fibonacci_core.traces.span_id is 'The span within it, 16 hexadecimal digits.';
comment on column fibonacci_core.traces.parent_span_id is 'The span above; null at the root.';
comment on column fibonacci_core.traces.agent_id is 'The agent that worked, when known.';
comment on column fibonacci_core.traces.lead_id is 'The lead that it was about, while it exists.';
comment on column fibonacci_core.traces.span_name is 'What was done.';
comment on column fibonacci_core.traces.span_type is 'internal, server, client, producer or consumer, or the founding system''s kind.';
comment on column fibonacci_core.traces.service_name is 'The service that reported it.';
comment on column fibonacci_core.traces.status is 'in_progress until it ended, then unset, ok or error.';
comment on column fibonacci_core.traces.start_time is 'When it started, to the microsecond.';
comment on column fibonacci_core.traces.end_time is 'When it ended; null while it runs.';
comment on column fibonacci_core.traces.duration_ms is 'Its length in milliseconds, derived.';
comment on column fibonacci_core.traces.annotations is 'What happened within it, in order (OpenTelemetry''s events).';
comment on column fibonacci_core.traces.metadata is 'Its attributes.';
comment on column fibonacci_core.traces.error_message is 'Why it failed.';
comment on column fibonacci_core.traces.received_at is 'When it reached the platform.';

create table fibonacci_core.metrics (
  tenant_id uuid not null references alquimista_platform.tenants,
  metric_name text not null check (metric_name ~ '^[a-zA-Z_:][a-zA-Z0-9_.:-]{0,199}$'),
  period_start timestamptz not null,
  period_end timestamptz not null,
  aggregation_type text not null check (aggregation_type in ('sum', 'count', 'min', 'max', 'last')),
  dimensions jsonb not null default '{}' check (alquimista_platform.is_object(dimensions, 2000)),
  value double precision not null,
  unit text not null default '' check (length(unit) <= 50),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, metric_name, period_start, period_end, aggregation_type, dimensions),
  constraint metrics_period check (period_end > period_start)
);
comment on table fibonacci_core.metrics is 'Figures of a period. Mergeable ones only: an average is a sum and a count.';
comment on column fibonacci_core.metrics.tenant_id is 'The tenant measured.';
comment on column fibonacci_core.metrics.metric_name is 'What is measured.';
comment on column fibonacci_core.metrics.period_start is 'Start of the period, included.';
comment on column fibonacci_core.metrics.period_end is 'End of the period, excluded.';
comment on column fibonacci_core.metrics.aggregation_type is 'sum, count, min, max or last.';
comment on column fibonacci_core.metrics.dimensions is 'Labels, such as the channel.';
comment on column fibonacci_core.metrics.value is 'The figure. Never money.';
comment on column fibonacci_core.metrics.unit is 'Its unit.';
comment on column fibonacci_core.metrics.created_at is 'When it was first written.';
comment on column fibonacci_core.metrics.updated_at is 'When the row last changed.';

call alquimista_platform.isolate('fibonacci_core.events');
call alquimista_platform.isolate('fibonacci_core.traces');
call alquimista_platform.isolate('fibonacci_core.metrics');
-- Deleted by retention, tenant by tenant.
grant select, insert, update, delete on fibonacci_core.events, fibonacci_core.traces, fibonacci_core.metrics to alquimista_app;

-- migrate:down

drop table fibonacci_core.metrics;
drop table fibonacci_core.traces;
drop table fibonacci_core.events;
