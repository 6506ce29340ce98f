-- 017: decisions of the dispatch micro-agent in dry-run mode: what it would have sent, and why. Founding column names.

-- migrate:up

create table public.dry_run_log (
  tenant_id uuid not null references alquimista_platform.tenants,
  log_id uuid not null,
  lead_id uuid,
  lead_nome text check (length(lead_nome) <= 500),
  lead_telefone text check (length(lead_telefone) <= 50),
  lead_email text check (length(lead_email) <= 255),
  lead_documento text check (length(lead_documento) <= 20),
  canal_decidido text not null check (canal_decidido in ('whatsapp', 'email', 'calendar', 'none')),
  motivo_decisao text not null check (length(motivo_decisao) between 1 and 2000),
  template_selecionado text check (length(template_selecionado) between 1 and 100),
  disparo_seria_executado boolean not null default true,
  razao_bloqueio text check (length(razao_bloqueio) between 1 and 2000),
  ambiente text not null default 'dev' check (length(ambiente) between 1 and 20),
  feature_flag_enabled boolean not null default false,
  created_at timestamptz not null,
  primary key (tenant_id, log_id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete set null (lead_id),
  constraint dry_run_log_blocked check (disparo_seria_executado or razao_bloqueio is not null),
  constraint dry_run_log_channel check (canal_decidido <> 'none' or not disparo_seria_executado)
);
create index dry_run_log_recent on public.dry_run_log (tenant_id, created_at desc);
create index dry_run_log_lead on public.dry_run_log (tenant_id, lead_id) where lead_id is not null;
comment on table public.dry_run_log is 'What the dispatch micro-agent would have sent. Contact data as it was judged, erased with the lead.';
comment on column public.dry_run_log.tenant_id is 'The tenant that prospects.';
comment on column public.dry_run_log.log_id is 'The decision.';
comment on column public.dry_run_log.lead_id is 'The lead, while it exists.';
comment on column public.dry_run_log.lead_nome is 'Name at the time; null once erased.';
comment on column public.dry_run_log.lead_telefone is 'Phone as it was judged, not necessarily valid; null once erased.';
comment on column public.dry_run_log.lead_email is 'Address as it was judged, not necessarily valid; null once erased.';
comment on column public.dry_run_log.lead_documento is 'CPF or CNPJ digits; null once erased.';
comment on column public.dry_run_log.canal_decidido is 'whatsapp, email, calendar or none.';
comment on column public.dry_run_log.motivo_decisao is 'Why that channel.';
comment on column public.dry_run_log.template_selecionado is 'The message template.';
comment on column public.dry_run_log.disparo_seria_executado is 'Whether it would have been sent.';
comment on column public.dry_run_log.razao_bloqueio is 'Why not, when not.';
comment on column public.dry_run_log.ambiente is 'Environment of the run.';
comment on column public.dry_run_log.feature_flag_enabled is 'Whether real sending was switched on.';
comment on column public.dry_run_log.created_at is 'When it was decided.';

call alquimista_platform.isolate('public.dry_run_log');
-- Updated by erasure, deleted by retention.
grant select, insert, update, delete on public.dry_run_log to alquimista_app;

-- migrate:down

drop table public.dry_run_log;
