-- 005: approvals (nobody approves a request of their own: a key and a check hold that), notifications and mails.

-- migrate:up

create table alquimista_platform.approval_requests (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  requested_by uuid not null references alquimista_platform.users,
  action_type text not null check (length(action_type) between 1 and 100),
  resource_type text not null check (length(resource_type) between 1 and 100),
  resource_id text not null check (length(resource_id) between 1 and 200),
  action_details jsonb not null default '{}' check (alquimista_platform.is_object(action_details, 65536)),
  required_approvals integer not null default 1 check (required_approvals between 1 and 2),
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, id, requested_by),
  constraint approval_requests_closed check ((status = 'pending') = (closed_at is null)),
  constraint approval_requests_expiry check (expires_at > created_at)
);
create index approval_requests_status on alquimista_platform.approval_requests (tenant_id, status, created_at desc);
create index approval_requests_requester on alquimista_platform.approval_requests (requested_by);
comment on table alquimista_platform.approval_requests is 'Actions that wait for one or two other people to agree.';
comment on column alquimista_platform.approval_requests.tenant_id is 'The tenant concerned.';
comment on column alquimista_platform.approval_requests.id is 'The request.';
comment on column alquimista_platform.approval_requests.requested_by is 'Who asks; never one of those who decide.';
comment on column alquimista_platform.approval_requests.action_type is 'What would be done.';
comment on column alquimista_platform.approval_requests.resource_type is 'Kind of thing it would be done to.';
comment on column alquimista_platform.approval_requests.resource_id is 'Which one.';
comment on column alquimista_platform.approval_requests.action_details is 'What the deciders should see, and what is then carried out.';
comment on column alquimista_platform.approval_requests.required_approvals is 'How many must agree: 1 or 2.';
comment on column alquimista_platform.approval_requests.status is 'pending, approved, rejected, expired or cancelled.';
comment on column alquimista_platform.approval_requests.created_at is 'When it was asked.';
comment on column alquimista_platform.approval_requests.updated_at is 'When the row last changed.';
comment on column alquimista_platform.approval_requests.expires_at is 'Until when it can be decided.';
comment on column alquimista_platform.approval_requests.closed_at is 'When it stopped being pending.';

create table alquimista_platform.approval_decisions (
  tenant_id uuid not null,
  request_id uuid not null,
  approver_id uuid not null references alquimista_platform.users,
  requested_by uuid not null,
  decision text not null check (decision in ('approve', 'reject')),
  comment text not null default '' check (length(comment) <= 2000),
  created_at timestamptz not null,
  primary key (tenant_id, request_id, approver_id),
  foreign key (tenant_id, request_id, requested_by)
    references alquimista_platform.approval_requests (tenant_id, id, requested_by),
  constraint approval_decisions_four_eyes check (approver_id <> requested_by)
);
create index approval_decisions_approver on alquimista_platform.approval_decisions (approver_id);
create trigger approval_decisions_rows before update or delete on alquimista_platform.approval_decisions
  for each row execute function alquimista_platform.refuse_change();
create trigger approval_decisions_truncate before truncate on alquimista_platform.approval_decisions
  for each statement execute function alquimista_platform.refuse_change();
comment on table alquimista_platform.approval_decisions is 'What each person decided; one decision each, never changed.';
comment on column alquimista_platform.approval_decisions.tenant_id is 'The tenant concerned.';
comment on column alquimista_platform.approval_decisions.request_id is 'The request decided.';
comment on column alquimista_platform.approval_decisions.approver_id is 'Who decided.';
comment on column alquimista_platform.approval_decisions.requested_by is 'Who had asked, repeated so that a check can keep the two apart.';
comment on column alquimista_platform.approval_decisions.decision is 'approve or reject.';
comment on column alquimista_platform.approval_decisions.comment is 'Why.';
comment on column alquimista_platform.approval_decisions.created_at is 'When.';

create table alquimista_platform.notifications (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  type text not null check (length(type) between 1 and 100),
  title text not null check (length(title) between 1 and 200),
  message text not null default '' check (length(message) <= 5000),
  data jsonb not null default '{}' check (alquimista_platform.is_object(data, 16384)),
  created_at timestamptz not null,
  read_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id)
);
create index notifications_inbox on alquimista_platform.notifications (tenant_id, user_id, created_at desc);
create index notifications_unread on alquimista_platform.notifications (tenant_id, user_id) where read_at is null;
comment on table alquimista_platform.notifications is 'Messages to one member, shown in the pages.';
comment on column alquimista_platform.notifications.tenant_id is 'The tenant.';
comment on column alquimista_platform.notifications.id is 'The notification.';
comment on column alquimista_platform.notifications.user_id is 'The member it is for.';
comment on column alquimista_platform.notifications.type is 'Kind, for its icon and link.';
comment on column alquimista_platform.notifications.title is 'The line that people see first.';
comment on column alquimista_platform.notifications.message is 'The rest.';
comment on column alquimista_platform.notifications.data is 'What a link or button needs.';
comment on column alquimista_platform.notifications.created_at is 'When it was sent.';
comment on column alquimista_platform.notifications.read_at is 'When it was read.';

create table alquimista_platform.mails (
  tenant_id uuid not null references alquimista_platform.tenants,
  id uuid not null,
  recipient text not null check (alquimista_platform.is_email(recipient)),
  subject text not null check (length(subject) between 1 and 200 and subject !~ '[[:cntrl:]]'),
  body_text text not null check (length(body_text) <= 100000),
  body_html text not null default '' check (length(body_html) <= 500000),
  status text not null default 'queued' check (status in ('queued', 'sent', 'failed')),
  attempts integer not null default 0 check (attempts >= 0),
  last_error text check (length(last_error) <= 2000),
  created_at timestamptz not null,
  sent_at timestamptz,
  primary key (tenant_id, id),
  constraint mails_sent check ((status = 'sent') = (sent_at is not null))
);
create index mails_recent on alquimista_platform.mails (tenant_id, created_at desc);
create index mails_status on alquimista_platform.mails (status, created_at);
comment on table alquimista_platform.mails is 'Mails to send and sent; the outbox. Bodies may carry sign-in links, so they are emptied once sent.';
comment on column alquimista_platform.mails.tenant_id is 'The tenant on whose behalf it is sent; the platform tenant when none is.';
comment on column alquimista_platform.mails.id is 'The mail; also its Message-ID, so that a second sending is recognised.';
comment on column alquimista_platform.mails.recipient is 'The address.';
comment on column alquimista_platform.mails.subject is 'The subject, one line.';
comment on column alquimista_platform.mails.body_text is 'The plain text.';
comment on column alquimista_platform.mails.body_html is 'The HTML; empty when there is none.';
comment on column alquimista_platform.mails.status is 'queued, sent or failed (given up).';
comment on column alquimista_platform.mails.attempts is 'Tries so far.';
comment on column alquimista_platform.mails.last_error is 'Why the last try failed.';
comment on column alquimista_platform.mails.created_at is 'When it was queued.';
comment on column alquimista_platform.mails.sent_at is 'When the mail server took it.';

call alquimista_platform.isolate('alquimista_platform.approval_requests');
call alquimista_platform.isolate('alquimista_platform.approval_decisions');
call alquimista_platform.isolate('alquimista_platform.notifications');
call alquimista_platform.isolate('alquimista_platform.mails');
grant select, insert, update on alquimista_platform.approval_requests to alquimista_app;
grant select, insert on alquimista_platform.approval_decisions to alquimista_app;
grant select, insert, update, delete on alquimista_platform.notifications to alquimista_app;

-- A body may carry a one-time link, so neither tenants nor staff read one. The sign-in role, which such links belong
-- to, delivers mails and empties their bodies.
revoke select on alquimista_platform.mails from alquimista_internal;
grant select (tenant_id, id, recipient, subject, status, attempts, last_error, created_at, sent_at)
  on alquimista_platform.mails to alquimista_app, alquimista_internal;
grant insert on alquimista_platform.mails to alquimista_app;
create policy login_delivers on alquimista_platform.mails to alquimista_login using (true) with check (true);
grant select, insert, update, delete on alquimista_platform.mails to alquimista_login;

-- migrate:down

drop table alquimista_platform.mails;
drop table alquimista_platform.notifications;
drop table alquimista_platform.approval_decisions;
drop table alquimista_platform.approval_requests;
