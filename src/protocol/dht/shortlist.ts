/**
 * The shortlist of a lookup: contacts that were heard of, closest to the target first, and what became of asking them
 * (Kademlia §2.3). A contact is on it once, however often it is heard of; who did not answer is remembered, and never
 * part of a result.
 */
import { dhtShortlistMax } from "../limits.ts"
import type { Contact } from "./contact.ts"
import { byDistance, head, isBehind } from "./distance.ts"
import type { DhtKey } from "./key.ts"

export type Standing = "heard" | "asked" | "answered" | "silent"

export interface Entry {
  readonly contact: Contact
  readonly standing: Standing
  /** Of its distance, the first bits (`head`). */
  readonly distance: number
}

export interface Shortlist {
  readonly target: DhtKey
  /** Closest first, no two of one key. */
  readonly entries: ReadonlyArray<Entry>
}

export const empty = (target: DhtKey): Shortlist => ({ target, entries: [] })

/** Adds what was heard of. At the bound the farthest that nobody asked is forgotten. */
export const learn = ({ entries, target }: Shortlist, heard: ReadonlyArray<Contact>): Shortlist => {
  let room = dhtShortlistMax
  for (const { standing } of entries) if (standing !== "heard") room--
  const merged: Array<Entry> = []
  const add = (entry: Entry): void => {
    if (entry.standing !== "heard" || room-- > 0) merged.push(entry)
  }
  const from = head(target)
  let at = 0
  for (const contact of byDistance(target, heard)) {
    const distance = head(contact.id) ^ from
    while (at < entries.length && isBehind(target, contact, distance, entries[at]!.contact, entries[at]!.distance)) add(entries[at++]!)
    if (!isOf(entries[at], contact, distance) && !isOf(merged[merged.length - 1], contact, distance))
      add({ contact, standing: "heard", distance })
  }
  while (at < entries.length) add(entries[at++]!)
  return { target, entries: merged }
}

const isOf = (entry: Entry | undefined, { id }: Contact, distance: number): boolean =>
  entry !== undefined && entry.distance === distance && entry.contact.id === id

export const mark = ({ entries, target }: Shortlist, id: DhtKey, standing: Standing): Shortlist => {
  const at = entries.findIndex(({ contact }) => contact.id === id)
  return at < 0 ? { entries, target } : { target, entries: entries.with(at, { ...entries[at]!, standing }) }
}

/**
 * Whom a path asks next: the closest that nobody asked among the `k` closest that may still answer, or, when all of these were
 * asked and fewer than `own` of all by itself, the closest of the others. `taken`: who was asked, by whichever path.
 */
export const next = ({ entries }: Shortlist, k: number, own: number, taken: ReadonlyMap<DhtKey, unknown>): Contact | undefined => {
  let living = 0
  for (const { contact, standing } of entries) {
    if (living === k) break
    if (standing === "silent") continue
    if (standing === "heard" && !taken.has(contact.id)) return contact
    living++
  }
  if (hasAsked(entries, own)) return undefined
  return entries.find(({ contact, standing }) => standing === "heard" && !taken.has(contact.id))?.contact
}

const hasAsked = (entries: ReadonlyArray<Entry>, own: number): boolean => {
  let asked = 0
  for (const { standing } of entries) if ((standing === "asked" || standing === "answered") && ++asked >= own) return true
  return asked >= own
}

/** The closest that answered, at most `k`. */
export const answered = ({ entries }: Shortlist, k: number): ReadonlyArray<Contact> => {
  const found: Array<Contact> = []
  for (const { contact, standing } of entries) {
    if (found.length === k) break
    if (standing === "answered") found.push(contact)
  }
  return found
}
