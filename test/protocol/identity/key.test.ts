/** Keys and signatures as text: one canonical form, so that equal keys are equal strings. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rawKey, rawSignature, readKey, readSignature, writeKey, writeSignature } from "../../../src/protocol/identity/key.ts"

const raw = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe("key texts", () => {
  it("come back as they were, with and without prefix", () => {
    fc.assert(
      fc.property(raw(32), (bytes) => {
        const key = writeKey(bytes)
        expect(readKey(key)).toBe(key)
        expect(readKey(key.slice("ed25519:".length))).toBe(key)
        expect(new Uint8Array(rawKey(key))).toEqual(bytes)
      }),
    )
  })

  it("have one spelling: whatever is read is written the same", () => {
    const character = fc.constantFrom(...Array.from("ABwz019+/=-_ \r\n:"))
    const nearly = fc.tuple(raw(32), fc.nat(51), character).map(([bytes, at, put]) => {
      const key: string = writeKey(bytes)
      return key.slice(0, at) + put + key.slice(at + 1)
    })
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string()), (text) => {
        const key = readKey(text)
        if (key !== undefined) expect([key, key.slice(8)]).toContain(text)
        if (key !== undefined) expect(writeKey(rawKey(key))).toBe(key)
      }),
      { numRuns: 1_000 },
    )
  })

  const key: string = writeKey(new Uint8Array(32).fill(0xfb))
  const base64 = key.slice("ed25519:".length)
  it.each([
    ["nothing", ""],
    ["the prefix alone", "ed25519:"],
    ["no padding", key.slice(0, -1)],
    ["double padding", `${key.slice(0, -2)}==`],
    ["padding too much", `${key}=`],
    ["a line feed behind", `${key}\n`],
    ["a carriage return behind", `${key}\r\n`],
    ["a line feed instead of padding", `${key.slice(0, -1)}\n`],
    ["a line feed within", `${base64.slice(0, 20)}\n${base64.slice(21)}`],
    ["a space in front", ` ${base64.slice(1)}`],
    ["the URL alphabet", base64.replaceAll("+", "-").replaceAll("/", "_")],
    ["bits in the padding", `${base64.slice(0, -2)}t=`],
    ["31 bytes", Buffer.alloc(31).toString("base64")],
    ["33 bytes", Buffer.alloc(33).toString("base64")],
    ["two prefixes", `ed25519:${key}`],
    ["another prefix", `ED25519:${base64}`],
    ["hex", "fb".repeat(32)],
  ])("refused: %s", (_, text) => {
    expect(text).not.toBe(key)
    expect(readKey(text)).toBeUndefined()
  })
})

describe("signature texts", () => {
  it("come back as they were; the prefix is required", () => {
    fc.assert(
      fc.property(raw(64), (bytes) => {
        const signature = writeSignature(bytes)
        expect(readSignature(signature)).toBe(signature)
        expect(readSignature(signature.slice("ed25519:".length))).toBeUndefined()
        expect(new Uint8Array(rawSignature(signature))).toEqual(bytes)
        expect(readSignature(`${signature.slice(0, -1)}\n`)).toBeUndefined()
        expect(readSignature(`${signature}\n`)).toBeUndefined()
      }),
    )
  })
})
