-- 043: staff are told of customers' grave incidents.
--
-- Nothing is released, so every table is empty or small: nobody waits.

-- migrate:up

alter table alquimista_platform.incidents add column staff_told_at timestamptz;
comment on column alquimista_platform.incidents.staff_told_at is 'When staff were told of this incident of a customer; null until then, and for the platform''s own.';

grant update (staff_told_at) on alquimista_platform.incidents to alquimista_app;

-- migrate:down

alter table alquimista_platform.incidents drop column staff_told_at;
