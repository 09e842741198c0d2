/** What a node knows at a moment, as plain data that people read and compare: for looking back, never for decisions. */
import { Exit } from "effect"
import { pictureOf } from "./digest-watch.ts"
import type { Stage } from "./stage.ts"
import type { Machine } from "./world.ts"

export type Plain = string | number | boolean | null | ReadonlyArray<Plain> | { readonly [name: string]: Plain }

/** Members of one list, and levels, that are shown. */
const membersMax = 500
const depthMax = 9

export const stateOf = (stage: Stage, machine: Machine): Plain => {
  const { node } = machine
  if (node === undefined) return { node: "down" }
  const actors = [...node.actors.ids()].map((id) => {
    const snapshot = node.actors.snapshot(id)
    return [id, snapshot === undefined ? "ending" : { is: snapshot.value, remembers: plain(snapshot.context) }] as const
  })
  const counts = stage.world.look(machine.store.counts)
  return {
    node: machine.gate.isOpen ? "runs" : "paused",
    ...(machine.clock.skewMs !== 0 && { clockSkewMs: machine.clock.skewMs }),
    actors: Object.fromEntries(actors),
    store: Exit.isSuccess(counts) ? { ...counts.value } : "fails",
    shows: Object.fromEntries(
      stage.ledger.all().map(({ client }) => [client.entityId, stage.shownBy(machine, client.entityId)?.record.summary ?? "nothing"]),
    ),
    picture: pictureOf(stage.world, machine).slice(0, 16),
  }
}

/** Where two states differ: the path, before and after; `undefined` where there was, or is, nothing. */
export const changesOf = (before: Plain | undefined, after: Plain | undefined): ReadonlyArray<Change> => {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (!isBranch(before) || !isBranch(after)) return [{ path: "", before, after }]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) =>
    changesOf((before as Record<string, Plain>)[name], (after as Record<string, Plain>)[name]).map((change) => ({
      ...change,
      path: change.path === "" ? name : `${name} › ${change.path}`,
    })),
  )
}

export interface Change {
  readonly path: string
  readonly before: Plain | undefined
  readonly after: Plain | undefined
}

const isBranch = (value: Plain | undefined): value is Exclude<Plain, string | number | boolean | null> =>
  typeof value === "object" && value !== null

/** Maps as objects, sets as lists, bytes as hex; what runs is left out. */
const plain = (value: unknown, depth = 0): Plain => {
  if (value === null || value === undefined) return null
  if (typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value === "bigint") return String(value)
  if (typeof value !== "object") return typeof value
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, 64)).toString("hex")
  if (depth === depthMax) return "…"
  if (Array.isArray(value)) return limited(value, (one) => plain(one, depth + 1))
  if (value instanceof Set) return limited([...(value as ReadonlySet<unknown>)], (one) => plain(one, depth + 1))
  const entries = value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : Object.entries(value)
  const shown = entries.slice(0, membersMax).flatMap(([name, one]) => {
    if (typeof one === "function" || one === undefined) return []
    return [[typeof name === "string" ? name : JSON.stringify(plain(name, depth + 1)), plain(one, depth + 1)] as const]
  })
  return Object.fromEntries(entries.length > membersMax ? [...shown, ["…", `${entries.length - membersMax} more`]] : shown)
}

const limited = (list: ReadonlyArray<unknown>, make: (one: unknown) => Plain): ReadonlyArray<Plain> => [
  ...list.slice(0, membersMax).map(make),
  ...(list.length > membersMax ? [`… ${list.length - membersMax} more`] : []),
]
