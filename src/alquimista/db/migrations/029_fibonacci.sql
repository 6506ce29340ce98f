-- 029: the orchestrator at work: what caused an event, and what became of it at each consumer.
-- The table altered here comes from this first chain and is empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation, adding-not-nullable-field

-- migrate:up

alter table fibonacci_core.events
  add column span_id text check (length(span_id) = 16 and span_id ~ '^[0-9a-f]*$'),
  add column causation_id uuid,
  add column hops smallint not null default 0 check (hops between 0 and 100),
  add column produced_by text check (length(produced_by) between 1 and 100);
create index events_id on fibonacci_core.events (id);
create index events_recent on fibonacci_core.events (created_at desc, id desc);
comment on column fibonacci_core.events.span_id is 'The span of its publication; those of its deliveries are below.';
comment on column fibonacci_core.events.causation_id is 'The event that caused this one; null when none did.';
comment on column fibonacci_core.events.hops is 'How many events lie above it; beyond a bound none is accepted.';
comment on column fibonacci_core.events.produced_by is 'The consumer that published it, which never gets it; null when none did.';

create table fibonacci_core.event_deliveries (
  tenant_id uuid not null references alquimista_platform.tenants,
  event_id uuid not null,
  consumer text not null check (length(consumer) between 1 and 100),
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0 check (attempts >= 0),
  step smallint not null default 0 check (step >= 0),
  next_attempt_at timestamptz,
  last_error text check (length(last_error) <= 2000),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  delivered_at timestamptz,
  primary key (tenant_id, event_id, consumer),
  foreign key (tenant_id, event_id) references fibonacci_core.events (tenant_id, id) on delete cascade,
  constraint event_deliveries_pending check ((state = 'pending') = (next_attempt_at is not null)),
  constraint event_deliveries_delivered check ((state = 'delivered') = (delivered_at is not null))
);
create index event_deliveries_due on fibonacci_core.event_deliveries (next_attempt_at) where state = 'pending';
comment on table fibonacci_core.event_deliveries is 'One event at one consumer. The row is the truth; a job only wakes a worker up.';
comment on column fibonacci_core.event_deliveries.tenant_id is 'The tenant of the event.';
comment on column fibonacci_core.event_deliveries.event_id is 'The event.';
comment on column fibonacci_core.event_deliveries.consumer is 'Who gets it, by name.';
comment on column fibonacci_core.event_deliveries.state is 'pending, delivered, or dead (given up; it may be replayed).';
comment on column fibonacci_core.event_deliveries.attempts is 'Tries begun, ever.';
comment on column fibonacci_core.event_deliveries.step is 'Tries begun since it was made or replayed.';
comment on column fibonacci_core.event_deliveries.next_attempt_at is 'When it is tried next, or taken for lost while it is tried.';
comment on column fibonacci_core.event_deliveries.last_error is 'Why the last try failed, masked.';
comment on column fibonacci_core.event_deliveries.created_at is 'When it was made.';
comment on column fibonacci_core.event_deliveries.updated_at is 'When the row last changed.';
comment on column fibonacci_core.event_deliveries.delivered_at is 'When the consumer was done.';

call alquimista_platform.isolate('fibonacci_core.event_deliveries');
-- Forgotten with its event.
grant select, insert, update on fibonacci_core.event_deliveries to alquimista_app;

-- migrate:down

drop table fibonacci_core.event_deliveries;
drop index fibonacci_core.events_recent;
drop index fibonacci_core.events_id;
alter table fibonacci_core.events
  drop column produced_by,
  drop column hops,
  drop column causation_id,
  drop column span_id;
