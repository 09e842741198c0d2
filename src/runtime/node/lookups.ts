/** What clients look up besides single records: lists, handles, names and whether they are free (reference 1.4 to 1.7). */
import { Effect } from "effect"
import { handleSubject } from "../../protocol/gossip/kinds/handle.ts"
import { nameSubject } from "../../protocol/gossip/kinds/name.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { type NameEntry, versionOf } from "../../protocol/records/name.ts"
import { readEntityName, readHandle, whyNoHandle } from "../../protocol/records/naming.ts"
import * as Slots from "../../protocol/records/slots.ts"
import type { EntityView, Node } from "../node-service.ts"
import type { RecordStore } from "../ports.ts"
import { marked } from "../searcher.ts"
import { conflict, type Desk, notFound } from "./desk.ts"
import { ownerGone } from "./handles.ts"
import { knownName } from "./names.ts"
import { steps } from "../steps.ts"

type Lookups = Pick<
  Node["Service"],
  "list" | "vocabulary" | "changes" | "handle" | "whyNoHandle" | "namesUnder" | "name" | "versions" | "whyNoName"
>

/** `stale`: registries that are not alive. */
export const lookupsOn = (desk: Desk, stale: () => ReadonlySet<RegistryId>): Lookups => {
  const { nextWord, nowMs, origin, shown: store } = desk

  return {
    list: (filter) =>
      Effect.flatMap(store.list(filter), (entries) =>
        named(
          store,
          entries.map((entry) => marked(entry, stale())),
        ),
      ),
    vocabulary: store.vocabulary,
    changes: store.changes,

    handle: steps(function* (handle, registry) {
      if (readHandle(handle) === undefined) return yield* notFound("no such handle")
      const entries = (yield* store.handles(handle)).filter((entry) => registry === undefined || entry.registry === registry)
      const [first] = entries
      if (first === undefined) return yield* notFound("no such handle")
      if (first.tier !== "local" && entries.length > 1)
        return yield* conflict(
          `several registries know this handle: ${entries.map((entry) => entry.registry).join(", ")}; choose one by ?registry=`,
        )
      const developer = yield* store.developer(first.developerId)
      return { ...first, developerName: developer?.record.name ?? "" }
    }),

    whyNoHandle: steps(function* (handle) {
      const why = whyNoHandle(handle)
      if (why !== undefined) return why
      const { last } = yield* nextWord(handleSubject(origin.registryId, handle))
      if (last?.body.kind !== "handle") return undefined
      if (last.body.action !== "release") return "this handle is taken on this registry"
      return last.body.reason === ownerGone && !Slots.isExpired(last, yield* nowMs)
        ? "the developer who held this handle left: it becomes free later"
        : undefined
    }),

    namesUnder: steps(function* (handle) {
      const entries = readHandle(handle) === undefined ? [] : yield* store.names({ handle })
      const ours = entries.filter(({ tier }) => tier === "local")
      return [...(ours.length > 0 ? ours : entries)].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    }),

    name: (handle, called, host) => knownName(store, handle, called, host),

    versions: steps(function* (handle, called, host) {
      const { name: entry } = yield* knownName(store, handle, called, host)
      return entry.tier === "local"
        ? { name: entry, versions: yield* store.versions(handle, called) }
        : // of a name at another registry we know what it means now
          { name: entry, versions: [versionOf(entry)] }
    }),

    whyNoName: steps(function* (handle, called) {
      if (readEntityName(called) === undefined)
        return { reason: "a name has 1 to 64 of a-z, 0-9 and -, and neither begins nor ends with -" }
      if (readHandle(handle) === undefined) return { reason: "no such handle" }
      const { last } = yield* nextWord(nameSubject(origin.registryId, handle, called))
      if (last?.body.kind !== "name" || last.body.action === "release") return undefined
      return { reason: "entity name is already registered under this developer", entityId: last.body.entityId }
    }),
  }
}

/** Entities with their names: of several the first of ours. */
export const named = Effect.fnUntraced(function* (store: Pick<RecordStore["Service"], "names">, entries: ReadonlyArray<EntityEntry>) {
  if (entries.length === 0) return []
  const names = yield* store.names({ entityIds: entries.map(({ record }) => record.entity_id) })
  const first = new Map<string, NameEntry>()
  for (const name of names) if (!first.has(name.entityId)) first.set(name.entityId, name)
  return entries.map((entry): EntityView => {
    const name = first.get(entry.record.entity_id)
    return name === undefined ? entry : { ...entry, name }
  })
})
