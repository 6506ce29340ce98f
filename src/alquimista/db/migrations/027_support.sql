-- 027: support tickets: what a tenant asks, and what staff answer.

-- migrate:up

create table alquimista_platform.tickets (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  number integer not null check (number > 0),
  subject text not null check (length(subject) between 1 and 200),
  severity text not null check (severity in ('low', 'normal', 'high', 'urgent')),
  status text not null check (status in ('open', 'waiting_on_customer', 'waiting_on_us', 'closed')),
  opened_by uuid not null references alquimista_platform.users,
  assigned_to uuid references alquimista_platform.users,
  incident_id uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, number),
  foreign key (tenant_id, incident_id) references alquimista_platform.incidents (tenant_id, id),
  constraint tickets_closed check ((status = 'closed') = (closed_at is not null))
);
create index tickets_id on alquimista_platform.tickets (id);
create index tickets_time on alquimista_platform.tickets (updated_at desc, id desc);
create index tickets_of_tenant on alquimista_platform.tickets (tenant_id, updated_at desc, id desc);
create index tickets_incident on alquimista_platform.tickets (tenant_id, incident_id) where incident_id is not null;
create index tickets_assigned on alquimista_platform.tickets (assigned_to) where assigned_to is not null;
create index tickets_opener on alquimista_platform.tickets (opened_by);
comment on table alquimista_platform.tickets is 'What tenants ask support.';
comment on column alquimista_platform.tickets.tenant_id is 'The tenant that asks.';
comment on column alquimista_platform.tickets.id is 'The ticket.';
comment on column alquimista_platform.tickets.number is 'Counts the tenant''s tickets from 1, without gaps.';
comment on column alquimista_platform.tickets.subject is 'What it is about, in a line.';
comment on column alquimista_platform.tickets.severity is 'low, normal, high or urgent, as the tenant sees it.';
comment on column alquimista_platform.tickets.status is 'open (nobody has answered yet), waiting_on_customer, waiting_on_us or closed.';
comment on column alquimista_platform.tickets.opened_by is 'Who opened it.';
comment on column alquimista_platform.tickets.assigned_to is 'The member of staff who looks after it; null while nobody does.';
comment on column alquimista_platform.tickets.incident_id is 'The tenant''s incident that it is about; null when none.';
comment on column alquimista_platform.tickets.created_at is 'When it was opened.';
comment on column alquimista_platform.tickets.updated_at is 'When the row last changed, which each message does.';
comment on column alquimista_platform.tickets.closed_at is 'When it was closed; null while it is not.';

create table alquimista_platform.ticket_messages (
  tenant_id uuid not null,
  id uuid not null,
  ticket_id uuid not null,
  created_at timestamptz not null,
  author_kind text not null check (author_kind in ('tenant', 'staff')),
  author_id uuid,
  internal boolean not null default false,
  body text not null check (length(body) between 1 and 10000),
  incident_id uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, ticket_id) references alquimista_platform.tickets (tenant_id, id),
  foreign key (tenant_id, incident_id) references alquimista_platform.incidents (tenant_id, id),
  constraint ticket_messages_author check (author_kind = 'staff' or author_id is not null),
  constraint ticket_messages_internal check (not internal or author_kind = 'staff'),
  constraint ticket_messages_incident check (incident_id is null or author_id is null)
);
create index ticket_messages_ticket on alquimista_platform.ticket_messages (tenant_id, ticket_id, created_at, id);
create unique index ticket_messages_resolution on alquimista_platform.ticket_messages (tenant_id, ticket_id, incident_id)
  where incident_id is not null;
create index ticket_messages_incident on alquimista_platform.ticket_messages (tenant_id, incident_id)
  where incident_id is not null;
comment on table alquimista_platform.ticket_messages is 'Messages of tickets, never changed. Internal notes are out of the app role''s sight: it writes them, and only staff''s own role reads them.';
comment on column alquimista_platform.ticket_messages.tenant_id is 'The ticket''s tenant.';
comment on column alquimista_platform.ticket_messages.id is 'The message.';
comment on column alquimista_platform.ticket_messages.ticket_id is 'The ticket.';
comment on column alquimista_platform.ticket_messages.created_at is 'When it was written.';
comment on column alquimista_platform.ticket_messages.author_kind is 'tenant or staff.';
comment on column alquimista_platform.ticket_messages.author_id is 'Who wrote it; null for the platform itself, which speaks as staff.';
comment on column alquimista_platform.ticket_messages.internal is 'Whether it is a note among staff.';
comment on column alquimista_platform.ticket_messages.body is 'The text.';
comment on column alquimista_platform.ticket_messages.incident_id is 'The incident whose end the platform tells here, once; null for all other messages.';

call alquimista_platform.isolate('alquimista_platform.tickets');
call alquimista_platform.isolate('alquimista_platform.ticket_messages');
grant select, insert, update (status, assigned_to, incident_id, updated_at, closed_at) on alquimista_platform.tickets to alquimista_app;
grant select, insert on alquimista_platform.ticket_messages to alquimista_app;
create policy public_only on alquimista_platform.ticket_messages as restrictive for select to alquimista_app
  using (not internal);
create trigger ticket_messages_rows before update or delete on alquimista_platform.ticket_messages
  for each row execute function alquimista_platform.refuse_change();
create trigger ticket_messages_truncate before truncate on alquimista_platform.ticket_messages
  for each statement execute function alquimista_platform.refuse_change();

-- migrate:down

drop table alquimista_platform.ticket_messages;
drop table alquimista_platform.tickets;
