/** Asking a registry: entities, names, cards, searches, and how it fares. */
import { Effect } from "effect"
import type { Json, JsonObject } from "../../../protocol/identity/canonical-json.ts"
import { readEntityId } from "../../../protocol/identity/id.ts"
import { columns } from "../columns.ts"
import { exitCode } from "../exit.ts"
import { type Circumstances, type ClientCommand, facts, stopWith } from "./client-command.ts"
import { entityIdIn } from "./entity.ts"
import type { Flag, Given } from "./flags.ts"
import { readFqan } from "./name.ts"
import { asList, asObject, at, printable, textIn } from "./registry.ts"

export const resolve: ClientCommand = {
  name: "resolve",
  help: "What a name means, or who an id is: resolve zns:…, resolve host/handle/name, resolve handle/name.",
  positions: [{ name: "ID|NAME" }],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const said = given.position("ID|NAME")!
    if (readEntityId(said) !== undefined) return yield* shownEntity(said, circumstances)
    const name = readFqan(said)
    if (name === undefined) return yield* stopWith(`"${said}" is neither an id nor a name: host/handle/name is expected`)
    const host = name.host === undefined ? "" : `?host=${encodeURIComponent(name.host)}`
    const json = yield* circumstances.registry.call("GET", `${at("v1", "resolve", name.handle, name.name)}${host}`)
    return {
      json,
      text: lines(json, [
        "fqan",
        "entity_id",
        "entity_url",
        "status",
        "current_version",
        "verification_tier",
        "developer_id",
        "trust_score",
      ]),
    }
  }),
}

export const info: ClientCommand = {
  name: "info",
  help: "An entity's record.",
  positions: [{ name: "ENTITY", isOptional: true }],
  flags: [{ name: "entity-id", takes: "ID", doc: "the same as the word behind the command" }],
  run: Effect.fnUntraced(function* (given, circumstances) {
    return yield* shownEntity(yield* entityIdIn(given), circumstances)
  }),
}

export const card: ClientCommand = {
  name: "card",
  help: "An agent's card, live from the agent.",
  positions: [{ name: "ENTITY" }],
  run: Effect.fnUntraced(function* (given, { registry }) {
    const json = yield* registry.call("GET", `${at("v1", "entities", yield* entityIdIn(given))}/card`)
    return { json, text: JSON.stringify(json, undefined, 2) }
  }),
}

const shownEntity = Effect.fnUntraced(function* (id: string, { registry }: Circumstances) {
  const json = yield* registry.find(at("v1", "entities", id))
  if (json === undefined) return yield* stopWith(`nobody knows ${id}`, exitCode.refused)
  return {
    json,
    text: lines(json, [
      "entity_id",
      "name",
      "fqan",
      "entity_type",
      "category",
      "tags",
      "summary",
      "entity_url",
      "status",
      "last_heartbeat",
      "developer_id",
      "home_registry",
      "registered_at",
      "updated_at",
    ]),
  }
})

const searchFlags: ReadonlyArray<Flag> = [
  { name: "query", takes: "TEXT", doc: "the same as the words behind the command" },
  { name: "category", takes: "WORD", doc: "only of this category" },
  { name: "tags", takes: "A,B", doc: "only with all of these tags", isList: true },
  { name: "skills", takes: "A,B", doc: "only with these skills", isList: true },
  { name: "protocols", takes: "A,B", doc: "only with these protocols", isList: true },
  { name: "languages", takes: "A,B", doc: "only with these languages", isList: true },
  { name: "models", takes: "A,B", doc: "only with these models", isList: true },
  { name: "type", takes: "agent|service", doc: "only agents, or only services" },
  { name: "developer", takes: "ID", doc: "only of this developer" },
  { name: "developer-handle", takes: "HANDLE", doc: "only of the developer with this handle" },
  { name: "fqan", takes: "NAME", doc: "only what has this name" },
  { name: "status", takes: "active|inactive|any", doc: "only of this status" },
  { name: "min-trust", takes: "0..1", doc: "only of at least this trust" },
  { name: "max-results", takes: "N", doc: "how many (20)" },
  { name: "offset", takes: "N", doc: "how many of the best are left out" },
  { name: "federated", doc: "asks other registries, too" },
  { name: "enrich", doc: "with live agent cards" },
]

export const search: ClientCommand = {
  name: "search",
  help: "Finds agents and services by words, filters, or both.",
  positions: [{ name: "WORDS", isOptional: true }],
  flags: searchFlags,
  run: Effect.fnUntraced(function* (given, { registry }) {
    const request = yield* searchRequest(given)
    const json = yield* registry.call("POST", "/v1/search", request)
    const results = asList(asObject(json)["results"]).map((result) => asObject(result))
    const rows = results.map((result) => [
      Number(result["score"] ?? 0).toFixed(3),
      printable(textIn(result, "fqan") || textIn(result, "name")),
      textIn(result, "entity_id"),
      printable(textIn(result, "summary")).slice(0, 60),
    ])
    const total = Number(asObject(json)["total_found"] ?? results.length)
    return { json, text: rows.length === 0 ? "nothing is found" : `${columns(rows)}\n${rows.length} of ${total}` }
  }),
}

const searchRequest = Effect.fnUntraced(function* (given: Given) {
  const number = (flag: string) => {
    const said = given.text(flag)
    if (said === undefined) return Effect.succeed(undefined)
    return Number.isFinite(Number(said)) ? Effect.succeed(Number(said)) : stopWith(`--${flag} is a number, not "${said}"`)
  }
  const members: Record<string, Json | undefined> = {
    query: given.position("WORDS") ?? given.text("query"),
    category: given.text("category"),
    tags: given.list("tags"),
    skills: given.list("skills"),
    protocols: given.list("protocols"),
    languages: given.list("languages"),
    models: given.list("models"),
    entity_type: given.text("type"),
    developer_id: given.text("developer"),
    developer_handle: given.text("developer-handle"),
    fqan: given.text("fqan"),
    status: given.text("status"),
    min_trust_score: yield* number("min-trust"),
    max_results: yield* number("max-results"),
    offset: yield* number("offset"),
    ...(given.has("federated") && { federated: true }),
    ...(given.has("enrich") && { enrich: true }),
  }
  return Object.fromEntries(Object.entries(members).filter((member): member is [string, Json] => member[1] !== undefined))
})

export const status: ClientCommand = {
  name: "status",
  help: "How the registry fares.",
  run: Effect.fnUntraced(function* (_, { registry }) {
    const json = asObject(yield* registry.call("GET", "/v1/network/status"))
    return { json, text: facts(leavesOf(json, "")) }
  }),
}

/** Every member that is no object, by its path. */
const leavesOf = (json: JsonObject, before: string): ReadonlyArray<readonly [string, Json]> =>
  Object.entries(json).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leavesOf(asObject(value), `${before}${name}.`)
      : [[`${before}${name}`, value ?? null] as const],
  )

export const peers: ClientCommand = {
  name: "peers",
  help: "Whom the registry is connected with.",
  run: Effect.fnUntraced(function* (_, { registry }) {
    const json = yield* registry.call("GET", "/v1/network/peers")
    const rows = asList(asObject(json)["peers"]).map((peer) => {
      const { agent_count, latency_ms, reputation } = asObject(peer)
      return [
        textIn(peer, "registry_id"),
        textIn(peer, "address"),
        `${Number(agent_count ?? 0)}`,
        `${Number(latency_ms ?? 0)} ms`,
        `${Number(reputation ?? 1)}`,
      ]
    })
    const table = [["REGISTRY", "ADDRESS", "ENTITIES", "LATENCY", "REPUTATION"], ...rows]
    return { json, text: rows.length === 0 ? "it has no peers" : columns(table) }
  }),
}

const lines = (json: Json, members: ReadonlyArray<string>): string =>
  facts(members.map((member) => [member, shown(asObject(json)[member])] as const))

const shown = (value: Json | undefined): Json | undefined => (typeof value === "string" ? printable(value) : value)
