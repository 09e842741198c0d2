/** Distance: two keys, XOR (Kademlia §2.1). Told from the text of the keys, digit by digit: nearly always the first decides. */
import { type DhtKey, keyBits } from "./key.ts"

const digit = (key: string, at: number): number => {
  const code = key.charCodeAt(at)
  return code < 58 ? code - 48 : code - 87
}

/** Negative when `a` is closer to the target; 0 for one key only. */
export const compare = (target: DhtKey, a: DhtKey, b: DhtKey): number => {
  for (let at = 0; at < keyBits / 4; at++) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue
    const there = digit(target, at)
    return (digit(a, at) ^ there) - (digit(b, at) ^ there)
  }
  return 0
}

/** The first 28 bits of a key; of a distance, when two are XORed. Quick to compare; where they are equal `compare` tells. */
export const head = (key: DhtKey): number => {
  let bits = 0
  for (let at = 0; at < 7; at++) bits = (bits << 4) | digit(key, at)
  return bits
}

interface Keyed {
  readonly id: DhtKey
}

/** The closest, at most so many, closest first. For some dozens, best where most are in order already, as they are in answers. */
export const byDistance = <C extends Keyed & { readonly head?: number }>(
  target: DhtKey,
  contacts: ReadonlyArray<C>,
  atMost = contacts.length,
): Array<C> => {
  const from = head(target)
  const sorted: Array<C> = []
  const distances: Array<number> = []
  for (const contact of contacts) {
    const distance = (contact.head ?? head(contact.id)) ^ from
    let at = sorted.length
    if (at === atMost) {
      if (at === 0 || !isBehind(target, sorted[at - 1]!, distances[at - 1]!, contact, distance)) continue
      at--
    }
    while (at > 0 && isBehind(target, sorted[at - 1]!, distances[at - 1]!, contact, distance)) {
      sorted[at] = sorted[at - 1]!
      distances[at] = distances[--at]!
    }
    sorted[at] = contact
    distances[at] = distance
  }
  return sorted
}

/** Is `a`, at this distance, farther away than `b` at its own? */
export const isBehind = (target: DhtKey, a: Keyed, distanceOfA: number, b: Keyed, distanceOfB: number): boolean =>
  distanceOfA === distanceOfB ? a.id !== b.id && compare(target, a.id, b.id) > 0 : distanceOfA > distanceOfB

/** Leading bits that two keys share: 256 for one key. */
export const sharedBits = (a: DhtKey, b: DhtKey): number => {
  for (let at = 0; at < keyBits / 4; at++) {
    const difference = digit(a, at) ^ digit(b, at)
    if (difference !== 0) return 4 * at + Math.clz32(difference) - 28
  }
  return keyBits
}

/** The distance as a share of the whole space: 0 … 1. */
export const share = (a: DhtKey, b: DhtKey): number => {
  let sum = 0
  let weight = 1
  for (let at = 0; at < 13; at++) {
    weight /= 16
    sum += (digit(a, at) ^ digit(b, at)) * weight
  }
  return sum
}

/** The key with one bit the other way round; bit 0 is the first. */
export const flipped = (key: DhtKey, bit: number): DhtKey => {
  const at = bit >> 2
  const changed = digit(key, at) ^ (8 >> (bit & 3))
  return `${key.slice(0, at)}${changed.toString(16)}${key.slice(at + 1)}` as DhtKey
}

/** Begins as `key` does for so many bits, differs in the next, and goes on as `rest` does. */
export const branching = (key: DhtKey, bits: number, rest: DhtKey): DhtKey => {
  const head = flipped(key, bits)
  const at = (bits + 1) >> 2
  const kept = (bits + 1) & 3
  if (at >= keyBits / 4) return head
  const mask = 0xf >> kept
  const mixed = (digit(head, at) & ~mask) | (digit(rest, at) & mask)
  return `${head.slice(0, at)}${mixed.toString(16)}${rest.slice(at + 1)}` as DhtKey
}
