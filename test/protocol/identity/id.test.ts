/** Ids: one thing with two spellings, and nothing else is one. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hexOf, idOf, isIdOf, onWire, read, readDeveloperId, readEntityId, readRegistryId } from "../../../src/protocol/identity/id.ts"
import { writeKey } from "../../../src/protocol/identity/key.ts"

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(writeKey)
const kind = fc.constantFrom("agent", "service", "developer", "registry")

describe("ids", () => {
  it("read back from either spelling as the inner one", () => {
    fc.assert(
      fc.property(key, kind, (key, kind) => {
        const id = idOf(kind, key)
        expect(read(id)).toEqual({ kind, id })
        expect(read(onWire(id))).toEqual({ kind, id })
        expect(onWire(id)).toMatch(/^agdns:/)
        expect(onWire(onWire(id) as typeof id)).not.toBe(onWire(id)) // the wire spelling never gets inside
        expect(isIdOf(id, key)).toBe(true)
        expect(hexOf(id)).toBe(hexOf(idOf("agent", key)))
      }),
    )
  })

  it("tell kinds apart, and keys", () => {
    fc.assert(
      fc.property(key, key, kind, kind, (a, b, one, other) => {
        expect(idOf(one, a) === (idOf(other, b) as string)).toBe(a === b && one === other)
      }),
    )
  })

  it("are read as the kind that is asked for", () => {
    fc.assert(
      fc.property(key, kind, (key, kind) => {
        const id = idOf(kind, key)
        expect(readEntityId(id)).toBe(kind === "agent" || kind === "service" ? id : undefined)
        expect(readDeveloperId(id)).toBe(kind === "developer" ? id : undefined)
        expect(readRegistryId(id)).toBe(kind === "registry" ? id : undefined)
      }),
    )
  })

  const hex = "7f20ca8dbd54948394783b3bd6a3cabe"
  it.each([
    "",
    hex,
    `zns:${hex.slice(1)}`,
    `zns:${hex}0`,
    `zns:${hex.toUpperCase()}`,
    `ZNS:${hex}`,
    ` zns:${hex}`,
    `zns:${hex} `,
    `zns:${hex}\n`,
    `zns:agent:${hex}`,
    `zns:svc:dev:${hex}`,
    `zns:registry${hex}`,
    `dns:${hex}`,
    `xagdns:${hex}`,
    `zns:${hex}\u2028`,
    `zns:__proto__:${hex}`,
  ])("no id: %j", (text) => {
    expect(read(text)).toBeUndefined()
  })

  it("are never read from anything else", () => {
    const nearly = fc.stringMatching(/^(zns|agdns|zn):(svc:|dev:|registry:|x)?[0-9a-g]{31,33}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const found = read(text)
        if (found !== undefined) expect([found.id as string, onWire(found.id)]).toContain(text)
      }),
      { numRuns: 500 },
    )
  })
})
