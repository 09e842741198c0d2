/**
 * Whom to ask (mesh page, "Fires QUERY messages to up to 10 matching peers"; registry page, "Smart query routing").
 *
 * A peer is asked when its filter may contain what is wanted. Of those that match, the ones whose words are rarest among all
 * filters come first (a word that every filter claims tells nobody from anybody; Callan et al. 1995 rank collections so),
 * then what they were worth when they were asked before. A filter that claims nearly everything counts as none.
 */
import { queriedPeersMax } from "../limits.ts"
import * as Bloom from "./bloom.ts"
import { type HeldFilter, levelIn } from "./home-filter.ts"
import type { Wanted } from "./question.ts"

/** What asking a peer was worth so far. */
export interface Worth {
  /** Answers that came, and those of them that had something in them that was believed. */
  readonly answers: number
  readonly useful: number
  /** It did not answer lately: it is asked after all others. */
  readonly isSilent: boolean
}

export const unknownWorth: Worth = { answers: 0, useful: 0, isSilent: false }

export interface Routable<L> {
  readonly link: L
  readonly filter: HeldFilter | undefined
  readonly worth: Worth
}

/** The links to ask, best first. */
export const choose = <L>(wanted: Wanted, peers: ReadonlyArray<Routable<L>>, most: number = queriedPeersMax): ReadonlyArray<L> => {
  const claims = peers.map((peer) => claimOf(wanted, peer))
  const claimed = wanted.terms.map((_, i) => claims.reduce((count, { levels }) => count + (levels[i]! > 0 ? 1 : 0), 0))
  const weights = claimed.map((count, i) => wanted.terms[i]!.weight * Math.log(1 + peers.length / Math.max(1, count)))
  const scored = claims.flatMap(({ isPossible, levels, peer }, order) => {
    const score = weights.reduce((sum, weight, i) => sum + weight * levels[i]!, 0)
    const matches = isPossible && (score > 0 || wanted.terms.length === 0)
    return matches ? [{ link: peer.link, isSilent: peer.worth.isSilent, score: score * expectation(peer.worth), order }] : []
  })
  return scored
    .sort((a, b) => Number(a.isSilent) - Number(b.isSilent) || b.score - a.score || a.order - b.order)
    .slice(0, most)
    .map(({ link }) => link)
}

/** Negative when `a` is the better one to ask. */
export const compareWorth = (a: Worth, b: Worth): number => Number(a.isSilent) - Number(b.isSilent) || expectation(b) - expectation(a)

/** How much of an answer is to be expected: all of it from whom nobody asked yet. */
const expectation = ({ answers, useful }: Worth): number => (useful + 2) / (answers + 2)

interface Claim<L> {
  readonly peer: Routable<L>
  readonly isPossible: boolean
  /** Of each term: 0 it is not there, else how much it may count there. */
  readonly levels: ReadonlyArray<number>
}

/** Above this a filter is as good as none. */
const errorRateMax = 0.25
/** What a word counts where nothing is known: far less than where it is mentioned once. */
const unknown = 1 / 20

const claimOf = <L>({ plain, required, terms }: Wanted, peer: Routable<L>): Claim<L> => {
  const { filter } = peer
  if (filter === undefined || filter.errorRate > errorRateMax) return { peer, isPossible: true, levels: terms.map(() => unknown) }
  const has = (item: string) => Bloom.has(filter.bloom, item)
  const sure = 1 - filter.errorRate
  if (filter.isPlain === true)
    return {
      peer,
      isPossible: plain.every((alternatives) => alternatives.some(has)),
      levels: terms.map(({ words }) => (words.some(has) ? sure : 0)),
    }
  return {
    peer,
    isPossible: required.every((alternatives) => alternatives.some(has)),
    levels: terms.map(({ term }) => sure * levelIn(filter.bloom, term)),
  }
}
