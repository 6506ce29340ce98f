-- 035: the notification centre: what a person hears of where, and digests.
--
-- Nothing is released, so the table is empty or small: nobody waits.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion

-- migrate:up

alter table alquimista_platform.notifications
  add column category text not null default 'account'
    check (category in ('incident', 'ticket', 'approval', 'billing', 'agent', 'integration', 'account', 'security')),
  add column in_app boolean not null default true,
  add column digest boolean not null default false,
  add column digested_at timestamptz,
  add constraint notifications_digested check (digested_at is null or digest),
  add constraint notifications_somewhere check (in_app or digest);
comment on column alquimista_platform.notifications.category is 'What it is about, which is what preferences are about: incident, ticket, approval, billing, agent, integration, account or security.';
comment on column alquimista_platform.notifications.in_app is 'Whether the pages show it; false for one that only waits for the digest.';
comment on column alquimista_platform.notifications.digest is 'Whether it goes into a digest by mail, unless it is read before.';
comment on column alquimista_platform.notifications.digested_at is 'When it went into one.';
drop index alquimista_platform.notifications_inbox;
drop index alquimista_platform.notifications_unread;
create index notifications_inbox on alquimista_platform.notifications (tenant_id, user_id, created_at desc, id desc);
create index notifications_unread on alquimista_platform.notifications (tenant_id, user_id) where read_at is null and in_app;
create index notifications_waiting on alquimista_platform.notifications (tenant_id, user_id, created_at)
  where digest and digested_at is null and read_at is null;
create index notifications_age on alquimista_platform.notifications (created_at);

create table alquimista_platform.notification_preferences (
  tenant_id uuid not null,
  user_id uuid not null,
  category text not null
    check (category in ('incident', 'ticket', 'approval', 'billing', 'agent', 'integration', 'account')),
  in_app boolean not null,
  mail text not null check (mail in ('at_once', 'digest', 'off')),
  updated_at timestamptz not null,
  primary key (tenant_id, user_id, category),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id)
);
comment on table alquimista_platform.notification_preferences is 'What members chose to hear where. Without a row the default of the category holds; there is none for security, which nobody turns off.';
comment on column alquimista_platform.notification_preferences.tenant_id is 'The tenant.';
comment on column alquimista_platform.notification_preferences.user_id is 'The member.';
comment on column alquimista_platform.notification_preferences.category is 'What it is about.';
comment on column alquimista_platform.notification_preferences.in_app is 'Whether the pages show it.';
comment on column alquimista_platform.notification_preferences.mail is 'at_once, digest (once a day) or off.';
comment on column alquimista_platform.notification_preferences.updated_at is 'When it was last chosen.';

create table alquimista_platform.notification_digests (
  tenant_id uuid not null,
  user_id uuid not null,
  day date not null,
  created_at timestamptz not null,
  primary key (tenant_id, user_id, day),
  foreign key (tenant_id, user_id) references alquimista_platform.tenant_users (tenant_id, user_id)
);
create index notification_digests_age on alquimista_platform.notification_digests (day);
comment on table alquimista_platform.notification_digests is 'Which digests were written. The key lets a member have one a day, whoever tries and however often.';
comment on column alquimista_platform.notification_digests.tenant_id is 'The tenant.';
comment on column alquimista_platform.notification_digests.user_id is 'The member.';
comment on column alquimista_platform.notification_digests.day is 'The day, in the tenant''s time zone.';
comment on column alquimista_platform.notification_digests.created_at is 'When it was written.';

call alquimista_platform.isolate('alquimista_platform.notification_preferences');
call alquimista_platform.isolate('alquimista_platform.notification_digests');
grant select, insert, update (in_app, mail, updated_at) on alquimista_platform.notification_preferences to alquimista_app;
grant select, insert, delete on alquimista_platform.notification_digests to alquimista_app;

-- migrate:down

drop table alquimista_platform.notification_digests;
drop table alquimista_platform.notification_preferences;
drop index alquimista_platform.notifications_age;
drop index alquimista_platform.notifications_waiting;
drop index alquimista_platform.notifications_unread;
drop index alquimista_platform.notifications_inbox;
delete from alquimista_platform.notifications where not in_app;
alter table alquimista_platform.notifications
  drop column digested_at, drop column digest, drop column in_app, drop column category;
create index notifications_inbox on alquimista_platform.notifications (tenant_id, user_id, created_at desc);
create index notifications_unread on alquimista_platform.notifications (tenant_id, user_id) where read_at is null;
