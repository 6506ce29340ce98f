"""The columns that every rollup has, and the SQL texts made from them."""

from typing import Final

COLUMNS: Final = (
    "requests",
    "failures",
    "response_ms",
    "input_tokens",
    "output_tokens",
    "cost_micros",
    "histogram",
)
NAMES: Final = ", ".join(COLUMNS)
# sum(bigint) is numeric: a total that leaves 64 bits is an error here, never a silent wrap.
SUMS: Final = ", ".join(f"sum({c}){'' if c == 'histogram' else '::bigint'} AS {c}" for c in COLUMNS)
NEGATED: Final = ", ".join(f"-{c}" for c in COLUMNS)
ANY: Final = " OR ".join(f"sum({c}) <> 0" for c in COLUMNS)


def add(rollup: str) -> str:
    """`SET` items that add the proposed row to the stored one."""
    return ", ".join(f"{c} = {rollup}.{c} + excluded.{c}" for c in COLUMNS)


def from_requests(source: str) -> str:
    """The sums by hour, agent and currency of a relation with agent_requests' columns.

    Two steps: a bucket's requests are counted first, so that the wide number is made once a bucket, not once a row.
    """
    return f"""
      SELECT hour, agent_id, currency, sum(requests)::bigint AS requests, sum(failures)::bigint AS failures,
        sum(response_ms)::bigint AS response_ms, sum(input_tokens)::bigint AS input_tokens,
        sum(output_tokens)::bigint AS output_tokens, sum(cost_micros)::bigint AS cost_micros,
        sum(alquimista_platform.histogram(bucket, requests)) AS histogram
      FROM (
        SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, agent_id, currency,
          alquimista_platform.response_time_bucket(response_time_ms) AS bucket,
          sum(requests) AS requests, coalesce(sum(requests) FILTER (WHERE status = 'error'), 0) AS failures,
          sum(requests::bigint * response_time_ms) AS response_ms, sum(input_tokens) AS input_tokens,
          sum(output_tokens) AS output_tokens, sum(cost_micros) AS cost_micros
        FROM {source}
        GROUP BY 1, 2, 3, 4
      ) AS buckets
      GROUP BY hour, agent_id, currency
    """  # noqa: S608 - `source` is a constant of these modules.
