/**
 * What every kind of announcement is made of: how its document is read, what its id covers, and who may say it. One file a
 * kind; `kinds.ts` lists them, `announcement.ts` and `authority.ts` use the list.
 *
 * A document is a head, the same for all, and the kind's own members beside it. A *subject* is what a registry has one last
 * word about. Several registries may speak of one entity or developer, and are ranked (`records/slots.ts`); the subjects of
 * all other kinds name their registry, so that only that one can speak of them.
 */
import { Result, Schema } from "effect"
import type { Json, JsonObject } from "../../identity/canonical-json.ts"
import type { verify } from "../../identity/ed25519.ts"
import { hexOf, type RegistryId } from "../../identity/id.ts"
import { type PublicKey, readSignature, type Signature } from "../../identity/key.ts"
import type { Slot } from "../../records/slots.ts"
import { signedTextCharactersMax } from "../../limits.ts"
import type { Seconds } from "../../time.ts"

/** Who said it, and when. */
export interface Head {
  readonly origin: RegistryId
  readonly originKey: PublicKey
  readonly at: Seconds
}

export type Malformed = { readonly type: "malformed"; readonly why: string }
export const malformed = (why: string): Malformed => ({ type: "malformed", why })
export const isMalformed = (value: object): value is Malformed => "type" in value && value.type === "malformed"

/** What a kind reads out of a document: its body, and what it means as a slot. */
export interface Statement<Body> extends Pick<Slot, "isTombstone" | "registeredAt" | "homeIsSigned" | "isOwnWord" | "precedence"> {
  readonly subject: string
  readonly body: Body
}

/** A statement of one registry about what is its own: of two, the later counts. */
export const ownStatement = <Body>(subject: string, body: Body, isTombstone: boolean = false): Statement<Body> => ({
  subject,
  body,
  isTombstone,
  registeredAt: 0,
  homeIsSigned: false,
})

export interface Kind<Body> {
  readonly read: (document: JsonObject, head: Head) => Statement<Body> | Malformed
  /** What the content id covers besides type, time and key: what both dialects can carry, and nothing else (ruled). */
  readonly contentOf: (body: Body) => ReadonlyArray<Json>
  /** May this registry say it? Its own signature has been checked. */
  readonly isEntitled: (body: Body, head: Head, check: typeof verify) => boolean
}

/** A document's own members by their schema; `undefined` when they are not. */
export const readerOf = <S extends Schema.Decoder<unknown>>(schema: S): ((document: JsonObject) => S["Type"] | undefined) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (document) => Result.getOrUndefined(decode(document))
}

/** Subject of what a registry says of its own: `handle:<32 hex digits>/alice`. */
export const ownSubject = (what: string, origin: RegistryId, ...rest: ReadonlyArray<string>): string =>
  [`${what}:${hexOf(origin)}`, ...rest].join("/")

// evidence -----------------------------------------------------------------------------------------------------------

/** A text that a client signed, as it was signed: what makes a registry's statement more than its own. */
export interface Evidence {
  readonly text: string
  readonly signature: Signature
}

export const EvidenceDocument = Schema.Struct({
  text: Schema.String.check(Schema.isMaxLength(2 * signedTextCharactersMax)),
  signature: Schema.String,
})

/** `undefined` when its signature is none. */
export const readEvidence = ({ signature: said, text }: typeof EvidenceDocument.Type): Evidence | undefined => {
  const signature = readSignature(said)
  return signature === undefined ? undefined : { text, signature }
}

type Tests = Readonly<Record<string, (value: Json) => boolean>>

/** Does a signed text say exactly these members, and of the optional ones none that is otherwise? */
export const saysExactly = (said: JsonObject, members: Tests, optional: Tests = {}): boolean =>
  Object.keys(members).every((name) => name in said) &&
  Object.entries(said).every(([name, value]) => {
    const tests = Object.hasOwn(members, name) ? members : optional
    return Object.hasOwn(tests, name) && tests[name]!(value ?? null)
  })
