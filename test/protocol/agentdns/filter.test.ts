/** The filters of deployed nodes: the same words and the same bits. */
import { describe, expect, it } from "vitest"
import { filterItemsOf, lower, wordsOf } from "../../../src/protocol/agentdns/filter.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"
import { agentdnsVectors } from "../../support/agentdns-vectors.ts"

describe("filters of deployed nodes", () => {
  it("split text as that node does", () => {
    const vectors = agentdnsVectors.filter(({ kind }) => kind === "tokens")
    expect(vectors).toHaveLength(4)
    for (const { text, tokens } of vectors) expect(wordsOf(text as string)).toEqual(tokens)
  })

  it("lower-case character by character", () => {
    expect(["ΟΔΟΣ", "İ", "Straße", "ABC", "🚀É"].map(lower)).toEqual(["οδοσ", "i", "straße", "abc", "🚀é"])
  })

  it("have the bits that it sends for what it holds", () => {
    const vector = agentdnsVectors.find(({ items, kind }) => kind === "heartbeat" && items !== undefined)!
    const { bloom_filter, bloom_hashes, bloom_size } = vector.parsed as { bloom_filter: string; bloom_hashes: number; bloom_size: number }
    const bloom = { size: bloom_size, hashes: bloom_hashes, bits: new Uint8Array((bloom_size + 7) >> 3) }
    for (const item of vector["items"] as ReadonlyArray<string>) Bloom.add(bloom, item)
    expect(Buffer.from(bloom.bits).toString("base64")).toBe(bloom_filter)
  })

  it("have words of name and summary, the category even where it is empty, and whole tags", () => {
    const entity = { name: "Doc-Translator 2.0", summary: "Für alle", category: "", tags: ["Tag One", "ΟΔΟΣ"] }
    expect(filterItemsOf(entity)).toEqual(["doc-translator", "alle", "", "tag one", "οδοσ"])
  })
})
