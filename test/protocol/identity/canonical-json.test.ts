/** Canonical JSON: what is signed says the same, is written one way, and is what `JSON.stringify` would write of sorted keys. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonical, canonicalWithout, htmlEscaped, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"

/**
 * Keys that trip sorting and objects: beyond the surrogates, index-like, prototype names. None that JSON writes with an
 * escape: Node 24's own `JSON.parse`, the oracle here, may misread those (nodejs/node#63785). They have examples below.
 */
const key = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("a", "b", "", "10", "9", "é", "\uffff", "😀", "𐀀", "__proto__", "constructor", "toString", "\u2028"),
  )
  .filter((name) => JSON.stringify(name) === `"${name}"`)
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    object(tie("value")),
  ),
})).value

function object<V extends Json>(value: fc.Arbitrary<V>): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((members) => Object.fromEntries(members))
}

/** The same value, every object with its members in another order. */
const reordered = (value: Json): Json => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(reordered)
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reordered(member!)]),
  )
}

describe("canonical", () => {
  it("says what the value says", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it("does not depend on the order of members", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical(reordered(value))).toBe(canonical(value))
      }),
      { numRuns: 500 },
    )
  })

  it("is its own canonical form", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonical(value)
        expect(canonical(JSON.parse(text) as Json)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it("tells different values apart", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        if (canonical(a) === canonical(b)) expect(reordered(a)).toEqual(reordered(b))
      }),
    )
  })

  it("sorts members by the bytes of UTF-8, also beyond the surrogates", () => {
    fc.assert(
      fc.property(object(fc.constant(0)), (value) => {
        // The value is flat and its numbers are 0, so the text splits into its members' names.
        const names = [...canonical(value).matchAll(/("(?:[^"\\]|\\.)*"):0/g)].map((match) => JSON.parse(match[1]!) as string)
        expect(names).toEqual(Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
        expect(names).toHaveLength(Object.keys(value).length)
      }),
      { numRuns: 1_000 },
    )
    expect(canonical({ "😀": 1, "\uffff": 2, a: 3 })).toBe('{"a":3,"\uffff":2,"😀":1}')
  })

  it("is what JSON.stringify writes of sorted ASCII members", () => {
    const ascii = fc.stringMatching(/^[ !#-[\]-~]{1,5}$/).filter((name) => !/^(\d+|__proto__)$/.test(name))
    fc.assert(
      fc.property(fc.dictionary(ascii, fc.oneof(fc.string(), fc.integer(), fc.boolean())), (value) => {
        const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        expect(canonical(value)).toBe(JSON.stringify(sorted))
      }),
      { numRuns: 500 },
    )
  })

  it.each<readonly [Json, string]>([
    [{ b: 1, a: [1.0, 1, -0, 1e21, 0.1, 1e-7] }, '{"a":[1,1,0,1e+21,0.1,1e-7],"b":1}'],
    [{ "10": 1, "9": 2, a: 3 }, '{"10":1,"9":2,"a":3}'],
    [JSON.parse('{"__proto__":{"x":1},"a":2}') as Json, '{"__proto__":{"x":1},"a":2}'],
    [{ a: undefined, b: null }, '{"b":null}'],
    [{ text: '<&>\u2028é😀\u0007"\\/' }, '{"text":"<&>\u2028é😀\\u0007\\"\\\\/"}'],
    [{ "\\": 1, '"': 2, "\n": 3, "\0": 4, "]": 5 }, '{"\\u0000":4,"\\n":3,"\\"":2,"\\\\":1,"]":5}'],
    [[], "[]"],
    [{}, "{}"],
  ])("writes %j as %s", (value, text) => {
    expect(canonical(value)).toBe(text)
  })

  it("leaves out members of the outermost object only", () => {
    expect(canonicalWithout({ signature: "x", a: { signature: "y" }, hop: 1 }, "signature", "hop")).toBe('{"a":{"signature":"y"}}')
    fc.assert(
      fc.property(object(json), key, (value, left) => {
        const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== left))
        expect(canonicalWithout(value, left)).toBe(canonical(rest))
      }),
    )
  })
})

describe("htmlEscaped", () => {
  it.each([
    ['{"name":"A&B <Labs>"}', '{"name":"A\\u0026B \\u003cLabs\\u003e"}'],
    ['{"a":"\u2028\u2029"}', '{"a":"\\u2028\\u2029"}'],
    ['{"a":"é 😀 \' /"}', '{"a":"é 😀 \' /"}'],
  ])("writes %j as Go does", (raw, escaped) => {
    expect(htmlEscaped(raw)).toBe(escaped)
  })

  it("says the same in other bytes", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = htmlEscaped(canonical(value))
        expect(text).not.toMatch(/[<>&\u2028\u2029]/)
        expect(JSON.parse(text)).toEqual(JSON.parse(canonical(value)))
      }),
    )
  })
})
