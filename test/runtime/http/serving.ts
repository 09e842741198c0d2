/**
 * A REST server over a node in memory: strict where the real one is (it reads requests with the protocol's own rules), and
 * obedient where tests need it (it fails or dies on demand).
 */
import { Effect, Exit, Layer, References, Scope } from "effect"
import type { Json } from "../../../src/protocol/identity/canonical-json.ts"
import { verify } from "../../../src/protocol/identity/ed25519.ts"
import { readDeveloperId, readEntityId } from "../../../src/protocol/identity/id.ts"
import { readDeletion } from "../../../src/protocol/records/deletion.ts"
import type { DeveloperEntry, DeveloperRecord } from "../../../src/protocol/records/developer.ts"
import { readDeveloperRegistration } from "../../../src/protocol/records/developer-registration.ts"
import type { EntityEntry } from "../../../src/protocol/records/entity.ts"
import type { Refusal } from "../../../src/protocol/records/refusal.ts"
import { readRegistration } from "../../../src/protocol/records/registration.ts"
import { indexedEntity } from "../../../src/protocol/search/entity.ts"
import { SearchIndex } from "../../../src/protocol/search/search-index.ts"
import { Activity, makeActivity } from "../../../src/runtime/activity.ts"
import { HandleWitness } from "../../../src/runtime/handle-witness.ts"
import { HttpListener, layer } from "../../../src/runtime/http/server.ts"
import type { HttpSettings } from "../../../src/runtime/http/settings.ts"
import { Node, Refused } from "../../../src/runtime/node-service.ts"
import { StoreFailed } from "../../../src/runtime/ports.ts"
import { expect } from "vitest"
import { developerOf, homeOf } from "../../support/clients.ts"

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

const nodeInMemory = (served: { trouble: Trouble }): Node["Service"] => {
  const home = homeOf(200)
  const entities = new Map<string, EntityEntry>()
  const developers = new Map<string, DeveloperEntry>()
  const index = new SearchIndex()
  const nowMs = 1_775_824_496_789
  const refused = ({ code, message, field }: Refusal) => new Refused({ code, message, ...(field !== undefined && { field }) })
  const guarded = <A>(answer: () => A | Refused): Effect.Effect<A, Refused | StoreFailed> =>
    Effect.suspend((): Effect.Effect<A, Refused | StoreFailed> => {
      if (served.trouble === "store") return new StoreFailed({ operation: secrets[0]!, reason: secrets[2]! })
      if (served.trouble === "defect") return Effect.die(new Error(`cannot open ${secrets[1]}`))
      const given = answer()
      return given instanceof Refused ? given : Effect.succeed(given)
    })
  const noRoute = () => Effect.die(new Error("no route asks this"))
  const unknown = new Refused({ code: "not_found", message: "no such thing" })
  const introduce = (record: DeveloperRecord) => developers.set(record.developer_id, { record, tier: "local" })
  return {
    registryId: home,
    publicKey: developerOf(200).key.publicKey,
    registerDeveloper: (body) =>
      guarded(() => {
        const read = readDeveloperRegistration(body, { home, nowMs, check: verify })
        if (read.type === "refused") return refused(read)
        if (developers.has(read.record.developer_id)) return new Refused({ code: "conflict", message: "registered already" })
        introduce(read.record)
        return read.record
      }),
    registerEntity: (body) =>
      guarded(() => {
        const read = readRegistration(body, { home, nowMs, check: verify })
        if (read.type === "refused") return refused(read)
        const { record } = read
        if (entities.has(record.entity_id)) return new Refused({ code: "conflict", message: "registered already" })
        if (!developers.has(record.developer_id)) introduce(read.implicitDeveloper)
        const entry: EntityEntry = { record, tier: "local", status: "active", contested: false }
        entities.set(record.entity_id, entry)
        index.put(indexedEntity(entry))
        return record
      }),
    deregister: (id, authorization) =>
      guarded(() => {
        const entry = entities.get(readEntityId(id) ?? "")
        if (entry === undefined) return unknown
        const read = readDeletion(authorization, entry.record, verify)
        if (read.type === "refused") return refused(read)
        entities.delete(entry.record.entity_id)
        index.remove(entry.record.entity_id)
        return entry.record
      }),
    updateEntity: noRoute,
    updateDeveloper: noRoute,
    deleteDeveloper: noRoute,
    claimHandle: noRoute,
    verifyHandle: noRoute,
    releaseHandle: noRoute,
    bindName: noRoute,
    rebindName: noRoute,
    rollbackName: noRoute,
    releaseName: noRoute,
    resolveName: noRoute,
    list: noRoute,
    vocabulary: noRoute(),
    changes: noRoute,
    handle: noRoute,
    whyNoHandle: noRoute,
    namesUnder: noRoute,
    name: noRoute,
    versions: noRoute,
    whyNoName: noRoute,
    beat: noRoute,
    proof: Effect.die(new Error("no route asks this")),
    attest: noRoute,
    card: noRoute,
    cards: noRoute,
    entity: (id) => guarded(() => entities.get(readEntityId(id) ?? "") ?? unknown),
    developer: (id) => guarded(() => developers.get(readDeveloperId(id) ?? "") ?? unknown),
    search: (request) =>
      guarded(() => {
        const offset = Math.max(0, request.offset ?? 0)
        const maxResults = request.max_results === undefined || request.max_results <= 0 ? 20 : request.max_results
        const { query: text, category, tags, developer_id: developer, entity_type: entityType, fqan, status } = request
        // Nobody has a handle or a name here.
        const isNamed = request.developer_handle !== undefined || (fqan !== undefined && readEntityId(fqan) === undefined)
        const { hits, totalFound } = index.search({
          ...((fqan ?? text) !== undefined && { text: fqan ?? text! }),
          ...(category !== undefined && { category }),
          ...(tags !== undefined && { tags }),
          ...(isNamed ? { developers: [] } : developer !== undefined && { developers: [developer] }),
          ...(entityType !== undefined && { entityType }),
          ...(status !== undefined && { status }),
          nowMs,
          offset,
          maxResults,
        })
        return {
          hits: hits.map(({ breakdown, id, parts, score }) => ({ entry: entities.get(id)!, score, breakdown, parts })),
          totalFound,
          offset,
          hasMore: offset + hits.length < totalFound,
        }
      }),
    status: Effect.catchTag(
      guarded(() => ({
        registryId: home,
        uptimeMs: 3_723_400,
        phase: "serving",
        peerCount: 1,
        localEntities: entities.size,
        gossipEntities: 0,
        developers: developers.size,
        refused: { tls: 2 },
      })),
      "Refused",
      Effect.die,
    ),
    peers: Effect.succeed([
      {
        registryId: homeOf(201),
        publicKey: developerOf(201).key.publicKey,
        address: "192.0.2.1:4001",
        direction: "out",
        agentCount: 7,
        connectedAtMs: nowMs,
        lastSeenMs: nowMs,
        reputation: 1,
        verdicts: { accept: 3 },
      },
    ]),
  }
}

/** Sees nothing. */
export const blindWitness: HandleWitness["Service"] = { recordsAt: () => Effect.succeed([]), filesOf: () => Effect.succeed([]) }

export const serveOn = async (changed: Partial<HttpSettings> = {}): Promise<Served> => {
  const scope = Scope.makeUnsafe()
  const served = { trouble: "none" as Trouble }
  const ports = Layer.mergeAll(
    Layer.sync(Node, () => Node.of(nodeInMemory(served))),
    Layer.sync(Activity, () => makeActivity("run", () => 0)),
    Layer.succeed(HandleWitness, blindWitness),
  )
  const app = layer({ ...settings, ...changed }).pipe(Layer.provide(ports))
  const context = await Effect.runPromise(Layer.buildWithScope(app, scope).pipe(Effect.provideService(References.MinimumLogLevel, "None")))
  const { address, url } = context.mapUnsafe.get(HttpListener.key) as HttpListener["Service"]
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
  expect(text).not.toMatch(/\bat .*\.[jt]s|node_modules|SQLSTATE|_tag|Error:/)
  for (const secret of secrets) expect(text).not.toContain(secret)
}
