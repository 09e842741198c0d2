/**
 * Values: what the DHT stores (mesh page, "STORE(agent_id, node_address, ttl)"; registry page, "FIND_VALUE: entity
 * metadata"; ruled: a signed pointer, and the signed record when it fits).
 *
 * A *pointer* is a registry's signed word that it holds a subject, where it is reached, and when it said so; a value lives
 * for a day from that moment, which nobody else can move. The *record* is the registry's announcement, as gossip carries
 * it: it proves itself, its owner's signature included. Trust grows with the type:
 *
 *     JSON ──read──► StoredValue ──prove──► ProvenValue
 *       shape, key of subject    both signatures, both of one registry about one subject
 */
import { Result, Schema } from "effect"
import { isAhead } from "../gossip/authority.ts"
import type { Belief } from "../gossip/authority.ts"
import { signedText, type Origin, type VerifiedAnnouncement } from "../gossip/announcement.ts"
import { canonical, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { isIdOf, onWire, readRegistryId, type RegistryId, RegistryIdText } from "../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../identity/key.ts"
import { dhtRecordBytesMax, dhtTtlSeconds, dhtValueLifeMs } from "../limits.ts"
import { type Address, hostShape } from "../mesh/address.ts"
import { readTime, type Seconds, writeTime } from "../time.ts"
import { type DhtKey, keyOf, keyOfSubject, readDhtKey } from "./key.ts"

/** Read, not yet believed. */
export interface StoredValue {
  /** As it travels: `{ pointer, record? }`. */
  readonly document: JsonObject
  readonly key: DhtKey
  readonly subject: string
  readonly origin: RegistryId
  readonly originKey: PublicKey
  readonly at: Seconds
  readonly ttlSeconds: number
  /** Where the registry is reached; absent where it does not know, then by its key. */
  readonly address?: Address
  readonly signature: Signature
}

/** Its registry signed the pointer, and the record, where there is one, proved itself. */
export interface ProvenValue extends StoredValue {
  readonly record?: VerifiedAnnouncement
  readonly proven: unique symbol
}

const Shape = Schema.Struct({
  pointer: Schema.Struct({
    type: Schema.Literal("dht_pointer"),
    key: Schema.String,
    subject: Schema.String.check(Schema.isMaxLength(400)),
    registry_id: RegistryIdText,
    origin_public_key: Schema.String,
    host: Schema.optionalKey(Schema.String.check(Schema.isPattern(hostShape))),
    port: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))),
    timestamp: Schema.String,
    ttl: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: dhtValueLifeMs / 1_000 })),
    signature: Schema.String,
  }),
  record: Schema.optionalKey(Schema.Unknown),
})
const decode = Schema.decodeUnknownResult(Shape, { onExcessProperty: "error" })

/** A value as a peer sent it. */
export const readValue = (document: JsonObject): StoredValue | undefined => {
  const decoded = decode(document)
  if (Result.isFailure(decoded)) return undefined
  const { pointer, record } = decoded.success
  const originKey = readKey(pointer.origin_public_key)
  const origin = readRegistryId(pointer.registry_id)
  const key = readDhtKey(pointer.key)
  const at = readTime(pointer.timestamp)
  const signature = readSignature(pointer.signature)
  if (originKey === undefined || origin === undefined || key === undefined || at === undefined || signature === undefined) return undefined
  if (!isIdOf(origin, originKey)) return undefined
  // what a name is stored under only its record shows
  const own = keyOfSubject(pointer.subject)
  if (own === undefined ? record === undefined : own !== key) return undefined
  const { host, port, subject, ttl } = pointer
  const address = host === undefined || port === undefined ? undefined : { host, port }
  return { document, key, subject, origin, originKey, at, ttlSeconds: ttl, signature, ...(address !== undefined && { address }) }
}

/** How a node checks signatures: its `Verifier`. */
export interface Checks {
  readonly verify: typeof verify
  readonly believe: (document: JsonObject, claimedId: string | undefined, nowMs: number) => Belief
}

/** Believes a value for this key, or does not. Nothing is stored or returned that did not come through here. */
export const prove = (value: StoredValue, nowMs: number, checks: Checks): ProvenValue | undefined => {
  if (isAhead(value, nowMs) || isExpired(value, nowMs)) return undefined
  if (!checks.verify(value.originKey, signedText(value.document["pointer"] as JsonObject), value.signature)) return undefined
  const said = value.document["record"]
  if (said === undefined) return value as ProvenValue
  if (typeof said !== "object" || said === null || Array.isArray(said)) return undefined
  const belief = checks.believe(said as JsonObject, undefined, nowMs)
  if (belief.type !== "verified") return undefined
  const { announcement } = belief
  const { origin, subject } = announcement
  if (origin !== value.origin || subject !== value.subject || keyOf(announcement) !== value.key) return undefined
  return { ...value, record: announcement } as ProvenValue
}

/** What we say of something that we hold, to be signed. */
export interface ValueDraft {
  readonly text: string
  /** `stored` is for others: a record that is too large for them stays at home, for whoever asks us. */
  readonly signedWith: (signature: Signature) => { readonly whole: ProvenValue; readonly stored: ProvenValue }
}

/** Says that we hold this, now; nothing where the DHT does not carry such words. */
export const draftValue = (
  origin: Omit<Origin, "sign">,
  announcement: VerifiedAnnouncement,
  at: Seconds,
  address: Address | undefined,
): ValueDraft | undefined => {
  const key = keyOf(announcement)
  if (key === undefined) return undefined
  const { subject } = announcement
  const unsigned: JsonObject = {
    type: "dht_pointer",
    key,
    subject,
    registry_id: onWire(origin.registryId),
    origin_public_key: origin.publicKey,
    ...(address !== undefined && { host: address.host, port: address.port }),
    timestamp: writeTime(at),
    ttl: dhtTtlSeconds,
  }
  return {
    text: canonical(unsigned),
    signedWith: (signature) => {
      const pointer = { ...unsigned, signature }
      const read = readValue({ pointer, record: announcement.document })
      if (read === undefined) throw new Error(`we made a value of ${subject} that we cannot read`)
      const whole = { ...read, record: announcement } as ProvenValue
      const fits = JSON.stringify(announcement.document).length <= dhtRecordBytesMax || keyOfSubject(subject) === undefined
      return { whole, stored: fits ? whole : (readValue({ pointer })! as ProvenValue) }
    },
  }
}

/** The same, signed at once. */
export const makeValue = (
  origin: Origin,
  announcement: VerifiedAnnouncement,
  at: Seconds,
  address: Address | undefined,
): ReturnType<ValueDraft["signedWith"]> | undefined => {
  const draft = draftValue(origin, announcement, at, address)
  return draft?.signedWith(origin.sign(draft.text))
}

// its life -----------------------------------------------------------------------------------------------------------

/** A day after its publisher said it last (pages: 24 hours), to the second. */
export const expiresMs = ({ at }: Pick<StoredValue, "at">, lifeMs = dhtValueLifeMs): number => at * 1_000 + lifeMs
export const isExpired = (value: Pick<StoredValue, "at">, nowMs: number, lifeMs = dhtValueLifeMs): boolean =>
  expiresMs(value, lifeMs) <= nowMs

/** Was it said again within its `ttl`? */
export const isFresh = ({ at, ttlSeconds }: StoredValue, nowMs: number): boolean => nowMs < (at + ttlSeconds) * 1_000

/** Does its record go where it goes? A pointer alone sends its reader to its home. */
export const isWhole = (value: ProvenValue): boolean => value.record !== undefined
