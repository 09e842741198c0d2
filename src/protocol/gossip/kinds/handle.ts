/**
 * `dev_handle`: a developer holds a handle at this registry, proved that a domain or an account is its own, or gave it up
 * (naming page, "Claiming a Developer Handle"; reference 6).
 *
 * A claim shows the developer's signature over the handle. `verified` is the registry's word: it looked at a DNS record or an
 * account, and others cannot look back; but *which* domain or account is signed by the developer.
 */
import { Schema } from "effect"
import type { Json, JsonObject } from "../../identity/canonical-json.ts"
import type { verify } from "../../identity/ed25519.ts"
import { type DeveloperId, DeveloperIdText, isIdOf, onWire, readDeveloperId, readRegistryId, type RegistryId } from "../../identity/id.ts"
import { type PublicKey, readKey } from "../../identity/key.ts"
import { type Handle, readHandle, releaseText } from "../../records/naming.ts"
import { signedMembers } from "../../records/signed-text.ts"
import {
  type Evidence,
  EvidenceDocument,
  type Head,
  type Kind,
  type Malformed,
  malformed,
  ownStatement,
  ownSubject,
  readerOf,
  readEvidence,
  saysExactly,
  type Statement,
} from "./kind.ts"

export type VerificationMethod = "dns" | "github"

export interface Verification {
  readonly method: VerificationMethod
  /** The domain, or the account's name. */
  readonly proof: string
  /** The developer's signature over method and proof; absent with all evidence where the statement is bare. */
  readonly evidence?: Evidence
}

export interface HeldHandleBody {
  readonly kind: "handle"
  readonly action: "claim" | "verify"
  readonly handle: Handle
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey
  /** Absent where the statement is bare. */
  readonly evidence?: Evidence
  readonly verification?: Verification
  readonly isBare?: true
}

/** A handle whose developer signed for it. */
export type ProvenHandleBody = HeldHandleBody & { readonly evidence: Evidence }

export interface ReleasedHandleBody {
  readonly kind: "handle"
  readonly action: "release"
  readonly handle: Handle
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey
  /** The developer's signature over `release:<handle>`. Absent: the registry's own word, and `reason` says why. */
  readonly evidence?: Evidence
  readonly reason: string
  readonly isBare?: true
}

export type HandleBody = HeldHandleBody | ReleasedHandleBody

const common = { handle: Schema.String, developer_id: DeveloperIdText, public_key: Schema.String }
const held = readerOf(
  Schema.Struct({
    ...common,
    action: Schema.Literals(["claim", "verify"]),
    evidence: EvidenceDocument,
    verification: Schema.optionalKey(
      Schema.Struct({
        method: Schema.Literals(["dns", "github"]),
        proof: Schema.String.check(Schema.isMaxLength(253)),
        evidence: EvidenceDocument,
      }),
    ),
  }),
)
const released = readerOf(
  Schema.Struct({
    ...common,
    action: Schema.Literal("release"),
    evidence: Schema.optionalKey(EvidenceDocument),
    reason: Schema.String.check(Schema.isMaxLength(64)),
  }),
)

export const handleSubject = (origin: RegistryId, name: string): string => ownSubject("handle", origin, name)

export const handle: Kind<HandleBody> = {
  read: (document, head) => (document["action"] === "release" ? readReleased(document, head) : readHeld(document, head)),
  contentOf: (body) => [
    body.action,
    body.developerId,
    body.handle,
    ...(body.action === "verify" && body.verification !== undefined ? [body.verification.method] : []),
  ],
  isEntitled: (body, { origin }, check) => {
    if (body.isBare === true) return true
    if (body.action === "release") return body.evidence === undefined || releaseHolds(body.evidence, body.handle, body.publicKey, check)
    return claimHolds(body, origin, check) && (body.verification === undefined || verificationHolds(body.verification, body, origin, check))
  },
}

/** Did this developer sign that the handle shall be its own? A text that names a registry counts at that one only. */
export const claimHolds = (
  claim: Pick<HeldHandleBody, "handle" | "developerId" | "publicKey" | "evidence">,
  origin: RegistryId,
  check: typeof verify,
): boolean => {
  const said = claim.evidence === undefined ? undefined : signedMembers(claim.evidence.text)
  return (
    claim.evidence !== undefined &&
    said !== undefined &&
    saysExactly(
      said,
      {
        developer_id: isText((id) => readDeveloperId(id) === claim.developerId),
        handle: (name) => name === claim.handle,
        public_key: isText((key) => readKey(key) === claim.publicKey),
      },
      { domain: isText(() => true), home_registry: isText((id) => readRegistryId(id) === origin) },
    ) &&
    check(claim.publicKey, claim.evidence.text, claim.evidence.signature)
  )
}

/** Did this developer sign this method and proof for this handle? */
export const verificationHolds = (
  { evidence, method, proof }: Verification,
  { developerId, handle: name, publicKey }: Pick<HeldHandleBody, "handle" | "developerId" | "publicKey">,
  origin: RegistryId,
  check: typeof verify,
): boolean => {
  const said = evidence === undefined ? undefined : signedMembers(evidence.text)
  if (evidence === undefined || said === undefined || !check(publicKey, evidence.text, evidence.signature)) return false
  const isClaim = "domain" in said
  return isClaim
    ? method === "dns" && said["domain"] === proof && claimHolds({ handle: name, developerId, publicKey, evidence }, origin, check)
    : saysExactly(
        said,
        { handle: (value) => value === name, method: (value) => value === method, proof: (value) => value === proof },
        {
          developer_id: isText((id) => readDeveloperId(id) === developerId),
          public_key: isText((key) => readKey(key) === publicKey),
          home_registry: isText((id) => readRegistryId(id) === origin),
        },
      )
}

export const releaseHolds = (evidence: Evidence, what: string, key: PublicKey | "", check: typeof verify): boolean =>
  key !== "" && evidence.text === releaseText(what) && check(key, evidence.text, evidence.signature)

const isText = (test: (text: string) => boolean) => (value: Json) => typeof value === "string" && test(value)

const readHeld = (document: JsonObject, { origin }: Head): Statement<HandleBody> | Malformed => {
  const said = held(document)
  const subject = said === undefined ? undefined : readCommon(said)
  const evidence = said === undefined ? undefined : readEvidence(said.evidence)
  if (said === undefined || subject === undefined || evidence === undefined) return malformed("not an announcement")
  const seen = said.verification === undefined ? undefined : readEvidence(said.verification.evidence)
  if (said.verification !== undefined && seen === undefined) return malformed("verification")
  if ((said.action === "verify") !== (said.verification !== undefined)) return malformed("action and verification disagree")
  return ownStatement(handleSubject(origin, subject.handle), {
    kind: "handle",
    action: said.action,
    ...subject,
    evidence,
    ...(seen !== undefined && { verification: { method: said.verification!.method, proof: said.verification!.proof, evidence: seen } }),
  })
}

const readReleased = (document: JsonObject, { origin }: Head): Statement<HandleBody> | Malformed => {
  const said = released(document)
  const subject = said === undefined ? undefined : readCommon(said)
  const evidence = said?.evidence === undefined ? undefined : readEvidence(said.evidence)
  if (said === undefined || subject === undefined || (said.evidence !== undefined && evidence === undefined))
    return malformed("not an announcement")
  const body: HandleBody = {
    kind: "handle",
    action: "release",
    ...subject,
    ...(evidence !== undefined && { evidence }),
    reason: said.reason,
  }
  return ownStatement(handleSubject(origin, subject.handle), body, true)
}

const readCommon = (said: { readonly handle: string; readonly developer_id: string; readonly public_key: string }) => {
  const name = readHandle(said.handle)
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  return name === undefined || developerId === undefined || publicKey === undefined || !isIdOf(developerId, publicKey)
    ? undefined
    : { handle: name, developerId, publicKey }
}

export const handleDocument = (body: HandleBody): JsonObject => ({
  type: "dev_handle",
  action: body.action,
  handle: body.handle,
  developer_id: onWire(body.developerId),
  public_key: body.publicKey,
  ...(body.evidence !== undefined && { evidence: { ...body.evidence } }),
  ...(body.action === "release" && { reason: body.reason }),
  ...(body.action !== "release" &&
    body.verification?.evidence !== undefined && {
      verification: { method: body.verification.method, proof: body.verification.proof, evidence: { ...body.verification.evidence } },
    }),
})
