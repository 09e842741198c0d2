/**
 * One process at a time in a data directory: the embedded database has no lock of its own, and a second process would
 * silently destroy what the first has acknowledged.
 *
 * Each process that wants in puts a ticket of its own there, named after its number and the moment it began, *and then*
 * looks for tickets of others that still live. Whoever sees one takes its own back. Of two at once, the later one to put its
 * ticket sees the other's, so two can never both be in; at worst both step back, and try again after different waits. A
 * ticket's name never comes again, so anybody may clear away those of the dead: nothing is ever taken over.
 *
 * A holder in another container or on another machine cannot be seen; its ticket is, for the holder touches it every second.
 */
import { randomInt } from "node:crypto"
import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, statSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { isInSight, type Life, lives, ownLife } from "./process-life.ts"

/** Another process, which lives, works in this directory. */
export class DataDirectoryInUse extends Schema.TaggedError<DataDirectoryInUse>()("DataDirectoryInUse", {
  directory: Schema.String,
  pid: Schema.Int,
  /** The number is one of another container or machine. */
  isElsewhere: Schema.Boolean,
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
      if (!(yield* attempt(directory, () => put(ticket)))) {
        return yield* new DataDirectoryInUse({ directory, pid: own.pid, isElsewhere: false })
      }
      // From the first moment on: of two that cannot see each other, each must find the other's ticket alive.
      const signs = setInterval(() => touch(ticket), signOfLifeMs).unref()
      const giveUp = () => {
        clearInterval(signs)
        rmSync(ticket, { force: true })
      }
      const holder = yield* holderBeside(directory, own).pipe(Effect.tapError(() => Effect.sync(giveUp)))
      if (holder === undefined) {
        return () => {
          giveUp()
          if (made) removeIfEmpty(directory)
        }
      }
      yield* attempt(directory, giveUp)
      const isElsewhere = !isInSight(holder)
      if (tries === triesMax || isElsewhere) return yield* new DataDirectoryInUse({ directory, pid: holder.pid, isElsewhere })
      yield* Effect.sleep(randomInt(20, 60))
    }
  })

/** A holder touches its ticket this often. */
const signOfLifeMs = 1_000
/** A ticket out of our sight that is not touched for this long is a dead one's. */
const watchMs = 4 * signOfLifeMs
/** One that was last touched so long ago need not be watched; clocks of machines that share a disk differ by less. */
const longAgoMs = 10 * 60_000

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
const holderBeside = (directory: string, own: Life): Effect.Effect<Life | undefined, DataDirectoryUnusable> =>
  Effect.gen(function* () {
    const others = yield* attempt(directory, () => readdirSync(directory).flatMap((name) => lifeIn(name) ?? []))
    const tickets = others.filter((life) => nameOf(life) !== nameOf(own)).map((life) => ({ life, path: join(directory, nameOf(life)) }))
    const near = tickets.find(({ life }) => isInSight(life) && lives(life))
    if (near !== undefined) return near.life

    const far = tickets.filter(({ life }) => !isInSight(life)).map((ticket) => ({ ...ticket, touchedMs: touchedAt(ticket.path) }))
    if (far.some(({ touchedMs }) => Math.abs(Date.now() - touchedMs) < longAgoMs)) {
      yield* Effect.sleep(watchMs)
      const alive = far.find(({ path, touchedMs }) => touchedAt(path) > touchedMs)
      if (alive !== undefined) return alive.life
    }
    yield* attempt(directory, () => tickets.forEach(({ path }) => rmSync(path, { force: true })))
    return undefined
  })

const touch = (ticket: string): void => {
  try {
    const now = new Date()
    utimesSync(ticket, now, now)
  } catch {
    // The disk is gone or read-only: whoever works on it will say so better.
  }
}

/** Zero for a ticket that was taken back meanwhile. */
const touchedAt = (ticket: string): number => statSync(ticket, { throwIfNoEntry: false })?.mtimeMs ?? 0

const nameOf = ({ pid, began }: Life): string => `node-${pid}-${began}.lock`

const lifeIn = (name: string): Life | undefined => {
  const match = /^node-(\d{1,10})-(b[0-9a-f]{8}-\d+-\d+|w\d*)\.lock$/.exec(name)
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
