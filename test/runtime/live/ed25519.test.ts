/** Whatever engine reckons: the same verdict on every tricky signature, the same signatures; and one that judges otherwise is not used. */
import { verify as verifyWith } from "node:crypto"
import * as ed from "@noble/ed25519"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { sha512 } from "../../../src/protocol/identity/digest.ts"
import { type Equation, secretKeyOf, sign as signByNode, spkiOf, verify as verifyByNode } from "../../../src/protocol/identity/ed25519.ts"
import { writeKey, writeSignature } from "../../../src/protocol/identity/key.ts"
import { reliable, sign, sodiumEngine, verify } from "../../../src/runtime/live/ed25519.ts"
import { cases } from "../../support/tricky-signatures.ts"

const byNode: Equation = (key, message, signature) =>
  verifyWith(null, message, { key: spkiOf(writeKey(key)), format: "der", type: "spki" }, signature)

it("gives node:crypto's verdict, which is the oracle's, on every tricky signature, whatever engine reckons", () => {
  // sodium-native is optional; in CI it is there
  const sodium = process.env["CI"] === undefined ? (sodiumEngine()?.verify ?? verify) : sodiumEngine()!.verify
  const whole = cases().filter(({ key, signature }) => key.length === 32 && signature.length === 64)
  expect(whole.length).toBeGreaterThan(1_000)
  const differ = whole.filter((one) => {
    const [key, signature] = [writeKey(one.key), writeSignature(one.signature)]
    const verdict = verifyByNode(key, one.message, signature)
    return [sodium, reliable(byNode)!].some((engine) => engine(key, one.message, signature) !== verdict)
  })
  expect(differ.map(({ why }) => why)).toEqual([])
})

it("takes no engine that says yes or no to everything, or reckons with cofactor", () => {
  ed.hashes.sha512 = (message) => Uint8Array.from(sha512(message))
  expect(reliable(() => true)).toBeUndefined()
  expect(reliable(() => false)).toBeUndefined()
  expect(reliable((key, message, signature) => ed.verify(signature, message, key))).toBeUndefined()
  expect(reliable(byNode)).toBeDefined()
})

it("signs as node:crypto does", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.oneof(fc.string(), fc.uint8Array()), (seed, message) => {
      const secret = secretKeyOf(seed)
      expect(sign(secret, message)).toBe(signByNode(secret, message))
    }),
    { numRuns: 50 },
  )
})
