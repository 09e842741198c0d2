/** What peers tell without proof: what of it is shown, and how. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Announcement } from "../../src/protocol/gossip/announcement.ts"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import type { Hearsay } from "../../src/protocol/wire/message.ts"
import { newsIn } from "../../src/runtime/hearsay.ts"
import type { SearchRequest } from "../../src/runtime/node-service.ts"
import { registryOf } from "../support/builders.ts"
import { announcementOf } from "../support/mesh.ts"

const idOf = (index: number) => `zns:${String(index).padStart(32, "0")}` as EntityId
const told = (index: number, over: Partial<Hearsay> = {}): Hearsay => ({
  entityId: idOf(index),
  name: `n${index}`,
  summary: "",
  category: "far",
  tags: ["Lava"],
  home: registryOf(2).registryId,
  status: "active",
  ...over,
})
const known = idOf(9)
const store = { slots: (subject: string) => Effect.succeed<ReadonlyArray<Announcement>>(subject === known ? [announcementOf(1)] : []) }

const shown = (hearsay: ReadonlyArray<Hearsay>, request: SearchRequest = {}, blocked?: EntityId) =>
  Effect.runSync(
    newsIn({ self: registryOf(1).registryId, store, mayBeShown: (record) => record.entity_id !== blocked }, request, [
      { link: 1, total: 9, documents: [], hearsay },
      { link: 2, total: 0, documents: [] },
    ]),
  )
const idsIn = (...given: Parameters<typeof shown>) => shown(...given).map(({ entry }) => entry.record.entity_id)

describe("hearsay", () => {
  it("is shown once each, as what it is, with nothing to connect to and no trust", () => {
    const hits = shown([told(1), told(1, { name: "again" }), told(2)])
    expect(hits.map(({ entry }) => [entry.tier, entry.record.name, entry.record.entity_url, entry.record.public_key])).toEqual([
      ["hearsay", "n1", "", ""],
      ["hearsay", "n2", "", ""],
    ])
    expect(hits.map(({ breakdown }) => breakdown.trust_score)).toEqual([0, 0])
    expect(hits[0]!.score).toBeGreaterThan(hits[1]!.score)
  })

  it("says nothing of what we know anything of, of what may not be shown, or would be registered here", () => {
    expect(idsIn([told(9), told(3), told(4), told(5, { home: registryOf(1).registryId })], {}, idOf(4))).toEqual([idOf(3)])
  })

  it("is held to what was asked, and answers nothing that needs a proof", () => {
    const all = [told(1), told(2, { category: "near", tags: [] }), told(3, { status: "inactive" })]
    expect(idsIn(all, { category: "far" })).toEqual([idOf(1), idOf(3)])
    expect(idsIn(all, { tags: ["LAVA"] })).toEqual([idOf(1), idOf(3)])
    expect(idsIn(all, { status: "active" })).toEqual([idOf(1), idOf(2)])
    expect(idsIn(all, { entity_type: "service" })).toEqual([])
    expect(idsIn(all, { developer_id: "zns:dev:x" })).toEqual([])
    const proven: ReadonlyArray<SearchRequest> = [
      { min_trust_score: 0.1 },
      { developer_handle: "alice" },
      { fqan: "h/alice/x" },
      { skills: ["x"] },
    ]
    for (const request of proven) expect(idsIn(all, request)).toEqual([])
  })
})
