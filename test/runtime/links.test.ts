/** The connections of a node: who is told of what, and what is not looked at any more. */
import { describe, expect, it } from "vitest"
import { gossip } from "../../src/actors/gossip.ts"
import type { Told } from "../../src/actors/command.ts"
import { greetingBytesMax } from "../../src/protocol/agentdns/limits.ts"
import { frameBytesMax, outboundQueueBytesMax } from "../../src/protocol/limits.ts"
import { nodeKeyOf } from "../../src/protocol/dht/key.ts"
import { encodeFrame } from "../../src/protocol/wire/frame.ts"
import type { Dialect, Message } from "../../src/protocol/wire/message.ts"
import { read, write } from "../../src/protocol/wire/spec-codec.ts"
import { wireCodec } from "../../src/runtime/codec.ts"
import { makeLinks } from "../../src/runtime/links.ts"
import type { ConnectionEvents } from "../../src/runtime/ports.ts"
import { keyOf, registryOf } from "../support/builders.ts"
import { announcementOf, gossipOf, heartbeatOf, helloOf, queryAckOf, queryOf } from "../support/mesh.ts"

/** A connection that does as the test says, and whoever is told of it. */
const scene = (...dialects: ReadonlyArray<Dialect>) => {
  const heard: Array<string> = []
  const events: Array<Told> = []
  const written: Array<Message> = []
  const writtenBytes: Array<Uint8Array> = []
  let owner: ConnectionEvents | undefined
  const state = { wallMs: 1_000, tickMs: 50, queued: 0, closes: 0, isPaused: false }
  const connection = {
    remoteKey: keyOf(2).publicKey,
    remoteHost: "192.0.2.1",
    open: (given: ConnectionEvents) => {
      owner = given
    },
    write: (bytes: Uint8Array) => {
      writtenBytes.push(bytes)
      written.push(read(bytes.subarray(4)) as Message)
    },
    queuedBytes: () => state.queued,
    pauseReading: () => {
      state.isPaused = true
    },
    resumeReading: () => {
      state.isPaused = false
    },
    close: () => {
      state.closes++
    },
  }
  const links = makeLinks(
    wireCodec,
    { wallMs: () => state.wallMs, monotonicNanos: () => BigInt(state.tickMs) * 1_000_000n },
    (to, event) => {
      events.push(event)
      heard.push(
        `${to}: ${event.type}${"reason" in event ? ` ${String(event["reason"])}` : ""}${"verdict" in event ? ` ${String(event["verdict"])}` : ""}`,
      )
    },
  )
  const [first = "spec", ...others] = dialects
  const link = links.add(connection, (number) => `peer/in/${number}`, [first, ...others])
  links.listen(link)
  const arrive = (...messages: ReadonlyArray<Message>) =>
    owner!.bytes(Buffer.concat(messages.map((message) => encodeFrame(write(message)))))
  const arriveBytes = (bytes: Uint8Array) => owner!.bytes(bytes)
  const taken = () => heard.splice(0)
  return {
    links,
    link,
    state,
    written,
    writtenBytes,
    arrive,
    arriveBytes,
    end: (reason: string) => owner!.closed(reason),
    taken,
    events,
    connection,
  }
}

/** One of each kind, and who works with it once the link is open. */
const messages: Readonly<Record<Message["type"], readonly [message: Message, addressee: string]>> = {
  HELLO: [helloOf(2), "peer/in/1"],
  HEARTBEAT: [heartbeatOf(2), "heartbeat/1"],
  GOSSIP: [gossipOf(announcementOf(2)), "gossip"],
  IHAVE: [{ type: "IHAVE", ids: [announcementOf(2).contentId] }, "gossip"],
  GRAFT: [{ type: "GRAFT", ids: [] }, "gossip"],
  PRUNE: [{ type: "PRUNE" }, "gossip"],
  BEACON: [{ type: "BEACON", beacon: { root: registryOf(2).registryId, epoch: 5, distance: 0 }, isParent: false }, "gossip"],
  RECONCILE: [{ type: "RECONCILE", step: "same" }, "reconciler/1"],
  ASK: [{ type: "ASK", request: 1, subject: announcementOf(2).subject }, "holdings"],
  ANSWER: [{ type: "ANSWER", request: 5, documents: [] }, "ask/5"],
  QUERY: [queryOf(7), "federation"],
  QUERY_ACK: [queryAckOf(7), `fan-out/${queryAckOf(7).id}`],
  DHT: [{ type: "DHT", op: "PING", request: 5 }, "dht"],
}

describe("links", () => {
  it("tell the owner everything until the link is open", () => {
    const { arrive, taken } = scene()
    for (const [message] of Object.values(messages)) {
      arrive(message)
      expect(taken(), message.type).toEqual(["peer/in/1: message.received"])
    }
  })

  it.each(Object.entries(messages))("tell whoever works with it once it is: %s", (_, [message, addressee]) => {
    const { arrive, link, links, taken } = scene()
    links.open(link)
    arrive(message)
    expect(taken()).toEqual([`${addressee}: message.received`])
  })

  it("tell DHT questions to the table, and answers to whoever asked", () => {
    const { arrive, link, links, taken } = scene()
    links.open(link)
    const key = nodeKeyOf(registryOf(2).publicKey)
    arrive(
      { type: "DHT", op: "FIND_NODE", request: 1, target: key },
      { type: "DHT", op: "FIND_VALUE", request: 2, key, target: key },
      { type: "DHT", op: "STORE", request: 3, key, values: [] },
    )
    expect(taken()).toEqual(Array(3).fill("dht: message.received"))
    arrive(
      { type: "DHT", op: "PONG", request: 1 },
      { type: "DHT", op: "NODES", request: 2, nodes: [] },
      { type: "DHT", op: "VALUES", request: 3, nodes: [], values: [] },
      { type: "DHT", op: "STORED", request: 4, stored: 1 },
    )
    expect(taken()).toEqual(Array(4).fill("dht-pool: message.received"))
  })

  it("let a visit carry DHT messages only: anything else is its holder's to judge", () => {
    const { arrive, link, links, taken } = scene()
    links.open(link, true)
    links.giveTo(link, "dht-link/in/1")
    arrive({ type: "DHT", op: "PING", request: 5 }, gossipOf(announcementOf(2)), heartbeatOf(2))
    expect(taken()).toEqual(["dht: message.received", "dht-link/in/1: message.received", "dht-link/in/1: message.received"])
  })

  it("time an answer, and take no beat that crossed the question for one", () => {
    const { arrive, link, links, state } = scene()
    links.open(link)
    const answer = heartbeatOf(2, { isAnswer: true })
    arrive(answer)
    expect(links.roundTripMs(link)).toBeUndefined()
    links.send([link], heartbeatOf(1, { wantsAnswer: true }))
    state.tickMs += 3
    arrive(heartbeatOf(2))
    expect(links.roundTripMs(link)).toBeUndefined()
    state.tickMs += 4
    links.send([link], heartbeatOf(1, { wantsAnswer: true }))
    state.tickMs += 1
    arrive(answer)
    state.tickMs += 100
    arrive(answer)
    expect(links.roundTripMs(link)).toBe(8)
  })

  it("tell the steps of a reconciliation to the end that they are for", () => {
    const { arrive, link, links, taken } = scene()
    links.open(link)
    const [none, ids] = [new Uint8Array(0), new Uint8Array(5)]
    arrive(
      { type: "RECONCILE", step: "compare", salt: "s", digest: "d" },
      { type: "RECONCILE", step: "list", salt: "s", bits: 0, listed: none },
      { type: "RECONCILE", step: "records", documents: [] },
    )
    expect(taken()).toEqual(Array(3).fill("holdings: message.received"))
    arrive({ type: "RECONCILE", step: "split", bits: 0, digests: ids }, { type: "RECONCILE", step: "want", short: ids, isWhole: true })
    expect(taken()).toEqual(Array(2).fill("reconciler/1: message.received"))
  })

  it("refuse what is no message; of types that we do not know an open link only counts", () => {
    const { arriveBytes, link, links, taken } = scene()
    const unknown = encodeFrame(Buffer.from('{"type":"LATER"}'))
    const garbage = encodeFrame(Buffer.from("{"))
    arriveBytes(unknown)
    arriveBytes(garbage)
    expect(taken()).toEqual(["peer/in/1: frame.refused unknown-type", "peer/in/1: frame.refused not-json"])
    links.open(link)
    arriveBytes(unknown)
    arriveBytes(garbage)
    expect(taken()).toEqual(["gossip: verdict.given drop:unknown-type", "peer/in/1: frame.refused not-json"])
  })

  it("count an unknown type with the time, so that it costs reputation and does not spoil it", () => {
    const { arriveBytes, link, links, events, state } = scene()
    const memory = gossip.begin({ self: registryOf(1).registryId, nowMs: state.wallMs })
    gossip.step(memory, { type: "link.joined", link, speaksLazily: false, nowMs: state.wallMs }, () => {})
    links.open(link)
    arriveBytes(encodeFrame(Buffer.from('{"type":"LATER"}')))
    gossip.step(memory, events.at(-1) as never, () => {})
    const { score } = memory.push.links.get(link)!.reputation
    expect(score).toBeGreaterThan(0.9)
    expect(score).toBeLessThan(1)
  })

  it("hand over what was whole before a fault, then the fault, then nothing", () => {
    const { arriveBytes, taken } = scene()
    const oversized = Buffer.alloc(4)
    oversized.writeUInt32BE(frameBytesMax + 1)
    arriveBytes(Buffer.concat([encodeFrame(write(helloOf(2))), oversized, encodeFrame(write(helloOf(2)))]))
    expect(taken()).toEqual(["peer/in/1: message.received", "peer/in/1: frame.refused oversized"])
  })

  it("look at nothing any more once we have closed, and tell the end once", () => {
    const { arrive, end, link, links, state, taken, written } = scene()
    links.close(link)
    links.close(link)
    arrive(helloOf(2))
    links.send([link], helloOf(1))
    expect([taken(), written, state.closes]).toEqual([[], [], 1])
    end("closed")
    expect(taken()).toEqual(["peer/in/1: link.closed closed"])
    links.close(link)
    links.send([link], helloOf(1))
    expect(state.closes).toBe(1)
  })

  it("stop in the middle of a chunk when somebody closes for what it said", () => {
    const { links, link, connection } = scene()
    const told: Array<string> = []
    const strict = makeLinks(wireCodec, { wallMs: () => 0, monotonicNanos: () => 0n }, (_, event) => {
      told.push(event.type)
      strict.close(1)
    })
    let owner: ConnectionEvents | undefined
    strict.add({ ...connection, open: (given) => void (owner = given) }, () => "peer")
    strict.listen(1)
    owner!.bytes(Buffer.concat([helloOf(2), helloOf(2), helloOf(2)].map((message) => encodeFrame(write(message)))))
    expect(told).toEqual(["message.received"])
    links.close(link)
  })

  it("close whoever takes too long to read", () => {
    const { link, links, state, taken, written } = scene()
    state.queued = outboundQueueBytesMax
    links.send([link], helloOf(1))
    expect([state.closes, taken()]).toEqual([0, []])
    state.queued = outboundQueueBytesMax + 1
    links.send([link], helloOf(1))
    expect([state.closes, taken(), written.length]).toEqual([1, ["peer/in/1: link.closed slow-reader"], 2])
  })

  it("hear silence in the bytes of a frame that does not end", () => {
    const { links, link, state, arriveBytes } = scene()
    state.tickMs += 4_000
    arriveBytes(Buffer.from([0, 15, 0, 0, 1, 2, 3]))
    expect(links.silentMs(link)).toBe(4_000)
  })

  it("know how long the other end has been silent, by the clock that never jumps", () => {
    const { arrive, link, links, state } = scene()
    state.tickMs = 4_050
    expect([links.silentMs(link), links.lastHeardMs(link)]).toEqual([4_000, 1_000])
    state.wallMs = -99
    arrive(heartbeatOf(2))
    state.tickMs = 4_060
    expect([links.silentMs(link), links.lastHeardMs(link)]).toEqual([10, -99])
  })

  it("are numbered, and no number comes twice; those that are not there are nobody's", () => {
    const { connection, end, link, links, state } = scene()
    end("closed")
    expect(links.add(connection, () => "other")).toBe(link + 1)
    links.pauseReading(link + 1)
    expect(state.isPaused).toBe(true)
    links.resumeReading(link + 1)
    expect(state.isPaused).toBe(false)
    for (const nobody of [link, 99]) {
      links.pauseReading(nobody)
      links.open(nobody)
      links.listen(nobody)
      links.close(nobody)
    }
    expect(state.closes).toBe(0)
    links.closeAll()
    expect(state.closes).toBe(1)
  })

  describe("by the first frame of a caller", () => {
    const deployed = (type: string, payload: object) => encodeFrame(Buffer.from(JSON.stringify({ type, payload })))
    const { nodeId, publicKey } = helloOf(2)
    const hello = deployed("hello", { registry_id: nodeId, public_key: publicKey, name: "x", listen_port: 4001 })
    const typesOf = (events: ReadonlyArray<Told>) => events.map(({ message }) => (message as Message | undefined)?.type)

    it("speak the dialect that it is a message in, however it was cut", () => {
      for (const size of [1, 7, hello.length, 4_096]) {
        const { arriveBytes, events, link, links, writtenBytes } = scene("spec", "agentdns")
        const bytes = Buffer.concat([hello, deployed("heartbeat", {}), deployed("dht", { type: "dht_ping_reply" })])
        for (let at = 0; at < bytes.length; at += size) arriveBytes(bytes.subarray(at, at + size))
        expect(typesOf(events)).toEqual(["HELLO", "HEARTBEAT"])
        links.send([link], helloOf(1))
        expect(Buffer.from(writtenBytes[0]!).toString("latin1", 4)).toMatch(/^\{"type":"hello","payload"/)
        links.send([link], { type: "PRUNE" })
        expect(writtenBytes).toHaveLength(1)
      }
    })

    it("speak the pages' with who begins in it, and stay with that", () => {
      const { arrive, arriveBytes, events, link, links, taken, writtenBytes } = scene("spec", "agentdns")
      arrive(helloOf(2))
      links.send([link], helloOf(1))
      expect([typesOf(events), Buffer.from(writtenBytes[0]!).toString("latin1", 4, 18)]).toEqual([["HELLO"], '{"type":"HELLO'])
      taken()
      arriveBytes(hello)
      expect(taken()).toEqual(["peer/in/1: frame.refused unknown-type"])
    })

    it("refuse who begins in neither, or in one that is not spoken here", () => {
      for (const bytes of [deployed("gossip", {}), deployed("other", {}), encodeFrame(Buffer.from("[]"))]) {
        const { arriveBytes, taken } = scene("spec", "agentdns")
        arriveBytes(bytes)
        expect(taken()[0]).toMatch(/frame\.refused/)
      }
      const long = scene("spec", "agentdns")
      const greeting = deployed("hello", { registry_id: nodeId, public_key: publicKey, unknown: "x".repeat(2 * greetingBytesMax) })
      long.arriveBytes(greeting.subarray(0, greetingBytesMax + 1))
      long.arriveBytes(greeting.subarray(greetingBytesMax + 1))
      expect(long.taken()).toEqual(["peer/in/1: frame.refused unknown-type"])
      const { arriveBytes, taken } = scene("spec")
      arriveBytes(hello)
      expect(taken()).toEqual(["peer/in/1: frame.refused unknown-type"])
    })

    it("count what does not decode against its sender, and go on; what is no envelope ends it", () => {
      const { arriveBytes, link, links, taken } = scene("agentdns")
      arriveBytes(hello)
      links.open(link)
      taken()
      arriveBytes(deployed("search", { request_id: "a" }))
      arriveBytes(deployed("gossip", { announcement: { type: "agent_announce" } }))
      arriveBytes(deployed("hello_again", {}))
      expect(taken()).toEqual(
        ["drop:malformed", "drop:malformed", "drop:unknown-type"].map((verdict) => `gossip: verdict.given ${verdict}`),
      )
      arriveBytes(encodeFrame(Buffer.from("[]")))
      expect(taken()).toEqual(["peer/in/1: frame.refused not-a-message"])
    })

    it("tell the owner when a node that knows us says HELLO and closes", () => {
      const { arriveBytes, end, events, link, links } = scene("agentdns")
      arriveBytes(hello)
      links.open(link)
      end("closed")
      expect(events.at(-1)).toMatchObject({ type: "link.closed", isTurnedAway: true })
      const later = scene("agentdns")
      later.arriveBytes(hello)
      later.links.open(later.link)
      later.arriveBytes(deployed("heartbeat", {}))
      later.end("closed")
      expect(later.events.at(-1)).not.toHaveProperty("isTurnedAway")
    })
  })
})
