/**
 * The four roles as real nodes over TLS that know nothing but the bootnode, asked over REST: it introduces them to each
 * other, holds nothing and takes no writes; a light node holds what it chose and asks for the rest; a gateway holds nothing
 * and reads through.
 */
import { Effect } from "effect"
import { expect, it } from "vitest"
import type { NodeContext } from "../../src/actors/node.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import type { NodeSettings } from "../../src/runtime/node-settings.ts"
import { developerOf, entityIdOf, sdkRequest } from "../support/clients.ts"
import { eventually } from "../support/real-nodes.ts"
import { servedNode } from "../support/served-node.ts"

const owner = developerOf(31)
const chosen = entityIdOf(owner, 0)
const other = entityIdOf(owner, 1)

/** A node with REST in front, and its store to look into. */
const serving = Effect.fnUntraced(function* (seed: number, settings: Partial<NodeSettings>) {
  const { running: node, store, url } = yield* servedNode(seed, { role: settings.role ?? "full" }, { wantedPeers: 4, ...settings })
  const ask = (path: string, init?: RequestInit) => Effect.promise(() => fetch(`${url}${path}`, init))
  return {
    node,
    register: (index: number, category: string) =>
      ask("/v1/entities", { method: "POST", body: JSON.stringify(sdkRequest(owner, index, { category })) }),
    read: (id: string) => ask(`/v1/entities/${id}`),
    delete: (id: string) => ask(`/v1/entities/${id}`, { method: "DELETE", headers: { authorization: "Bearer x" } }),
    holds: (id: typeof chosen) => Effect.runSync(store.entity(id)) !== undefined,
  }
})

const rolesMetBy = ({ actors }: RunningNode) =>
  (actors.snapshot("node")?.context as NodeContext | undefined)?.roster.map(({ role }) => role).sort() ?? []

it("all roles over TLS, introduced by a bootnode", async () => {
  const program = Effect.gen(function* () {
    const bootnode = yield* serving(301, { role: "bootnode" })
    const bootstrap = [{ address: bootnode.node.address }]
    const first = yield* serving(302, { bootstrap })
    const second = yield* serving(303, { bootstrap })
    const selection = { categories: new Set(["finance"]), developers: new Set<string>() }
    const light = yield* serving(304, { role: "light", selection, bootstrap })
    const gateway = yield* serving(305, { role: "gateway", bootstrap })
    const all = [bootnode, first, second, light, gateway]
    const everybodyElse = ["bootnode", "full", "full", "gateway", "light"]
    yield* eventually("everybody is connected to everybody", () =>
      all.every(({ node }) => rolesMetBy(node).length === everybodyElse.length - 1),
    )

    expect((yield* first.register(0, "finance")).status).toBe(201)
    expect((yield* second.register(1, "music")).status).toBe(201)
    yield* eventually("all is where it belongs", () => first.holds(other) && second.holds(chosen) && light.holds(chosen))

    expect(light.holds(other)).toBe(false)
    for (const id of [chosen, other]) {
      expect(bootnode.holds(id)).toBe(false)
      expect(gateway.holds(id)).toBe(false)
      expect((yield* bootnode.read(id)).status).toBe(404)
      for (const reader of [gateway, light]) {
        const answer = yield* reader.read(id)
        expect(answer.status).toBe(200)
        expect(yield* Effect.promise(() => answer.json())).toMatchObject({ entity_id: id })
      }
      expect(gateway.holds(id)).toBe(false)
    }
    // what it was asked for it keeps
    expect(light.holds(other)).toBe(true)

    for (const refusing of [bootnode, gateway]) {
      for (const answer of [yield* refusing.register(2, "music"), yield* refusing.delete(chosen)]) {
        expect(answer.status).toBe(403)
        expect(yield* Effect.promise(() => answer.json())).toMatchObject({ error: "forbidden" })
      }
    }
    // and what ends, ends for those who only asked
    expect((yield* light.register(3, "music")).status).toBe(201)
    yield* eventually("a light node's own", () => first.holds(entityIdOf(owner, 3)))
  })
  await Effect.runPromise(Effect.scoped(program))
})
