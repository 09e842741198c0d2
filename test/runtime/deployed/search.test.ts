/** Searches between a node of ours and deployed ones, over real sockets, without a pause between them. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { developerOf, entityIdOf, sdkRequest } from "../../support/clients.ts"
import { defaultSettings } from "../../../src/runtime/node-settings.ts"
import { isLinked, ours, peerOf, until } from "../../support/deployed-mesh.ts"
import type { DeployedFindings } from "../../../src/sim/deployed/node.ts"
import type { DeployedPeer } from "../../support/deployed-peer.ts"

const alice = developerOf(51)
const times = 300
/** It waits for an answer as long as that takes: whether one comes is what is looked at. */
const patient = { realMs: 1_000 }
const play = (program: Effect.Effect<void, unknown>) => Effect.runPromise(program)
const asked = (peer: DeployedPeer, query: string): Effect.Effect<DeployedFindings> =>
  Effect.callback((resume) => peer.node.search({ query }, (found) => resume(Effect.succeed(found))))

it("deployed nodes ask us 300 times, and at least 99 of 100 answers arrive", () =>
  play(
    Effect.gen(function* () {
      const node = yield* ours(341)
      yield* node.service.registerEntity(sdkRequest(alice, 0, { name: "Forecasts", summary: "weather of tomorrow" }))
      // a peer may ask a hundred times in a second
      const peers = yield* Effect.forEach(["asks-1", "asks-2", "asks-3"], (name) => peerOf(node, name, patient))
      let found = 0
      for (const peer of peers) {
        for (let i = 0; i < times / peers.length; i++) {
          const { results } = yield* asked(peer, "weather")
          if (results.some(({ entity_id }) => entity_id === entityIdOf(alice, 0))) found++
        }
        expect(peer.node.diedOf).toBeUndefined()
      }
      expect(found).toBeGreaterThanOrEqual(0.99 * times)
    }).pipe(Effect.scoped),
  ))

it("several at once are answered, too", () =>
  play(
    Effect.gen(function* () {
      const node = yield* ours(342)
      yield* node.service.registerEntity(sdkRequest(alice, 0, { summary: "weather of tomorrow" }))
      const peer = yield* peerOf(node, "asks-at-once", patient)
      let answered = 0
      for (let i = 0; i < 20; i++) {
        const all = yield* Effect.all(
          [1, 2, 3, 4, 5].map(() => asked(peer, "weather")),
          { concurrency: "unbounded" },
        )
        answered += all.reduce((sum, one) => sum + one.asked.length - one.silent.size, 0)
      }
      expect(answered).toBeGreaterThanOrEqual(95)
    }).pipe(Effect.scoped),
  ))

it("we ask a deployed node 300 times, and show what it says behind what proves itself", () =>
  play(
    Effect.gen(function* () {
      const node = yield* ours(343, { search: { ...defaultSettings.search, patienceMs: 60_000 } })
      const peer = yield* peerOf(node, "answers", { rebuildEveryMs: 20 })
      // what nobody announced: only a search finds it
      peer.node.records.own.set("zns:0123456789abcdef0123456789abcdef", {
        entity_id: "zns:0123456789abcdef0123456789abcdef",
        name: "Hidden translator",
        category: "translation",
        tags: ["nlp"],
        summary: "finds words in marzipan",
        entity_type: "agent",
        entity_url: "",
        home_registry: peer.node.settings.registryId,
        developer_id: "",
        status: "active",
        originKey: peer.node.settings.publicKey,
        isTombstoned: false,
      })
      yield* until("its filter", () => !peer.node.isFilterEmpty)
      peer.pass(30_000)
      const search = node.service.search({ query: "marzipan", federated: true })
      for (let asked = 0; asked === 0; asked = (yield* search).stats.peersAsked) yield* Effect.sleep(5)
      let answers = 0
      for (let i = 0; i < times; i++) {
        answers += (yield* search).stats.peersAnswered
      }
      expect(answers).toBeGreaterThanOrEqual(0.99 * times)
    }).pipe(Effect.scoped),
  ))

it("a torn frame costs the link, and it is dialled again", () =>
  play(
    Effect.gen(function* () {
      let isTorn = false
      const node = yield* ours(344)
      yield* node.service.registerEntity(sdkRequest(alice, 0, { summary: "weather of tomorrow" }))
      const peer = yield* peerOf(node, "torn", { isTorn: () => isTorn })
      isTorn = true
      yield* asked(peer, "weather")
      isTorn = false
      yield* until("the link is lost", () => !isLinked(node, peer))
      peer.pass(31_000)
      yield* until("and back", () => isLinked(node, peer))
      expect((yield* asked(peer, "weather")).silent.size).toBe(0)
    }).pipe(Effect.scoped),
  ))
