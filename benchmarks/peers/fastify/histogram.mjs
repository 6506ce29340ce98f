// Percentiles of the platform's packed histograms: twelve decimal digits for the count of each bucket, the slowest first.
const DIGITS = 12
// A bucket is a fifth wide, and at least 1 ms; a request's time is taken as its bucket's geometric middle.
const EDGES = [1]
while (EDGES.at(-1) < 4_055_271) EDGES.push(Math.max(EDGES.at(-1) + 1, Math.floor((EDGES.at(-1) * 6) / 5)))
const MIDDLES = [0, ...EDGES.map((low, i) => (i + 1 < EDGES.length ? round2(Math.sqrt(low * (EDGES[i + 1] - 1))) : low))]

/** The response time that 95 % of `total` requests did not exceed. Only the digits of the slowest 5 % are read. */
export function p95(digits, total) {
  if (!total) return null
  let above = total - Math.max(1, Math.ceil((total * 95) / 100))
  let bucket = Math.ceil(digits.length / DIGITS) - 1
  for (let at = 0, end = digits.length - bucket * DIGITS; bucket >= 0; bucket--, end += DIGITS) {
    let count = 0
    for (; at < end; at++) count = count * 10 + digits.charCodeAt(at) - 48 // Twice as fast as Number(digits.slice()).
    above -= count
    if (above < 0) return MIDDLES[bucket]
  }
  throw new Error('a count is missing')
}

/** Several packed histograms as one. */
export function merge(histograms) {
  return histograms.map(BigInt).reduce((a, b) => a + b).toString()
}

/** Two decimals, a tie to the even digit, as the platform rounds. toFixed() alone takes ten times as long. */
export function round2(value) {
  const hundredths = value * 100
  const below = Math.floor(hundredths)
  const rest = hundredths - below
  if (Math.abs(rest - 0.5) > 1e-6) return (rest > 0.5 ? below + 1 : below) / 100
  if (Number.isInteger(value * 8)) return (below % 2 ? below + 1 : below) / 100
  return Number(value.toFixed(2))
}
