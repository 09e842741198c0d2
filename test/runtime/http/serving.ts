/** A REST server over a real node in memory that is obedient where tests need it: it fails or dies on demand. */
import { Context, Effect, Exit, Layer, References, Scope } from "effect"
import type { Json } from "../../../src/protocol/identity/canonical-json.ts"
import { Activity, makeActivity } from "../../../src/runtime/activity.ts"
import { HandleWitness } from "../../../src/runtime/handle-witness.ts"
import { HttpListener, layer } from "../../../src/runtime/http/server.ts"
import type { HttpSettings } from "../../../src/runtime/http/settings.ts"
import type { NodeSettings } from "../../../src/runtime/node-settings.ts"
import { type DhtStatus, Node } from "../../../src/runtime/node-service.ts"
import { StoreFailed } from "../../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { expect } from "vitest"
import { developerOf, homeOf } from "../../support/clients.ts"
import { realNode } from "../../support/real-nodes.ts"

export const settings: HttpSettings = {
  host: "127.0.0.1",
  port: 0,
  version: "1.2.3",
  name: "test registry",
  role: "full",
  registryHost: "registry.example",
  onboarding: { mode: "open" },
  rateLimitSearch: 1_000_000,
  rateLimitRegister: 1_000_000,
  trustedProxies: [],
  heartbeatSilenceMs: 300_000,
  corsOrigins: ["*"],
}

/** What the node does instead of answering. */
export type Trouble = "none" | "store" | "defect"

export interface Served {
  readonly url: string
  readonly port: number
  trouble: Trouble
  readonly stop: () => Promise<void>
}

/** What must never reach a client. */
export const secrets = ["SELECT secret FROM entities", "/var/lib/registry", "hunter2"]

/** A node that fails or dies on demand; its peers and its age are the ones that tests know. */
const troubled = (service: Node["Service"], served: { trouble: Trouble }): Node["Service"] => {
  const guarded = (answer: Effect.Effect<unknown, unknown>) =>
    Effect.suspend((): Effect.Effect<unknown, unknown> => {
      if (served.trouble === "store") return new StoreFailed({ operation: secrets[0]!, reason: secrets[2]! })
      return served.trouble === "defect" ? Effect.die(new Error(`cannot open ${secrets[1]}`)) : answer
    })
  const members: ReadonlyArray<readonly [string, unknown]> = Object.entries({ ...service, ...fixed(service) }).filter(
    ([name]) => name !== "readyEntity",
  )
  const guardedMembers = Object.fromEntries(
    members.map(([name, member]) => [
      name,
      typeof member === "function"
        ? (...asked: ReadonlyArray<unknown>) =>
            guarded((member as (...asked: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>)(...asked))
        : Effect.isEffect(member)
          ? guarded(member as Effect.Effect<unknown, unknown>)
          : member,
    ]),
  ) as unknown as Node["Service"]
  return { ...guardedMembers, readyEntity: (id) => (served.trouble === "none" ? service.readyEntity(id) : undefined) }
}

const dhtStatus: DhtStatus = {
  contacts: 4,
  buckets: { 0: 3, 2: 1 },
  storedValues: 5,
  ownValues: 2,
  lookups: { found: 6, missing: 1, contacts: 9, questions: 321 },
}

const fixed = ({ status }: Node["Service"]): Pick<Node["Service"], "peers" | "status"> => ({
  status: Effect.map(status, (now) => ({ ...now, uptimeMs: 3_723_400, peerCount: 1, refused: { tls: 2 }, dht: dhtStatus })),
  peers: Effect.succeed([
    {
      registryId: homeOf(201),
      publicKey: developerOf(201).key.publicKey,
      address: "192.0.2.1:4001",
      direction: "out",
      role: "full",
      agentCount: 7,
      connectedAtMs: 1_775_824_496_789,
      lastSeenMs: 1_775_824_496_789,
      reputation: 1,
      verdicts: { accept: 3 },
      layers: ["proof", "tls"],
      tier: "domain-verified",
      trust: 0.75,
    },
  ]),
})

/** Sees nothing. */
export const blindWitness: HandleWitness["Service"] = { recordsAt: () => Effect.succeed([]), filesOf: () => Effect.succeed([]) }

export const serveOn = async (changed: Partial<HttpSettings> = {}, mesh: Partial<NodeSettings> = {}): Promise<Served> => {
  const scope = Scope.makeUnsafe()
  const served = { trouble: "none" as Trouble }
  const serving = Effect.gen(function* () {
    const { service } = yield* realNode(0xc8c8c8c8, makeMemoryStore(), { registryHost: "registry.example", ...mesh })
    const ports = Layer.mergeAll(
      Layer.succeed(Node, troubled(service, served)),
      Layer.sync(Activity, () => makeActivity("run", () => 0)),
      Layer.succeed(HandleWitness, blindWitness),
    )
    return Context.get(yield* Layer.build(Layer.provide(layer({ ...settings, ...changed }), ports)), HttpListener)
  })
  const { address, url } = await Effect.runPromise(
    Scope.provide(serving, scope).pipe(Effect.provideService(References.MinimumLogLevel, "None")),
  )
  return Object.assign(served, { url, port: address.port, stop: () => Effect.runPromise(Scope.close(scope, Exit.void)) })
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly json: { readonly [member: string]: Json } & { readonly [index: number]: Json }
  readonly headers: Headers
}

export const call = async (url: string, { body, ...init }: Omit<RequestInit, "body"> & { readonly body?: Json } = {}): Promise<Answer> => {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body)
  const response = await fetch(url, { ...init, ...(text !== undefined && { method: init.method ?? "POST", body: text }) })
  const answer = await response.text()
  return {
    status: response.status,
    text: answer,
    json: answer !== "" && isJson(response) ? JSON.parse(answer) : undefined,
    headers: response.headers,
  }
}

const isJson = (response: Response) => response.headers.get("content-type")?.startsWith("application/json") === true

/** Every refusal looks the same, and tells nothing of the inside. */
export const expectProblem = (answer: Answer, status: number, error: string, field?: string) => {
  expect([answer.status, answer.json["error"], answer.json["field"]]).toEqual([status, error, field])
  expect(typeof answer.json["message"]).toBe("string")
  expect(Object.keys(answer.json).every((member) => ["error", "message", "field"].includes(member))).toBe(true)
  expectDiscreet(answer)
}
export const expectDiscreet = ({ text }: Answer) => {
  expect(text).not.toMatch(/\bat .*\.[jt]s|node_modules|SQLSTATE|"_tag"|Error:/)
  for (const secret of secrets) expect(text).not.toContain(secret)
}
