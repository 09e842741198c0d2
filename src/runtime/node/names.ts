/** Names here: binding, rebinding, rolling back, releasing; and resolving names of all hosts (naming page; reference 1.7). */
import { Effect, Result } from "effect"
import { announceName } from "../../protocol/gossip/announcement.ts"
import type { HeldHandleBody } from "../../protocol/gossip/kinds/handle.ts"
import { type BoundNameBody, isPrivate, nameSubject } from "../../protocol/gossip/kinds/name.ts"
import type { Announcement } from "../../protocol/gossip/announcement.ts"
import type { Json } from "../../protocol/identity/canonical-json.ts"
import { readOwner } from "../../protocol/records/authorization.ts"
import type { EntityRecord } from "../../protocol/records/entity.ts"
import type { NameEntry, NameFilter } from "../../protocol/records/name.ts"
import { type EntityName, fqanOf, readEntityName, readHandle, releaseText } from "../../protocol/records/naming.ts"
import { type Binding, readBinding, nameWishedIn, readBindingEvidence, readNameIn } from "../../protocol/records/name-requests.ts"
import type { Node, Resolution } from "../node-service.ts"
import type { OwnWord, RecordStore } from "../ports.ts"
import { conflict, type Desk, notFound, refused, refusedAs } from "./desk.ts"
import type { Reads } from "./reads.ts"
import { localEntity } from "./entities.ts"
import { heldHandle } from "./handles.ts"
import { steps } from "../steps.ts"

export const namesOn = (
  desk: Desk,
  reads: Pick<Reads, "entity" | "name">,
): Pick<Node["Service"], "bindName" | "rebindName" | "rollbackName" | "releaseName" | "resolveName"> => {
  const { check, host, mayWrite, nextWord, origin, report, say, shown, store } = desk

  const ourHost = host === undefined ? noHost : Effect.succeed(host)

  /** Our own name as it is bound now. */
  const boundName = steps(function* (handle: string, name: string) {
    const { held } = yield* heldHandle(desk, handle)
    if (readEntityName(name) === undefined) return yield* notFound("no such name is bound here")
    const word = yield* nextWord(nameSubject(origin.registryId, handle, name))
    const body = word.last?.body
    return body?.kind !== "name" || body.action === "release" || body.developerId !== held.developerId
      ? yield* notFound("no such name is bound here")
      : { held, word, body }
  })

  /** Writes a version, if the developer who holds the handle signed it and the entity is its own. */
  const write = steps(function* (
    action: BoundNameBody["action"],
    { developerId, handle, publicKey }: HeldHandleBody,
    name: EntityName,
    version: number,
    { buildHash, entityId, label, tags }: Omit<Binding, "type">,
    request: Json,
  ) {
    const { record } = yield* localEntity(desk, entityId)
    if (record.developer_id !== developerId) return yield* refused("forbidden", "this entity is another developer's", "entity_id")
    const build = buildHash === undefined ? {} : { buildHash }
    const bound = { action, host: yield* ourHost, handle, name, developerId, publicKey, version, entityId, label, tags, ...build }
    const evidence = readBindingEvidence(request, bound, origin.registryId, check)
    if (evidence.type === "refused") return yield* refusedAs(evidence)
    const { at, follows } = yield* nextWord(nameSubject(origin.registryId, handle, name))
    const { signature, text } = evidence
    yield* say({ announcement: announceName(origin, { ...bound, evidence: { text, signature } }, at), follows })
    const entry: NameEntry = {
      host: bound.host,
      registry: origin.registryId,
      handle,
      name,
      entityId,
      developerId,
      version,
      label,
      tags,
      boundAt: at,
      ...build,
      signature,
      tier: "local",
    }
    return entry
  })

  return {
    bindName: steps(function* (body) {
      yield* mayWrite
      yield* ourHost
      const named = readNameIn(body)
      if (named.type === "refused") return yield* refusedAs(named)
      const binding = readBinding(body)
      if (binding.type === "refused") return yield* refusedAs(binding)
      const { held } = yield* heldHandle(desk, named.handle)
      const { last } = yield* nextWord(nameSubject(origin.registryId, held.handle, named.name))
      // What only a registration named, its developer may sign for.
      if (last?.body.kind === "name" && last.body.action !== "release" && !isPrivate(last.body))
        return yield* conflict("this name is bound already")
      return yield* write("bind", held, named.name, nextVersion(last), binding, body)
    }),

    rebindName: steps(function* (handle, name, body) {
      yield* mayWrite
      const { body: bound, held } = yield* boundName(handle, name)
      const binding = readBinding(body, bound.entityId)
      if (binding.type === "refused") return yield* refusedAs(binding)
      return yield* write("rebind", held, bound.name, bound.version + 1, binding, body)
    }),

    rollbackName: steps(function* (handle, name, version, body) {
      yield* mayWrite
      const { body: bound, held } = yield* boundName(handle, name)
      const old = (yield* store.versions(handle, name)).find((each) => each.version === version)
      if (old === undefined) return yield* notFound("this name has no such version")
      return yield* write("rebind", held, bound.name, bound.version + 1, old, body)
    }),

    releaseName: steps(function* (handle, name, authorization) {
      yield* mayWrite
      const { body: bound, held, word } = yield* boundName(handle, name)
      const text = releaseText(fqanOf(bound.host, bound.handle, bound.name))
      const signature = readOwner(authorization, text, held.publicKey, check)
      if (Result.isFailure(signature)) return yield* refusedAs(signature.failure)
      const released = { ...releaseOf(bound), reason: "released", evidence: { text, signature: signature.success } }
      yield* say({ announcement: announceName(origin, released, word.at), follows: word.follows })
    }),

    resolveName: steps(function* (handle, name, wanted) {
      const known = yield* knownName(shown, handle, name, wanted).pipe(
        Effect.catchIf(
          (error) => error._tag === "Refused" && error.code === "not_found" && wanted !== undefined,
          (error) =>
            Effect.flatMap(reads.name(wanted!.toLowerCase(), handle, name), (found) =>
              found === undefined ? Effect.fail(error) : Effect.succeed({ name: found, isProvisional: true }),
            ),
        ),
      )
      const { name: entry } = known
      report({
        type: "name.resolved",
        fqan: fqanOf(entry.host, entry.handle, entry.name),
        developerId: entry.developerId,
        entityId: entry.entityId,
      })
      const entity = yield* reads.entity(entry.entityId)
      const resolution: Resolution = entity === undefined ? known : { ...known, entity }
      return resolution
    }),
  }
}

/** A name on any host that we know: our own host first; `wanted` chooses. */
export const knownName = Effect.fnUntraced(function* (
  store: Pick<RecordStore["Service"], "names" | "registriesAt">,
  handle: string,
  name: string,
  wanted: string | undefined,
) {
  if (readHandle(handle) === undefined || readEntityName(name) === undefined) return yield* notFound("no such name")
  const entries = yield* store.names({ handle, name })
  const byHost = Map.groupBy(entries, (entry) => entry.host)
  const hosts = [...byHost.keys()].sort()
  const chosen = wanted ?? entries.find(({ tier }) => tier === "local")?.host ?? (hosts.length === 1 ? hosts[0] : undefined)
  if (chosen === undefined && hosts.length > 1)
    return yield* conflict(`several hosts know this name: ${hosts.join(", ")}; choose one by ?host=`)
  const found = chosen === undefined ? undefined : byHost.get(chosen)
  if (chosen === undefined || found === undefined) return yield* notFound("no such name")
  const proven = yield* store.registriesAt(chosen)
  const entry =
    found.find(({ tier }) => tier === "local") ?? found.find(({ registry }) => proven.length === 1 && registry === proven[0]) ?? found[0]!
  return { name: entry, isProvisional: entry.tier !== "local" && (proven.length !== 1 || proven[0] !== entry.registry) }
})

const releaseOf = ({ developerId, handle, host, name, publicKey, version }: BoundNameBody) => ({
  action: "release" as const,
  developerId,
  handle,
  host,
  name,
  publicKey,
  version,
})

/**
 * The name that a registration asks for (`entity_name`; naming page, "Automatic"), where it can be given: its developer holds a
 * handle here, and the name is free. What cannot be given is not an error (as deployed).
 */
export const naming = Effect.fnUntraced(function* (
  desk: Desk,
  { developer_id: developerId, entity_id: entityId }: EntityRecord,
  body: Json,
) {
  const { host, nextWord, origin, store } = desk
  const wish = nameWishedIn(body)
  if (wish === undefined || host === undefined) return []
  const held = (yield* store.handlesOf(developerId)).find(({ tier }) => tier === "local")
  if (held === undefined) return []
  const handle = held.handle as HeldHandleBody["handle"]
  const { at, follows, last } = yield* nextWord(nameSubject(origin.registryId, handle, wish.name))
  if (last?.body.kind === "name" && last.body.action !== "release") return []
  const { publicKey } = held
  const bound = { host, handle, name: wish.name, developerId, publicKey, version: nextVersion(last), entityId, label: wish.label, tags: [] }
  const words: ReadonlyArray<OwnWord> = [{ announcement: announceName(origin, { ...bound, action: "bind" }, at), follows }]
  return words
})

/** The count goes on where it was, so that no number ever means two things. */
const nextVersion = (last: Announcement | undefined): number => (last?.body.kind === "name" ? last.body.version + 1 : 1)

/** What ends names of ours whose entity or handle ends: by our own word, because it is not the name that was given up. */
export const endingNames = Effect.fnUntraced(function* ({ nextWord, origin, store }: Desk, filter: NameFilter, reason: string) {
  const words: Array<OwnWord> = []
  for (const entry of yield* store.names(filter)) {
    if (entry.tier !== "local") continue
    const { at, follows, last } = yield* nextWord(nameSubject(origin.registryId, entry.handle, entry.name))
    if (last?.body.kind !== "name" || last.body.action === "release") continue
    words.push({ announcement: announceName(origin, { ...releaseOf(last.body), reason }, at), follows })
  }
  return words
})

const noHost = refused("invalid_request", "this registry has no HTTPS endpoint: it binds no names")
