-- 045: a restore is one transaction, the people included that it makes.
--
-- Until now sign-in's role made them ahead of the rest, and a restore that failed after that left them behind.

-- migrate:up

create policy restoring_read on alquimista_platform.users for select to alquimista_owner
  using (alquimista_platform.is_restoring(alquimista_platform.current_tenant()));
create policy restoring_add on alquimista_platform.users for insert to alquimista_owner
  with check (alquimista_platform.is_restoring(alquimista_platform.current_tenant()));

-- migrate:down

drop policy restoring_add on alquimista_platform.users;
drop policy restoring_read on alquimista_platform.users;
