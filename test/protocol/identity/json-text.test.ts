/** JSON from outside is read as `JSON.parse` should read it, whatever was read before. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isPlainName, readAnyJson, readJson } from "../../../src/protocol/identity/json-text.ts"

/** The same name, each character spelled with an escape where the flags say so. */
const spelled = (name: string, escapes: ReadonlyArray<boolean>): string =>
  [...Array(name.length).keys()]
    .map((i) => (escapes[i % escapes.length] === true ? `\\u${name.charCodeAt(i).toString(16).padStart(4, "0")}` : name[i]))
    .join("")

const name = fc.string({ unit: "grapheme", maxLength: 6 }).filter(isPlainName)
const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 })

const hasOnlyPlainNames = (value: unknown): boolean =>
  typeof value !== "object" || value === null || (Object.keys(value).every(isPlainName) && Object.values(value).every(hasOnlyPlainNames))

describe("readJson", () => {
  it("reads what JSON.stringify wrote, unless a name needs an escape", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        const read = readJson(text)
        if (hasOnlyPlainNames(value)) expect(JSON.stringify(read)).toBe(text)
        else expect(read).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it("reads a name the same however it is spelled, and leaves texts alone", () => {
    fc.assert(
      fc.property(name, escapes, fc.string(), fc.string(), (name, escapes, text, before) => {
        const json = `{${JSON.stringify(`${before}x`).includes("\\") ? "" : `"${before}x":1,`} "${spelled(name, escapes)}" : ${JSON.stringify(text)} }`
        const read = readJson(json) as Record<string, unknown>
        expect(Object.keys(read)).toContain(name)
        expect(read[name]).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it("reads any name where that is wanted, however often it is spelled otherwise", () => {
    const marked = fc.string({ unit: fc.constantFrom("\ue000", '"', "\\", "\n", "a", "0022", "\ud800"), maxLength: 6 })
    const any = fc
      .oneof(fc.string({ unit: "binary", maxLength: 4 }), marked)
      .filter((key) => key !== "__proto__" && !key.includes("\ue000".repeat(5)))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), tie("object"), fc.array(tie("value"), { maxLength: 2 })),
      object: fc.dictionary(any, tie("value"), { maxKeys: 3 }),
    }))
    fc.assert(
      fc.property(value, (value) => {
        const text = JSON.stringify(value)
        expect(JSON.stringify(readAnyJson(text))).toBe(text)
        // a writer may escape whatever it likes
        expect(JSON.stringify(readAnyJson(text.replaceAll("\ue000", "\\uE000")))).toBe(text)
      }),
      { numRuns: 500 },
    )
    expect(readAnyJson(`{"\\n":"${"\ue000".repeat(9)}"}`)).toBeUndefined()
    for (const broken of ['{"\\":1', '{"\\x":1}', "[".repeat(100_000) + '{"\\\\":1}']) expect(readAnyJson(broken)).toBeUndefined()
  })

  it("is not led astray by a name with a backslash that was read before", () => {
    // Against JSON.parse itself these two lines would make the third read as {"h":…,"\\":…}: the bug this file is about.
    for (let i = 0; i < 10; i++) readJson('{"h":[],"\\\\":0}')
    expect(readJson('{"h":[],"\\u0061":0}')).toEqual({ h: [], a: 0 })
    expect(readJson('{"h":1,"\\"":0}')).toBeUndefined()
  })

  it.each(['{"\\"":1}', '{"a":{"\\n":1}}', '[{"\\\\":1}]', '{"\\u0000":1}', '{"\\ud800":1}', '{"a\\u0022" \n:1}'])("refuses %s", (text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow()
    expect(readJson(text)).toBeUndefined()
  })

  it.each([
    "",
    "{",
    '"',
    '{"a',
    '{"a\\',
    '{"a\\"',
    '{"\\x":1}',
    '{"\\u12":1}',
    "{'a':1}",
    '{"a":1}x',
    "undefined",
    "[".repeat(100_000),
    "\ufeff{}",
  ])("is undefined for %j", (text) => {
    expect(readJson(text)).toBeUndefined()
  })

  it("takes texts of any spelling", () => {
    expect(readJson('{"a":"\\"b\\":1","c":["\\\\",":"]}')).toEqual({ a: '"b":1', c: ["\\", ":"] })
    expect(readJson('{"gr\\u00f6\\u00dfe":"\\u00e9"}')).toEqual({ größe: "é" })
  })

  it("reads a megabyte of quotes and backslashes in time", () => {
    const startedAt = performance.now()
    readJson(`{"a":"${'\\"'.repeat(500_000)}"}`)
    readJson(`[${'"\\\\",'.repeat(150_000)}0]`)
    readJson(`{${'"\\u0061":1,'.repeat(90_000)}"b":1}`)
    readJson(`["${"\\".repeat(1_000_000)}`)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
