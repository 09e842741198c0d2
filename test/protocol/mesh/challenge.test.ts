/** What ends of a plain connection say to prove their keys: read as it was written, and worth nothing anywhere else. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import {
  type Challenge,
  challengeFrame,
  type Ends,
  proofFrame,
  proofText,
  readAnswer,
  readChallenge,
  readProof,
} from "../../../src/protocol/mesh/challenge.ts"
import { frameHeadBytes } from "../../../src/protocol/wire/frame.ts"
import { keyOf } from "../../support/builders.ts"

const seeds = fc.integer({ min: 1, max: 4 })
const nonces = fc.integer({ min: 0, max: 3 }).map((n) => n.toString(16).padStart(64, "0"))
const ends: fc.Arbitrary<Challenge> = fc.record({ publicKey: seeds.map((seed) => keyOf(seed).publicKey), nonce: nonces })
const handshakes: fc.Arbitrary<Ends> = fc.record({ dialler: ends, listener: ends })
const roles = fc.constantFrom("dialler", "listener")
const payloadOf = (frame: Uint8Array) => frame.subarray(frameHeadBytes)
const payload = (said: unknown) => Buffer.from(JSON.stringify(said))

describe("a challenge", () => {
  it("is read as it was written, and each frame as nothing else", () => {
    fc.assert(
      fc.property(ends, fc.string(), (end, text) => {
        const signature = sign(keyOf(1), text)
        const [asked, answered, proven] = [challengeFrame(end), challengeFrame(end, signature), proofFrame(signature)].map(payloadOf)
        expect([readChallenge(asked!), readAnswer(asked!), readProof(asked!)]).toEqual([end, undefined, undefined])
        expect([readAnswer(answered!), readProof(answered!)]).toEqual([{ ...end, signature }, undefined])
        expect([readChallenge(proven!), readAnswer(proven!), readProof(proven!)]).toEqual([undefined, undefined, signature])
      }),
    )
  })

  it("of another shape is none", () => {
    const good = { type: "CHALLENGE", public_key: keyOf(1).publicKey, nonce: "0".repeat(64) }
    const signed = { ...good, signature: sign(keyOf(1), "x") }
    expect([readChallenge(payload(good)), readAnswer(payload(signed))]).not.toContain(undefined)
    const others: ReadonlyArray<unknown> = [
      { ...signed, type: "HELLO" },
      { ...signed, nonce: "0".repeat(63) },
      { ...signed, nonce: `${"0".repeat(63)}\n` },
      { ...signed, nonce: "A".repeat(64) },
      { ...signed, public_key: `${keyOf(1).publicKey}\n` },
      { ...signed, public_key: 1 },
      [signed],
      null,
    ]
    for (const said of others) expect([readChallenge(payload(said)), readAnswer(payload(said))]).toEqual([undefined, undefined])
    for (const text of ["", "{", "GET / HTTP/1.1"]) expect(readChallenge(Buffer.from(text))).toBe(undefined)
    for (const signature of ["", "x", signed.signature.slice(8), null]) {
      expect([readAnswer(payload({ ...good, signature })), readProof(payload({ type: "PROOF", signature }))]).toEqual([
        undefined,
        undefined,
      ])
    }
  })

  it("is signed for one handshake and one role: the signature holds where nothing of these differs", () => {
    fc.assert(
      fc.property(handshakes, roles, handshakes, roles, (here, role, there, otherRole) => {
        const signature = sign(keyOf(1), proofText(role, here))
        const isSame = role === otherRole && JSON.stringify(here) === JSON.stringify(there)
        expect(verify(keyOf(1).publicKey, proofText(otherRole, there), signature)).toBe(isSame)
        expect(verify(keyOf(1).publicKey, proofText(role, here), signature)).toBe(true)
      }),
    )
  })
})
