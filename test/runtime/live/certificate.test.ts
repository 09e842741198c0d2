import { X509Certificate } from "node:crypto"
import { describe, expect, it } from "vitest"
import * as fc from "fast-check"
import { secretKeyOf, spkiOf } from "../../../src/protocol/identity/ed25519.ts"
import { selfSigned } from "../../../src/runtime/live/certificate.ts"

const seed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe("the certificate of a node", () => {
  it("carries the node's key and verifies itself, whatever the key, the serial and the date", () => {
    const dates = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2080) })
    fc.assert(
      fc.property(seed(32), seed(16), dates, (keySeed, serial, nowMs) => {
        const key = secretKeyOf(keySeed)
        const certificate = new X509Certificate(selfSigned(key, { serial, nowMs }))
        expect(certificate.verify(certificate.publicKey)).toBe(true)
        expect(certificate.publicKey.export({ format: "der", type: "spki" })).toEqual(spkiOf(key.publicKey))
        expect(certificate.serialNumber.toLowerCase().slice(2)).toBe(Buffer.from(serial).toString("hex").slice(2))
        expect(certificate.validFromDate.getTime()).toBe(Math.floor((nowMs - 3_600_000) / 1_000) * 1_000)
        expect(certificate.validToDate.getTime()).toBe(Math.floor((nowMs + 365 * 86_400_000) / 1_000) * 1_000)
      }),
      { numRuns: 60 },
    )
  })

  it("names nobody, and may be used by both ends of a connection", () => {
    const certificate = new X509Certificate(selfSigned(secretKeyOf(new Uint8Array(32)), { serial: new Uint8Array(16), nowMs: 0 }))
    expect([certificate.subject ?? "", certificate.issuer ?? "", certificate.ca]).toEqual(["", "", false])
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])
  })

  it("does not verify once a bit of it has changed", () => {
    const text = selfSigned(secretKeyOf(new Uint8Array(32)), { serial: new Uint8Array(16), nowMs: 0 })
    const der = new X509Certificate(text).raw
    der[40]! ^= 1
    let holds = false
    try {
      const forged = new X509Certificate(der)
      holds = forged.verify(forged.publicKey)
    } catch {
      // Not even parsed: as good.
    }
    expect(holds).toBe(false)
  })
})
