/** One link in the deployed dialect: what our messages become, what its frames mean, and when what goes out. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nodeKeyOf, readDhtKey } from "../../../src/protocol/dht/key.ts"
import { deployedCrossingMs, deployedHeldBytesMax, deployedPingMs, deployedQuestionMs } from "../../../src/protocol/agentdns/limits.ts"
import { frameBytesMax, heartbeatPeersMax } from "../../../src/protocol/limits.ts"
import { quirks } from "../../../src/protocol/agentdns/quirks.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"
import { readSaid, type Said, writeSaid } from "../../../src/protocol/wire/agentdns-codec.ts"
import { type Dialogue, makeDialogue } from "../../../src/protocol/wire/agentdns-dialogue.ts"
import { FrameDecoder } from "../../../src/protocol/wire/frame.ts"
import type { Message, QueryId } from "../../../src/protocol/wire/message.ts"
import { agentdnsVectors } from "../../support/agentdns-vectors.ts"
import { announcementOf, gossipOf, heartbeatOf, helloOf, noonMs, queryAckOf, queryOf } from "../../support/mesh.ts"

/** What goes out, as the other end reads it: gossip by its announcement. */
const saidIn = (bytes: Uint8Array): ReadonlyArray<Said> =>
  new FrameDecoder().push(bytes).payloads.map((payload) => {
    const said = readSaid(payload)
    if (said.type === "unreadable") throw new Error(said.reason)
    return said
  })
const nameOf = (said: Said): string => (said.type === "dht" ? said.payload.type : said.type)
const namesIn = (bytes: Uint8Array | undefined): ReadonlyArray<string> => (bytes === undefined ? [] : saidIn(bytes).map(nameOf))
const dhtIn = (bytes: Uint8Array) => saidIn(bytes).flatMap((said) => (said.type === "dht" ? [said.payload] : []))

const gossip = { read: () => undefined, write: (document: object) => JSON.stringify(document) }

const scene = () => {
  const dialogue = makeDialogue({ localHost: "192.0.2.7", gossip })
  let nowMs = noonMs
  const write = (message: Message) => dialogue.write(message, nowMs)
  const hear = (type: Said["type"], payload: object) => dialogue.read(Buffer.from(JSON.stringify({ type, payload })), nowMs)
  write(helloOf(1))
  return {
    dialogue,
    write,
    says: (message: Message) => namesIn(write(message)),
    hear,
    asks: (id: string, request: object = { query: "weather" }) => {
      const [message] = hear("search", { request_id: id, request, origin_id: "zns:registry:x", ttl: 1 }).messages
      if (message?.type !== "QUERY") throw new Error("no query")
      return message
    },
    /** It answers this ping of ours. */
    answers: (ping: Uint8Array) => hear("dht", { type: "dht_ping_reply", request_id: dhtIn(ping)[0]!.request_id, ok: true }),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

const beat = heartbeatOf(1)
const word = gossipOf(announcementOf(1))

describe("a link in the deployed dialect", () => {
  it("greets as recorded, and reads a greeting with what is to be borne in mind", () => {
    const vector = agentdnsVectors.find(({ name }) => name === "hello: ours as dialer, accepted")!
    const hello = makeDialogue({ localHost: undefined, gossip }).read(Buffer.from(vector.frame), noonMs).messages[0]
    expect(hello).toMatchObject({ type: "HELLO", network: "public", role: "full", capabilities: [], listenPort: 21_402, name: "scripted" })
    expect(hello).toMatchObject({ quirks, publicKey: vector.parsed!["public_key"], nodeId: vector.parsed!["registry_id"] })
    const written = makeDialogue({ localHost: undefined, gossip }).write(hello as Message, noonMs)
    expect(Buffer.from(written.subarray(4)).toString()).toBe(vector.frame)
  })

  it("takes no greeting whose id or key is none", () => {
    const { hear } = scene()
    const said = { registry_id: helloOf(2).nodeId, public_key: helloOf(2).publicKey, listen_port: 1 }
    expect(hear("hello", said).messages).toMatchObject([{ type: "HELLO" }])
    for (const wrong of [{ registry_id: "junk" }, { public_key: "junk" }])
      expect(hear("hello", { ...said, ...wrong }).messages).toEqual([{ type: "unreadable", reason: "not-a-message" }])
  })

  it("says nothing that the dialect has no word for", () => {
    const { says } = scene()
    const root = helloOf(1).nodeId
    expect(says({ type: "PRUNE" })).toEqual([])
    expect(says({ type: "IHAVE", ids: [] })).toEqual([])
    expect(says({ type: "GRAFT", ids: [] })).toEqual([])
    expect(says({ type: "RECONCILE", step: "same" })).toEqual([])
    expect(says({ type: "BEACON", beacon: { root, epoch: 1, distance: 0 }, isParent: false })).toEqual([])
    expect(says({ type: "ANSWER", request: 7, documents: [] })).toEqual([])
    expect(says({ type: "ASK", request: 7, subject: "name:x/y/z" })).toEqual([])
    expect(says({ type: "DHT", op: "PONG", request: 7 })).toEqual([])
    expect(says(queryAckOf(7))).toEqual([])
  })

  describe("is heard, because", () => {
    it("an answer goes out with a ping in front of it, in one write", () => {
      const { asks, says } = scene()
      const query = asks("00ff")
      expect(query).toMatchObject({ hops: 1, withinMs: 500, most: 20, question: { query: "weather" } })
      expect(says({ ...queryAckOf(0), id: query.id })).toEqual(["dht_ping", "search_ack"])
      expect(says({ ...queryAckOf(0), id: query.id })).toEqual([])
    })

    it("further answers go alone while that ping is unanswered, and with one again afterwards", () => {
      const { answers, asks, pass, says, write } = scene()
      const queries = ["1", "2", "3", "4"].map((id) => asks(id))
      const first = write({ ...queryAckOf(0), id: queries[0]!.id })
      expect(says({ ...queryAckOf(0), id: queries[1]!.id })).toEqual(["search_ack"])
      answers(first)
      expect(says({ ...queryAckOf(0), id: queries[2]!.id })).toEqual(["dht_ping", "search_ack"])
      pass(deployedPingMs)
      expect(says({ ...queryAckOf(0), id: queries[3]!.id })).toEqual(["dht_ping", "search_ack"])
    })

    it("nothing comes between a question and its answer, nor before its ping is answered, and nothing is lost", () => {
      const { answers, asks, says, write } = scene()
      const query = asks("a")
      expect([says(word), says(beat), says(queryOf(3))]).toEqual([[], [], []])
      const pair = write({ ...queryAckOf(0), id: query.id })
      expect(says(word)).toEqual([])
      expect(namesIn(answers(pair).reply)).toEqual(["gossip", "heartbeat", "search", "gossip"])
      expect(says(word)).toEqual(["gossip"])
    })

    it("what waits for longer goes out behind two pings, of which a stuck sender loses one", () => {
      const { asks, pass, says } = scene()
      asks("a")
      expect(says(word)).toEqual([])
      pass(deployedQuestionMs)
      expect(says(queryOf(3))).toEqual(["dht_ping", "dht_ping", "gossip", "search"])
    })

    it("nothing waits any longer when the clock is set back", () => {
      const { asks, pass, says } = scene()
      asks("a")
      expect(says(word)).toEqual([])
      pass(-3_600_000)
      expect(says(queryOf(3))).toEqual(["dht_ping", "dht_ping", "gossip", "search"])
    })

    it("what waits is bounded: beyond it all of it goes out", () => {
      const { asks, write } = scene()
      asks("a")
      let [count, bytes] = [0, new Uint8Array(0)]
      while (bytes.length === 0) {
        count++
        bytes = write(word) as Uint8Array<ArrayBuffer>
      }
      expect(saidIn(bytes)).toHaveLength(count)
      expect(bytes.length).toBeLessThan(deployedHeldBytesMax + 4_096)
    })

    it("a ping comes behind a heartbeat, and before it where the last one was not answered", () => {
      const { answers, pass, says, write } = scene()
      const first = write(beat)
      expect(namesIn(first)).toEqual(["heartbeat", "dht_ping"])
      // it may be busy with that ping until a question of its own is answered
      expect(says(beat)).toEqual([])
      expect(namesIn(answers(first).reply)).toEqual(["heartbeat"])
      expect(says(beat)).toEqual(["heartbeat", "dht_ping"])
      pass(30_000)
      expect(says(beat)).toEqual(["dht_ping", "heartbeat"])
      pass(deployedPingMs)
      expect(says(word)).toEqual(["dht_ping", "dht_ping", "gossip"])
    })

    it("an answer to a question that news crossed goes out alone, and once more with a ping", () => {
      const { asks, pass, says } = scene()
      says(word)
      pass(deployedCrossingMs - 1)
      const query = asks("00ff")
      const ack = { ...queryAckOf(0), id: query.id }
      expect([says(ack), says(word), says(ack), says(ack)]).toEqual([["search_ack"], [], ["dht_ping", "search_ack"], []])
    })

    it("only once where it asks another one meanwhile, or nothing was said lately", () => {
      const { asks, pass, says } = scene()
      says(word)
      const first = asks("1")
      expect(says({ ...queryAckOf(0), id: first.id })).toEqual(["search_ack"])
      const second = asks("2")
      expect(says({ ...queryAckOf(0), id: first.id })).toEqual([])
      pass(deployedCrossingMs)
      const third = asks("3")
      expect(says({ ...queryAckOf(0), id: third.id })).toEqual(["dht_ping", "search_ack"])
      expect(says({ ...queryAckOf(0), id: second.id })).toEqual(["search_ack"])
    })
  })

  it("names our address with every ping, as the other end sees us", () => {
    const addressWith = (over: object) => {
      const dialogue = makeDialogue({ localHost: "192.0.2.7", gossip })
      dialogue.write(helloOf(1, over), noonMs)
      return dhtIn(dialogue.write(beat, noonMs))[0]!.sender_addr
    }
    expect(addressWith({})).toBe("192.0.2.7:4001")
    expect(addressWith({ advertisedHost: "198.51.100.1" })).toBe("198.51.100.1:4001")
    expect(addressWith({ advertisedHost: "node.example" })).toBe("192.0.2.7:4001")
    expect(addressWith({ listenPort: 0 })).toBeUndefined()
  })

  it("asks a search, and takes the first answer to it as hearsay", () => {
    const { hear, write } = scene()
    const [said] = saidIn(write(queryOf(7, { id: "ab".repeat(16) as QueryId, question: { query: "far", tags: ["x"] } })))
    const id = "abababababababab"
    expect(said).toMatchObject({ type: "search", payload: { request_id: id, ttl: 1, origin_id: helloOf(1).nodeId } })
    expect(said).toMatchObject({ payload: { request: { query: "far", tags: ["x"], max_results: 10, federated: true } } })
    const { entity_id, home_registry } = { entity_id: `zns:${"1".repeat(32)}`, home_registry: helloOf(2).nodeId }
    const result = { entity_id, name: "Far", summary: "s", category: "c", tags: ["t"], home_registry, score: 0.75 }
    const results = [result, { ...result, entity_id: "junk" }, { ...result, home_registry: 7 }, { ...result, name: "n".repeat(101) }]
    expect(hear("search_ack", { request_id: id, results }).messages).toEqual([
      {
        type: "QUERY_ACK",
        id: "ab".repeat(16),
        total: 4,
        documents: [],
        hearsay: [{ entityId: entity_id, name: "Far", summary: "s", category: "c", tags: ["t"], home: home_registry, status: "active" }],
      },
    ])
    expect(hear("search_ack", { request_id: id, results: [] }).messages).toEqual([])
    expect(hear("search_ack", { request_id: "never", results: [] }).messages).toEqual([])
  })

  it("answers with what proves itself, in our order", () => {
    const { asks, write } = scene()
    const query = asks("a", { query: "x".repeat(5_000), tags: ["ok", 7], category: 3, max_results: 1e9 })
    expect(query).toMatchObject({ most: 50, question: { tags: ["ok"] } })
    expect(query.question.query).toHaveLength(1_000)
    const documents = [announcementOf(1, 0).document, announcementOf(1, 1).document]
    const [, ack] = saidIn(write({ ...queryAckOf(0, documents), id: query.id }))
    if (ack?.type !== "search_ack") throw new Error("no answer")
    expect(ack.payload.request_id).toBe("a")
    expect(ack.payload.results.map(({ entity_id }) => entity_id)).toEqual([announcementOf(1, 0).subject, announcementOf(1, 1).subject])
    const [first, second] = ack.payload.results.map(({ score }) => score as number)
    expect(first).toBeGreaterThan(second!)
  })

  describe("in the DHT", () => {
    const them = nodeKeyOf(helloOf(2).publicKey)
    const asKey = (key: string) => [...Buffer.from(key, "hex")]
    const target = readDhtKey("5".repeat(64))!
    const contact = { id: them, address: { host: "192.0.2.9", port: 4001 } }

    it("answers every question once, and never a reply or what it does not know", () => {
      const { hear, write } = scene()
      const ask = (payload: object) => hear("dht", { request_id: "abc", ...payload }).messages
      const [ping] = ask({ type: "dht_ping" })
      expect(ping).toMatchObject({ type: "DHT", op: "PING" })
      const request = (ping as { request: number }).request
      expect(dhtIn(write({ type: "DHT", op: "PONG", request }))).toMatchObject([{ type: "dht_ping_reply", request_id: "abc", ok: true }])
      expect(dhtIn(write({ type: "DHT", op: "PONG", request }))).toEqual([])
      const [find] = ask({ type: "dht_find_node", target: asKey(target) })
      expect(find).toMatchObject({ op: "FIND_NODE", target })
      const nodes = write({ type: "DHT", op: "NODES", request: (find as { request: number }).request, nodes: [contact] })
      expect(dhtIn(nodes)).toMatchObject([{ type: "dht_find_node_reply", nodes: [{ id: asKey(them), address: "192.0.2.9:4001" }] }])
      const [store] = ask({ type: "dht_store", key: asKey(target), record: { entity_id: "zns:1" } })
      expect(store).toMatchObject({ op: "STORE", key: target, values: [{ entity_id: "zns:1" }] })
      expect(dhtIn(write({ type: "DHT", op: "STORED", request: (store as { request: number }).request, stored: 0 }))).toMatchObject([
        { type: "dht_store_reply", ok: false },
      ])
      for (const type of ["dht_ping_reply", "dht_find_value_reply", "dht_any_reply"]) expect(ask({ type })).toEqual([])
      expect(ask({ type: "dht_other" })).toEqual([{ type: "unreadable", reason: "unknown-type" }])
    })

    it("asks what we hold of an entity, agent or service, and answers when one of them is there, or none", () => {
      const { hear, write } = scene()
      const { document, subject } = announcementOf(1)
      const key = asKey(`${subject.slice(-32)}${"0".repeat(32)}`)
      const ask = () => hear("dht", { type: "dht_find_value", request_id: "f", key }).messages as ReadonlyArray<Message & { type: "ASK" }>
      const asks = ask()
      expect(asks.map(({ subject }) => subject)).toEqual([subject, subject.replace("zns:", "zns:svc:")])
      const answer = (one: number, documents: ReadonlyArray<typeof document>, of = asks) =>
        dhtIn(write({ type: "ANSWER", request: of[one]!.request, documents }))
      expect(answer(0, [document])).toMatchObject([{ type: "dht_find_value_reply", request_id: "f", value: { entity_id: subject } }])
      expect(answer(1, [])).toEqual([])
      const again = ask()
      expect(answer(1, [], again)).toEqual([])
      const [reply] = answer(0, [], again)
      expect(reply).toMatchObject({ type: "dht_find_value_reply", request_id: "f" })
      expect(reply).not.toHaveProperty("value")
    })

    it("asks, and reads the replies to what it asked", () => {
      const { hear, write } = scene()
      const ask = (message: Message) => dhtIn(write(message))[0]!
      const reply = (type: string, request_id: string | undefined, more: object = {}) => hear("dht", { type, request_id, ...more }).messages
      const ping = ask({ type: "DHT", op: "PING", request: 5 })
      expect(reply("dht_ping_reply", ping.request_id, { ok: true })).toEqual([{ type: "DHT", op: "PONG", request: 5 }])
      const find = ask({ type: "DHT", op: "FIND_NODE", request: 6, target })
      expect(find).toMatchObject({ type: "dht_find_node", target: asKey(target) })
      const nodes = [
        { id: asKey(them), address: "192.0.2.9:4001" },
        { id: asKey(them), address: "" },
      ]
      expect(reply("dht_ping_reply", find.request_id)).toEqual([])
      expect(reply("dht_find_node_reply", find.request_id, { nodes })).toEqual([{ type: "DHT", op: "NODES", request: 6, nodes: [contact] }])
      expect(reply("dht_find_node_reply", find.request_id, { nodes })).toEqual([])
      const value = ask({ type: "ASK", request: 7, subject: announcementOf(1).subject })
      expect(value).toMatchObject({ type: "dht_find_value", key: asKey(`${announcementOf(1).subject.slice(-32)}${"0".repeat(32)}`) })
      expect(reply("dht_find_value_reply", value.request_id)).toEqual([{ type: "ANSWER", request: 7, documents: [] }])
      const store = ask({ type: "DHT", op: "STORE", request: 8, key: target, values: [{ record: announcementOf(1).document }] })
      expect(store).toMatchObject({ type: "dht_store", record: { entity_id: announcementOf(1).subject } })
      expect(reply("dht_store_reply", store.request_id, { ok: true })).toEqual([{ type: "DHT", op: "STORED", request: 8, stored: 1 }])
    })
  })

  it("reads filters that say something, and addresses within bounds", () => {
    const { hear } = scene()
    const heartbeat = (payload: object) => hear("heartbeat", { registry_id: "r", agent_count: 1, ...payload }).messages[0]
    const bloom = Bloom.emptyFor(10)
    Bloom.add(bloom, "weather")
    const filter = { bloom_filter: Buffer.from(bloom.bits).toString("base64"), bloom_size: bloom.size, bloom_hashes: bloom.hashes }
    expect(heartbeat(filter)).toMatchObject({ filter: { type: "whole", bloom, isPlain: true } })
    // whoever expects 640,000 items: the largest that it can send
    const largest = { bloom_filter: Buffer.alloc(766_805, 1).toString("base64"), bloom_size: 6_134_438, bloom_hashes: 7 }
    expect(writeSaid({ type: "heartbeat", payload: { registry_id: "r", agent_count: 1, ...largest } }).length).toBeLessThan(frameBytesMax)
    expect(heartbeat(largest)).toHaveProperty("filter")
    for (const wrong of [
      { bloom_size: 9_000 },
      { bloom_size: 0 },
      { bloom_hashes: 0 },
      { bloom_filter: Buffer.alloc(12).toString("base64") },
    ])
      expect(heartbeat({ ...filter, ...wrong })).not.toHaveProperty("filter")
    const addresses = ["junk", "127.0.0.1:0", ":1", "[::1]:4001", ...Array.from({ length: 100 }, (_, i) => `10.0.0.${i}:4001`)]
    const said = heartbeat({ peer_addrs: addresses })
    expect(said?.type === "HEARTBEAT" && said.peers.length).toBe(heartbeatPeersMax)
    expect(said?.type === "HEARTBEAT" && said.peers[0]!.address).toEqual({ host: "::1", port: 4001 })
  })

  it("never writes what ends the other process, whatever it is told to write", () => {
    const text = fc.string({ maxLength: 40, unit: "binary" })
    const bloom = fc
      .record({ size: fc.integer({ min: 1, max: 5_000 }), hashes: fc.integer({ min: 1, max: 30 }) })
      .map(({ hashes, size }) => ({
        size,
        hashes,
        bits: new Uint8Array((size + 7) >> 3),
      }))
    const question = fc.record({ query: text, tags: fc.array(text) }, { requiredKeys: [] })
    const message: fc.Arbitrary<Message> = fc.oneof(
      fc.record({ bloom, isChange: fc.boolean() }).map(({ bloom: one, isChange }): Message => {
        const filter = isChange
          ? { type: "change" as const, version: 2, base: 1, flipped: [1] }
          : { type: "whole" as const, version: 1, bloom: one }
        return heartbeatOf(1, { filter })
      }),
      fc.record({ question, most: fc.nat(), hops: fc.nat() }).map((over): Message => queryOf(1, over)),
      fc
        .array(fc.constantFrom(announcementOf(1).document, { type: "junk" }), { maxLength: 3 })
        .map((documents): Message => queryAckOf(1, documents)),
      fc.constantFrom<Message>(word, helloOf(1), { type: "DHT", op: "STORE", request: 1, key: readDhtKey("5".repeat(64))!, values: [] }),
      fc.constantFrom<Message>(
        { type: "ASK", request: 1, subject: announcementOf(1).subject },
        { type: "ANSWER", request: 1, documents: [] },
      ),
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.boolean(), (messages, isAsked) => {
        const dialogue: Dialogue = makeDialogue({ localHost: undefined, gossip })
        const search = { type: "search", payload: { request_id: "a", request: {} } }
        if (isAsked) dialogue.read(Buffer.from(JSON.stringify(search)), noonMs)
        for (const one of messages) {
          for (const said of saidIn(dialogue.write(one, noonMs))) {
            if (said.type === "search") expect(said.payload.request).toBeTypeOf("object")
            if (said.type !== "heartbeat") continue
            const { bloom_filter = "", bloom_hashes = 1, bloom_size = 0 } = said.payload
            expect(bloom_hashes).toBeGreaterThan(0)
            expect((bloom_size + 7) >> 3).toBe(Buffer.from(bloom_filter, "base64").length)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
