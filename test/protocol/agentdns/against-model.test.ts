/**
 * Our reading and writing of deployed announcements against the model's, which was written apart from it: whatever is said,
 * both sign the same bytes, and each believes what the other signed.
 */
import fc from "fast-check"
import { expect, it } from "vitest"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { readAnyJson } from "../../../src/protocol/identity/json-text.ts"
import { secretKeyOf, sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import {
  announcementText,
  type GoAnnouncement,
  readAnnouncement,
  readSignedText,
  signedText,
  withSignature,
} from "../../../src/protocol/agentdns/go-announcement.ts"
import {
  announce,
  announcement,
  type DeployedAnnouncement,
  isSigned,
  signedText as modelSignedText,
} from "../../../src/sim/deployed/announcement.ts"
import { decode } from "../../../src/sim/deployed/go-json.ts"

/** Text with all that JSON and Go treat differently: markup, separators, controls, lone surrogates, other scripts. */
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("<", ">", "&", "\u2028", "\u2029", "\u0000", "\b", "\f", "\u007f", '"', "\\", "/", "\ud800", "é", "🚀", "a"),
    maxLength: 10,
  }),
)
const texts = fc.option(fc.array(text, { maxLength: 3 }), { nil: null })
const real = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1e-7, 1e21, 0.005, 9.99))
const name = text.filter((key) => key !== "__proto__")
const index = fc.nat(4_294_967_295)

const plain = [
  "type",
  "entity_id",
  "name",
  "category",
  "summary",
  "entity_url",
  "action",
  "status",
  "entity_type",
  "service_endpoint",
  "openapi_url",
] as const
const others = [
  "developer_id",
  "developer_public_key",
  "profile_url",
  "github",
  "public_key",
  "dev_handle",
  "verification_method",
  "fqan",
] as const
const rest = [
  "agent_name_zns",
  "registry_host",
  "version",
  "domain",
  "ed25519_public_key",
  "tls_spki_fingerprint",
  "verification_tier",
] as const
const record = (names: ReadonlyArray<string>) => fc.record(Object.fromEntries(names.map((name) => [name, text])), { requiredKeys: [] })

const said = fc
  .tuple(
    record([...plain, ...others, ...rest, "attester_id", "subject_id", "timestamp"]),
    fc.record({ tags: texts, capability_tags: texts, verified_layers: texts, dev_handle_verified: fc.boolean() }, { requiredKeys: [] }),
    fc.record(
      {
        capability_summary: fc.record({ skills: texts, models: texts, output_types: texts }, { requiredKeys: [] }),
        entity_pricing: fc.record({
          model: text,
          base_price_usd: real,
          currency: text,
          payment_methods: texts,
          rates: fc.option(fc.dictionary(name, real, { maxKeys: 4 }), { nil: null }),
        }),
        developer_proof: fc.record({ developer_public_key: text, entity_index: index, developer_signature: text }),
      },
      { requiredKeys: [] },
    ),
    fc.integer({ min: 1, max: 20 }),
  )
  .map(([a, b, c, max_hops]) => ({ ...a, ...b, ...c, max_hops }) as unknown as Partial<DeployedAnnouncement>)

/** Node's own would misread a name with a backslash (`identity/json-text.ts`). */
const parsed = (text: string): JsonObject => readAnyJson(text) as JsonObject

const secret = secretKeyOf(new Uint8Array(32).fill(3))
const origin = { publicKey: secret.publicKey, sign: (message: string) => sign(secret, message) }
const registryId = idOf("registry", secret.publicKey)
const modelled = said.map((one) =>
  decode(announcement, parsed(announcement.write(announce(origin, { home_registry: registryId, ...one }))))!,
)

it("what the model signs, we read, and sign as the same bytes", () => {
  fc.assert(
    fc.property(modelled, (one) => {
      const read = readAnnouncement(parsed(announcement.write(one)))
      expect(read === undefined ? undefined : signedText(read)).toBe(modelSignedText({ ...one, hop_count: 0 }))
      expect(announcementText(read!)).toBe(announcement.write(one))
    }),
    { numRuns: 400 },
  )
})

it("a signed text that we keep and send on is believed by the model, at any distance", () => {
  fc.assert(
    fc.property(modelled, fc.integer({ min: 0, max: 3 }), (one, hops) => {
      const read = readAnnouncement(parsed(announcement.write({ ...one, hop_count: hops })))!
      const kept = signedText(read)
      expect(readSignedText(kept)).toBeDefined()
      const sent = decode(announcement, parsed(withSignature(kept, read.signature)))!
      expect([isSigned(sent), sent.hop_count]).toEqual([true, 0])
    }),
    { numRuns: 200 },
  )
})

it("what we sign, the model believes", () => {
  fc.assert(
    fc.property(said, (one) => {
      const ours = {
        ...parsed(announcement.write({ ...announcement.zero, ...one })),
        origin_public_key: secret.publicKey,
      } as unknown as GoAnnouncement
      const read = readAnnouncement(ours as unknown as JsonObject)!
      const signed = signedText(read)
      expect(isSigned(decode(announcement, parsed(withSignature(signed, sign(secret, signed))))!)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

it("names of members in any case and order, unknown ones, nulls and spaces mean the same", () => {
  fc.assert(
    fc.property(modelled, fc.infiniteStream(fc.boolean()), (one, coins) => {
      const coin = () => coins.next().value
      const members = Object.entries(parsed(announcement.write(one)))
      const shuffled = members.sort(() => (coin() ? 1 : -1)).map(([name, value]) => [coin() ? name.toUpperCase() : name, value] as const)
      const odd = parsed(JSON.stringify(Object.fromEntries([...shuffled, ["unknown", [1]], ["Another", null]]), undefined, 2))
      expect(signedText(readAnnouncement(odd)!)).toBe(modelSignedText(decode(announcement, odd)!))
    }),
    { numRuns: 200 },
  )
})

/** What Go cannot read into its struct, none of us reads. */
it("what one refuses the other refuses", () => {
  const names = Object.keys(announcement.zero)
  const wrong = fc.constantFrom<unknown>(
    1,
    1.5,
    -1,
    "x",
    true,
    [],
    ["x"],
    [1],
    {},
    { rates: { a: "x" } },
    { entity_index: -1 },
    { entity_index: 1.5 },
    null,
  )
  fc.assert(
    fc.property(modelled, fc.constantFrom(...names), wrong, (one, name, value) => {
      const odd = { ...parsed(announcement.write(one)), [name]: value } as JsonObject
      expect(readAnnouncement(odd) === undefined).toBe(decode(announcement, odd) === undefined)
    }),
    { numRuns: 600 },
  )
})
