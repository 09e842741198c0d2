/**
 * What a node thinks of other registries: from what it saw itself, and from what they attest of each other (registry page,
 * "Trust"; ruled: own experience before hearsay, attenuated by distance).
 *
 * Trust begins at the node itself and at its pre-trusted peers, half and half; the node's own row is its own experience, and
 * stands nearer than any hearsay. An attestation is its attester's row and nobody else's, bound by its signature and its
 * period. Changed in place; attestations change one row each, and the next reckoning goes on from the last.
 */
import { attestationLifeMs, attestedByOneMax, experienceHalf, trustedRegistriesMax, trustOfNewcomers, wrongWordWeight } from "../limits.ts"
import type { Observation } from "../gossip/kinds/attestation.ts"
import type { RegistryId } from "../identity/id.ts"
import { noOpinion, type Row, rowOf, settle } from "./eigentrust.ts"

/** What was seen of a registry: words that held, and that did not. */
export type Seen = Pick<Observation, "valid" | "invalid" | "answers" | "uptime">

interface Opinion extends Seen {
  /** Start of its period, in milliseconds. */
  readonly fromMs: number
}

export interface TrustBook {
  readonly self: RegistryId
  readonly numbers: Map<RegistryId, number>
  /** Of each registry, by number: of whom, by number, it said what last. */
  readonly opinions: Array<Map<number, Opinion>>
  readonly rows: Array<Row>
  /** Rows that are to be made anew. */
  readonly stale: Set<number>
  /** What we saw ourselves. */
  own: ReadonlyMap<RegistryId, Seen>
  trust: Float64Array
  /** One more with each reckoning. */
  version: number
}

export const begin = (self: RegistryId): TrustBook => {
  const book: TrustBook = {
    self,
    numbers: new Map(),
    opinions: [],
    rows: [],
    stale: new Set(),
    own: new Map(),
    trust: new Float64Array(0),
    version: 0,
  }
  numberOf(book, self)
  return book
}

/** An attestation: what one registry says that it saw of another. What it says of itself, and we of others, comes not from here. */
export const hear = (book: TrustBook, attester: RegistryId, observation: Observation): void => {
  const { subject } = observation
  if (attester === book.self || attester === subject) return
  const [from, about] = [numberOf(book, attester), numberOf(book, subject)]
  if (from === undefined || about === undefined) return
  const said = book.opinions[from]!
  const fromMs = observation.period * 1_000
  if ((said.get(about)?.fromMs ?? 0) > fromMs || (!said.has(about) && said.size >= attestedByOneMax)) return
  said.set(about, { ...observation, fromMs })
  book.stale.add(from)
}

/** Is there anything new since the last reckoning? */
export const hasNews = ({ stale, version }: TrustBook): boolean => stale.size > 0 || version === 0

/** Reckons anew. `preTrusted`: beside ourselves. */
export const reckon = (book: TrustBook, preTrusted: ReadonlyArray<RegistryId>, own: ReadonlyMap<RegistryId, Seen>, nowMs: number): void => {
  book.own = own
  const trusted = preTrusted.flatMap((id) => (id === book.self ? [] : (numberOf(book, id) ?? [])))
  const seen = [...own].flatMap(([id, one]) => {
    const number = numberOf(book, id)
    return number === undefined ? [] : [[number, worthOf(one)] as const]
  })
  for (const from of book.stale) book.rows[from] = rowOf(livingOpinions(book.opinions[from]!, nowMs))
  book.stale.clear()
  book.rows[0] = rowOf(seen)
  const start = new Float64Array(book.rows.length)
  start[0] = trusted.length === 0 ? 1 : 0.5
  for (const number of trusted) start[number]! += 0.5 / trusted.length
  book.trust = settle(book.rows, start, book.trust).trust
  book.version++
}

/** Forgets what is too old: whoever falls silent loses its say in a day. */
export const expire = (book: TrustBook, nowMs: number): void => {
  for (const [from, said] of book.opinions.entries())
    for (const [about, { fromMs }] of said)
      if (fromMs + attestationLifeMs <= nowMs) {
        said.delete(about)
        book.stale.add(from)
      }
}

/** 0 … 1: ourselves 1, whom we and our trusted know nothing of what a newcomer has. */
export const trustIn = (book: TrustBook, registry: RegistryId): number => {
  if (registry === book.self) return 1
  const hearsay = hearsayOf(book, registry)
  const seen = book.own.get(registry)
  if (seen === undefined) return hearsay
  const count = seen.valid + seen.answers + seen.invalid
  const weight = count / (count + experienceHalf)
  return weight * satisfactionOf(seen) + (1 - weight) * hearsay
}

/** How many registries said anything of this one. */
export const attestersOf = ({ numbers, opinions }: TrustBook, registry: RegistryId): number => {
  const number = numbers.get(registry)
  return number === undefined ? 0 : opinions.reduce((count, said) => count + Number(said.has(number)), 0)
}

/** As much trust as the average has is halfway between a newcomer and all. */
const hearsayOf = ({ numbers, trust }: TrustBook, registry: RegistryId): number => {
  const number = numbers.get(registry)
  const times = number === undefined ? 0 : (trust[number] ?? 0) * trust.length
  return trustOfNewcomers + ((1 - trustOfNewcomers) * times) / (1 + times)
}

const satisfactionOf = (seen: Seen): number => {
  const good = seen.valid + seen.answers
  return good + seen.invalid === 0 ? trustOfNewcomers : Math.max(0, good - wrongWordWeight * seen.invalid) / (good + seen.invalid)
}

/** What an observation is worth: right words less what wrong ones undo, in small steps, so that a busy peer is not all there is. */
export const worthOf = ({ answers, invalid, uptime, valid }: Seen): number =>
  (Math.log2(1 + Math.max(0, valid + answers - wrongWordWeight * invalid)) * uptime) / 1_000

const livingOpinions = (said: ReadonlyMap<number, Opinion>, nowMs: number): ReadonlyArray<readonly [number, number]> =>
  [...said].flatMap(([about, opinion]) => (opinion.fromMs + attestationLifeMs <= nowMs ? [] : [[about, worthOf(opinion)] as const]))

/** Numbers are given in the order of coming; nobody gets one beyond the bound. */
const numberOf = ({ numbers, opinions, rows }: TrustBook, registry: RegistryId): number | undefined => {
  const known = numbers.get(registry)
  if (known !== undefined || numbers.size >= trustedRegistriesMax) return known
  const number = numbers.size
  numbers.set(registry, number)
  opinions.push(new Map())
  rows.push(noOpinion)
  return number
}
