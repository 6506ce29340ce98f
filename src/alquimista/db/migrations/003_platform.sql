-- 003: the platform: tenants, people and how they prove who they are, agents, integrations, audit, incidents.
--
-- Three kinds of table. A tenant table has tenant_id first in every key and `isolate()` (001). A sign-in table is read
-- before any tenant is known, so only alquimista_login reads it. A global holds nothing that belongs to a customer.

-- migrate:up

create table alquimista_platform.tenants (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  legal_name text check (length(legal_name) between 1 and 200),
  cnpj text unique check (alquimista_platform.is_cnpj(cnpj)),
  segment text not null check (length(segment) between 1 and 100),
  plan text not null check (plan ~ '^[a-z][a-z0-9_-]{0,49}$'),
  status text not null default 'active' check (status in ('active', 'inactive', 'suspended')),
  time_zone text not null default 'America/Sao_Paulo' check (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$'),
  locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en')),
  currency text not null default 'BRL' check (alquimista_platform.is_currency(currency)),
  mrr_cents bigint not null default 0 check (mrr_cents >= 0),
  max_agents integer not null check (max_agents >= 0),
  max_users integer not null check (max_users >= 0),
  max_requests_per_month bigint not null check (max_requests_per_month >= 0),
  demo boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint tenants_cnpj_required check (cnpj is not null or id = alquimista_platform.platform_tenant())
);
comment on table alquimista_platform.tenants is 'The customer companies, and the reserved platform tenant. Limits and status are set by billing and read by all.';
comment on column alquimista_platform.tenants.id is 'The tenant that every other table names in tenant_id.';
comment on column alquimista_platform.tenants.name is 'The name that people see.';
comment on column alquimista_platform.tenants.legal_name is 'The registered company name, when known.';
comment on column alquimista_platform.tenants.cnpj is 'National register number without punctuation, check digits verified; null for the platform tenant only.';
comment on column alquimista_platform.tenants.segment is 'Line of business.';
comment on column alquimista_platform.tenants.plan is 'The plan in force, by its name in the price catalogue.';
comment on column alquimista_platform.tenants.status is 'active, inactive or suspended; a suspended tenant''s agents are paused and its keys refused.';
comment on column alquimista_platform.tenants.time_zone is 'IANA zone with whole-hour offsets; the tenant''s day and reports follow it.';
comment on column alquimista_platform.tenants.locale is 'Language of mails and pages when a person chose none.';
comment on column alquimista_platform.tenants.currency is 'ISO 4217 code of all the tenant''s money.';
comment on column alquimista_platform.tenants.mrr_cents is 'Monthly recurring revenue, in cents of currency.';
comment on column alquimista_platform.tenants.max_agents is 'Agents that may be active at once.';
comment on column alquimista_platform.tenants.max_users is 'People that may be active at once.';
comment on column alquimista_platform.tenants.max_requests_per_month is 'Agent requests included in a month.';
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

create table alquimista_platform.user_credentials (
  user_id uuid primary key references alquimista_platform.users on delete cascade,
  password_hash text check (length(password_hash) between 1 and 200),
  password_changed_at timestamptz,
  totp_ciphertext bytea check (octet_length(totp_ciphertext) <= 1024),
  totp_key_id text check (length(totp_key_id) between 1 and 64),
  totp_confirmed_at timestamptz,
  totp_last_step bigint,
  recovery_hashes bytea[] not null default '{}' check (cardinality(recovery_hashes) <= 20),
  failed_count integer not null default 0 check (failed_count >= 0),
  locked_until timestamptz,
  constraint user_credentials_totp_sealed check ((totp_ciphertext is null) = (totp_key_id is null)),
  constraint user_credentials_totp_confirmed check (totp_confirmed_at is null or totp_ciphertext is not null)
);
comment on table alquimista_platform.user_credentials is 'How a person proves who they are; one row for each person with a password.';
comment on column alquimista_platform.user_credentials.user_id is 'The person.';
comment on column alquimista_platform.user_credentials.password_hash is 'bcrypt hash; null for people who only use an external issuer.';
comment on column alquimista_platform.user_credentials.password_changed_at is 'When the password was last set.';
comment on column alquimista_platform.user_credentials.totp_ciphertext is 'Sealed TOTP secret; null without a second factor.';
comment on column alquimista_platform.user_credentials.totp_key_id is 'The key that sealed it.';
comment on column alquimista_platform.user_credentials.totp_confirmed_at is 'When the person first typed a right code; before that the factor is not asked for.';
comment on column alquimista_platform.user_credentials.totp_last_step is 'Time step of the last accepted code, so that no code works twice.';
comment on column alquimista_platform.user_credentials.recovery_hashes is 'Hashes of the unused recovery codes.';
comment on column alquimista_platform.user_credentials.failed_count is 'Wrong passwords since the last right one.';
comment on column alquimista_platform.user_credentials.locked_until is 'Until when sign-in is refused after wrong passwords.';

create table alquimista_platform.user_identities (
  issuer text not null check (length(issuer) between 1 and 500),
  subject text not null check (length(subject) between 1 and 255),
  user_id uuid not null references alquimista_platform.users on delete cascade,
  created_at timestamptz not null,
  primary key (issuer, subject)
);
create index user_identities_user on alquimista_platform.user_identities (user_id);
comment on table alquimista_platform.user_identities is 'A person''s identities at external OpenID Connect issuers, such as an Amazon Cognito pool.';
comment on column alquimista_platform.user_identities.issuer is 'The issuer''s identifier (iss).';
comment on column alquimista_platform.user_identities.subject is 'The person''s identifier at the issuer (sub).';
comment on column alquimista_platform.user_identities.user_id is 'The person here.';
comment on column alquimista_platform.user_identities.created_at is 'When the identity was linked.';

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

create table alquimista_platform.email_tokens (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  purpose text not null check (purpose in ('reset', 'confirm', 'invite')),
  user_id uuid references alquimista_platform.users on delete cascade,
  tenant_id uuid references alquimista_platform.tenants,
  invitation_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  foreign key (tenant_id, invitation_id) references alquimista_platform.invitations (tenant_id, id),
  constraint email_tokens_subject check (
    case purpose when 'invite' then tenant_id is not null and invitation_id is not null else user_id is not null end)
);
create index email_tokens_user on alquimista_platform.email_tokens (user_id);
create index email_tokens_invitation on alquimista_platform.email_tokens (tenant_id, invitation_id);
comment on table alquimista_platform.email_tokens is 'Links sent by e-mail: password reset, address confirmation, invitation. Each works once.';
comment on column alquimista_platform.email_tokens.token_hash is 'SHA-256 of the link''s secret.';
comment on column alquimista_platform.email_tokens.purpose is 'reset, confirm or invite.';
comment on column alquimista_platform.email_tokens.user_id is 'The person, for reset and confirm.';
comment on column alquimista_platform.email_tokens.tenant_id is 'The tenant, for an invitation.';
comment on column alquimista_platform.email_tokens.invitation_id is 'The invitation.';
comment on column alquimista_platform.email_tokens.created_at is 'When the link was made.';
comment on column alquimista_platform.email_tokens.expires_at is 'Until when it works.';
comment on column alquimista_platform.email_tokens.used_at is 'When it was used; it does not work again.';

create table alquimista_platform.sessions (
  id uuid primary key,
  user_id uuid not null references alquimista_platform.users on delete cascade,
  tenant_id uuid,
  kind text not null check (kind in ('browser', 'api')),
  ip inet,
  user_agent text not null default '' check (length(user_agent) <= 512),
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoke_reason text check (length(revoke_reason) between 1 and 100),
  issuer text check (length(issuer) between 1 and 500),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id)
);
create index sessions_user on alquimista_platform.sessions (user_id);
create index sessions_member on alquimista_platform.sessions (tenant_id, user_id);
create index sessions_expires on alquimista_platform.sessions (expires_at);
comment on table alquimista_platform.sessions is 'Sign-ins, one for each device; the sid of the tokens.';
comment on column alquimista_platform.sessions.id is 'The session (sid).';
comment on column alquimista_platform.sessions.user_id is 'Whose session it is.';
comment on column alquimista_platform.sessions.tenant_id is 'The active tenant, of which the person is a member; the platform tenant for staff.';
comment on column alquimista_platform.sessions.kind is 'browser (cookie) or api (tokens).';
comment on column alquimista_platform.sessions.ip is 'Client address at sign-in.';
comment on column alquimista_platform.sessions.user_agent is 'Client software at sign-in, cut to 512 characters.';
comment on column alquimista_platform.sessions.created_at is 'When the person signed in.';
comment on column alquimista_platform.sessions.last_seen_at is 'Latest use, to the minute; the idle time-out counts from here.';
comment on column alquimista_platform.sessions.expires_at is 'When it ends at the latest.';
comment on column alquimista_platform.sessions.revoked_at is 'When it was ended early.';
comment on column alquimista_platform.sessions.revoke_reason is 'Why it was ended: logout, reuse, password change…';
comment on column alquimista_platform.sessions.issuer is 'The external issuer that vouched for the person; signing out ends its session too. Null for a password.';

create table alquimista_platform.refresh_tokens (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  session_id uuid not null references alquimista_platform.sessions on delete cascade,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  rotated_at timestamptz,
  successor_hash bytea check (octet_length(successor_hash) = 32)
);
create index refresh_tokens_session on alquimista_platform.refresh_tokens (session_id);
comment on table alquimista_platform.refresh_tokens is 'The refresh tokens of each session; using a rotated one ends the session.';
comment on column alquimista_platform.refresh_tokens.token_hash is 'SHA-256 of the token.';
comment on column alquimista_platform.refresh_tokens.session_id is 'The session (the token''s family).';
comment on column alquimista_platform.refresh_tokens.issued_at is 'When it was issued.';
comment on column alquimista_platform.refresh_tokens.expires_at is 'Until when it works.';
comment on column alquimista_platform.refresh_tokens.rotated_at is 'When it was exchanged for its successor.';
comment on column alquimista_platform.refresh_tokens.successor_hash is 'SHA-256 of the token that followed it.';

create table alquimista_platform.signing_keys (
  kid text primary key check (length(kid) between 1 and 64),
  public_jwk jsonb not null check (alquimista_platform.is_object(public_jwk, 4096)),
  private_ciphertext bytea not null check (octet_length(private_ciphertext) <= 8192),
  key_id text not null check (length(key_id) between 1 and 64),
  created_at timestamptz not null,
  active_from timestamptz not null,
  retired_at timestamptz
);
comment on table alquimista_platform.signing_keys is 'The keys that sign access tokens; retired ones stay published until their tokens have expired.';
comment on column alquimista_platform.signing_keys.kid is 'Key id in tokens and in the published key set.';
comment on column alquimista_platform.signing_keys.public_jwk is 'The public half, as published.';
comment on column alquimista_platform.signing_keys.private_ciphertext is 'The sealed private half.';
comment on column alquimista_platform.signing_keys.key_id is 'The key that sealed it.';
comment on column alquimista_platform.signing_keys.created_at is 'When it was made.';
comment on column alquimista_platform.signing_keys.active_from is 'From when it signs; published earlier so that caches know it.';
comment on column alquimista_platform.signing_keys.retired_at is 'When it stopped signing.';

create table alquimista_platform.api_keys (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  prefix text not null check (length(prefix) between 4 and 32),
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['ingest', 'read']),
  created_by uuid references alquimista_platform.users,
  created_at timestamptz not null,
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id)
);
comment on table alquimista_platform.api_keys is 'Keys with which a tenant''s software calls the platform; the secret itself is stored nowhere.';
comment on column alquimista_platform.api_keys.tenant_id is 'The tenant that the key acts for.';
comment on column alquimista_platform.api_keys.id is 'The key.';
comment on column alquimista_platform.api_keys.name is 'What people call it.';
comment on column alquimista_platform.api_keys.prefix is 'Its first characters, to recognise it by.';
comment on column alquimista_platform.api_keys.scopes is 'What it opens: ingest, read.';
comment on column alquimista_platform.api_keys.created_by is 'Who made it; null for the command line.';
comment on column alquimista_platform.api_keys.created_at is 'When it was made.';
comment on column alquimista_platform.api_keys.last_used_at is 'Latest use, to the minute.';
comment on column alquimista_platform.api_keys.expires_at is 'Until when it works; null has no end.';
comment on column alquimista_platform.api_keys.revoked_at is 'When it was revoked.';

create table alquimista_platform.api_key_lookup (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  tenant_id uuid not null,
  key_id uuid not null,
  foreign key (tenant_id, key_id) references alquimista_platform.api_keys (tenant_id, id) on delete cascade
);
create index api_key_lookup_key on alquimista_platform.api_key_lookup (tenant_id, key_id);
comment on table alquimista_platform.api_key_lookup is 'From a key''s hash to its tenant, before any tenant is known.';
comment on column alquimista_platform.api_key_lookup.key_hash is 'SHA-256 of the key.';
comment on column alquimista_platform.api_key_lookup.tenant_id is 'The key''s tenant.';
comment on column alquimista_platform.api_key_lookup.key_id is 'The key in api_keys.';

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
  actor_email text not null default '' check (length(actor_email) <= 254),
  action text not null check (action ~ '^[a-z][a-z0-9_.:-]{0,99}$'),
  category text not null
    check (category in ('auth', 'tenant', 'agent', 'integration', 'command', 'system', 'user', 'usage')),
  resource_type text not null default '' check (length(resource_type) <= 100),
  resource_id text not null default '' check (length(resource_id) <= 200),
  result text not null check (result in ('success', 'failure')),
  details jsonb not null default '{}' check (alquimista_platform.is_object(details, 32768)),
  ip inet,
  user_agent text not null default '' check (length(user_agent) <= 512),
  trace_id text check (length(trace_id) between 1 and 64),
  primary key (tenant_id, id)
);
create index audit_logs_time on alquimista_platform.audit_logs (tenant_id, occurred_at desc, id desc);
create index audit_logs_resource on alquimista_platform.audit_logs (tenant_id, resource_type, resource_id, occurred_at desc);
create trigger audit_logs_rows before update or delete on alquimista_platform.audit_logs
  for each row execute function alquimista_platform.refuse_change();
create trigger audit_logs_truncate before truncate on alquimista_platform.audit_logs
  for each statement execute function alquimista_platform.refuse_change();
comment on table alquimista_platform.audit_logs is 'Who did what, when, with which result. Append only: by grants and by trigger. No secrets.';
comment on column alquimista_platform.audit_logs.tenant_id is 'The tenant concerned; the platform tenant when none is.';
comment on column alquimista_platform.audit_logs.id is 'The entry.';
comment on column alquimista_platform.audit_logs.occurred_at is 'When it happened.';
comment on column alquimista_platform.audit_logs.actor_kind is 'session, token, api_key, system (job or command line) or anonymous.';
comment on column alquimista_platform.audit_logs.actor_id is 'The person or the API key; null for system and anonymous.';
comment on column alquimista_platform.audit_logs.actor_email is 'The person''s address at the time, or the one that was tried.';
comment on column alquimista_platform.audit_logs.action is 'What was done: auth.login, agent.activate…';
comment on column alquimista_platform.audit_logs.category is 'auth, tenant, agent, integration, command, system, user or usage.';
comment on column alquimista_platform.audit_logs.resource_type is 'Kind of thing it was done to; empty when none.';
comment on column alquimista_platform.audit_logs.resource_id is 'Which one; empty when none.';
comment on column alquimista_platform.audit_logs.result is 'success or failure.';
comment on column alquimista_platform.audit_logs.details is 'What else to know, without secrets.';
comment on column alquimista_platform.audit_logs.ip is 'Client address.';
comment on column alquimista_platform.audit_logs.user_agent is 'Client software, cut to 512 characters.';
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
  (id, name, segment, plan, max_agents, max_users, max_requests_per_month, created_at, updated_at)
values
  (alquimista_platform.platform_tenant(), 'Alquimista', 'platform', 'platform', 0, 0, 0, '2025-01-17Z', '2025-01-17Z');

-- Tenant tables.
call alquimista_platform.isolate('alquimista_platform.tenant_users');
call alquimista_platform.isolate('alquimista_platform.invitations');
call alquimista_platform.isolate('alquimista_platform.api_keys');
call alquimista_platform.isolate('alquimista_platform.tenant_agents');
call alquimista_platform.isolate('alquimista_platform.tenant_integrations');
call alquimista_platform.isolate('alquimista_platform.audit_logs');
call alquimista_platform.isolate('alquimista_platform.incidents');
grant select, insert, update on
  alquimista_platform.tenant_users, alquimista_platform.invitations, alquimista_platform.api_keys,
  alquimista_platform.tenant_agents, alquimista_platform.incidents
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

-- Sign-in tables: only the login role reads them.
do $$
declare
  name text;
begin
  foreach name in array array['user_credentials', 'user_identities', 'email_tokens', 'sessions', 'refresh_tokens',
                              'signing_keys', 'api_key_lookup'] loop
    execute format('alter table alquimista_platform.%I enable row level security', name);
    execute format('alter table alquimista_platform.%I force row level security', name);
    execute format(
      'create policy login_all on alquimista_platform.%I to alquimista_login using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on alquimista_platform.%I to alquimista_login', name);
  end loop;
end
$$;

-- A tenant's transaction writes the lookup row of its new key, and the link of its invitation, without reading any.
create policy tenant_insert on alquimista_platform.api_key_lookup for insert to alquimista_app
  with check (tenant_id = alquimista_platform.current_tenant());
create policy tenant_insert on alquimista_platform.email_tokens for insert to alquimista_app
  with check (tenant_id = alquimista_platform.current_tenant() and purpose = 'invite');
grant insert on alquimista_platform.api_key_lookup, alquimista_platform.email_tokens to alquimista_app;

-- What sign-in needs of the tenant tables: memberships, invitations, keys, and a line in the audit.
create policy login_all on alquimista_platform.tenant_users to alquimista_login using (true) with check (true);
create policy login_read on alquimista_platform.invitations for select to alquimista_login using (true);
create policy login_accept on alquimista_platform.invitations for update to alquimista_login using (true) with check (true);
create policy login_read on alquimista_platform.api_keys for select to alquimista_login using (true);
create policy login_use on alquimista_platform.api_keys for update to alquimista_login using (true) with check (true);
create policy login_append on alquimista_platform.audit_logs for insert to alquimista_login with check (true);
grant select, insert, update on alquimista_platform.tenant_users to alquimista_login;
grant select, update (accepted_at) on alquimista_platform.invitations to alquimista_login;
grant select, update (last_used_at) on alquimista_platform.api_keys to alquimista_login;
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
drop table alquimista_platform.api_key_lookup;
drop table alquimista_platform.api_keys;
drop table alquimista_platform.signing_keys;
drop table alquimista_platform.refresh_tokens;
drop table alquimista_platform.sessions;
drop table alquimista_platform.email_tokens;
drop table alquimista_platform.invitations;
drop policy member_read on alquimista_platform.users;
drop table alquimista_platform.tenant_users;
drop table alquimista_platform.user_identities;
drop table alquimista_platform.user_credentials;
drop table alquimista_platform.users;
drop table alquimista_platform.tenants;
