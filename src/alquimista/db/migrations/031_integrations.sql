-- 031: integrations that work: which provider, whether its last tests succeeded, when the next one is due, and the
-- consents that are under way.
-- The table altered here comes from this first chain and holds little: nobody waits for the scan.
-- The default is there for the rows that there are, and for no writer.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation, adding-foreign-key-constraint
-- squawk-ignore-file ban-drop-default

-- migrate:up

-- What is there already was made by the demonstration: its provider is none that is spoken to.
alter table alquimista_platform.tenant_integrations
  add column provider text not null default 'demo' check (provider ~ '^[a-z][a-z0-9_]{0,29}$'),
  add column generation bigint not null default 0 check (generation >= 0),
  add column failures integer not null default 0 check (failures >= 0),
  add column checked_at timestamptz,
  add column next_check_at timestamptz,
  add constraint tenant_integrations_connected check (
    case when status in ('active', 'error') then credentials_ciphertext is not null or provider = 'demo'
    else credentials_ciphertext is null or provider = 'demo' end),
  add constraint tenant_integrations_checked check (
    next_check_at is null or (status in ('active', 'error') and credentials_ciphertext is not null));
alter table alquimista_platform.tenant_integrations alter column provider drop default;
create index tenant_integrations_due on alquimista_platform.tenant_integrations (next_check_at)
  where next_check_at is not null;
comment on column alquimista_platform.tenant_integrations.type is 'What it is for: email, whatsapp, calendar, crm or payment.';
comment on column alquimista_platform.tenant_integrations.provider is 'The service: smtp, imap, cloud_api, evolution, ics, google, webhook, stripe, asaas; demo in demonstration data.';
comment on column alquimista_platform.tenant_integrations.generation is 'Counts what people did to it: the result of a test that began before is not kept.';
comment on column alquimista_platform.tenant_integrations.failures is 'Failed tests in a row.';
comment on column alquimista_platform.tenant_integrations.checked_at is 'When it was last tested.';
comment on column alquimista_platform.tenant_integrations.next_check_at is 'When it is tested next; null while there is nothing to test.';

create table alquimista_platform.integration_authorizations (
  tenant_id uuid not null references alquimista_platform.tenants,
  state_hash bytea not null check (octet_length(state_hash) = 32),
  session_id uuid not null,
  provider text not null check (provider ~ '^[a-z][a-z0-9_]{0,29}$'),
  name text check (length(name) between 1 and 100),
  integration_id uuid,
  config jsonb not null check (alquimista_platform.is_object(config, 65536)),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, state_hash),
  foreign key (tenant_id, integration_id) references alquimista_platform.tenant_integrations (tenant_id, id) on delete cascade,
  constraint integration_authorizations_target check ((name is null) <> (integration_id is null))
);
comment on table alquimista_platform.integration_authorizations is 'Consents under way at a service (OAuth 2), each taken out once. Without secrets: the verifier follows from the state and a key of ours.';
comment on column alquimista_platform.integration_authorizations.tenant_id is 'The tenant.';
comment on column alquimista_platform.integration_authorizations.state_hash is 'SHA-256 of the state that the service sends back.';
comment on column alquimista_platform.integration_authorizations.session_id is 'The browser session that began it, and alone may end it.';
comment on column alquimista_platform.integration_authorizations.provider is 'The service.';
comment on column alquimista_platform.integration_authorizations.name is 'What the new integration is called; null when one is connected again.';
comment on column alquimista_platform.integration_authorizations.integration_id is 'The integration that is connected again; null for a new one.';
comment on column alquimista_platform.integration_authorizations.config is 'Settings that are not secret.';
comment on column alquimista_platform.integration_authorizations.created_at is 'When it began.';
comment on column alquimista_platform.integration_authorizations.expires_at is 'Until when it may end.';
create index integration_authorizations_integration
  on alquimista_platform.integration_authorizations (tenant_id, integration_id) where integration_id is not null;
call alquimista_platform.isolate('alquimista_platform.integration_authorizations');
grant select, insert, delete on alquimista_platform.integration_authorizations to alquimista_app;

-- migrate:down

drop table alquimista_platform.integration_authorizations;
drop index alquimista_platform.tenant_integrations_due;
alter table alquimista_platform.tenant_integrations
  drop constraint tenant_integrations_checked,
  drop constraint tenant_integrations_connected,
  drop column next_check_at,
  drop column checked_at,
  drop column failures,
  drop column generation,
  drop column provider;
comment on column alquimista_platform.tenant_integrations.type is 'The service: google-calendar, whatsapp-business, stripe…';
