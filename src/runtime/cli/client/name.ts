/** Names under a handle: binding, rebinding, rolling back, releasing (naming page). The developer of the handle signs each. */
import { Effect } from "effect"
import { readEntityId } from "../../../protocol/identity/id.ts"
import type { Ending } from "../exit.ts"
import { type Circumstances, type ClientCommand, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"
import { developerFlag, developerKey } from "./key-files.ts"
import { asList, asObject, at, textIn } from "./registry.ts"
import { nameRequest, releaseHeaders } from "./requests.ts"

const tagsFlag: Flag = { name: "tags", takes: "A,B", doc: "what the entity can do under this name", isList: true }
const labelFlag: Flag = { name: "label", takes: "LABEL", doc: "what this version is called" }

export const bindName: ClientCommand = {
  name: "name-bind",
  help: "Binds a name under the developer's handle to an entity of the developer.",
  positions: [{ name: "ENTITY" }, { name: "NAME" }],
  flags: [{ name: "handle", takes: "HANDLE", doc: "the handle (the developer's)" }, labelFlag, tagsFlag, developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry } = circumstances
    const { key } = yield* developerKey(given, circumstances)
    const entityId = yield* entityIn(given.position("ENTITY")!)
    const handle = given.text("handle") ?? (yield* handleOf(entityId, circumstances))
    const name = given.position("NAME")!
    const request = nameRequest(key, { handle, name, entityId, label: given.text("label") ?? "", tags: given.list("tags") ?? [] })
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
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const name = yield* nameIn(given)
    const versions = yield* versionsOf(name, circumstances)
    const said = given.text("new-agent-id")
    const entityId = yield* entityIn(said ?? textIn(versions[0], "entity_id"))
    return yield* rebind(given, circumstances, name, versions, {
      entityId,
      label: given.text("label") ?? "",
      tags: given.list("tags") ?? [],
    })
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
    return yield* rebind(given, circumstances, name, versions, {
      entityId: yield* entityIn(textIn(old, "entity_id")),
      label: textIn(old, "label"),
      tags: [],
    })
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
  const versions = (Array.isArray(found) ? asList(found) : asList(asObject(found)["versions"])).map((version) => asObject(version))
  return versions.sort((a, b) => numberOf(b) - numberOf(a))
})

const numberOf = (version: Readonly<Record<string, unknown>>): number => Number(version["version"])

const rebind = Effect.fnUntraced(function* (
  given: Given,
  circumstances: Circumstances,
  { handle, name }: Name,
  versions: ReadonlyArray<Readonly<Record<string, unknown>>>,
  means: { readonly entityId: string; readonly label: string; readonly tags: ReadonlyArray<string> },
) {
  const { key } = yield* developerKey(given, circumstances)
  const number = Math.max(0, ...versions.map(numberOf)) + 1
  const json = yield* circumstances.registry.call(
    "PUT",
    at("v1", "names", handle, name),
    nameRequest(key, { handle, name, number, ...means }),
  )
  return { json, text: `${textIn(json, "fqan")} means ${means.entityId} since version ${number}` }
})
