// The peer: Fastify and pg, one process. MODE is transaction, function or cached; see ../README.md.
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import { LRUCache } from 'lru-cache'
import { byFunction, byTransaction, connect } from './database.mjs'
import { tokenReader } from './tokens.mjs'
import { answer, PERIODS, report } from './usage.mjs'

const { PORT, DATABASE_URL, POOL = '8', JWKS_FILE, ISSUER = 'http://localhost:8080', STATEMENTS_FILE, MODE } = process.env
const pool = connect(DATABASE_URL, Number(POOL))
const whoHas = tokenReader({ jwksFile: JWKS_FILE, issuer: ISSUER, audience: 'alquimista' })
const rowsOf = (MODE === 'transaction' ? byTransaction : byFunction)(pool, STATEMENTS_FILE)
const app = Fastify({ logger: false })

class Refused extends Error {
  constructor(statusCode, message) {
    super(message)
    this.statusCode = statusCode
  }
}

app.decorateRequest('tenant', '')

function authenticate(request, _reply, done) {
  const header = request.headers.authorization
  if (!header?.startsWith('Bearer ')) return done(new Refused(401, 'a bearer token is needed'))
  let who
  try {
    who = whoHas(header.slice(7))
  } catch {
    return done(new Refused(401, 'the token is not good'))
  }
  if (!who.mayReadUsage || !who.tenant) return done(new Refused(403, 'your role may not read usage'))
  request.tenant = who.tenant
  done()
}

async function usage(tenant, period) {
  const found = report(period, await rowsOf(tenant, period))
  if (found === undefined) throw new Refused(404, 'no such company')
  return found
}

const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: { period: { type: 'string', enum: Object.keys(PERIODS), default: '30d' } }
}
const route = { onRequest: authenticate, schema: { querystring, response: { 200: answer } } }

app.get('/health', async () => ({ status: 'ok' }))

if (MODE === 'cached') {
  const cache = new LRUCache({ maxSize: 64 * 1024 * 1024, ttl: 600_000 })

  async function fill(key, request, reply) {
    // A Buffer is written as it is, a string is encoded for each answer: a fifth of the answers a second.
    const body = Buffer.from(reply.serialize(await usage(request.tenant, request.query.period)))
    const entry = { body, etag: `"${createHash('sha1').update(body).digest('base64url')}"` }
    cache.set(key, entry, { size: body.length + 200 })
    return send(entry, 'MISS', request, reply)
  }

  function send({ body, etag }, state, request, reply) {
    reply.headers({ etag, 'x-cache': state, 'cache-control': 'private, max-age=0, must-revalidate' })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(body)
  }

  app.get('/tenant/usage', route, (request, reply) => {
    const key = `${request.tenant} ${request.query.period}`
    const entry = cache.get(key)
    return entry ? send(entry, 'HIT', request, reply) : fill(key, request, reply)
  })
} else {
  app.get('/tenant/usage', route, request => usage(request.tenant, request.query.period))
}

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await app.close()
    await pool.end()
    process.exit(0)
  })
}
