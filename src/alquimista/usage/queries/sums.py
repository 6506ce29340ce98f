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

    In one step, each request's histogram being looked up in a constant array and its hour cut by arithmetic (date_trunc
    with a zone finds the zone anew each time). 20,000 events take 14 ms; they took 25 ms when buckets were counted in a
    step before.
    """
    return f"""
      SELECT date_bin('1 hour', occurred_at, '2000-01-01T00:00:00Z') AS hour, agent_id, currency,
        sum(requests)::bigint AS requests, coalesce(sum(requests) FILTER (WHERE status = 'error'), 0) AS failures,
        sum(requests::bigint * response_time_ms)::bigint AS response_ms, sum(input_tokens)::bigint AS input_tokens,
        sum(output_tokens)::bigint AS output_tokens, sum(cost_micros)::bigint AS cost_micros,
        sum(alquimista_platform.histogram(
          alquimista_platform.response_time_bucket(response_time_ms), requests)) AS histogram
      FROM {source}
      GROUP BY 1, 2, 3
    """  # noqa: S608 - `source` is a constant of these modules.
