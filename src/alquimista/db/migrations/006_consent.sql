-- 006: consent of a lead (LGPD): given, when, how, from where.
-- The tables altered here come from this first chain and are empty: nothing is scanned, nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation

-- migrate:up

alter table nigredo_leads.leads
  add column consent_given boolean not null default false,
  add column consent_date timestamptz,
  add column consent_source text check (length(consent_source) between 1 and 100),
  add column consent_ip_address inet,
  add constraint leads_consent_proved check (not consent_given or num_nonnulls(consent_date, consent_source) = 2),
  add constraint leads_consent_erased check (erased_at is null or consent_ip_address is null);
create index leads_consented on nigredo_leads.leads (tenant_id, status) where consent_given;
comment on column nigredo_leads.leads.consent_given is 'Whether the person agreed to be contacted.';
comment on column nigredo_leads.leads.consent_date is 'When they agreed, or withdrew.';
comment on column nigredo_leads.leads.consent_source is 'How: form, spreadsheet, conversation…';
comment on column nigredo_leads.leads.consent_ip_address is 'From which address, for forms.';

-- migrate:down

drop index nigredo_leads.leads_consented;
alter table nigredo_leads.leads
  drop constraint leads_consent_erased,
  drop constraint leads_consent_proved,
  drop column consent_ip_address,
  drop column consent_source,
  drop column consent_date,
  drop column consent_given;
