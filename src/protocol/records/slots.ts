/**
 * Which record wins: one total order, so that merging commutes, associates and is idempotent (ruled; storage page,
 * "origin_public_key"; mesh page, TOFU).
 *
 * Every registry has one *slot* per subject: the last word of it about that entity, a record or a tombstone. Of two slots
 * of one registry the stronger claim counts, of equal claims the later one (equal times: the tombstone, then the greater
 * id). What a node shows is a function of the slots alone, so the order in which they arrived cannot matter:
 *
 *   1. the slots are ranked: a claim whose home the entity signed, then the earlier registration, then the smaller registry id;
 *   2. the first record in rank is shown that no tombstone ends;
 *   3. a tombstone that the entity's own key asked for ends every claim of other registries whose home is not signed, and of
 *      those whose home is signed the ones of lesser rank that registered before it. If a developer asked, it ends what names
 *      this developer: anybody can *say* to be the developer of a key. If nobody did, it ends its registry's own claim and
 *      no other.
 *
 * Why times do not help against a deletion: a registration as the SDKs sign it names neither home nor time, so who heard one
 * can say it again, as earlier or as later as it likes. So while a deletion is remembered only the registry that said it
 * brings the entity back, by a later word of its own, or a home that the entity signed.
 *
 * Why a registry's stronger claim comes before its later one: only \`claimsPerEntityMax\` claims are kept. If a registry
 * could weaken a claim that is kept, one that had to give way to it would deserve its place back, and is forgotten; then
 * the order of arrival would show. So a claim never grows weaker: who registers an entity again goes on with the
 * registration time of the first (\`nextWord\`).
 *
 * The one exception is a registry's own word that it holds a record no more. It needs no client's signature, so it must not
 * keep a place among the claims: four strangers could fill them and hide an entity. The latest of them are kept beside. The
 * claim that one of them makes room for may have been forgotten here; its home never forgets it (`self`), and brings it by
 * anti-entropy. What a home alone keeps of its own does not count in comparisons (`counted`), so that all have one digest.
 *
 * A claim in the deployed dialect names no registration and shows no signature of the entity: it ranks behind every one that
 * does (`registeredAtUnknown`), and among its like the smaller registry id counts.
 *
 * Known limit: five registries that claim one entity, all to have registered it before the home that deleted it, push the
 * deletion out.
 */
import { claimsPerEntityMax, ownWordsPerEntityMax, nameTombstoneLifeMs, tombstoneLifeMs } from "../limits.ts"
import type { DeveloperId, RegistryId } from "../identity/id.ts"
import type { Seconds } from "../time.ts"

export interface Slot {
  readonly origin: RegistryId
  /** When the origin said it. Strictly increasing per (origin, subject). */
  readonly at: Seconds
  /** Of this very document, so that no two are equal: the last word in a tie. */
  readonly id: string
  readonly isTombstone: boolean
  /** Registration that is claimed, or was deleted. */
  readonly registeredAt: Seconds
  /** The entity's own key signed that this registry is its home. A tombstone shows that text too, else it would weigh less than its record. */
  readonly homeIsSigned: boolean
  /** A tombstone that no owner asked for: the registry's own word, which ends nobody else's claim. */
  readonly isOwnWord?: boolean
  /**
   * Which of two words of one second is the later; absent for 0. What was said in the deployed dialect only is below 0: the
   * same in ours shows more. And there a change may come in the second of its registration, which is lower still.
   */
  readonly precedence?: number
}

/** Registration of a claim that does not say when: after every one that does (9999-12-31). */
export const registeredAtUnknown: Seconds = 253_402_300_799

/** Which of two slots of one origin counts: the stronger claim, then the later. Total: two different slots are never equal. */
export const later = <S extends Slot>(a: S, b: S): S => ((compareClaims(b, a) || compareAge(a, b)) >= 0 ? a : b)

const compareAge = (a: Slot, b: Slot): number =>
  a.at - b.at ||
  Number(a.isTombstone) - Number(b.isTombstone) ||
  Number(b.isOwnWord ?? false) - Number(a.isOwnWord ?? false) ||
  (a.precedence ?? 0) - (b.precedence ?? 0) ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/**
 * When a registry may speak of a subject again, given its own slot: strictly later than before, and with the registration
 * time of its first word. Without the latter no other node would take a registration after a deletion.
 */
export const nextWord = (own: Slot | undefined, now: Seconds): { readonly at: Seconds; readonly registeredAt: Seconds } =>
  own === undefined
    ? { at: now, registeredAt: now }
    : { at: Math.max(now, own.at + 1), registeredAt: own.registeredAt === registeredAtUnknown ? now : own.registeredAt }

/** Negative when `a` has the better claim. */
export const compareClaims = (a: Slot, b: Slot): number =>
  Number(b.homeIsSigned) - Number(a.homeIsSigned) ||
  a.registeredAt - b.registeredAt ||
  (a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0)

export interface Merged<S extends Slot> {
  /** Ranked, and bounded: see \`counted\`. */
  readonly slots: ReadonlyArray<S>
  /** Did the incoming slot add anything? Only then is it forwarded. */
  readonly changed: boolean
}

/** Adds what was heard to what is held. \`held\` is ranked, as an earlier merge returned it; the slot of \`self\` never gives way. */
export const merge = <S extends Slot>(held: ReadonlyArray<S>, heard: S, self?: RegistryId): Merged<S> => {
  const own = held.find((slot) => slot.origin === heard.origin)
  if (own !== undefined && later(own, heard) === own) return { slots: held, changed: false }
  const slots = withSlot(held, heard, self)
  // what takes the place of a word that is held ends that one, even where it finds no place itself
  return slots.includes(heard) || own !== undefined ? { slots, changed: true } : { slots: held, changed: false }
}

/** With this slot in the place of its registry's last one, and nothing that all others would let go of but the slot of \`self\`. */
export const withSlot = <S extends Slot>(held: ReadonlyArray<S>, slot: S, self?: RegistryId): ReadonlyArray<S> => {
  // an array that is written down is as long as it says; one that grew has room for sixteen more
  if (held.length === 0) return [slot]
  const ranked = [...held.filter(({ origin }) => origin !== slot.origin), slot].sort(compareClaims)
  if (ranked.length <= claimsPerEntityMax) return ranked
  const kept = new Set(counted(ranked))
  return ranked.filter((one) => kept.has(one) || one.origin === self)
}

/** Of ranked slots those that every node keeps: the strongest claims, and the latest own words. */
export const counted = <S extends Slot>(ranked: ReadonlyArray<S>): ReadonlyArray<S> => {
  if (ranked.length <= claimsPerEntityMax) return ranked
  const claims = ranked.filter(({ isOwnWord }) => isOwnWord !== true).slice(0, claimsPerEntityMax)
  const ownWords = ranked.filter(({ isOwnWord }) => isOwnWord === true)
  const latest =
    ownWords.length <= ownWordsPerEntityMax ? ownWords : ownWords.sort((a, b) => compareAge(b, a)).slice(0, ownWordsPerEntityMax)
  const kept = new Set([...claims, ...latest])
  return ranked.filter((slot) => kept.has(slot))
}

/** A record's developer; the developer who asked for a tombstone, `undefined` where the entity's own key did. */
export type DeveloperOf<S extends Slot> = (slot: S) => DeveloperId | undefined

/** Registries that had a slot before a merge and have none after it. */
export const forgottenBy = (before: ReadonlyArray<Slot>, after: ReadonlyArray<Slot>): ReadonlyArray<RegistryId> =>
  before.flatMap(({ origin }) => (after.some((slot) => slot.origin === origin) ? [] : [origin]))

/**
 * The slot whose record is shown, or \`undefined\` when the entity is deleted or unknown. \`slots\` is ranked. \`namesHome\`: a
 * signed claim names its home; a developer's profile does not.
 */
export const shown = <S extends Slot>(slots: ReadonlyArray<S>, developerOf: DeveloperOf<S>, namesHome: boolean = true): S | undefined =>
  slots.find((slot) => !slot.isTombstone && !slots.some((other) => ends(other, slot, developerOf, namesHome)))

const ends = <S extends Slot>(tombstone: S, record: S, developerOf: DeveloperOf<S>, namesHome: boolean): boolean => {
  if (!tombstone.isTombstone || tombstone.isOwnWord === true) return false
  const asked = developerOf(tombstone)
  if (asked !== undefined && asked !== developerOf(record)) return false
  return !(namesHome && record.homeIsSigned) || (compareClaims(tombstone, record) < 0 && record.registeredAt <= tombstone.at)
}

/** Do two registries that still hold a record both claim it? */
export const isContested = (slots: ReadonlyArray<Slot>): boolean => slots.filter((slot) => !slot.isTombstone).length > 1

/** How long a tombstone about this subject is kept: of names and handles 30 days, of all else a day (`limits.ts`). */
export const tombstoneLifeOf = (subject: string): number => (/^(?:name|handle):/.test(subject) ? nameTombstoneLifeMs : tombstoneLifeMs)

/** May this slot be forgotten? A tombstone after its life. */
export const isExpired = (slot: Slot & { readonly subject?: string }, nowMs: number): boolean =>
  slot.isTombstone && slot.at * 1_000 + tombstoneLifeOf(slot.subject ?? "") <= nowMs

/**
 * Is this a tombstone that has outlived its purpose and that we have no use for? One that ends a word of its registry that
 * we still hold is taken even so, and forgotten soon after.
 */
export const isTooLate = <S extends Slot & { readonly subject: string }>(held: ReadonlyArray<Slot>, heard: S, nowMs: number): boolean =>
  isExpired(heard, nowMs) && !held.some((slot) => slot.origin === heard.origin && !slot.isTombstone)
