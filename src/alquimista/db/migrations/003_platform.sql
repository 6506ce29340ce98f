-- 003: the platform: tenants, people and their places in tenants, agents, integrations, audit, incidents.
--
-- Three kinds of table. A tenant table has tenant_id first in every key and `isolate()` (001). A sign-in table (019) is
-- read before any tenant is known, so only alquimista_login reads it. A global holds nothing that belongs to a customer.
-- The tables altered here come from this first chain and are empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint

-- migrate:up

create table alquimista_platform.tenants (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  legal_name text check (length(legal_name) between 1 and 200),
  cnpj text unique check (alquimista_platform.is_cnpj(cnpj)),
  segment text not null check (length(segment) between 1 and 100),
  plan text not null check (plan ~ '^[a-z][a-z0-9_-]{0,49}$'),
  standing text not null default 'active' check (standing in ('active', 'inactive', 'suspended')),
  blocked_at timestamptz,
  blocked_reason text check (length(blocked_reason) between 1 and 1000),
  status text not null generated always as (
    case when blocked_at is not null and standing = 'active' then 'suspended' else standing end) stored
    check (status in ('active', 'inactive', 'suspended')),
  time_zone text not null default 'America/Sao_Paulo' check (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$'),
  locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en')),
  currency text not null default 'BRL' check (alquimista_platform.is_currency(currency)),
  mrr_cents bigint not null default 0 check (mrr_cents >= 0),
  plan_max_agents integer not null check (plan_max_agents >= 0),
  plan_max_users integer not null check (plan_max_users >= 0),
  plan_max_requests_per_month bigint not null check (plan_max_requests_per_month >= 0),
  own_max_agents integer check (own_max_agents >= 0),
  own_max_users integer check (own_max_users >= 0),
  own_max_requests_per_month bigint check (own_max_requests_per_month >= 0),
  max_agents integer not null generated always as (coalesce(own_max_agents, plan_max_agents)) stored,
  max_users integer not null generated always as (coalesce(own_max_users, plan_max_users)) stored,
  max_requests_per_month bigint not null
    generated always as (coalesce(own_max_requests_per_month, plan_max_requests_per_month)) stored,
  raw_days integer check (raw_days >= 45),
  raw_from date,
  demo boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint tenants_cnpj_required check (cnpj is not null or id = alquimista_platform.platform_tenant()),
  constraint tenants_blocked check ((blocked_at is null) = (blocked_reason is null))
);
comment on table alquimista_platform.tenants is 'The customer companies, and the reserved platform tenant. Limits and status are set by billing and read by all.';
comment on column alquimista_platform.tenants.id is 'The tenant that every other table names in tenant_id.';
comment on column alquimista_platform.tenants.name is 'The name that people see.';
comment on column alquimista_platform.tenants.legal_name is 'The registered company name, when known.';
comment on column alquimista_platform.tenants.cnpj is 'National register number without punctuation, check digits verified; null for the platform tenant only.';
comment on column alquimista_platform.tenants.segment is 'Line of business.';
comment on column alquimista_platform.tenants.plan is 'The plan in force, by its name in the price catalogue.';
comment on column alquimista_platform.tenants.standing is 'What its subscription makes of it: active, suspended (unpaid: keys refused, people may sign in to settle it) or inactive (it has left).';
comment on column alquimista_platform.tenants.blocked_at is 'Since when staff keep everybody of it out, whatever it has paid; null when they do not.';
comment on column alquimista_platform.tenants.blocked_reason is 'Why staff keep it out.';
comment on column alquimista_platform.tenants.status is 'What people see: the standing, or suspended while staff keep it out.';
comment on column alquimista_platform.tenants.time_zone is 'IANA zone with whole-hour offsets; the tenant''s day and reports follow it.';
comment on column alquimista_platform.tenants.locale is 'Language of mails and pages when a person chose none.';
comment on column alquimista_platform.tenants.currency is 'ISO 4217 code of all the tenant''s money.';
comment on column alquimista_platform.tenants.mrr_cents is 'Monthly recurring revenue, in cents of currency.';
comment on column alquimista_platform.tenants.plan_max_agents is 'Agents that the plan allows at once.';
comment on column alquimista_platform.tenants.plan_max_users is 'People that the plan allows at once.';
comment on column alquimista_platform.tenants.plan_max_requests_per_month is 'Agent requests that the plan includes in a month.';
comment on column alquimista_platform.tenants.own_max_agents is 'Agents that staff allow in place of the plan''s number.';
comment on column alquimista_platform.tenants.own_max_users is 'People that staff allow in place of the plan''s number.';
comment on column alquimista_platform.tenants.own_max_requests_per_month is 'Agent requests that staff include in place of the plan''s number.';
comment on column alquimista_platform.tenants.max_agents is 'Agents that may be active at once.';
comment on column alquimista_platform.tenants.max_users is 'People that may be active at once.';
comment on column alquimista_platform.tenants.max_requests_per_month is 'Agent requests included in a month.';
comment on column alquimista_platform.tenants.raw_days is 'Days for which raw requests are kept, when fewer than the installation''s; null: as the installation.';
comment on column alquimista_platform.tenants.raw_from is 'The UTC day before which raw requests were deleted for this tenant alone; null: none were.';
comment on column alquimista_platform.tenants.demo is 'Whether this is demonstration data.';
comment on column alquimista_platform.tenants.created_at is 'When the tenant was created.';
comment on column alquimista_platform.tenants.updated_at is 'When the row last changed.';

create table alquimista_platform.users (
  id uuid primary key,
  email text not null unique check (alquimista_platform.is_email(email)),
  full_name text not null check (length(full_name) between 1 and 200),
  locale text check (locale in ('pt-BR', 'en')),
  status text not null default 'active' check (status in ('active', 'pending', 'deactivated')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  last_login_at timestamptz
);
comment on table alquimista_platform.users is 'People: one e-mail address is one person, who may belong to several tenants.';
comment on column alquimista_platform.users.id is 'The subject of the person''s tokens.';
comment on column alquimista_platform.users.email is 'Address to sign in with, lower-case.';
comment on column alquimista_platform.users.full_name is 'The person''s name.';
comment on column alquimista_platform.users.locale is 'Language chosen by the person; null follows the tenant or the browser.';
comment on column alquimista_platform.users.status is 'active, pending (address not confirmed yet) or deactivated everywhere.';
comment on column alquimista_platform.users.created_at is 'When the person was registered.';
comment on column alquimista_platform.users.updated_at is 'When the row last changed.';
comment on column alquimista_platform.users.last_login_at is 'The latest successful sign-in.';

create table alquimista_platform.tenant_users (
  tenant_id uuid not null references alquimista_platform.tenants,
  user_id uuid not null references alquimista_platform.users,
  role text not null check (role in ('INTERNAL_ADMIN', 'INTERNAL_SUPPORT', 'TENANT_ADMIN', 'TENANT_USER')),
  status text not null default 'active' check (status in ('active', 'deactivated')),
  invited_by uuid references alquimista_platform.users,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, user_id),
  constraint tenant_users_staff_role
    check ((role like 'INTERNAL%') = (tenant_id = alquimista_platform.platform_tenant()))
);
create index tenant_users_user on alquimista_platform.tenant_users (user_id);
comment on table alquimista_platform.tenant_users is 'Who belongs to which tenant, in which role. Staff are the members of the platform tenant.';
comment on column alquimista_platform.tenant_users.tenant_id is 'The tenant.';
comment on column alquimista_platform.tenant_users.user_id is 'The member.';
comment on column alquimista_platform.tenant_users.role is 'INTERNAL_ADMIN or INTERNAL_SUPPORT in the platform tenant, TENANT_ADMIN or TENANT_USER elsewhere.';
comment on column alquimista_platform.tenant_users.status is 'active or deactivated in this tenant.';
comment on column alquimista_platform.tenant_users.invited_by is 'Who invited the member; null for the first one.';
comment on column alquimista_platform.tenant_users.created_at is 'When the person joined.';
comment on column alquimista_platform.tenant_users.updated_at is 'When the row last changed.';

create table alquimista_platform.invitations (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  email text not null check (alquimista_platform.is_email(email)),
  role text not null check (role in ('INTERNAL_ADMIN', 'INTERNAL_SUPPORT', 'TENANT_ADMIN', 'TENANT_USER')),
  invited_by uuid references alquimista_platform.users,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  constraint invitations_staff_role
    check ((role like 'INTERNAL%') = (tenant_id = alquimista_platform.platform_tenant())),
  constraint invitations_one_end check (accepted_at is null or revoked_at is null)
);
create unique index invitations_one_open on alquimista_platform.invitations (tenant_id, email)
  where accepted_at is null and revoked_at is null;
comment on table alquimista_platform.invitations is 'Invitations to join a tenant; at most one open for an address.';
comment on column alquimista_platform.invitations.tenant_id is 'The tenant that invites.';
comment on column alquimista_platform.invitations.id is 'The invitation.';
comment on column alquimista_platform.invitations.email is 'The invited address, lower-case.';
comment on column alquimista_platform.invitations.role is 'The role that the person will have.';
comment on column alquimista_platform.invitations.invited_by is 'Who invited; null for the command line.';
comment on column alquimista_platform.invitations.created_at is 'When it was sent.';
comment on column alquimista_platform.invitations.expires_at is 'Until when it can be accepted.';
comment on column alquimista_platform.invitations.accepted_at is 'When it was accepted.';
comment on column alquimista_platform.invitations.revoked_at is 'When it was withdrawn.';

-- Unlogged: a window that a crash forgets costs nothing, and counting a request then never waits for the disk.
create unlogged table alquimista_platform.rate_limit_windows (
  key text not null check (length(key) between 1 and 200),
  window_start timestamptz not null,
  count integer not null check (count >= 0),
  primary key (key, window_start)
);
create index rate_limit_windows_start on alquimista_platform.rate_limit_windows (window_start);
comment on table alquimista_platform.rate_limit_windows is 'Requests counted in fixed windows, for all web processes together. Emptied by a crash.';
comment on column alquimista_platform.rate_limit_windows.key is 'What is limited: rule and subject.';
comment on column alquimista_platform.rate_limit_windows.window_start is 'Start of the window.';
comment on column alquimista_platform.rate_limit_windows.count is 'Requests seen in it.';

create table alquimista_platform.agents (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '' check (length(description) <= 2000),
  segment text not null check (length(segment) between 1 and 100),
  category text not null check (length(category) between 1 and 100),
  version text not null default '1.0.0' check (length(version) between 1 and 50),
  status text not null default 'active' check (status in ('active', 'inactive', 'deprecated')),
  config jsonb not null default '{}' check (alquimista_platform.is_object(config, 65536)),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table alquimista_platform.agents is 'The catalogue of agents that tenants may activate; the same for all.';
comment on column alquimista_platform.agents.id is 'The agent.';
comment on column alquimista_platform.agents.slug is 'Stable name in events and addresses.';
comment on column alquimista_platform.agents.name is 'The name that people see.';
comment on column alquimista_platform.agents.description is 'What the agent does.';
comment on column alquimista_platform.agents.segment is 'Line of business that it serves.';
comment on column alquimista_platform.agents.category is 'Group in the catalogue.';
comment on column alquimista_platform.agents.version is 'Version in force.';
comment on column alquimista_platform.agents.status is 'active (offered), inactive or deprecated (kept for those who have it).';
comment on column alquimista_platform.agents.config is 'Defaults of its configuration.';
comment on column alquimista_platform.agents.created_at is 'When it entered the catalogue.';
comment on column alquimista_platform.agents.updated_at is 'When the row last changed.';

create table alquimista_platform.tenant_agents (
  tenant_id uuid not null references alquimista_platform.tenants,
  agent_id uuid not null references alquimista_platform.agents,
  status text not null default 'active' check (status in ('active', 'inactive', 'suspended')),
  config jsonb not null default '{}' check (alquimista_platform.is_object(config, 65536)),
  activated_at timestamptz not null,
  deactivated_at timestamptz,
  updated_at timestamptz not null,
  primary key (tenant_id, agent_id),
  constraint tenant_agents_deactivated check ((status = 'inactive') = (deactivated_at is not null))
);
create index tenant_agents_agent on alquimista_platform.tenant_agents (agent_id);
comment on table alquimista_platform.tenant_agents is 'The agents that a tenant has or had.';
comment on column alquimista_platform.tenant_agents.tenant_id is 'The tenant.';
comment on column alquimista_platform.tenant_agents.agent_id is 'The agent of the catalogue.';
comment on column alquimista_platform.tenant_agents.status is 'active, inactive (given up) or suspended (paused with the tenant or by staff).';
comment on column alquimista_platform.tenant_agents.config is 'The tenant''s settings over the agent''s defaults.';
comment on column alquimista_platform.tenant_agents.activated_at is 'When it was last activated.';
comment on column alquimista_platform.tenant_agents.deactivated_at is 'When it was given up; null unless inactive.';
comment on column alquimista_platform.tenant_agents.updated_at is 'When the row last changed.';

create table alquimista_platform.tenant_integrations (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  type text not null check (type ~ '^[a-z][a-z0-9_-]{0,49}$'),
  name text not null check (length(name) between 1 and 100),
  status text not null default 'pending' check (status in ('active', 'inactive', 'error', 'pending')),
  config jsonb not null default '{}' check (alquimista_platform.is_object(config, 65536)),
  credentials_ciphertext bytea check (octet_length(credentials_ciphertext) <= 65536),
  credentials_key_id text check (length(credentials_key_id) between 1 and 64),
  last_sync_at timestamptz,
  last_error text check (length(last_error) <= 2000),
  sync_count bigint not null default 0 check (sync_count >= 0),
  error_count bigint not null default 0 check (error_count >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, type, name),
  constraint tenant_integrations_sealed check ((credentials_ciphertext is null) = (credentials_key_id is null))
);
comment on table alquimista_platform.tenant_integrations is 'Connections of a tenant to outside services; credentials are sealed.';
comment on column alquimista_platform.tenant_integrations.tenant_id is 'The tenant.';
comment on column alquimista_platform.tenant_integrations.id is 'The integration.';
comment on column alquimista_platform.tenant_integrations.type is 'The service: google-calendar, whatsapp-business, stripe…';
comment on column alquimista_platform.tenant_integrations.name is 'What people call it.';
comment on column alquimista_platform.tenant_integrations.status is 'active, inactive, error or pending (waits for the tenant to authorise it).';
comment on column alquimista_platform.tenant_integrations.config is 'Settings that are not secret.';
comment on column alquimista_platform.tenant_integrations.credentials_ciphertext is 'Sealed credentials (AES-256-GCM, bound to this row).';
comment on column alquimista_platform.tenant_integrations.credentials_key_id is 'The key that sealed them.';
comment on column alquimista_platform.tenant_integrations.last_sync_at is 'Latest successful exchange.';
comment on column alquimista_platform.tenant_integrations.last_error is 'Latest failure, without secrets; null after a success.';
comment on column alquimista_platform.tenant_integrations.sync_count is 'Successful exchanges so far.';
comment on column alquimista_platform.tenant_integrations.error_count is 'Failed exchanges so far.';
comment on column alquimista_platform.tenant_integrations.created_at is 'When it was added.';
comment on column alquimista_platform.tenant_integrations.updated_at is 'When the row last changed.';

create table alquimista_platform.audit_logs (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  occurred_at timestamptz not null,
  actor_kind text not null check (actor_kind in ('session', 'token', 'api_key', 'system', 'anonymous')),
  actor_id uuid,
  actor_role text check (actor_role in ('INTERNAL_ADMIN', 'INTERNAL_SUPPORT', 'TENANT_ADMIN', 'TENANT_USER')),
  session_id uuid,
  action text not null check (action ~ '^[a-z][a-z0-9_.:-]{0,99}$'),
  category text not null
    check (category in ('auth', 'tenant', 'agent', 'integration', 'command', 'system', 'user', 'usage')),
  resource_type text not null default '' check (length(resource_type) <= 100),
  resource_id text not null default '' check (length(resource_id) <= 200),
  result text not null check (result in ('success', 'failure')),
  trace_id text check (length(trace_id) between 1 and 64),
  primary key (tenant_id, id)
);
create index audit_logs_time on alquimista_platform.audit_logs (tenant_id, occurred_at desc, id desc);
create index audit_logs_resource on alquimista_platform.audit_logs (tenant_id, resource_type, resource_id, occurred_at desc);
create trigger audit_logs_rows before update or delete on alquimista_platform.audit_logs
  for each row execute function alquimista_platform.refuse_change();
create trigger audit_logs_truncate before truncate on alquimista_platform.audit_logs
  for each statement execute function alquimista_platform.refuse_change();
comment on table alquimista_platform.audit_logs is 'Who did what, when, with which result. Append only: by grants and by trigger. What names a person is in audit_personal (031).';
comment on column alquimista_platform.audit_logs.tenant_id is 'The tenant concerned; the platform tenant when none is.';
comment on column alquimista_platform.audit_logs.id is 'The entry.';
comment on column alquimista_platform.audit_logs.occurred_at is 'When it happened.';
comment on column alquimista_platform.audit_logs.actor_kind is 'session, token, api_key, system (job or command line) or anonymous.';
comment on column alquimista_platform.audit_logs.actor_id is 'The person or the API key; null for system and anonymous.';
comment on column alquimista_platform.audit_logs.actor_role is 'The role in which it was done; null for keys, system and anonymous.';
comment on column alquimista_platform.audit_logs.session_id is 'The session in which it was done; null without one.';
comment on column alquimista_platform.audit_logs.action is 'What was done: auth.login, agent.activate…';
comment on column alquimista_platform.audit_logs.category is 'auth, tenant, agent, integration, command, system, user or usage.';
comment on column alquimista_platform.audit_logs.resource_type is 'Kind of thing it was done to; empty when none.';
comment on column alquimista_platform.audit_logs.resource_id is 'Which one; empty when none.';
comment on column alquimista_platform.audit_logs.result is 'success or failure.';
comment on column alquimista_platform.audit_logs.trace_id is 'Trace of the request.';

create table alquimista_platform.incidents (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
  title text not null check (length(title) between 1 and 200),
  description text not null default '' check (length(description) <= 5000),
  source text not null check (length(source) between 1 and 100),
  dedupe_key text not null check (length(dedupe_key) between 1 and 200),
  details jsonb not null default '{}' check (alquimista_platform.is_object(details, 32768)),
  created_at timestamptz not null,
  resolved_at timestamptz,
  primary key (tenant_id, id)
);
create unique index incidents_one_open on alquimista_platform.incidents (tenant_id, dedupe_key) where resolved_at is null;
create index incidents_time on alquimista_platform.incidents (tenant_id, created_at desc, id desc);
create index incidents_recent on alquimista_platform.incidents (created_at desc);
comment on table alquimista_platform.incidents is 'Things that went wrong for a tenant and are shown to it; one open for each condition.';
comment on column alquimista_platform.incidents.tenant_id is 'The tenant concerned.';
comment on column alquimista_platform.incidents.id is 'The incident.';
comment on column alquimista_platform.incidents.severity is 'info, warning, error or critical.';
comment on column alquimista_platform.incidents.title is 'What happened, in a line.';
comment on column alquimista_platform.incidents.description is 'What it means and what is being done.';
comment on column alquimista_platform.incidents.source is 'The part of the platform that raised it.';
comment on column alquimista_platform.incidents.dedupe_key is 'The condition: while it has an open incident, no second one is opened.';
comment on column alquimista_platform.incidents.details is 'Figures for support, without secrets.';
comment on column alquimista_platform.incidents.created_at is 'When it was raised.';
comment on column alquimista_platform.incidents.resolved_at is 'When it was over.';

-- The tables of 002 came first; they are empty, so validating is immediate.
alter table nigredo_leads.leads
  add constraint leads_tenant foreign key (tenant_id) references alquimista_platform.tenants;
alter table nigredo_leads.campanhas
  add constraint campanhas_tenant foreign key (tenant_id) references alquimista_platform.tenants;
alter table nigredo_leads.metricas_diarias
  add constraint metricas_diarias_tenant foreign key (tenant_id) references alquimista_platform.tenants;
alter table nigredo_leads.blocklist
  add constraint blocklist_tenant foreign key (tenant_id) references alquimista_platform.tenants;

-- The platform tenant goes in before row security applies to the owner too.
insert into alquimista_platform.tenants
  (id, name, segment, plan, plan_max_agents, plan_max_users, plan_max_requests_per_month, created_at, updated_at)
values
  (alquimista_platform.platform_tenant(), 'Alquimista', 'platform', 'platform', 0, 0, 0, '2025-01-17Z', '2025-01-17Z');

-- Tenant tables.
call alquimista_platform.isolate('alquimista_platform.tenant_users');
call alquimista_platform.isolate('alquimista_platform.invitations');
call alquimista_platform.isolate('alquimista_platform.tenant_agents');
call alquimista_platform.isolate('alquimista_platform.tenant_integrations');
call alquimista_platform.isolate('alquimista_platform.audit_logs');
call alquimista_platform.isolate('alquimista_platform.incidents');
grant select, insert, update on
  alquimista_platform.tenant_users, alquimista_platform.invitations, alquimista_platform.tenant_agents,
  alquimista_platform.incidents
to alquimista_app;
grant select, insert, update, delete on alquimista_platform.tenant_integrations to alquimista_app;
grant select, insert on alquimista_platform.audit_logs to alquimista_app;

-- Tenants: the policy is on id. The owner lists them so that a data migration can visit each one.
alter table alquimista_platform.tenants enable row level security;
alter table alquimista_platform.tenants force row level security;
create policy tenant_isolation on alquimista_platform.tenants to alquimista_app, alquimista_owner
  using (id = alquimista_platform.current_tenant()) with check (id = alquimista_platform.current_tenant());
create policy internal_read on alquimista_platform.tenants for select to alquimista_internal using (true);
create policy owner_read on alquimista_platform.tenants for select to alquimista_owner using (true);
create policy login_read on alquimista_platform.tenants for select to alquimista_login using (true);
grant select, insert, update on alquimista_platform.tenants to alquimista_app;
grant select on alquimista_platform.tenants to alquimista_internal, alquimista_login;

-- People: a tenant sees its own members; only sign-in changes them.
alter table alquimista_platform.users enable row level security;
alter table alquimista_platform.users force row level security;
create policy member_read on alquimista_platform.users for select to alquimista_app using (exists (
  select from alquimista_platform.tenant_users as m
  where m.tenant_id = alquimista_platform.current_tenant() and m.user_id = users.id));
create policy internal_read on alquimista_platform.users for select to alquimista_internal using (true);
create policy login_all on alquimista_platform.users to alquimista_login using (true) with check (true);
grant select on alquimista_platform.users to alquimista_app, alquimista_internal;
grant select, insert, update on alquimista_platform.users to alquimista_login;

-- What sign-in needs of the tenant tables: memberships, invitations, and a line in the audit. 019 has its own tables.
create policy login_all on alquimista_platform.tenant_users to alquimista_login using (true) with check (true);
create policy login_read on alquimista_platform.invitations for select to alquimista_login using (true);
create policy login_accept on alquimista_platform.invitations for update to alquimista_login using (true) with check (true);
create policy login_append on alquimista_platform.audit_logs for insert to alquimista_login with check (true);
grant select, insert, update on alquimista_platform.tenant_users to alquimista_login;
grant select, update (accepted_at) on alquimista_platform.invitations to alquimista_login;
grant insert on alquimista_platform.audit_logs to alquimista_login;

-- Globals.
grant select on alquimista_platform.agents to alquimista_app, alquimista_internal, alquimista_login;
grant select, insert, update, delete on alquimista_platform.rate_limit_windows to alquimista_app, alquimista_login;

-- migrate:down

alter table nigredo_leads.blocklist drop constraint blocklist_tenant;
alter table nigredo_leads.metricas_diarias drop constraint metricas_diarias_tenant;
alter table nigredo_leads.campanhas drop constraint campanhas_tenant;
alter table nigredo_leads.leads drop constraint leads_tenant;
drop table alquimista_platform.incidents;
drop table alquimista_platform.audit_logs;
drop table alquimista_platform.tenant_integrations;
drop table alquimista_platform.tenant_agents;
drop table alquimista_platform.agents;
drop table alquimista_platform.rate_limit_windows;
drop table alquimista_platform.invitations;
drop policy member_read on alquimista_platform.users;
drop table alquimista_platform.tenant_users;
drop table alquimista_platform.users;
drop table alquimista_platform.tenants;
