/** An entity at a registry: its derived key, its registration, its end. */
import { join } from "node:path"
import { Clock, Effect } from "effect"
import { deriveKey } from "../../../protocol/identity/derivation.ts"
import { type EntityId, idOf, readEntityId } from "../../../protocol/identity/id.ts"
import { writeMoment } from "../../../protocol/time.ts"
import { exitCode } from "../exit.ts"
import { type Circumstances, type ClientCommand, facts, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"
import { derivationFlag, derivedFrom, developerFlag, developerKey, domainOf, entityKey, indexOf, keep, keyIn } from "./key-files.ts"
import { asObject, at, type Registry, textIn } from "./registry.ts"
import { claimRequest, deletionHeaders, entityRequest, type Owner, timedDeletion } from "./requests.ts"

export const deriveAgent: ClientCommand = {
  name: "derive-agent",
  help: "Derives the key of the developer's agent with this index.",
  flags: [
    { name: "index", takes: "N", doc: "which of the developer's agents", isRequired: true },
    { name: "save", doc: "writes it to agent-N.json of the home" },
    derivationFlag,
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const index = yield* indexOf(given.text("index")!)
    const developer = yield* developerKey(given, circumstances)
    const domain = yield* domainOf(given)
    const { publicKey } = deriveKey(developer.seed, index, domain)
    const { derived_from, seed } = derivedFrom(developer, index, domain)
    const file = join(circumstances.home, `agent-${index}.json`)
    if (given.has("save")) yield* keep(file, seed, { derived_from })
    const json = { entity_id: idOf("agent", publicKey), public_key: publicKey, index, ...(given.has("save") && { file }) }
    return { json, text: facts(Object.entries(json)) }
  }),
}

const now = Effect.map(Clock.currentTimeMillis, writeMoment)

const profileFlags: ReadonlyArray<Flag> = [
  { name: "name", takes: "NAME", doc: "what it is called (the name it is bound to, when it has one)" },
  { name: "agent-url", takes: "URL", doc: "where it answers (ZYND_ENTITY_URL)" },
  { name: "category", takes: "WORD", doc: "what kind of thing it does (general)" },
  { name: "tags", takes: "A,B", doc: "words to be found by", isList: true },
  { name: "summary", takes: "TEXT", doc: "one sentence about it" },
  { name: "type", takes: "agent|service", doc: "agent, the default, or service" },
  { name: "agent-index", takes: "N", doc: "which of the developer's entities it is (0)" },
  { name: "agent-name", takes: "NAME", doc: "the name to bind under the developer's handle" },
  { name: "dev-handle", takes: "HANDLE", doc: "the handle; claimed when the developer has none" },
  { name: "version", takes: "LABEL", doc: "the label of the name's first version" },
  { name: "keypair", takes: "FILE", doc: "the entity's key, where it is not the derived one" },
  { name: "no-timestamp", doc: "signs no time, so that an SDK, which knows none, can change the entity later" },
  derivationFlag,
  developerFlag,
]

/** `agentdns register`, and `zynd agent register` of the naming page. */
export const registerEntity = (name: string): ClientCommand => ({
  name,
  help: `Registers an agent or a service of the developer, signed by its own key. With --agent-name it gets a name under the
developer's handle, and is found by it everywhere.`,
  flags: profileFlags,
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry, say } = circumstances
    const index = yield* indexOf(given.text("agent-index") ?? "0")
    const developer = yield* developerKey(given, circumstances)
    const entity = yield* entityKey(given, developer, index)
    const profile = yield* profileIn(given, circumstances)
    const handle = given.text("dev-handle")
    const home = textIn(yield* registry.call("GET", "/v1/info"), "registry_id")
    if (handle !== undefined) yield* ownHandle(handle, given, circumstances, home)

    const names = { entityName: given.text("agent-name"), version: given.text("version") }
    const request = entityRequest(entity, developer.key, index, profile, home, names, given.has("no-timestamp") ? undefined : yield* now)
    const answer = asObject(yield* registry.call("POST", "/v1/entities", request))
    const fqan = textIn(answer, "fqan")
    if (names.entityName !== undefined && fqan === "") {
      say(`it has no name yet: bind one with "zynd name-bind ${textIn(answer, "entity_id")} ${names.entityName}"`)
    }
    return {
      json: answer,
      text: facts([
        ["registered", answer["entity_id"]],
        ["as", answer["fqan"]],
        ["at", registry.url],
      ]),
    }
  }),
})

const profileIn = Effect.fnUntraced(function* (given: Given, { env }: Circumstances) {
  const name = given.text("name") ?? given.text("agent-name")
  if (name === undefined) return yield* stopWith("register needs --name NAME")
  const url = given.text("agent-url") ?? env["ZYND_ENTITY_URL"]
  if (url === undefined) return yield* stopWith("register needs --agent-url URL: where the agent answers")
  const type = given.text("type") ?? "agent"
  if (type !== "agent" && type !== "service") return yield* stopWith(`--type is agent or service, not "${type}"`)
  return {
    name,
    url,
    type,
    category: given.text("category") ?? "general",
    tags: given.list("tags") ?? [],
    summary: given.text("summary") ?? "",
  } as const
})

/** The developer must hold the handle before a name can be bound under it. */
const ownHandle = Effect.fnUntraced(function* (handle: string, given: Given, circumstances: Circumstances, home: string) {
  const { registry, say } = circumstances
  const { key } = yield* developerKey(given, circumstances)
  const holder = textIn(yield* registry.find(at("v1", "handles", handle)), "developer_id")
  if (holder === idOf("developer", key.publicKey)) return
  if (holder !== "") return yield* stopWith(`the handle ${handle} is another developer's`)
  yield* registry.call("POST", "/v1/handles", claimRequest(key, handle, home, undefined))
  say(`the handle ${handle} is yours now`)
})

export const deregisterEntity: ClientCommand = {
  name: "deregister",
  help: "Ends a registration. The entity's key signs that, or its developer's.",
  positions: [{ name: "ENTITY", isOptional: true }],
  flags: [
    { name: "entity-id", takes: "ID", doc: "the same as the word behind the command" },
    { name: "keypair", takes: "FILE", doc: "the entity's key; without it the developer's signs" },
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const id = yield* entityIdIn(given)
    const file = given.text("keypair")
    const own = file === undefined ? undefined : yield* keyIn(file)
    if (file !== undefined && own === undefined) return yield* stopWith(`there is no key at ${file}`)
    const owner: Owner =
      own === undefined
        ? { key: (yield* developerKey(given, circumstances)).key, scheme: "Bearer-Dev" }
        : { key: own.key, scheme: "Bearer" }
    const json = yield* endAt(circumstances.registry, owner, id)
    return { json, text: `${id} is no longer registered` }
  }),
}

/** Signed with the time, which an entity may be held to; a registry that knows no such deletion gets a plain one. */
const endAt = Effect.fnUntraced(function* (registry: Registry, owner: Owner, id: EntityId) {
  const path = at("v1", "entities", id)
  const home = textIn(yield* registry.call("GET", "/v1/info"), "registry_id")
  const { headers, query } = timedDeletion(owner, id, { timestamp: yield* now, registry_id: home })
  return yield* registry
    .call("DELETE", `${path}?${query}`, undefined, headers)
    .pipe(
      Effect.catch((refusal) =>
        refusal.code === exitCode.refused ? registry.call("DELETE", path, undefined, deletionHeaders(owner, id)) : Effect.fail(refusal),
      ),
    )
})

/** The entity that a command is about, by position or by the flag that the SDKs' command line has. */
export const entityIdIn = (given: Given) => {
  const said = given.position("ENTITY") ?? given.text("entity-id")
  if (said === undefined) return stopWith("which entity? Its id is needed")
  const id = readEntityId(said)
  return id === undefined ? stopWith(`"${said}" is not the id of an entity: zns: and 32 hex digits`) : Effect.succeed(id)
}
