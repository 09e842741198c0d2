/** The bytes that Go's `json.Marshal` writes: a table of what was seen, and properties. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readStruct, shapeOf, textIn, writeFloat, writeStruct, writeText } from "../../../src/protocol/agentdns/go-json.ts"
import { announcementText, readAnnouncement, readSignedText, signedText } from "../../../src/protocol/agentdns/go-announcement.ts"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { readAnyJson } from "../../../src/protocol/identity/json-text.ts"

describe("a text", () => {
  it.each([
    ["plain", '"plain"'],
    ["<a href='x'>&amp;", `"\\u003ca href='x'\\u003e\\u0026amp;"`],
    ["\u2028 \u2029", '"\\u2028 \\u2029"'],
    ["\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'],
    ["\0\u0001\u000b\u001f", '"\\u0000\\u0001\\u000b\\u001f"'],
    ['"\\/', '"\\"\\\\/"'],
    ["\u007f\u0080\u00a0", '"\u007f\u0080\u00a0"'],
    ["Zoë 東京 🚀", '"Zoë 東京 🚀"'],
    ["\ud800", '"\ufffd"'],
    ["a\udc00b", '"a\ufffdb"'],
    ["\ud83d\ude80\ud83d", '"🚀\ufffd"'],
    ["\u2027\u202a", '"\u2027\u202a"'],
  ])("%j is %s", (text, written) => expect(writeText(text)).toBe(written))

  it("means itself again, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = writeText(text)
        expect(JSON.parse(written)).toBe(text.toWellFormed())
        expect(written).not.toMatch(/[<>&\u2028\u2029\u0000-\u001f]/)
        expect(written).toBe(written.toWellFormed())
      }),
    )
  })
})

describe("bytes", () => {
  it.each([
    ["6162", "ab"],
    ["c3a9e69db1f09f9a80", "é東🚀"],
    ["efbfbd", "\ufffd"],
    ["61ff62", "a\ufffdb"],
    ["e28241", "\ufffd\ufffdA"],
    ["f09f98", "\ufffd\ufffd\ufffd"],
    ["eda080", "\ufffd\ufffd\ufffd"],
    ["c0af", "\ufffd\ufffd"],
    ["f4908080", "\ufffd\ufffd\ufffd\ufffd"],
    ["efbfbde282f09f9a80", "\ufffd\ufffd\ufffd🚀"],
    ["efbbbf61", "\ufeffa"],
  ])("%s are %j", (hex, text) => expect(textIn(Buffer.from(hex, "hex"))).toBe(text))

  it("are what they were as long as they are UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(textIn(Buffer.from(text))).toBe(text.toWellFormed())
        // and those beside one that is not
        expect(textIn(Buffer.concat([Buffer.from([0xff]), Buffer.from(text)]))).toBe(`\ufffd${text.toWellFormed()}`)
      }),
    )
  })
})

describe("a number", () => {
  it.each([
    [0, "0"],
    [-0, "-0"],
    [0.005, "0.005"],
    [9.99, "9.99"],
    [1e-6, "0.000001"],
    [1e-7, "1e-7"],
    [1.5e-9, "1.5e-9"],
    [1e20, "100000000000000000000"],
    [1e21, "1e+21"],
    [-1e21, "-1e+21"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [123456789.125, "123456789.125"],
    [0.1 + 0.2, "0.30000000000000004"],
  ])("%d is %s", (value, written) => expect(writeFloat(value)).toBe(written))
})

const shape = shapeOf({
  text: "text",
  perhaps: ["text", "o"],
  list: ["texts", "o"],
  kept: "texts",
  count: ["int", "o"],
  price: "float",
  yes: ["bool", "o"],
  rates: ["rates", "o"],
  inner: [{ shape: shapeOf({ index: "uint32", words: ["texts", "o"] }) }, "o"],
})
const goOf = (text: string): string | undefined => {
  const struct = readStruct(shape, readAnyJson(text) as JsonObject)
  return struct === undefined ? undefined : writeStruct(shape, struct)
}

describe("a struct", () => {
  it.each([
    ["{}", '{"text":"","kept":null,"price":0}'],
    ['{"text":null,"kept":null,"price":null,"yes":null,"rates":null,"inner":null}', '{"text":"","kept":null,"price":0}'],
    ['{"kept":[],"list":[]}', '{"text":"","kept":[],"price":0}'],
    ['{"list":["a",null],"perhaps":""}', '{"text":"","list":["a",""],"kept":null,"price":0}'],
    ['{"inner":{}}', '{"text":"","kept":null,"price":0,"inner":{"index":0}}'],
    ['{"inner":{"words":[],"index":4294967295,"other":1}}', '{"text":"","kept":null,"price":0,"inner":{"index":4294967295}}'],
    ['{"rates":{"b":1,"a":-0,"é":null,"Z":1e21}}', '{"text":"","kept":null,"price":0,"rates":{"Z":1e+21,"a":-0,"b":1,"é":0}}'],
    ['{"rates":{}}', '{"text":"","kept":null,"price":0}'],
    ['{"rates":{"🚀":1,"\\uffee":2}}', '{"text":"","kept":null,"price":0,"rates":{"\uffee":2,"🚀":1}}'],
    [
      '{"rates":{"\\\\":1,"a\\"b":2,"\\n\\u0001\\u003c\\u2028":3,"\\ud800":4}}',
      '{"text":"","kept":null,"price":0,"rates":{"\\n\\u0001\\u003c\\u2028":3,"\\\\":1,"a\\"b":2,"\ufffd":4}}',
    ],
    ['{"rates":{"<x>":1}}', '{"text":"","kept":null,"price":0,"rates":{"\\u003cx\\u003e":1}}'],
    ['{"count":-3,"price":-0}', '{"text":"","kept":null,"count":-3,"price":-0}'],
    ['{"count":-0}', '{"text":"","kept":null,"price":0}'],
    ['{"TEXT":"a","Price":2}', '{"text":"a","kept":null,"price":2}'],
    ['{"text":"a","tExt":"b"}', '{"text":"b","kept":null,"price":0}'],
    ['{"\u212aept":["k"],"li\u017ft":["s"]}', '{"text":"","list":["s"],"kept":["k"],"price":0}'],
    ['{"text":"\\ud800"}', '{"text":"\ufffd","kept":null,"price":0}'],
    ['{"price":1E2,"unknown":{"a":[]}}', '{"text":"","kept":null,"price":100}'],
  ])("%s becomes %s", (said, written) => expect(goOf(said)).toBe(written))

  it.each([
    '{"text":1}',
    '{"text":["a"]}',
    '{"list":"a"}',
    '{"list":[1]}',
    '{"count":1.5}',
    '{"count":"1"}',
    '{"count":9007199254740993}',
    '{"price":"1"}',
    '{"yes":1}',
    '{"rates":[]}',
    '{"rates":{"a":"1"}}',
    '{"inner":[]}',
    '{"inner":{"index":-1}}',
    '{"inner":{"index":4294967296}}',
    '{"inner":{"words":[{}]}}',
    '{"Count":"x"}',
  ])("%s cannot be read", (said) => expect(goOf(said)).toBeUndefined())
})

describe("an announcement", () => {
  const text = fc.oneof(
    fc.constantFrom("", "<&>", "\u2028", "zns:0", "2026-04-10T12:00:00Z", '"signature":""'),
    fc.string({ unit: "binary" }),
  )
  const texts = fc.oneof(fc.constant(null), fc.array(text, { maxLength: 3 }))
  const number = fc.oneof(fc.constantFrom(0, -0, 1e-7, 1e21), fc.double({ noNaN: true, noDefaultInfinity: true }))
  const said = fc.record(
    {
      type: text,
      entity_id: text,
      name: text,
      tags: texts,
      capability_summary: fc.oneof(fc.constant(null), fc.record({ skills: texts, models: texts }, { requiredKeys: [] })),
      entity_pricing: fc.record(
        { model: text, base_price_usd: number, payment_methods: texts, rates: fc.dictionary(text, number, { maxKeys: 4 }) },
        { requiredKeys: [] },
      ),
      developer_proof: fc.record({ developer_public_key: text, entity_index: fc.nat(), developer_signature: text }, { requiredKeys: [] }),
      signature: text,
      hop_count: fc.integer({ min: -3, max: 12 }),
      max_hops: fc.integer(),
      dev_handle_verified: fc.boolean(),
      verified_layers: texts,
      unknown: fc.jsonValue() as fc.Arbitrary<never>,
    },
    { requiredKeys: [] },
  )

  it("is the same after a trip through its own text", () => {
    fc.assert(
      fc.property(said, (members) => {
        const read = readAnnouncement(members)!
        const again = readAnyJson(announcementText(read))
        // a name that needs an escape is refused by our reader of JSON, here as everywhere
        if (again === undefined) return
        expect(readAnnouncement(again as JsonObject)).toEqual(withoutEmpty(read))
        const signed = readSignedText(signedText(read))!
        expect(signedText(signed)).toBe(signedText(read))
      }),
      { numRuns: 300 },
    )
  })

  it("is signed in one spelling only", () => {
    const one = signedText({
      type: "agent_announce",
      entity_id: "zns:1",
      name: "a<b",
      tags: ["x"],
      hop_count: 3,
      max_hops: 10,
      signature: "s",
    })
    expect(readSignedText(one)).toMatchObject({ name: "a<b", signature: "", hop_count: 0 })
    const others = [
      one.replace("\\u003c", "<"),
      one.replace("\\u003c", "\\u003C"),
      one.replace('"tags":["x"]', '"tags":[]'),
      one.replace('"hop_count":0', '"hop_count":1'),
      one.replace('"signature":""', '"signature":"s"'),
      one.replace('"max_hops":10', '"max_hops":10,"unknown":1'),
      one.replace('"max_hops":10', '"max_hops":1e1'),
      one.replace('{"type"', '{ "type"'),
      one.replace('"type":"agent_announce","entity_id":"zns:1"', '"entity_id":"zns:1","type":"agent_announce"'),
      one.replace('"name"', '"Name"'),
      `${one} `,
      `[${one}]`,
      "null",
      "",
    ]
    for (const text of others) expect(readSignedText(text), text).toBeUndefined()
  })
})

/** Lists and rates that are empty are left out where Go may, and come back as none. */
const withoutEmpty = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (name !== "payment_methods" && Array.isArray(member) && member.length === 0) return [[name, undefined]]
      if (name === "rates" && member !== undefined && Object.keys(member).length === 0) return [[name, undefined]]
      return [[name, typeof member === "object" && member !== null && !Array.isArray(member) ? withoutEmpty(member) : member]]
    }),
  )
