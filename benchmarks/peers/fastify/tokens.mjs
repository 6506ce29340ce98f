// Access tokens of the platform: verified against its published keys, remembered for a short while.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createVerifier } from 'fast-jwt'
import { LRUCache } from 'lru-cache'

const REMEMBER_MS = 30_000
const READS_USAGE = new Set(['TENANT_ADMIN', 'TENANT_USER'])

/** A function from a token to { tenant, mayReadUsage }; it throws for a token that is not good. */
export function tokenReader({ jwksFile, issuer, audience }) {
  const verifiers = new Map()
  for (const jwk of JSON.parse(readFileSync(jwksFile, 'utf8')).keys) {
    const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const rules = { algorithms: ['ES256'], checkTyp: 'at+jwt', clockTolerance: 5_000 }
    const claims = { allowedIss: issuer, allowedAud: audience, requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'] }
    verifiers.set(jwk.kid, createVerifier({ key, ...rules, ...claims }))
  }
  const remembered = new LRUCache({ max: 50_000 })

  function verified(token) {
    const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'))
    const claims = verifiers.get(header.kid)(token)
    const who = {
      tenant: claims['custom:tenant_id'],
      mayReadUsage: READS_USAGE.has(claims['cognito:groups'][0]),
      until: Math.min(Date.now() + REMEMBER_MS, claims.exp * 1000)
    }
    remembered.set(token, who)
    return who
  }

  return token => {
    const who = remembered.get(token)
    return who !== undefined && who.until > Date.now() ? who : verified(token)
  }
}
