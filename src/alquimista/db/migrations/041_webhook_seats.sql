-- 041: what of a company's messages is on its way, and what is due, is found without reading all that waits.
--
-- Nothing is released, so the table is empty or small: nobody waits, and the indexes need not be made concurrently.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

create index webhook_deliveries_sending on alquimista_platform.webhook_deliveries (tenant_id)
  where sending_until is not null;
create index webhook_deliveries_waiting on alquimista_platform.webhook_deliveries (tenant_id, next_attempt_at)
  where state = 'pending';

-- migrate:down

drop index alquimista_platform.webhook_deliveries_waiting;
drop index alquimista_platform.webhook_deliveries_sending;
