-- 042: messages to webhooks that were given up are found without reading those that were delivered.
--
-- Nothing is released, so the table is empty or small: nobody waits, and the index need not be made concurrently.
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

create index webhook_deliveries_failed on alquimista_platform.webhook_deliveries (tenant_id) where state = 'failed';

-- migrate:down

drop index alquimista_platform.webhook_deliveries_failed;
