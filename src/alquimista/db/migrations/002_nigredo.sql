-- 002: the core of Nigredo, the prospecting room: leads, campaigns, interactions, meetings, figures, do-not-contact list.
-- The Portuguese column names are the founding ones and stay. 003 adds the foreign keys to tenants, which it creates.

-- migrate:up

create table nigredo_leads.leads (
  tenant_id uuid not null,
  id uuid not null,
  empresa text check (length(empresa) between 1 and 200),
  cnpj text check (alquimista_platform.is_cnpj(cnpj)),
  setor text check (length(setor) between 1 and 100),
  porte text check (length(porte) between 1 and 50),
  atividade_principal text check (length(atividade_principal) between 1 and 500),
  contato text check (length(contato) between 1 and 200),
  telefone text check (alquimista_platform.is_phone(telefone)),
  email text check (alquimista_platform.is_email(email)),
  status text not null default 'novo' check (status in (
    'novo', 'enriquecido', 'contatado', 'respondeu', 'interessado', 'agendado', 'convertido', 'descartado',
    'descadastrado')),
  priority_score integer not null default 0 check (priority_score between 0 and 100),
  metadata jsonb not null default '{}' check (alquimista_platform.is_object(metadata, 32768)),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  erased_at timestamptz,
  primary key (tenant_id, id),
  constraint leads_identified check (erased_at is not null or (empresa is not null and num_nonnulls(telefone, email) > 0)),
  constraint leads_erased check (erased_at is null or (
    num_nonnulls(empresa, cnpj, atividade_principal, contato, telefone, email) = 0 and metadata = '{}'))
);
create index leads_status on nigredo_leads.leads (tenant_id, status, created_at desc);
create index leads_recent on nigredo_leads.leads (tenant_id, created_at desc, id desc);
create index leads_email on nigredo_leads.leads (tenant_id, email) where email is not null;
create index leads_telefone on nigredo_leads.leads (tenant_id, telefone) where telefone is not null;
create index leads_cnpj on nigredo_leads.leads (tenant_id, cnpj) where cnpj is not null;
comment on table nigredo_leads.leads is 'Companies and people to prospect. An erased lead keeps its row for the counts and nothing that identifies anyone.';
comment on column nigredo_leads.leads.tenant_id is 'The tenant that prospects.';
comment on column nigredo_leads.leads.id is 'The lead.';
comment on column nigredo_leads.leads.empresa is 'Company name; null only once erased.';
comment on column nigredo_leads.leads.cnpj is 'National register number without punctuation, check digits verified.';
comment on column nigredo_leads.leads.setor is 'Line of business.';
comment on column nigredo_leads.leads.porte is 'Size class of the company.';
comment on column nigredo_leads.leads.atividade_principal is 'Main registered activity.';
comment on column nigredo_leads.leads.contato is 'Name of the person to speak to.';
comment on column nigredo_leads.leads.telefone is 'Phone, E.164.';
comment on column nigredo_leads.leads.email is 'Address, lower-case.';
comment on column nigredo_leads.leads.status is 'Stage of the founding pipeline, from novo to convertido, descartado or descadastrado.';
comment on column nigredo_leads.leads.priority_score is '0 to 100, the highest first.';
comment on column nigredo_leads.leads.metadata is 'What else the source told.';
comment on column nigredo_leads.leads.created_at is 'When the lead came in.';
comment on column nigredo_leads.leads.updated_at is 'When the row last changed.';
comment on column nigredo_leads.leads.erased_at is 'When the personal data was erased on request (LGPD).';

create table nigredo_leads.campanhas (
  tenant_id uuid not null,
  id uuid not null,
  nome text not null check (length(nome) between 1 and 200),
  segmento text check (length(segmento) between 1 and 100),
  canal text not null check (canal in ('whatsapp', 'email', 'sms')),
  mensagens jsonb not null default '[]' check (jsonb_typeof(mensagens) = 'array' and octet_length(mensagens::text) <= 131072),
  status text not null default 'rascunho' check (status in (
    'rascunho', 'aguardando_aprovacao', 'aprovada', 'ativa', 'pausada', 'concluida', 'cancelada')),
  metricas jsonb not null default '{}' check (alquimista_platform.is_object(metricas, 8192)),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create index campanhas_status on nigredo_leads.campanhas (tenant_id, status, created_at desc);
comment on table nigredo_leads.campanhas is 'Prospecting campaigns.';
comment on column nigredo_leads.campanhas.tenant_id is 'The tenant that prospects.';
comment on column nigredo_leads.campanhas.id is 'The campaign.';
comment on column nigredo_leads.campanhas.nome is 'Its name.';
comment on column nigredo_leads.campanhas.segmento is 'Whom it is for.';
comment on column nigredo_leads.campanhas.canal is 'whatsapp, email or sms.';
comment on column nigredo_leads.campanhas.mensagens is 'The messages, in order.';
comment on column nigredo_leads.campanhas.status is 'rascunho, aguardando_aprovacao, aprovada, ativa, pausada, concluida or cancelada.';
comment on column nigredo_leads.campanhas.metricas is 'Counts: enviados, entregues, lidos, respondidos, interessados.';
comment on column nigredo_leads.campanhas.created_at is 'When it was drafted.';
comment on column nigredo_leads.campanhas.updated_at is 'When the row last changed.';

create table nigredo_leads.interacoes (
  tenant_id uuid not null,
  id uuid not null,
  lead_id uuid not null,
  tipo text not null check (tipo ~ '^[a-z][a-z0-9_.-]{0,49}$'),
  canal text not null check (canal ~ '^[a-z][a-z0-9_-]{0,49}$'),
  mensagem text check (length(mensagem) <= 20000),
  sentimento text check (sentimento in ('positivo', 'neutro', 'negativo', 'objecao')),
  intensidade integer check (intensidade between 0 and 100),
  trace_id text check (length(trace_id) between 1 and 64),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete cascade
);
create index interacoes_lead on nigredo_leads.interacoes (tenant_id, lead_id, created_at desc);
comment on table nigredo_leads.interacoes is 'What was said to and by a lead, on every channel.';
comment on column nigredo_leads.interacoes.tenant_id is 'The tenant that prospects.';
comment on column nigredo_leads.interacoes.id is 'The interaction.';
comment on column nigredo_leads.interacoes.lead_id is 'The lead.';
comment on column nigredo_leads.interacoes.tipo is 'Kind of interaction.';
comment on column nigredo_leads.interacoes.canal is 'Channel.';
comment on column nigredo_leads.interacoes.mensagem is 'Text; null once erased.';
comment on column nigredo_leads.interacoes.sentimento is 'positivo, neutro, negativo or objecao; null when not classified.';
comment on column nigredo_leads.interacoes.intensidade is 'Strength of the sentiment, 0 to 100.';
comment on column nigredo_leads.interacoes.trace_id is 'Trace of the work that produced it.';
comment on column nigredo_leads.interacoes.created_at is 'When it happened.';

create table nigredo_leads.agendamentos (
  tenant_id uuid not null,
  id uuid not null,
  lead_id uuid not null,
  data_hora timestamptz not null,
  duracao integer not null default 60 check (duracao between 5 and 1440),
  status text not null default 'proposto' check (status in (
    'proposto', 'confirmado', 'remarcado', 'cancelado', 'realizado', 'no_show')),
  calendar_event_id text check (length(calendar_event_id) between 1 and 1024),
  briefing text check (length(briefing) <= 20000),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete cascade
);
create index agendamentos_lead on nigredo_leads.agendamentos (tenant_id, lead_id);
create index agendamentos_agenda on nigredo_leads.agendamentos (tenant_id, data_hora);
comment on table nigredo_leads.agendamentos is 'Meetings with leads.';
comment on column nigredo_leads.agendamentos.tenant_id is 'The tenant that prospects.';
comment on column nigredo_leads.agendamentos.id is 'The meeting.';
comment on column nigredo_leads.agendamentos.lead_id is 'The lead.';
comment on column nigredo_leads.agendamentos.data_hora is 'When it starts.';
comment on column nigredo_leads.agendamentos.duracao is 'Length in minutes.';
comment on column nigredo_leads.agendamentos.status is 'proposto, confirmado, remarcado, cancelado, realizado or no_show.';
comment on column nigredo_leads.agendamentos.calendar_event_id is 'The event in the outside calendar.';
comment on column nigredo_leads.agendamentos.briefing is 'What the seller should know; null once erased.';
comment on column nigredo_leads.agendamentos.created_at is 'When it was proposed.';
comment on column nigredo_leads.agendamentos.updated_at is 'When the row last changed.';

create table nigredo_leads.metricas_diarias (
  tenant_id uuid not null,
  data date not null,
  metricas jsonb not null default '{}' check (alquimista_platform.is_object(metricas, 32768)),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, data)
);
comment on table nigredo_leads.metricas_diarias is 'Prospecting counts of one day in the tenant''s zone.';
comment on column nigredo_leads.metricas_diarias.tenant_id is 'The tenant that prospects.';
comment on column nigredo_leads.metricas_diarias.data is 'The day.';
comment on column nigredo_leads.metricas_diarias.metricas is 'Counts by name; sums only, never averages.';
comment on column nigredo_leads.metricas_diarias.created_at is 'When the day was first counted.';
comment on column nigredo_leads.metricas_diarias.updated_at is 'When the row last changed.';

create table nigredo_leads.blocklist (
  tenant_id uuid not null,
  id uuid not null,
  lead_id uuid,
  telefone text check (alquimista_platform.is_phone(telefone)),
  email text check (alquimista_platform.is_email(email)),
  reason text not null check (length(reason) between 1 and 200),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, lead_id) references nigredo_leads.leads (tenant_id, id) on delete set null (lead_id),
  constraint blocklist_contact check (num_nonnulls(telefone, email) > 0)
);
create unique index blocklist_telefone on nigredo_leads.blocklist (tenant_id, telefone) where telefone is not null;
create unique index blocklist_email on nigredo_leads.blocklist (tenant_id, email) where email is not null;
create index blocklist_lead on nigredo_leads.blocklist (tenant_id, lead_id) where lead_id is not null;
comment on table nigredo_leads.blocklist is 'Phones and addresses that the tenant must not contact again.';
comment on column nigredo_leads.blocklist.tenant_id is 'The tenant bound by the entry.';
comment on column nigredo_leads.blocklist.id is 'The entry.';
comment on column nigredo_leads.blocklist.lead_id is 'The lead that asked, while it exists.';
comment on column nigredo_leads.blocklist.telefone is 'Phone, E.164.';
comment on column nigredo_leads.blocklist.email is 'Address, lower-case.';
comment on column nigredo_leads.blocklist.reason is 'Why: opt-out, bounce, complaint…';
comment on column nigredo_leads.blocklist.created_at is 'When it was blocked.';

call alquimista_platform.isolate('nigredo_leads.leads');
call alquimista_platform.isolate('nigredo_leads.campanhas');
call alquimista_platform.isolate('nigredo_leads.interacoes');
call alquimista_platform.isolate('nigredo_leads.agendamentos');
call alquimista_platform.isolate('nigredo_leads.metricas_diarias');
call alquimista_platform.isolate('nigredo_leads.blocklist');
grant select, insert, update on
  nigredo_leads.leads, nigredo_leads.campanhas, nigredo_leads.interacoes, nigredo_leads.agendamentos,
  nigredo_leads.metricas_diarias
to alquimista_app;
grant select, insert on nigredo_leads.blocklist to alquimista_app;

-- migrate:down

drop table nigredo_leads.blocklist;
drop table nigredo_leads.metricas_diarias;
drop table nigredo_leads.agendamentos;
drop table nigredo_leads.interacoes;
drop table nigredo_leads.campanhas;
drop table nigredo_leads.leads;
