import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { secretKeyOf } from "../../../src/protocol/identity/ed25519.ts"
import { rawKey } from "../../../src/protocol/identity/key.ts"
import { makeIdentity, readIdentity } from "../../../src/runtime/live/identity-file.ts"

const scratch = mkdtempSync(join(tmpdir(), "identity-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let count = 0
const freshFile = () => join(scratch, `${count++}`, "identity.json")
const fileWith = (text: string, mode = 0o600) => {
  const file = freshFile()
  mkdirSync(join(file, ".."))
  writeFileSync(file, text, { mode })
  return file
}
const read = (file: string) => Effect.runSync(readIdentity(file))
const refusal = (file: string) => Effect.runSync(Effect.flip(readIdentity(file)))

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const own = (seed: Uint8Array) => rawKey(secretKeyOf(seed).publicKey)

describe("the identity file", () => {
  it("is nothing where there is none, and is then made: private, whole, in the SDKs' form", () => {
    const file = freshFile()
    expect(read(file)).toBeUndefined()
    const made = Effect.runSync(makeIdentity(file))
    expect(read(file)?.key.publicKey).toBe(made.key.publicKey)
    const document = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>
    expect(Object.keys(document)).toEqual(["public_key", "private_key"])
    expect(Buffer.from(document["private_key"]!, "base64").length).toBe(32)
    expect(document["public_key"]).toBe(base64(rawKey(made.key.publicKey)))
    expect(readdirSync(join(file, ".."))).toEqual(["identity.json"])
    if (process.platform !== "win32") {
      expect([statSync(file).mode & 0o777, statSync(join(file, "..")).mode & 0o777]).toEqual([0o600, 0o700])
    }
  })

  it("is never overwritten by another one", () => {
    const file = freshFile()
    const first = Effect.runSync(makeIdentity(file))
    expect(Effect.runSync(Effect.flip(makeIdentity(file)))._tag).toBe("IdentityUnusable")
    expect(read(file)?.key.publicKey).toBe(first.key.publicKey)
    expect(readdirSync(join(file, ".."))).toEqual(["identity.json"])
  })

  it("is read as a Go node and as both SDKs write it", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const expected = secretKeyOf(seed).publicKey
        const forms = [
          { public_key: base64(own(seed)), private_key: base64(seed) },
          { public_key: base64(own(seed)), private_key: base64(Buffer.concat([seed, own(seed)])) },
          { public_key: expected, private_key: base64(seed), derived_from: { index: 3 } },
          { private_key: base64(seed) },
        ]
        for (const form of forms) expect(read(fileWith(JSON.stringify(form)))?.key.publicKey).toBe(expected)
      }),
      { numRuns: 10 },
    )
  })

  it("warns when others can read it", () => {
    const file = fileWith(JSON.stringify({ private_key: base64(new Uint8Array(32)) }))
    expect(read(file)?.warnings).toEqual([])
    if (process.platform === "win32") return
    chmodSync(file, 0o640)
    expect(read(file)?.warnings).toEqual([`${file} holds a secret and can be read by other users: chmod 600 ${file}`])
  })

  const seed = new Uint8Array(32).fill(5)
  const wrong: Record<string, readonly [text: string, reason: string]> = {
    "an empty file": ["", "is not JSON"],
    "no JSON": ["private_key = 'x'", "is not JSON"],
    "a list": ["[]", "is not a JSON object"],
    null: ["null", "is not a JSON object"],
    "no private key": [JSON.stringify({ public_key: base64(own(seed)) }), "has no private_key"],
    "a number": [JSON.stringify({ private_key: 5 }), "has no private_key"],
    "no base64": [JSON.stringify({ private_key: "!!" }), "has a private_key that is not base64"],
    "another length": [
      JSON.stringify({ private_key: base64(new Uint8Array(31)) }),
      "has a private_key of 31 bytes where 32 or 64 are expected",
    ],
    "another's public key": [
      JSON.stringify({ public_key: base64(own(new Uint8Array(32))), private_key: base64(seed) }),
      "holds a public key that is not the one of its private key",
    ],
    "64 bytes that do not belong together": [
      JSON.stringify({ private_key: base64(Buffer.concat([seed, own(new Uint8Array(32))])) }),
      "holds a public key that is not the one of its private key",
    ],
  }
  for (const [name, [text, reason]] of Object.entries(wrong)) {
    it(`is refused with its reason: ${name}`, () => {
      const error = refusal(fileWith(text))
      expect([error._tag, error.reason]).toEqual(["IdentityUnusable", reason])
      expect(JSON.stringify(error)).not.toContain(base64(seed).slice(0, 20))
    })
  }

  it("is refused when it is a directory, or below a file", () => {
    const file = fileWith("{}")
    expect(refusal(join(file, "..")).reason).toBe("is a directory")
    expect(Effect.runSync(Effect.flip(makeIdentity(join(file, "identity.json")))).reason).toBe("is below something that is not a directory")
  })
})
