/** Whom to ask by filters of whole words, as deployed nodes tell them, beside those of ours. */
import { describe, expect, it } from "vitest"
import { filterItemsOf } from "../../../src/protocol/agentdns/filter.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"
import { heard } from "../../../src/protocol/search/home-filter.ts"
import { wantedBy } from "../../../src/protocol/search/question.ts"
import { choose, unknownWorth } from "../../../src/protocol/search/routing.ts"

const peer = (link: number, ...items: ReadonlyArray<string>) => {
  const bloom = Bloom.emptyFor(100)
  for (const item of items) Bloom.add(bloom, item)
  return { link, filter: heard(undefined, { type: "whole", version: 0, bloom, isPlain: true }), worth: unknownWorth }
}
const holding = (link: number, name: string, category = "c", tags: ReadonlyArray<string> = []) =>
  peer(link, ...filterItemsOf({ name, summary: "", category, tags }))
const asked = (question: Parameters<typeof wantedBy>[0], ...peers: ReadonlyArray<ReturnType<typeof peer>>) =>
  choose(wantedBy(question), peers).toSorted((a, b) => a - b)

describe("filters of whole words", () => {
  it("are asked in whole words, though ours have stems", () => {
    expect(
      asked({ query: "Translations of forecasts" }, holding(1, "translations"), holding(2, "translation"), holding(3, "other")),
    ).toEqual([1])
  })

  it("have to have the category and one of the tags, but neither ids nor capabilities", () => {
    const peers = [holding(1, "weather", "Sky", ["Rain"]), holding(2, "weather", "sky"), holding(3, "weather", "sea", ["rain"])]
    expect(asked({ query: "weather", category: "SKY" }, ...peers)).toEqual([1, 2])
    expect(asked({ query: "weather", category: "sky", tags: ["RAIN", "snow"] }, ...peers)).toEqual([1])
    expect(asked({ query: "weather", skills: ["x"], developer_id: "zns:dev:y" }, ...peers)).toEqual([1, 2, 3])
  })
})
