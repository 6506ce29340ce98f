-- 033: running agents: their processes and boots, what they are told, and whether somebody misses them.
-- The tables are new: nothing is scanned, nobody waits.

-- migrate:up

-- One row for each process is rewritten every ten seconds: no index beside the key and room on each page keep that a
-- HOT update, which touches no index and is cleaned up by whoever reads the page next.
create table alquimista_platform.agent_instances (
  tenant_id uuid not null,
  agent_id uuid not null,
  instance_id text not null check (instance_id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$'),
  boot_id uuid not null,
  version text not null check (length(version) between 1 and 64),
  sdk text not null check (length(sdk) <= 64),
  host text not null check (length(host) <= 100),
  first_seen_at timestamptz not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  primary key (tenant_id, agent_id, instance_id),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
) with (fillfactor = 50);
comment on table alquimista_platform.agent_instances is 'The processes in which tenants run their agents, with their last sign of life.';
comment on column alquimista_platform.agent_instances.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_instances.agent_id is 'The agent of the catalogue.';
comment on column alquimista_platform.agent_instances.instance_id is 'What the process calls itself, the same after each of its boots; unique among those of the agent.';
comment on column alquimista_platform.agent_instances.boot_id is 'The boot that runs: another one after each start of the process.';
comment on column alquimista_platform.agent_instances.version is 'The version of the agent''s own software.';
comment on column alquimista_platform.agent_instances.sdk is 'The SDK and its version; empty when the process speaks the protocol by itself.';
comment on column alquimista_platform.agent_instances.host is 'A name of the machine, for people; empty when the process tells none.';
comment on column alquimista_platform.agent_instances.first_seen_at is 'When the process was first heard of.';
comment on column alquimista_platform.agent_instances.started_at is 'The first sign of life of the boot that runs.';
comment on column alquimista_platform.agent_instances.seen_at is 'The last sign of life.';

create table alquimista_platform.agent_boots (
  tenant_id uuid not null,
  agent_id uuid not null,
  instance_id text not null check (length(instance_id) between 1 and 64),
  boot_id uuid not null,
  version text not null check (length(version) between 1 and 64),
  booted_at timestamptz not null,
  primary key (tenant_id, agent_id, instance_id, boot_id),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
);
create index agent_boots_time on alquimista_platform.agent_boots (tenant_id, agent_id, booted_at desc);
comment on table alquimista_platform.agent_boots is 'Each start of an agent''s process, once: the history of restarts, asked for or not.';
comment on column alquimista_platform.agent_boots.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_boots.agent_id is 'The agent.';
comment on column alquimista_platform.agent_boots.instance_id is 'The process.';
comment on column alquimista_platform.agent_boots.boot_id is 'The boot.';
comment on column alquimista_platform.agent_boots.version is 'The version of the agent''s own software that was started.';
comment on column alquimista_platform.agent_boots.booted_at is 'Its first sign of life.';

create table alquimista_platform.agent_standings (
  tenant_id uuid not null,
  agent_id uuid not null,
  paused_at timestamptz,
  paused_by uuid,
  pause_reason text not null default '' check (length(pause_reason) <= 200),
  offline_at timestamptz,
  updated_at timestamptz not null,
  primary key (tenant_id, agent_id),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id)
);
comment on table alquimista_platform.agent_standings is 'What is wished of a tenant''s agent beside its activation, and whether an incident says that it is offline.';
comment on column alquimista_platform.agent_standings.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_standings.agent_id is 'The agent.';
comment on column alquimista_platform.agent_standings.paused_at is 'Since when it is to pause; null while it may work.';
comment on column alquimista_platform.agent_standings.paused_by is 'The person who paused it; null when it is not paused, or by no person.';
comment on column alquimista_platform.agent_standings.pause_reason is 'Why it is paused; empty when nobody said, or it is not.';
comment on column alquimista_platform.agent_standings.offline_at is 'Since when an open incident says that it is offline; null when none does.';
comment on column alquimista_platform.agent_standings.updated_at is 'When the row last changed.';

create table alquimista_platform.agent_controls (
  tenant_id uuid not null,
  id uuid not null,
  agent_id uuid not null,
  instance_id text not null check (length(instance_id) between 1 and 64),
  request_id uuid not null,
  kind text not null check (kind in ('restart', 'pause', 'resume', 'configuration_changed')),
  reason text not null check (length(reason) <= 200),
  created_by uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  delivered_at timestamptz,
  acknowledged_at timestamptz,
  outcome text check (outcome in ('done', 'refused')),
  detail text not null default '' check (length(detail) <= 500),
  boot_id_before uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, agent_id) references alquimista_platform.tenant_agents (tenant_id, agent_id),
  constraint agent_controls_acknowledged check ((acknowledged_at is null) = (outcome is null)),
  constraint agent_controls_expires check (expires_at > created_at)
);
create index agent_controls_waiting on alquimista_platform.agent_controls (tenant_id, agent_id, instance_id)
  where acknowledged_at is null;
create index agent_controls_request on alquimista_platform.agent_controls (tenant_id, request_id);
create index agent_controls_time on alquimista_platform.agent_controls (tenant_id, agent_id, created_at desc);
comment on table alquimista_platform.agent_controls is 'Messages to agents'' processes, one row for each process that is told. Delivered at least once until they are acknowledged or expire.';
comment on column alquimista_platform.agent_controls.tenant_id is 'The tenant.';
comment on column alquimista_platform.agent_controls.id is 'The message.';
comment on column alquimista_platform.agent_controls.agent_id is 'The agent.';
comment on column alquimista_platform.agent_controls.instance_id is 'The process that it is for.';
comment on column alquimista_platform.agent_controls.request_id is 'What was asked for once, of all processes of the agent.';
comment on column alquimista_platform.agent_controls.kind is 'restart, pause, resume or configuration_changed.';
comment on column alquimista_platform.agent_controls.reason is 'Why, as the agent may log it; empty when nobody said.';
comment on column alquimista_platform.agent_controls.created_by is 'The person who asked; null for the platform itself.';
comment on column alquimista_platform.agent_controls.created_at is 'When it was asked for.';
comment on column alquimista_platform.agent_controls.expires_at is 'From then on it is not delivered, and not acknowledged.';
comment on column alquimista_platform.agent_controls.delivered_at is 'When it was first written to a stream; null before.';
comment on column alquimista_platform.agent_controls.acknowledged_at is 'When the process answered; null before.';
comment on column alquimista_platform.agent_controls.outcome is 'done or refused; null before it is acknowledged.';
comment on column alquimista_platform.agent_controls.detail is 'What the process said beside the outcome.';
comment on column alquimista_platform.agent_controls.boot_id_before is 'The boot that acknowledged it: a restart is over when the process shows another one.';

create table alquimista_platform.fleet_watches (
  tenant_id uuid not null references alquimista_platform.tenants,
  watched_at timestamptz not null,
  quiet_until timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id)
);
comment on table alquimista_platform.fleet_watches is 'When the platform last looked for agents that are missed: one row, of the platform tenant.';
comment on column alquimista_platform.fleet_watches.tenant_id is 'The platform tenant.';
comment on column alquimista_platform.fleet_watches.watched_at is 'When it last looked.';
comment on column alquimista_platform.fleet_watches.quiet_until is 'Until when nobody is missed, since the platform itself was away.';
comment on column alquimista_platform.fleet_watches.updated_at is 'When the row last changed.';

call alquimista_platform.isolate('alquimista_platform.agent_instances');
call alquimista_platform.isolate('alquimista_platform.agent_boots');
call alquimista_platform.isolate('alquimista_platform.agent_standings');
call alquimista_platform.isolate('alquimista_platform.agent_controls');
call alquimista_platform.isolate('alquimista_platform.fleet_watches');
grant select, insert, delete, update (boot_id, version, sdk, host, started_at, seen_at) on alquimista_platform.agent_instances to alquimista_app;
grant select, insert, delete on alquimista_platform.agent_boots to alquimista_app;
grant select, insert, update (paused_at, paused_by, pause_reason, offline_at, updated_at) on alquimista_platform.agent_standings to alquimista_app;
grant select, insert, delete, update (delivered_at, acknowledged_at, outcome, detail, boot_id_before) on alquimista_platform.agent_controls to alquimista_app;
grant select, insert, update (watched_at, quiet_until, updated_at) on alquimista_platform.fleet_watches to alquimista_app;

-- migrate:down

drop table alquimista_platform.fleet_watches;
drop table alquimista_platform.agent_controls;
drop table alquimista_platform.agent_standings;
drop table alquimista_platform.agent_boots;
drop table alquimista_platform.agent_instances;
