/**
 * One process at a time in a data directory: the embedded database has no lock of its own, and a second process would
 * silently destroy what the first has acknowledged.
 *
 * Each process that wants in puts a ticket of its own there, named after its number and the moment it began, *and then*
 * looks for tickets of others that still live. Whoever sees one takes its own back. Of two at once, the later one to put its
 * ticket sees the other's, so two can never both be in; at worst both step back, and try again after different waits. A
 * ticket's name never comes again, so anybody may clear away those of the dead: nothing is ever taken over.
 */
import { randomInt } from "node:crypto"
import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { type Life, lives, ownLife } from "./process-life.ts"

/** Another process, which lives, works in this directory. */
export class DataDirectoryInUse extends Schema.TaggedError<DataDirectoryInUse>()("DataDirectoryInUse", {
  directory: Schema.String,
  pid: Schema.Number,
}) {}

/** The directory cannot be made or written. `reason` continues the sentence "DIRECTORY …". */
export class DataDirectoryUnusable extends Schema.TaggedError<DataDirectoryUnusable>()("DataDirectoryUnusable", {
  directory: Schema.String,
  reason: Schema.String,
}) {}

/** Makes the directory (private to this user) and holds it until the scope ends. One that was made here and stayed empty goes again. */
export const holdDataDirectory = (directory: string): Effect.Effect<void, DataDirectoryInUse | DataDirectoryUnusable, Scope.Scope> =>
  Effect.acquireRelease(enter(directory), (release) => Effect.sync(release)).pipe(Effect.asVoid)

/** Tries in all; between two there are up to 60 ms. A process that is just ending is out of the way by then. */
const triesMax = 8

const enter = (directory: string): Effect.Effect<() => void, DataDirectoryInUse | DataDirectoryUnusable> =>
  Effect.gen(function* () {
    const made = yield* attempt(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined)
    const own = ownLife()
    const ticket = join(directory, nameOf(own))
    for (let tries = 1; ; tries++) {
      const isOurs = yield* attempt(directory, () => put(ticket))
      const holder = isOurs ? yield* attempt(directory, () => holderBeside(directory, own)) : own
      if (holder === undefined) {
        return () => {
          rmSync(ticket, { force: true })
          if (made) removeIfEmpty(directory)
        }
      }
      if (isOurs) yield* attempt(directory, () => rmSync(ticket, { force: true }))
      if (tries === triesMax || !isOurs) return yield* new DataDirectoryInUse({ directory, pid: holder.pid })
      yield* Effect.sleep(randomInt(20, 60))
    }
  })

/** False when this very process has put it before. */
const put = (ticket: string): boolean => {
  try {
    closeSync(openSync(ticket, "wx", 0o600))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
}

/** Another process in this directory that lives. Tickets of the dead are cleared away. */
const holderBeside = (directory: string, own: Life): Life | undefined => {
  let holder: Life | undefined
  for (const name of readdirSync(directory)) {
    const life = lifeIn(name)
    if (life === undefined || name === nameOf(own)) continue
    if (lives(life)) holder ??= life
    else rmSync(join(directory, name), { force: true })
  }
  return holder
}

const nameOf = ({ pid, began }: Life): string => `node-${pid}-${began}.lock`

const lifeIn = (name: string): Life | undefined => {
  const match = /^node-(\d{1,10})-(b[0-9a-f]{8}-\d+|w\d*)\.lock$/.exec(name)
  return match === null ? undefined : { pid: Number(match[1]), began: match[2]! }
}

const removeIfEmpty = (directory: string): void => {
  try {
    rmdirSync(directory)
  } catch {
    // Something is in it, as usual.
  }
}

const attempt = <A>(directory: string, work: () => A): Effect.Effect<A, DataDirectoryUnusable> =>
  Effect.try({
    try: work,
    catch: (cause) => new DataDirectoryUnusable({ directory, reason: reasonOf((cause as NodeJS.ErrnoException).code) }),
  })

const reasonOf = (code: string | undefined): string => {
  if (code === "EACCES" || code === "EPERM") return "may not be written by this user"
  if (code === "EEXIST" || code === "ENOTDIR") return "is not a directory"
  if (code === "ENOSPC") return "cannot be written: the disk is full"
  return code === "EROFS" ? "cannot be written: the disk is read-only" : `cannot be used (${code ?? "unknown reason"})`
}
