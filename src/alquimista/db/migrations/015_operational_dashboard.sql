-- 015: what the operational dashboard shows: agent requests, what keeps them counted once, their sums by hour and by
-- the tenant's own day.
--
-- Raw requests and their deltas are written in one transaction, so at every snapshot: raw = deltas + hourly rollup.
-- A folder moves deltas into the rollups; it may do so at any time and in any order, because everything is a sum.

-- migrate:up

-- The histogram of response times is one number: bucket n counts in the 12 decimal digits at position 12 n. Adding two
-- such numbers merges them, so sum() is all that a merge needs. Bucket edges grow by at most 20 %, which keeps a
-- percentile within 10 % of the exact one. The edges are stored data's meaning: change them only with a data migration.
create function alquimista_platform.response_time_bucket(milliseconds integer) returns integer
  language sql immutable parallel safe
  return width_bucket(milliseconds, array[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 31, 37, 44, 52, 62, 74, 88, 105, 126, 151, 181, 217, 260,
    312, 374, 448, 537, 644, 772, 926, 1111, 1333, 1599, 1918, 2301, 2761, 3313, 3975, 4770, 5724, 6868, 8241, 9889,
    11866, 14239, 17086, 20503, 24603, 29523, 35427, 42512, 51014, 61216, 73459, 88150, 105780, 126936, 152323,
    182787, 219344, 263212, 315854, 379024, 454828, 545793, 654951, 785941, 943129, 1131754, 1358104, 1629724,
    1955668, 2346801, 2816161, 3379393, 4055271]);
comment on function alquimista_platform.response_time_bucket(integer) is
  'The histogram bucket of a response time: 0 for 0 ms, 82 from 4,055,271 ms (68 minutes) up.';

-- The powers stand in an array, which the planner makes a constant: computing one took ten times as long. The body is a
-- text, since a parsed one would be shown with a thousand digits for each power.
create function alquimista_platform.histogram(bucket integer, requests bigint) returns numeric
  language sql immutable parallel safe as $$
  select requests * (array[
    1e0, 1e12, 1e24, 1e36, 1e48, 1e60, 1e72, 1e84, 1e96, 1e108, 1e120, 1e132, 1e144, 1e156, 1e168, 1e180, 1e192, 1e204,
    1e216, 1e228, 1e240, 1e252, 1e264, 1e276, 1e288, 1e300, 1e312, 1e324, 1e336, 1e348, 1e360, 1e372, 1e384, 1e396,
    1e408, 1e420, 1e432, 1e444, 1e456, 1e468, 1e480, 1e492, 1e504, 1e516, 1e528, 1e540, 1e552, 1e564, 1e576, 1e588,
    1e600, 1e612, 1e624, 1e636, 1e648, 1e660, 1e672, 1e684, 1e696, 1e708, 1e720, 1e732, 1e744, 1e756, 1e768, 1e780,
    1e792, 1e804, 1e816, 1e828, 1e840, 1e852, 1e864, 1e876, 1e888, 1e900, 1e912, 1e924, 1e936, 1e948, 1e960, 1e972,
    1e984])[bucket + 1]
$$;
comment on function alquimista_platform.histogram(integer, bigint) is
  'That many requests in one bucket, as a packed histogram; packed histograms are merged by adding them.';

create table alquimista_platform.agent_requests (
  tenant_id uuid not null,
  occurred_at timestamptz not null,
  id uuid not null,
  agent_id uuid not null,
  requests smallint not null check (requests between -1 and 1),
  status text not null check (status in ('success', 'error')),
  response_time_ms integer not null check (response_time_ms >= 0),
  input_tokens integer not null check (input_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  cost_micros bigint not null check (cost_micros >= 0),
  currency text not null check (alquimista_platform.is_currency(currency)),
  model text not null check (length(model) <= 200),
  trace_id text not null check (length(trace_id) <= 64),
  span_id text not null check (length(span_id) <= 16),
  source text not null check (length(source) <= 1024),
  event_id text not null check (length(event_id) <= 256),
  received_at timestamptz not null,
  primary key (tenant_id, occurred_at, id)
) partition by range (occurred_at);
comment on table alquimista_platform.agent_requests is 'Every request that an agent served, as received. Partitioned by UTC day; whole days are dropped when their retention ends. No foreign keys of its own: the delta written in the same transaction has them.';
comment on column alquimista_platform.agent_requests.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_requests.occurred_at is 'When the request ended, by its sender''s clock.';
comment on column alquimista_platform.agent_requests.id is 'The event''s key, as in event_keys.';
comment on column alquimista_platform.agent_requests.agent_id is 'The agent that served it.';
comment on column alquimista_platform.agent_requests.requests is '1 for a request; 0 for tokens and cost of a request that another row counts; -1 takes back a row that turned out to be part of another request.';
comment on column alquimista_platform.agent_requests.status is 'success or error.';
comment on column alquimista_platform.agent_requests.response_time_ms is 'How long it took, in milliseconds.';
comment on column alquimista_platform.agent_requests.input_tokens is 'Tokens read by the model.';
comment on column alquimista_platform.agent_requests.output_tokens is 'Tokens written by the model.';
comment on column alquimista_platform.agent_requests.cost_micros is 'Cost in millionths of the currency''s unit.';
comment on column alquimista_platform.agent_requests.currency is 'ISO 4217 code of the cost.';
comment on column alquimista_platform.agent_requests.model is 'Model that answered; empty when not told.';
comment on column alquimista_platform.agent_requests.trace_id is 'Trace that the request belongs to; empty when not told.';
comment on column alquimista_platform.agent_requests.span_id is 'Span of the request; empty when it was not a span.';
comment on column alquimista_platform.agent_requests.source is 'Who sent the event (CloudEvents source), or the way it came in.';
comment on column alquimista_platform.agent_requests.event_id is 'The event''s id at its source: with it, the same event counts once.';
comment on column alquimista_platform.agent_requests.received_at is 'When the platform received it.';

create type alquimista_platform.sent_request as (
  id uuid,
  agent_id uuid,
  occurred_at timestamptz,
  cost_micros bigint,
  response_time_ms integer,
  input_tokens integer,
  output_tokens integer,
  requests smallint,
  status text,
  currency text,
  model text,
  source text,
  trace_id text,
  span_id text,
  event_id text
);
comment on type alquimista_platform.sent_request is 'A row of agent_requests on its way in: what a write has for each event.';

-- The day is in the index, so that old keys are found by it; an index of their days would cost every event more. One
-- table and not partitions of it: a look-up through sixteen was planned anew for every write.
create table alquimista_platform.event_keys (
  tenant_id uuid not null,
  key uuid not null,
  seen_on date not null,
  primary key (tenant_id, key) include (seen_on)
);
comment on table alquimista_platform.event_keys is 'Events already counted, for 40 days: longer than an event may be late, so that none counts twice.';
comment on column alquimista_platform.event_keys.tenant_id is 'The tenant.';
comment on column alquimista_platform.event_keys.key is 'First 128 bits of a hash of the event''s source and id.';
comment on column alquimista_platform.event_keys.seen_on is 'UTC day on which it was counted.';

create table alquimista_platform.usage_deltas (
  tenant_id uuid not null,
  batch_id uuid not null,
  hour timestamptz not null,
  agent_id uuid not null,
  currency text not null check (alquimista_platform.is_currency(currency)),
  requests bigint not null,
  failures bigint not null,
  response_ms bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micros bigint not null,
  histogram numeric not null,
  primary key (tenant_id, batch_id, hour, agent_id, currency),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
comment on table alquimista_platform.usage_deltas is 'Sums of each batch of requests, waiting a second or so to be folded into the rollups.';
comment on column alquimista_platform.usage_deltas.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_deltas.batch_id is 'The transaction that wrote the requests.';
comment on column alquimista_platform.usage_deltas.hour is 'Start of the UTC hour.';
comment on column alquimista_platform.usage_deltas.agent_id is 'The agent.';
comment on column alquimista_platform.usage_deltas.currency is 'Currency of the cost.';
comment on column alquimista_platform.usage_deltas.requests is 'Requests.';
comment on column alquimista_platform.usage_deltas.failures is 'Those that failed.';
comment on column alquimista_platform.usage_deltas.response_ms is 'Sum of response times, in milliseconds.';
comment on column alquimista_platform.usage_deltas.input_tokens is 'Sum of tokens read.';
comment on column alquimista_platform.usage_deltas.output_tokens is 'Sum of tokens written.';
comment on column alquimista_platform.usage_deltas.cost_micros is 'Sum of cost, in micro-units.';
comment on column alquimista_platform.usage_deltas.histogram is 'Packed histogram of response times.';

create table alquimista_platform.usage_hourly (
  tenant_id uuid not null,
  hour timestamptz not null,
  agent_id uuid not null,
  currency text not null check (alquimista_platform.is_currency(currency)),
  requests bigint not null,
  failures bigint not null,
  response_ms bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micros bigint not null,
  histogram numeric not null,
  primary key (tenant_id, hour, agent_id, currency),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
) with (fillfactor = 80);
comment on table alquimista_platform.usage_hourly is 'Usage by UTC hour and agent. Sums only: rates are computed from them, last.';
comment on column alquimista_platform.usage_hourly.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_hourly.hour is 'Start of the UTC hour.';
comment on column alquimista_platform.usage_hourly.agent_id is 'The agent.';
comment on column alquimista_platform.usage_hourly.currency is 'Currency of the cost.';
comment on column alquimista_platform.usage_hourly.requests is 'Requests.';
comment on column alquimista_platform.usage_hourly.failures is 'Those that failed.';
comment on column alquimista_platform.usage_hourly.response_ms is 'Sum of response times, in milliseconds.';
comment on column alquimista_platform.usage_hourly.input_tokens is 'Sum of tokens read.';
comment on column alquimista_platform.usage_hourly.output_tokens is 'Sum of tokens written.';
comment on column alquimista_platform.usage_hourly.cost_micros is 'Sum of cost, in micro-units.';
comment on column alquimista_platform.usage_hourly.histogram is 'Packed histogram of response times.';

create table alquimista_platform.tenant_usage_daily (
  tenant_id uuid not null,
  day date not null,
  agent_id uuid not null,
  currency text not null check (alquimista_platform.is_currency(currency)),
  requests bigint not null,
  failures bigint not null,
  response_ms bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micros bigint not null,
  histogram numeric not null,
  primary key (tenant_id, day, agent_id, currency),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
) with (fillfactor = 80);
comment on table alquimista_platform.tenant_usage_daily is 'Usage by agent and by the tenant''s own day: 24 of its hours, or 23 or 25 when clocks change. Sums only.';
comment on column alquimista_platform.tenant_usage_daily.tenant_id is 'The tenant.';
comment on column alquimista_platform.tenant_usage_daily.day is 'Day in the time zone that the tenant had at that hour.';
comment on column alquimista_platform.tenant_usage_daily.agent_id is 'The agent.';
comment on column alquimista_platform.tenant_usage_daily.currency is 'Currency of the cost.';
comment on column alquimista_platform.tenant_usage_daily.requests is 'Requests.';
comment on column alquimista_platform.tenant_usage_daily.failures is 'Those that failed.';
comment on column alquimista_platform.tenant_usage_daily.response_ms is 'Sum of response times, in milliseconds.';
comment on column alquimista_platform.tenant_usage_daily.input_tokens is 'Sum of tokens read.';
comment on column alquimista_platform.tenant_usage_daily.output_tokens is 'Sum of tokens written.';
comment on column alquimista_platform.tenant_usage_daily.cost_micros is 'Sum of cost, in micro-units.';
comment on column alquimista_platform.tenant_usage_daily.histogram is 'Packed histogram of response times.';

create table alquimista_platform.usage_versions (
  tenant_id uuid primary key references alquimista_platform.tenants,
  version bigint not null check (version > 0)
) with (fillfactor = 50);
comment on table alquimista_platform.usage_versions is 'A number that grows whenever a tenant''s rollups change: the key of cached answers that include today.';
comment on column alquimista_platform.usage_versions.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_versions.version is 'Grows with every change of the rollups.';

create table alquimista_platform.usage_closed_days (
  tenant_id uuid not null references alquimista_platform.tenants,
  day date not null,
  closed_at timestamptz not null,
  requests bigint not null,
  primary key (tenant_id, day)
);
comment on table alquimista_platform.usage_closed_days is 'Days that were compared with their raw requests after they ended. A later event still counts, in the rollups.';
comment on column alquimista_platform.usage_closed_days.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_closed_days.day is 'The tenant''s own day.';
comment on column alquimista_platform.usage_closed_days.closed_at is 'When it was closed: 3 hours or more after its midnight.';
comment on column alquimista_platform.usage_closed_days.requests is 'Requests of the day when it was closed.';

create table alquimista_platform.usage_zone_changes (
  tenant_id uuid not null references alquimista_platform.tenants,
  until timestamptz not null,
  time_zone text not null check (length(time_zone) between 1 and 64),
  primary key (tenant_id, until)
);
comment on table alquimista_platform.usage_zone_changes is 'Time zones that a tenant had before, so that a change affects the future only. Hours after the last row follow tenants.time_zone.';
comment on column alquimista_platform.usage_zone_changes.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_zone_changes.until is 'UTC hour at which the zone ceased to be in force.';
comment on column alquimista_platform.usage_zone_changes.time_zone is 'The zone in force before that hour.';

-- The change takes effect at the next whole hour that no event can have reached yet (5 minutes ahead at most).
create function alquimista_platform.keep_past_time_zone() returns trigger
  language plpgsql
as $$
begin
  if new.updated_at <= old.updated_at then
    raise exception 'A change of time zone must set updated_at, which is when it takes effect.' using errcode = '23514';
  end if;
  insert into alquimista_platform.usage_zone_changes (tenant_id, until, time_zone)
  values (
    old.id,
    date_trunc('hour', new.updated_at + interval '10 minutes', 'UTC') + interval '1 hour',
    old.time_zone)
  on conflict (tenant_id, until) do nothing;
  return new;
end
$$;
comment on function alquimista_platform.keep_past_time_zone() is 'Trigger: remembers the zone that a tenant leaves, for its past days.';
create trigger tenants_time_zone before update of time_zone on alquimista_platform.tenants
  for each row when (old.time_zone is distinct from new.time_zone)
  execute function alquimista_platform.keep_past_time_zone();

-- A function that is read FROM, whose body the planner puts in its place: the days of 52 hours take 0.1 ms, where a call
-- for each hour took 1 ms.
create function alquimista_platform.local_hours(tenant uuid, first timestamptz, until timestamptz)
  returns table (hour timestamptz, day date)
  language sql stable as $$
  select h, (h at time zone coalesce(
    (select z.time_zone from alquimista_platform.usage_zone_changes as z
      where z.tenant_id = tenant and z.until > h order by z.until limit 1),
    (select t.time_zone from alquimista_platform.tenants as t where t.id = tenant)))::date
  from generate_series(first, local_hours.until - interval '1 hour', interval '1 hour') as h
$$;
comment on function alquimista_platform.local_hours(uuid, timestamptz, timestamptz) is
  'The UTC hours from the first up to the last, which is left out, each with the tenant''s own day in the zone that was in force at that hour.';

create table alquimista_platform.usage_spans (
  tenant_id uuid not null,
  trace_id text not null check (length(trace_id) = 32 and trace_id ~ '^[0-9a-f]*$'),
  span_id text not null check (length(span_id) = 16 and span_id ~ '^[0-9a-f]*$'),
  parent_span_id text not null check (length(parent_span_id) in (0, 16) and parent_span_id ~ '^[0-9a-f]*$'),
  kind text not null check (kind in ('invocation', 'inference')),
  agent_id uuid,
  counted boolean not null,
  occurred_at timestamptz not null,
  status text not null check (status in ('success', 'error')),
  response_time_ms integer not null check (response_time_ms >= 0),
  input_tokens integer not null check (input_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  cost_micros bigint not null check (cost_micros >= 0),
  currency text not null check (alquimista_platform.is_currency(currency)),
  model text not null check (length(model) <= 200),
  seen_on date not null,
  primary key (tenant_id, trace_id, span_id),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id),
  constraint usage_spans_counted check (not counted or agent_id is not null)
);
create index usage_spans_seen on alquimista_platform.usage_spans (tenant_id, seen_on);
create index usage_spans_agent on alquimista_platform.usage_spans (tenant_id, agent_id);
comment on table alquimista_platform.usage_spans is 'Agent invocations and model calls of traces, for 40 days: what decides which of them is a request when a trace arrives in pieces and out of order (docs/decisions/0030-otlp-requests.md).';
comment on column alquimista_platform.usage_spans.tenant_id is 'The tenant.';
comment on column alquimista_platform.usage_spans.trace_id is 'The trace, in hexadecimal.';
comment on column alquimista_platform.usage_spans.span_id is 'The span, in hexadecimal.';
comment on column alquimista_platform.usage_spans.parent_span_id is 'The span above; empty for a root.';
comment on column alquimista_platform.usage_spans.kind is 'invocation (invoke_agent) or inference (a model call).';
comment on column alquimista_platform.usage_spans.agent_id is 'The agent; null while no span above has named it.';
comment on column alquimista_platform.usage_spans.counted is 'Whether it counts as a request at present.';
comment on column alquimista_platform.usage_spans.occurred_at is 'When it ended.';
comment on column alquimista_platform.usage_spans.status is 'success or error.';
comment on column alquimista_platform.usage_spans.response_time_ms is 'How long it took, in milliseconds.';
comment on column alquimista_platform.usage_spans.input_tokens is 'Tokens read, of an inference.';
comment on column alquimista_platform.usage_spans.output_tokens is 'Tokens written, of an inference.';
comment on column alquimista_platform.usage_spans.cost_micros is 'Cost, in micro-units.';
comment on column alquimista_platform.usage_spans.currency is 'Currency of the cost.';
comment on column alquimista_platform.usage_spans.model is 'Model; empty when not told.';
comment on column alquimista_platform.usage_spans.seen_on is 'UTC day on which it arrived.';

call alquimista_platform.isolate('alquimista_platform.agent_requests');
call alquimista_platform.isolate('alquimista_platform.event_keys');
call alquimista_platform.isolate('alquimista_platform.usage_deltas');
call alquimista_platform.isolate('alquimista_platform.usage_hourly');
call alquimista_platform.isolate('alquimista_platform.tenant_usage_daily');
call alquimista_platform.isolate('alquimista_platform.usage_versions');
call alquimista_platform.isolate('alquimista_platform.usage_closed_days');
call alquimista_platform.isolate('alquimista_platform.usage_zone_changes');
call alquimista_platform.isolate('alquimista_platform.usage_spans');
grant select, insert on alquimista_platform.agent_requests to alquimista_app;
grant select, insert, delete on alquimista_platform.event_keys, alquimista_platform.usage_deltas to alquimista_app;
grant select, insert, update on
  alquimista_platform.usage_hourly, alquimista_platform.tenant_usage_daily, alquimista_platform.usage_versions
to alquimista_app;
grant select, insert on alquimista_platform.usage_closed_days, alquimista_platform.usage_zone_changes to alquimista_app;
grant select, insert, update, delete on alquimista_platform.usage_spans to alquimista_app;
grant execute on function
  alquimista_platform.response_time_bucket(integer),
  alquimista_platform.histogram(integer, bigint),
  alquimista_platform.local_hours(uuid, timestamptz, timestamptz)
to alquimista_app, alquimista_internal;

-- migrate:down

drop table alquimista_platform.usage_spans;
drop function alquimista_platform.local_hours(uuid, timestamptz, timestamptz);
drop trigger tenants_time_zone on alquimista_platform.tenants;
drop function alquimista_platform.keep_past_time_zone();
drop table alquimista_platform.usage_zone_changes;
drop table alquimista_platform.usage_closed_days;
drop table alquimista_platform.usage_versions;
drop table alquimista_platform.tenant_usage_daily;
drop table alquimista_platform.usage_hourly;
drop table alquimista_platform.usage_deltas;
drop table alquimista_platform.event_keys;
drop type alquimista_platform.sent_request;
drop table alquimista_platform.agent_requests;
drop function alquimista_platform.histogram(integer, bigint);
drop function alquimista_platform.response_time_bucket(integer);
