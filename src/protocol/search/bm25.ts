/**
 * BM25 over four fields (registry page, "Per-field BM25 boosts"; reference 4.3; Robertson & Zaragoza 2009).
 *
 *     score(d) = Σ over query terms t, fields f:  boost(f) · idf(t) · tf·2.2 / (tf + 1.2·(0.25 + 0.75·len(f,d)/avglen(f)))
 *     idf(t)   = ln((N − df + 0.5)/(df + 0.5) + 1)          N and df count documents, whatever the field
 */

/** In the order of a posting's bytes: name, tags, category, summary. */
export const fieldBoosts = [3, 2, 1.5, 1] as const
export const fieldCount = fieldBoosts.length
export const [nameField, tagsField, categoryField, summaryField] = [0, 1, 2, 3] as const

const k1 = 1.2
const b = 0.75
/** A term counts at most so often in a field: its count has a byte. */
export const countMax = 255

/** k1·(1 − b), the part of a field's damping that its length has no say in. */
export const dampingBase = k1 * (1 - b)
/** What one term of length adds to it, by field. A field that is empty everywhere dampens nothing. */
export const dampingSlopes = (lengthSums: ReadonlyArray<number>, documents: number): Float64Array =>
  Float64Array.from(lengthSums, (sum) => (sum === 0 ? 0 : (k1 * b * documents) / sum))

/** A term's weight: idf · 2.2 · how often it was asked for. */
export const termWeight = (asked: number, documents: number, documentsWithIt: number): number =>
  asked * Math.log((documents - documentsWithIt + 0.5) / (documentsWithIt + 0.5) + 1) * (k1 + 1)

/** One term's counts in a document, one byte a field; `lengths[at + field]` are the fields' lengths. Without a loop: it is the search. */
export const saturation = (counts: number, lengths: ArrayLike<number>, at: number, slopes: Float64Array): number => {
  const inName = counts & 0xff
  const inTags = (counts >>> 8) & 0xff
  const inCategory = (counts >>> 16) & 0xff
  const inSummary = counts >>> 24
  let sum = 0
  if (inName !== 0) sum += (fieldBoosts[0] * inName) / (inName + dampingBase + slopes[0]! * lengths[at]!)
  if (inTags !== 0) sum += (fieldBoosts[1] * inTags) / (inTags + dampingBase + slopes[1]! * lengths[at + 1]!)
  if (inCategory !== 0) sum += (fieldBoosts[2] * inCategory) / (inCategory + dampingBase + slopes[2]! * lengths[at + 2]!)
  if (inSummary !== 0) sum += (fieldBoosts[3] * inSummary) / (inSummary + dampingBase + slopes[3]! * lengths[at + 3]!)
  return sum
}

/** One occurrence more in a field. */
export const countOne = (counts: number, field: number): number =>
  ((counts >>> (8 * field)) & 0xff) < countMax ? (counts + 2 ** (8 * field)) >>> 0 : counts
