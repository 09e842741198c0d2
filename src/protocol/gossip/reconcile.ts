/**
 * Finding the difference of two sets of announcements (range-based set reconciliation, after Meyer's "Range-Based Set
 * Reconciliation" and negentropy; the ranges here are prefixes of ids, which are hashes and so fall evenly).
 *
 *     asker                                answerer
 *       ── compare: digest of all ────────────►        equal sets end here
 *       ◄── split: 2^bits short digests ───────
 *       ── list: ids in the differing parts ──►
 *       ◄── want: ids it lacks ────────────────        and the announcements that the asker lacks
 *       ── the announcements it wants ────────►
 *
 * Digests and ids are shortened to `shortBytes` and salted anew each time: two sets that look alike by accident look
 * different in the next round, and nobody can prepare any. Everything is bounded: what does not fit waits for the next round.
 */
import { hash } from "node:crypto"
import { reconcileListMax } from "../limits.ts"
import * as SlotSet from "./slot-set.ts"

/** Bytes of a short digest or id: an accidental match of two among 10,000 once in 100 million. */
const shortBytes = 5
/** Ids that one part shall hold; fewer parts mean longer lists, more parts more digests. */
const idsPerPart = 10

/** How finely to split a set of this size: 2^bits parts. */
export const bitsFor = (size: number): number =>
  Math.min(SlotSet.bucketBits, Math.max(0, Math.ceil(Math.log2(Math.max(1, size / idsPerPart)))))

/** Digest of everything, for the opening. */
export const digestOfAll = (set: SlotSet.SlotSet, salt: string): string =>
  SlotSet.digestOf(set, 0, 0, salt).subarray(0, 12).toString("base64url")

/** Short digests of all 2^bits parts, in order. */
export const split = (set: SlotSet.SlotSet, bits: number, salt: string): Uint8Array =>
  Buffer.concat(Array.from({ length: 1 << bits }, (_, part) => SlotSet.digestOf(set, bits, part, salt).subarray(0, shortBytes)))

/** The parts in which we differ from those digests; `undefined` when they are not 2^bits digests. */
export const differingParts = (
  set: SlotSet.SlotSet,
  bits: number,
  salt: string,
  digests: Uint8Array,
): ReadonlyArray<number> | undefined => {
  if (bits < 0 || bits > SlotSet.bucketBits || digests.length !== shortBytes << bits) return undefined
  const own = split(set, bits, salt)
  return Array.from({ length: 1 << bits }, (_, part) => part).filter((part) => compareAt(own, digests, part * shortBytes) !== 0)
}

/** Our ids in some parts, shortened: `part (2 bytes) ‖ count (2 bytes) ‖ ids`, as many parts as fit. */
export const list = (set: SlotSet.SlotSet, bits: number, salt: string, parts: ReadonlyArray<number>): Uint8Array => {
  const pieces: Array<Buffer> = []
  let listed = 0
  for (const part of parts) {
    const ids = SlotSet.idsOf(set, bits, part)
    listed += ids.length + 1
    if (listed > reconcileListMax && pieces.length > 0) break
    const head = Buffer.alloc(4)
    head.writeUInt16BE(part, 0)
    head.writeUInt16BE(Math.min(ids.length, 0xffff), 2)
    pieces.push(head, ...ids.slice(0, 0xffff).map((id) => shortId(id, salt)))
  }
  return Buffer.concat(pieces)
}

export interface Difference {
  /** Ids of ours that the other end did not list. */
  readonly theyLack: ReadonlyArray<string>
  /** Short ids that the other end listed and we do not have, one after the other. */
  readonly weLack: Uint8Array
}

/** Compares a list with what we hold; `undefined` when it is none. */
export const compare = (set: SlotSet.SlotSet, bits: number, salt: string, listed: Uint8Array): Difference | undefined => {
  if (bits < 0 || bits > SlotSet.bucketBits) return undefined
  const bytes = Buffer.from(listed.buffer, listed.byteOffset, listed.byteLength)
  const theyLack: Array<string> = []
  const weLack: Array<Buffer> = []
  let at = 0
  let previous = -1
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined
    const part = bytes.readUInt16BE(at)
    const count = bytes.readUInt16BE(at + 2)
    const end = at + 4 + count * shortBytes
    if (part <= previous || part >= 1 << bits || end > bytes.length) return undefined
    const theirs = new Set<string>()
    for (let i = at + 4; i < end; i += shortBytes) theirs.add(bytes.toString("latin1", i, i + shortBytes))
    for (const id of SlotSet.idsOf(set, bits, part)) if (!theirs.delete(shortId(id, salt).toString("latin1"))) theyLack.push(id)
    for (const short of theirs) weLack.push(Buffer.from(short, "latin1"))
    previous = part
    at = end
  }
  return { theyLack, weLack: Buffer.concat(weLack) }
}

/** As many of some short ids as may be asked for at once, and whether that is all. */
export const firstOf = (short: Uint8Array, count: number): { readonly short: Uint8Array; readonly isWhole: boolean } => ({
  short: short.subarray(0, count * shortBytes),
  isWhole: short.length <= count * shortBytes,
})

/** Our ids that have one of these short forms, among those in some parts. */
export const wanted = (
  set: SlotSet.SlotSet,
  bits: number,
  salt: string,
  parts: ReadonlyArray<number>,
  short: Uint8Array,
): ReadonlyArray<string> => {
  const bytes = Buffer.from(short.buffer, short.byteOffset, short.byteLength)
  const asked = new Set<string>()
  for (let i = 0; i + shortBytes <= bytes.length; i += shortBytes) asked.add(bytes.toString("latin1", i, i + shortBytes))
  return parts.flatMap((part) => SlotSet.idsOf(set, bits, part).filter((id) => asked.has(shortId(id, salt).toString("latin1"))))
}

const shortId = (id: string, salt: string): Buffer => hash("sha256", `${salt}${id}`, "buffer").subarray(0, shortBytes)

const compareAt = (a: Uint8Array, b: Uint8Array, at: number): number => {
  for (let i = at; i < at + shortBytes; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}
