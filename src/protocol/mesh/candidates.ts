/**
 * Candidates: addresses a node knows and may dial (mesh page, "Dial up to max_peers − 1 of the listed peers").
 *
 * Bounded; at the bound the ones that failed most are forgotten first, then the ones heard of last.
 */
import { candidatesMax } from "../limits.ts"
import { type Address, writeAddress } from "./address.ts"
import { type Dice, shuffle } from "./dice.ts"

export interface Candidate {
  readonly address: Address
  readonly failures: number
}

/** By `host:port`. */
export type Candidates = ReadonlyMap<string, Candidate>

export const learn = (candidates: Candidates, addresses: ReadonlyArray<Address>): Candidates => {
  const fresh = addresses.filter((address) => !candidates.has(writeAddress(address)))
  if (fresh.length === 0) return candidates
  const all = [...candidates, ...fresh.map((address) => [writeAddress(address), { address, failures: 0 }] as const)]
  return new Map(all.length <= candidatesMax ? all : all.sort(([, a], [, b]) => a.failures - b.failures).slice(0, candidatesMax))
}

export const blame = (candidates: Candidates, address: string): Candidates => {
  const candidate = candidates.get(address)
  return candidate === undefined ? candidates : new Map(candidates).set(address, { ...candidate, failures: candidate.failures + 1 })
}

/** `count` of them to dial next: the ones that failed least, drawn among equals; `busy` ones are left out. */
export const choose = (
  candidates: Candidates,
  busy: ReadonlySet<string>,
  count: number,
  dice: Dice,
): readonly [chosen: ReadonlyArray<Address>, next: Dice] => {
  const idle = [...candidates].flatMap(([text, candidate]) => (busy.has(text) ? [] : [candidate]))
  const [shuffled, next] = shuffle(idle, dice)
  return [
    [...shuffled]
      .sort((a, b) => a.failures - b.failures)
      .slice(0, Math.max(0, count))
      .map(({ address }) => address),
    next,
  ]
}
