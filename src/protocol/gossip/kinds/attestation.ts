/**
 * `peer_attestation`: what one registry saw of another in a period, and which layers of its identity it verified (registry
 * page, "Peer reputation signal"; ruled: EigenTrust takes the counts, the tier takes the layers).
 *
 * The attester is the origin, always; nobody attests of itself.
 */
import { Schema } from "effect"
import type { JsonObject } from "../../identity/canonical-json.ts"
import { hexOf, onWire, readRegistryId, type RegistryId, RegistryIdText } from "../../identity/id.ts"
import { readTime, type Seconds, writeTime } from "../../time.ts"
import { type Kind, malformed, ownStatement, ownSubject, readerOf } from "./kind.ts"

export type VerifiedLayer = "proof" | "dns" | "tls"

/** What was seen of a registry. */
export interface Observation {
  readonly subject: RegistryId
  /** Start of the period. */
  readonly period: Seconds
  /** Announcements it passed on that held, and that did not. */
  readonly valid: number
  readonly invalid: number
  /** Answers of it that verified. */
  readonly answers: number
  /** Share of the period in which it was connected, in thousandths. */
  readonly uptime: number
  readonly layers: ReadonlyArray<VerifiedLayer>
}

export interface AttestationBody extends Observation {
  readonly kind: "attestation"
}

const countMax = 1_000_000_000
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: countMax }))

const members = readerOf(
  Schema.Struct({
    subject_id: RegistryIdText,
    period: Schema.String,
    valid: Count,
    invalid: Count,
    answers: Count,
    uptime: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })),
    verified_layers: Schema.Array(Schema.Literals(["proof", "dns", "tls"])).check(Schema.isMaxLength(3)),
  }),
)

export const attestationSubject = (attester: RegistryId, subject: RegistryId): string => ownSubject("attestation", attester, hexOf(subject))

/** Of whom such a subject speaks; `undefined` for another subject. */
export const attestedIn = (subject: string): RegistryId | undefined => {
  const [, hex] = /^attestation:[0-9a-f]{32}\/([0-9a-f]{32})$/.exec(subject) ?? []
  return hex === undefined ? undefined : readRegistryId(`zns:registry:${hex}`)
}

export const attestation: Kind<AttestationBody> = {
  read: (document, { at, origin }) => {
    const said = members(document)
    const period = said === undefined ? undefined : readTime(said.period)
    if (said === undefined || period === undefined) return malformed("not an announcement")
    const subject = readRegistryId(said.subject_id)!
    if (subject === origin) return malformed("nobody attests of itself")
    if (period > at) return malformed("a period that has not begun")
    const layers = said.verified_layers
    if (new Set(layers).size < layers.length) return malformed("a layer twice")
    const { answers, invalid, uptime, valid } = said
    return ownStatement(attestationSubject(origin, subject), {
      kind: "attestation",
      subject,
      period,
      valid,
      invalid,
      answers,
      uptime,
      layers,
    })
  },
  contentOf: ({ layers, subject }) => ["attest", subject, layers],
  isEntitled: () => true,
}

export const attestationDocument = ({ answers, invalid, layers, period, subject, uptime, valid }: Observation): JsonObject => ({
  type: "peer_attestation",
  subject_id: onWire(subject),
  period: writeTime(period),
  valid,
  invalid,
  answers,
  uptime,
  verified_layers: layers,
})
