/** Names under a handle: binding, rebinding, rolling back, releasing (naming page). The developer of the handle signs each. */
import { Effect } from "effect"
import type { JsonObject } from "../../../protocol/identity/canonical-json.ts"
import { readEntityId } from "../../../protocol/identity/id.ts"
import type { Ending } from "../exit.ts"
import { type Circumstances, type ClientCommand, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"
import { developerFlag, developerKey } from "./key-files.ts"
import { asList, asObject, at, textIn } from "./registry.ts"
import { nameRequest, releaseHeaders } from "./requests.ts"

const tagsFlag: Flag = { name: "tags", takes: "A,B", doc: "what the entity can do under this name", isList: true }
const buildFlag: Flag = { name: "build-hash", takes: "HASH", doc: "of what was built, to know it again after a rollback" }
const labelFlag: Flag = { name: "label", takes: "LABEL", doc: "what this version is called" }

export const bindName: ClientCommand = {
  name: "name-bind",
  help: "Binds a name under the developer's handle to an entity of the developer.",
  positions: [{ name: "ENTITY" }, { name: "NAME" }],
  flags: [{ name: "handle", takes: "HANDLE", doc: "the handle (the developer's)" }, labelFlag, tagsFlag, buildFlag, developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry } = circumstances
    const { key } = yield* developerKey(given, circumstances)
    const entityId = yield* entityIn(given.position("ENTITY")!)
    const handle = given.text("handle") ?? (yield* handleOf(entityId, circumstances))
    const name = given.position("NAME")!
    const request = nameRequest(key, { handle, name, ...meaning(given, entityId) })
    const json = yield* registry.call("POST", "/v1/names", request)
    return { json, text: `${textIn(json, "fqan")} means ${entityId}` }
  }),
}

export const updateName: ClientCommand = {
  name: "name-update",
  help: "Binds a name to another entity, as its next version. The versions before it are kept.",
  positions: [{ name: "FQAN" }],
  flags: [
    { name: "new-agent-id", takes: "ENTITY", doc: "what it shall mean from now on (without it: what it means now)" },
    labelFlag,
    tagsFlag,
    buildFlag,
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const name = yield* nameIn(given)
    const versions = yield* versionsOf(name, circumstances)
    const said = given.text("new-agent-id")
    const entityId = yield* entityIn(said ?? textIn(versions[0], "entity_id"))
    const { key } = yield* developerKey(given, circumstances)
    const number = nextNumber(versions)
    const request = nameRequest(key, { handle: name.handle, name: name.name, number, ...meaning(given, entityId) })
    const json = yield* circumstances.registry.call("PUT", at("v1", "names", name.handle, name.name), request)
    return { json, text: `${textIn(json, "fqan")} means ${entityId} since version ${number}` }
  }),
}

export const rollbackName: ClientCommand = {
  name: "name-rollback",
  help: "Makes a name mean what it meant in an earlier version. That is a new version, too.",
  positions: [{ name: "FQAN" }],
  flags: [{ name: "version", takes: "N", doc: "the version to go back to", isRequired: true }, developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const name = yield* nameIn(given)
    const versions = yield* versionsOf(name, circumstances)
    const wanted = given.text("version")!
    const old = versions.find((version) => String(numberOf(version)) === wanted)
    if (old === undefined) return yield* stopWith(`${name.fqan} has no version ${wanted}; it has ${versions.map(numberOf).join(", ")}`)
    const { key } = yield* developerKey(given, circumstances)
    const number = nextNumber(versions)
    const entityId = textIn(old, "entity_id")
    const { signature } = nameRequest(key, {
      handle: name.handle,
      name: name.name,
      number,
      entityId,
      label: textIn(old, "label"),
      tags: asList(old["capability_tags"]).map(String),
      buildHash: textIn(old, "build_hash") || undefined,
    })
    const path = `${at("v1", "names", name.handle, name.name)}/rollback`
    const json = yield* circumstances.registry.call("POST", path, { to_version: numberOf(old), signature })
    return { json, text: `${textIn(json, "fqan")} means ${entityId} again, as version ${number}` }
  }),
}

export const unbindName: ClientCommand = {
  name: "name-unbind",
  help: "Gives a name up. Nobody can bring the old binding back; other registries forget it with its tombstone.",
  positions: [{ name: "FQAN" }],
  flags: [developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { fqan, handle, host, name } = yield* nameIn(given)
    const { key } = yield* developerKey(given, circumstances)
    const found = yield* circumstances.registry.call("GET", at("v1", "names", handle, name))
    const bound = textIn(found, "fqan")
    if (host !== undefined && bound !== fqan)
      return yield* stopWith(`this registry binds ${bound}, not ${fqan}; ask its own with --registry`)
    const json = yield* circumstances.registry.call("DELETE", at("v1", "names", handle, name), undefined, releaseHeaders(key, bound))
    return { json, text: `${bound} is given up` }
  }),
}

/** What the name shall mean, as the flags say it. */
const meaning = (given: Given, entityId: string) => ({
  entityId,
  label: given.text("label") ?? "",
  tags: given.list("tags") ?? [],
  buildHash: given.text("build-hash"),
})

interface Name {
  readonly fqan: string
  readonly host: string | undefined
  readonly handle: string
  readonly name: string
}

/** `host/handle/name`, or `handle/name` at the registry that is asked. */
export const readFqan = (text: string): Name | undefined => {
  const parts = text.replace(/^(?:zns|agdns):\/\//, "").split("/")
  if (parts.length < 2 || parts.length > 3 || parts.includes("")) return undefined
  const [handle, name] = parts.slice(-2) as [string, string]
  return { fqan: parts.join("/"), host: parts.length === 3 ? parts[0] : undefined, handle, name }
}

const nameIn = (given: Given): Effect.Effect<Name, Ending> => {
  const said = given.position("FQAN")!
  const read = readFqan(said)
  return read === undefined ? stopWith(`"${said}" is no name: host/handle/name is expected`) : Effect.succeed(read)
}

const entityIn = (text: string) => {
  const id = readEntityId(text)
  return id === undefined ? stopWith(`"${text}" is not the id of an entity: zns: and 32 hex digits`) : Effect.succeed(id)
}

/** The handle of the developer whose entity this is. */
const handleOf = Effect.fnUntraced(function* (entityId: string, { registry }: Circumstances) {
  const entity = yield* registry.call("GET", at("v1", "entities", entityId))
  const developer = yield* registry.call("GET", at("v1", "developers", textIn(entity, "developer_id")))
  const handle = textIn(developer, "dev_handle")
  return handle === "" ? yield* stopWith("this developer has no handle yet: zynd dev-claim-handle HANDLE") : handle
})

/** Newest first. */
const versionsOf = Effect.fnUntraced(function* ({ handle, name }: Name, { registry }: Circumstances) {
  const found = yield* registry.call("GET", `${at("v1", "names", handle, name)}/versions`)
  const versions = asList(found).map((version) => asObject(version))
  return versions.sort((a, b) => numberOf(b) - numberOf(a))
})

const numberOf = (version: JsonObject): number => Number(version["version"])

const nextNumber = (versions: ReadonlyArray<JsonObject>): number => Math.max(0, ...versions.map(numberOf)) + 1
