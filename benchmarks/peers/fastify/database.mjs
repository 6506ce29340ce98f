// The tenant's usage from the database: in an ordinary transaction, or through one function in one round trip.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { PERIODS } from './usage.mjs'

const INT8 = 20
const DATE = 1082
pg.types.setTypeParser(INT8, Number) // Sums of one tenant stay far below 2 ** 53.
pg.types.setTypeParser(DATE, text => text)

const CONTEXT = "SELECT set_config('app.tenant_id', $1, true)"

export function connect(url, size) {
  return new pg.Pool({ connectionString: url, max: size, connectionTimeoutMillis: 5_000, statement_timeout: 30_000 })
}

/** BEGIN, the tenant, the statement, COMMIT: each a round trip. */
export function byTransaction(pool, statementsFile) {
  const { positional: text, names } = JSON.parse(readFileSync(statementsFile, 'utf8')).usage
  return async (tenant, period) => {
    const client = await pool.connect()
    let failure
    try {
      await client.query('BEGIN')
      await client.query({ name: 'context', text: CONTEXT, values: [tenant] })
      const values = parameters(names, tenant, period)
      const { rows } = await client.query({ name: 'usage', text, values, rowMode: 'array' })
      await client.query('COMMIT')
      return rows
    } catch (error) {
      failure = error // The connection is closed, and its transaction with it.
      throw error
    } finally {
      client.release(failure)
    }
  }
}

/** The tenant and the statement in one function, which is a transaction of its own (function.sql). */
export function byFunction(pool, statementsFile) {
  const { names } = JSON.parse(readFileSync(statementsFile, 'utf8')).usage
  const text = `SELECT * FROM peer_fastify.usage(${names.map((_, i) => `$${i + 1}`)})`
  return async (tenant, period) => {
    const values = parameters(names, tenant, period)
    const { rows } = await pool.query({ name: 'usage', text, values, rowMode: 'array' })
    return rows
  }
}

function parameters(names, tenant, period) {
  const known = { tenant_id: tenant, days: PERIODS[period], now: new Date().toISOString(), back: 0, agent_id: null }
  return names.map(name => known[name])
}
