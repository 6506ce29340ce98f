// The answer of /tenant/usage: its shape, and how it is made of the statement's rows.
import { merge, p95, round2 } from './histogram.mjs'

export const PERIODS = { '7d': 7, '30d': 30, '90d': 90 }
const DAY_MS = 24 * 60 * 60 * 1000

const rate = { type: 'number', nullable: true }
const figures = {
  total_requests: { type: 'integer' },
  successful_requests: { type: 'integer' },
  failed_requests: { type: 'integer' },
  success_rate: rate,
  avg_response_time_ms: rate,
  p95_response_time_ms: rate,
  total_tokens: { type: 'integer' },
  cost: {
    type: 'array',
    items: { type: 'object', properties: { currency: { type: 'string' }, amount: { type: 'number' } } }
  }
}
const list = properties => ({ type: 'array', items: { type: 'object', properties } })
export const answer = {
  type: 'object',
  properties: {
    period: { type: 'string' },
    summary: { type: 'object', properties: figures },
    daily_data: list({ ...figures, date: { type: 'string' } }),
    by_agent: list({ ...figures, agent_id: { type: 'string' }, agent_name: { type: 'string' } })
  }
}

// Columns of a row: last_day, day, agent_id, agent_name, currency, requests, failures, response_ms, tokens,
// cost_micros, histogram. A day's row has a day, an agent's an agent_id; the whole period's has neither, nor a currency.
const [LAST_DAY, DAY, AGENT_ID, AGENT_NAME, CURRENCY, REQUESTS, FAILURES, RESPONSE_MS, TOKENS, COST, HISTOGRAM] =
  Array(11).keys()

/** The answer; undefined for an unknown tenant, which has no last day. */
export function report(period, rows) {
  let whole
  const byDay = new Map()
  const byAgent = new Map()
  for (const row of rows) {
    if (row[DAY] !== null) add(byDay, row[DAY], row)
    else if (row[AGENT_ID] !== null) add(byAgent, row[AGENT_ID], row)
    else whole = row
  }
  if (whole[LAST_DAY] === null) return undefined
  const dailyData = daysUntil(whole[LAST_DAY], PERIODS[period]).map(day => {
    const figures = summed(byDay.get(day) ?? [])
    figures.date = day
    return figures
  })
  const agents = []
  for (const [id, group] of byAgent) {
    const figures = summed(group)
    figures.agent_id = id
    figures.agent_name = group[0][AGENT_NAME] ?? ''
    agents.push(figures)
  }
  agents.sort(byNameAndId)
  const summary = summed([whole])
  summary.cost = costs([...byAgent.values()].flat())
  return { period, summary, daily_data: dailyData, by_agent: agents }
}

function byNameAndId(a, b) {
  if (a.agent_name !== b.agent_name) return a.agent_name < b.agent_name ? -1 : 1
  return a.agent_id < b.agent_id ? -1 : 1
}

function add(groups, key, row) {
  const group = groups.get(key)
  if (group) group.push(row)
  else groups.set(key, [row])
}

/** The figures of one group, from its row in each currency. */
function summed(rows) {
  let requests = 0, failures = 0, responseMs = 0, tokens = 0
  for (const row of rows) {
    requests += row[REQUESTS]
    failures += row[FAILURES]
    responseMs += row[RESPONSE_MS]
    tokens += row[TOKENS]
  }
  const histogram = rows.length === 1 ? rows[0][HISTOGRAM] : rows.length ? merge(rows.map(row => row[HISTOGRAM])) : '0'
  return {
    total_requests: requests,
    successful_requests: requests - failures,
    failed_requests: failures,
    success_rate: requests ? round2((100 * (requests - failures)) / requests) : null,
    avg_response_time_ms: requests ? round2(responseMs / requests) : null,
    p95_response_time_ms: p95(histogram, requests),
    total_tokens: tokens,
    cost: costs(rows)
  }
}

function costs(rows) {
  const cost = new Map()
  for (const row of rows) cost.set(row[CURRENCY], (cost.get(row[CURRENCY]) ?? 0) + row[COST])
  return [...cost.keys()].sort().map(currency => ({ currency, amount: round2(cost.get(currency) / 1_000_000) }))
}

let known = { last: '', count: 0, days: [] } // Nearly every request asks for the same days.

function daysUntil(last, count) {
  if (known.last !== last || known.count !== count) {
    const end = Date.parse(last)
    const days = Array.from({ length: count }, (_, i) => new Date(end - (count - 1 - i) * DAY_MS).toISOString().slice(0, 10))
    known = { last, count, days }
  }
  return known.days
}
