/**
 * GOSSIP frames are read twice: their head at once, the rest when somebody wants it. Both readings are one. And the page's
 * own example of a HEARTBEAT is one.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ContentId } from "../../../src/protocol/gossip/announcement.ts"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { isPlainName } from "../../../src/protocol/identity/json-text.ts"
import type { Gossip } from "../../../src/protocol/wire/message.ts"
import { isUnreadable, read, write } from "../../../src/protocol/wire/spec-codec.ts"
import { announcementOf, gossipOf } from "../../support/mesh.ts"

const id = fc.stringMatching(/^[0-9a-f]{32}$/)
const hopCount = fc.integer({ min: 0, max: 999 })
const hasPlainNames = (value: unknown): boolean =>
  typeof value !== "object" || value === null || (Object.keys(value).every(isPlainName) && Object.values(value).every(hasPlainNames))
/** What JSON can say and say again, by the rule of `json-text.ts`: no `-0`, no name that needs an escape. */
const document = fc
  .dictionary(fc.string(), fc.jsonValue())
  .map((members) => JSON.parse(JSON.stringify(members)) as JsonObject)
  .filter(hasPlainNames)
const gossip = fc
  .record({ id, hopCount, document })
  .map((said): Gossip => ({ type: "GOSSIP", id: said.id as ContentId, hopCount: said.hopCount, document: () => said.document }))

/** What a frame says once it has been read to its end, or why it says nothing. */
const wholly = (payload: Uint8Array): unknown => {
  const message = read(payload)
  if (isUnreadable(message)) return message.reason
  if (message.type !== "GOSSIP") return message
  const said = message.document()
  return said === undefined ? "not-a-message" : { type: "GOSSIP", id: message.id, hopCount: message.hopCount, document: said }
}

const bytesOf = (text: string) => Buffer.from(text)

describe("a GOSSIP frame", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(gossip, (message) => {
        expect(wholly(write(message))).toEqual({ ...message, document: message.document() })
      }),
    )
    const announcement = announcementOf(2)
    expect(wholly(write(gossipOf(announcement, 3)))).toEqual({
      type: "GOSSIP",
      id: announcement.contentId,
      hopCount: 3,
      document: announcement.document,
    })
  })

  it("says the same however it is spelled: members in another order, spaces, more members", () => {
    fc.assert(
      fc.property(gossip, fc.nat(5), (message, spelling) => {
        const members = { type: "GOSSIP", id: message.id, hop_count: message.hopCount, announcement: message.document() }
        const { type, id, hop_count, announcement } = members
        const spellings = [
          JSON.stringify({ announcement, hop_count, id, type }),
          JSON.stringify(members, undefined, 1),
          JSON.stringify({ ...members, more: [1] }),
          JSON.stringify({ id, type, hop_count, announcement }),
          ` ${JSON.stringify(members)}`,
          JSON.stringify(members).replace('"GOSSIP"', '"GOSSI\\u0050"'),
        ]
        expect(wholly(bytesOf(spellings[spelling]!))).toEqual(wholly(write(message)))
      }),
    )
  })

  it("whose rest contradicts its head says nothing: the last of two members is the one that counts", () => {
    fc.assert(
      fc.property(
        gossip,
        id,
        hopCount,
        fc.constantFrom("id", "hop_count", "type", "announcement", "cut", "garbage"),
        (message, otherId, otherHops, what) => {
          const text = Buffer.from(write(message)).toString()
          const spoiled = {
            id: `${text.slice(0, -1)},"id":"${otherId}"}`,
            hop_count: `${text.slice(0, -1)},"hop_count":${otherHops}}`,
            type: `${text.slice(0, -1)},"type":"HELLO"}`,
            announcement: `${text.slice(0, -1)},"announcement":[]}`,
            cut: text.slice(0, -1),
            garbage: `${text}}`,
          }[what]
          const isSame = (what === "id" && otherId === message.id) || (what === "hop_count" && otherHops === message.hopCount)
          const read = wholly(bytesOf(spoiled))
          if (isSame) expect(read).toEqual(wholly(write(message)))
          else expect(read).toBe("not-a-message")
        },
      ),
    )
  })

  it("is read once, and gives the same document each time", () => {
    const message = read(write(gossipOf(announcementOf(2)))) as Gossip
    expect(message.document()).toBe(message.document())
  })

  it.each([
    ["an id that is none", '{"type":"GOSSIP","id":"0123","hop_count":1,"announcement":{}}'],
    ["an id in capitals", `{"type":"GOSSIP","id":"${"A".repeat(32)}","hop_count":1,"announcement":{}}`],
    ["a hop count below nothing", `{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":-1,"announcement":{}}`],
    ["a hop count with a fraction", `{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":1.5,"announcement":{}}`],
    ["a hop count beyond reason", `{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":1001,"announcement":{}}`],
    ["no hop count", `{"type":"GOSSIP","id":"${"a".repeat(32)}","announcement":{}}`],
    ["an announcement that is a list", `{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":1,"announcement":[]}`],
    ["no announcement", `{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":1}`],
  ])("with %s is none", (_, text) => {
    expect(wholly(bytesOf(text))).toBe("not-a-message")
  })

  it("with a leading nought in its hop count is no JSON", () => {
    expect(wholly(bytesOf(`{"type":"GOSSIP","id":"${"a".repeat(32)}","hop_count":01,"announcement":{}}`))).toBe("not-json")
  })
})
