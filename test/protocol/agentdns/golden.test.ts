/** Recorded announcements of a deployed node, in both directions: what they mean, and the same bytes again. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { readGo, writeGo } from "../../../src/protocol/agentdns/announcement.ts"
import { announcementText, readAnnouncement, readSignedText, signedText } from "../../../src/protocol/agentdns/go-announcement.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { verify } from "../../../src/protocol/identity/ed25519.ts"
import { readJson } from "../../../src/protocol/identity/json-text.ts"
import { readSaid, writeGossip } from "../../../src/protocol/wire/agentdns-codec.ts"
import { gossipVectors, type GossipVector, recordedMs } from "../../support/agentdns-vectors.ts"

const announcementIn = ({ frame }: Pick<GossipVector, "frame">): JsonObject =>
  (readJson(frame) as { readonly payload: { readonly announcement: JsonObject } }).payload.announcement

const frameOf = (announcement: string): string => `{"type":"gossip","payload":{"announcement":${announcement}}}`

const written = gossipVectors.filter(({ direction }) => direction === "go->peer")
const sent = gossipVectors.filter(({ direction }) => direction === "peer->go")

/** Not recorded, but of Go's own hand: all that its writer does, in one text or another. */
describe("announcements that Go wrote", () => {
  const path = new URL("../../vectors/agentdns-go.json", import.meta.url)
  const { frames } = JSON.parse(readFileSync(path, "utf8")) as { readonly frames: ReadonlyArray<string> }
  const named = frames.map((frame) => {
    const { action, type } = announcementIn({ frame })
    return [`${type as string} ${action as string}`, frame] as const
  })

  it.each(named)("%s: believed, and sent on byte for byte", (_, frame) => {
    const said = readSaid(Buffer.from(frame))
    const read = said.type === "gossip" ? readGo(said.announcement)! : undefined
    const belief = believe(read!.document(), read!.id, recordedMs, verify)
    expect(belief).toMatchObject({ type: "verified", announcement: { contentId: read!.id } })
    expect(Buffer.from(writeGossip(writeGo(read!.document())!)).toString()).toBe(frame)
  })
})

describe("announcements of a deployed node", () => {
  it("are there", () => {
    expect([written.length, sent.length]).toEqual([26, 27])
  })

  it.each(gossipVectors.map((vector) => [vector.name, vector] as const))("%s: the same bytes are signed", (_, vector) => {
    const said = readAnnouncement(announcementIn(vector))!
    // the vectors show what is signed with the hop count as it stands
    expect(announcementText({ ...said, signature: "" })).toBe(vector.signed)
    expect(readSignedText(signedText(said))).toEqual({ ...said, signature: "", hop_count: 0 })
  })

  it.each(written.map((vector) => [vector.name, vector] as const))("%s: believed, and sent on byte for byte", (_, vector) => {
    const read = readGo(announcementIn(vector))!
    const belief = believe(read.document(), read.id, recordedMs, verify)
    expect(belief).toMatchObject({ type: "verified", announcement: { contentId: read.id, document: read.document() } })
    expect(read.hopCount).toBe(0)
    expect(frameOf(writeGo(read.document())!)).toBe(vector.frame)
  })

  it.each(sent.map((vector) => [vector.name, vector] as const))("%s: judged by its signature with no hop made", (_, vector) => {
    const announcement = announcementIn(vector)
    const read = readGo(announcement)
    const isOver = (announcement["hop_count"] as number) >= (announcement["max_hops"] as number) || announcement["signature"] === ""
    if (isOver) return expect(read).toBeUndefined()
    const belief = believe(read!.document(), read!.id, recordedMs, verify)
    expect(belief.type === "verified").toBe(vector.valid_with_hop_0)
    // what a relay sends on differs from what a deployed node does by the hop that it counts
    if (vector.forwarded_frame !== undefined && vector.valid_with_hop_0 === true)
      expect(frameOf(writeGo(read!.document())!)).toBe(vector.forwarded_frame.replace('"hop_count":1', '"hop_count":0'))
  })
})
