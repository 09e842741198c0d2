/** A real node with a store in memory, and REST over it, as `agentdns start` puts them together. */
import { Context, Effect, Layer, type Scope } from "effect"
import { Activity, makeActivity } from "../../src/runtime/activity.ts"
import { HandleWitness } from "../../src/runtime/handle-witness.ts"
import { HttpListener, layer } from "../../src/runtime/http/server.ts"
import type { HttpSettings } from "../../src/runtime/http/settings.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import type { NodeSettings } from "../../src/runtime/node-settings.ts"
import { Node } from "../../src/runtime/node-service.ts"
import type { RecordStore } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { blindWitness, settings } from "../runtime/http/serving.ts"
import { realNode } from "./real-nodes.ts"

export interface ServedNode {
  readonly node: Node["Service"]
  readonly running: RunningNode
  readonly store: RecordStore["Service"]
  readonly activity: Activity["Service"]
  readonly url: string
}

export const servedNode = (
  seed: number,
  http: Partial<HttpSettings> = {},
  mesh: Partial<NodeSettings> = {},
  more: Layer.Layer<never> = Layer.empty,
  witness: HandleWitness["Service"] = blindWitness,
): Effect.Effect<ServedNode, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const activity = makeActivity(`run${seed}`, Date.now)
    const store = makeMemoryStore()
    const running = yield* realNode(seed, store, { registryHost: "registry.example", ...mesh }, activity.report, more)
    const ports = Layer.mergeAll(
      Layer.succeed(Node, running.service),
      Layer.succeed(Activity, activity),
      Layer.succeed(HandleWitness, witness),
      more,
    )
    const served = yield* Layer.build(Layer.provide(layer({ ...settings, ...http }), ports))
    return { node: running.service, running, store, activity, url: Context.get(served, HttpListener).url }
  })
