-- The peer at its best: the tenant and the platform's statement in one round trip. commands.fastify_function fills in
-- the statement, whose numbered parameters are the function's own, and the number of the tenant among them.
CREATE SCHEMA IF NOT EXISTS peer_fastify;
GRANT USAGE ON SCHEMA peer_fastify TO alquimista_app;
CREATE OR REPLACE FUNCTION peer_fastify.usage($parameters)
  RETURNS TABLE (last_day date, day date, agent_id uuid, agent_name text, currency text, requests bigint,
    failures bigint, response_ms bigint, tokens bigint, cost_micros bigint, histogram text)
  LANGUAGE plpgsql SECURITY INVOKER AS $$body$$
  #variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', $$$tenant::text, true);
  RETURN QUERY
$statement;
END
$$body$$;
