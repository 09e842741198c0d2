/** The model of the deployed node against what the deployed node wrote and did: recorded frames, byte for byte. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { announce, announcement, isSigned, signedText } from "../../../src/sim/deployed/announcement.ts"
import { filterFor, indicesOf, itemsOf, put, tokensOf } from "../../../src/sim/deployed/filter.ts"
import { decode } from "../../../src/sim/deployed/go-json.ts"
import { dht, gossip, heartbeat, hello, search, searchAck } from "../../../src/sim/deployed/messages.ts"
import { secretKeyOf, sign } from "../../../src/protocol/identity/ed25519.ts"
import { DeployedWorld, type Frame, greeting, message } from "../../support/deployed-world.ts"

interface Vector {
  readonly name: string
  readonly kind: string
  readonly direction: "go->peer" | "peer->go"
  readonly frame: string
  readonly frame_base64?: string
  readonly signed?: string
  readonly accepted?: boolean
  readonly valid_as_it_stands?: boolean
  readonly forwarded_frame?: string
  readonly reply_frame?: string | null
  readonly items?: ReadonlyArray<string> | ReadonlyArray<{ readonly item: string; readonly indices: ReadonlyArray<number> }>
  readonly expected_items?: number
  readonly rate?: number
  readonly bits?: number
  readonly hashes?: number
  readonly filter_base64?: string
  readonly text?: string
  readonly tokens?: ReadonlyArray<string>
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, "../../vectors/agentdns-golden.json"), "utf8")) as {
  readonly keys: Readonly<Record<string, { readonly seed_hex: string; readonly public_key: string }>>
  readonly vectors: ReadonlyArray<Vector>
}
const of = (kind: string, direction?: string) =>
  golden.vectors.filter((one) => one.kind === kind && (direction === undefined || one.direction === direction))
const payloadOf = (frame: string): unknown => (JSON.parse(frame) as Frame).payload
const types = { hello, heartbeat, gossip, search, search_ack: searchAck, dht }

const nodeKey = secretKeyOf(Buffer.from(golden.keys["node"]!.seed_hex, "hex"))

describe("what the deployed node wrote", () => {
  const written = golden.vectors.filter(({ direction, kind }) => direction === "go->peer" && kind in types)
  it.each(written)("is written as the same bytes: $name", ({ frame, kind }) => {
    const type = types[kind as keyof typeof types] as typeof hello
    expect(`{"type":"${kind}","payload":${type.write(decode(type, payloadOf(frame))!)}}`).toBe(frame)
  })

  it.each(of("gossip", "go->peer"))("is signed over these bytes: $name", ({ frame, signed }) => {
    const said = decode(gossip, payloadOf(frame))!.announcement!
    expect(signedText(said)).toBe(signed)
    expect(isSigned(said)).toBe(true)
    const again = announce({ publicKey: nodeKey.publicKey, sign: (text) => sign(nodeKey, text) }, { ...said, signature: "" })
    expect(announcement.write(again)).toBe(announcement.write(said))
  })
})

describe("what it did", () => {
  it("takes and passes on the same announcements, and refuses the same", () => {
    const world = new DeployedWorld()
    const node = world.node("node", {}, Buffer.from(golden.keys["node"]!.seed_hex, "hex"))
    const [sender, other] = [world.stranger("node:4001"), world.stranger("node:4001")]
    sender.say(greeting("zns:registry:sender"))
    other.say(greeting("zns:registry:other"))
    world.run(10)
    for (const { accepted, forwarded_frame, frame, frame_base64, name } of of("gossip", "peer->go")) {
      other.heard.length = 0
      sender.say(frame_base64 === undefined ? frame : Buffer.from(frame_base64, "base64").toString())
      world.run(10)
      expect(other.heard, name).toEqual(accepted === true ? [forwarded_frame] : [])
    }
    expect(sender.take("gossip")).toEqual([])
    expect(node.diedOf).toBeUndefined()
  })

  it.each(of("dht", "peer->go").filter(({ reply_frame }) => reply_frame !== undefined))(
    "answers as it did: $name",
    ({ frame, reply_frame }) => {
      const world = new DeployedWorld()
      const node = world.node("node", {}, Buffer.from(golden.keys["node"]!.seed_hex, "hex"))
      const stored = of("dht").find(({ name }) => name === "dht: store")!
      if (frame.includes("dht_find_value") && reply_frame?.includes('"value"') === true) node.dht.hear(payloadOf(stored.frame))
      const { timestamp: _, ...expected } = reply_frame === null ? {} : (payloadOf(reply_frame!) as Record<string, unknown>)
      const reply = node.dht.hear(payloadOf(frame))
      if (reply_frame === null) return expect(reply).toBeUndefined()
      const { timestamp: when, ...said } = JSON.parse(reply!) as Record<string, unknown>
      expect(when).toBe("2026-11-20T12:00:00Z")
      // whom it knew besides the asker depends on what came before
      if (expected["nodes"] === undefined) expect(said).toEqual(expected)
      else expect({ ...said, nodes: [] }).toEqual({ ...expected, nodes: [] })
      return undefined
    },
  )

  it("answers a search once, and gives back the id that came", () => {
    const world = new DeployedWorld()
    world.node("node")
    const asker = world.stranger("node:4001")
    asker.say(greeting("zns:registry:asker"))
    for (const { frame } of of("search", "peer->go")) asker.say(frame)
    world.run(10)
    expect(asker.take("search_ack").map(({ payload }) => payload["request_id"])).toEqual([
      "0011223344556677",
      "ffeeddccbbaa9988",
      "abcdef0123456789",
    ])
  })
})

describe("its filter", () => {
  it.each(of("bloom"))("$name", ({ bits, expected_items, filter_base64, hashes, items, rate }) => {
    const filter = filterFor(expected_items!, rate!)
    expect([filter.size, filter.hashes]).toEqual([bits, hashes])
    for (const { indices, item } of items as ReadonlyArray<{ readonly item: string; readonly indices: ReadonlyArray<number> }>) {
      expect(indicesOf(filter, item)).toEqual(indices)
      put(filter, item)
    }
    expect(Buffer.from(filter.bits).toString("base64")).toBe(filter_base64)
  })

  it.each(of("tokens"))("$name", ({ text, tokens }) => {
    expect(tokensOf(text!)).toEqual(tokens)
  })

  it("has the bits that the deployed node sent for these items", () => {
    const [recorded] = of("heartbeat").filter(({ items }) => items !== undefined)
    const filter = filterFor(200, 0.01)
    for (const item of recorded!.items as ReadonlyArray<string>) put(filter, item)
    const said = decode(heartbeat, payloadOf(recorded!.frame))!
    expect([filter.size, filter.hashes, Buffer.from(filter.bits)]).toEqual([said.bloom_size, said.bloom_hashes, said.bloom_filter])
  })

  it("is made of the words of an entry, its category and its tags", () => {
    const items = itemsOf({ name: "Doc-Translator 2.0", summary: "Für alle", category: "Übersetzung", tags: ["ΟΔΟΣ", "İ"] })
    expect(items).toEqual(["doc-translator", "alle", "übersetzung", "οδοσ", "i"])
  })
})

it("a frame is the recorded text with its length", () => {
  expect(message("hello", payloadOf(of("hello")[0]!.frame))).toBe(of("hello")[0]!.frame)
})
