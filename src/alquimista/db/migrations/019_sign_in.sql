-- 019: how people and software prove who they are. The founding system left this to Amazon Cognito and had no tables.
--
-- Read before any tenant is known, so only alquimista_login reads them; api_keys alone is a tenant table.

-- migrate:up

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
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['ingest', 'read', 'agent', 'events']),
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

call alquimista_platform.isolate('alquimista_platform.api_keys');
grant select, insert, update on alquimista_platform.api_keys to alquimista_app;
create policy login_read on alquimista_platform.api_keys for select to alquimista_login using (true);
create policy login_use on alquimista_platform.api_keys for update to alquimista_login using (true) with check (true);
grant select, update (last_used_at) on alquimista_platform.api_keys to alquimista_login;

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

-- migrate:down

drop table alquimista_platform.api_key_lookup;
drop table alquimista_platform.api_keys;
drop table alquimista_platform.signing_keys;
drop table alquimista_platform.refresh_tokens;
drop table alquimista_platform.sessions;
drop table alquimista_platform.email_tokens;
drop table alquimista_platform.user_identities;
drop table alquimista_platform.user_credentials;
