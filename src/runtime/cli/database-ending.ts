/** How a command ends whose data directory or database is not to be had: the same sentences for all of them. */
import { Effect } from "effect"
import type { DataDirectoryInUse, DataDirectoryUnusable } from "../live/data-directory-lock.ts"
import type { StoreFailed } from "../ports.ts"
import { type Ending, exitCode } from "./exit.ts"

type Trouble = DataDirectoryInUse | DataDirectoryUnusable | StoreFailed

export const databaseEnding = <A, E, R>(effect: Effect.Effect<A, E | Trouble, R>): Effect.Effect<A, Exclude<E, Trouble> | Ending, R> =>
  Effect.mapError(effect, (error) => (isTrouble(error) ? endingOf(error) : (error as Exclude<E, Trouble>)))

const isTrouble = (error: unknown): error is Trouble =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  ["DataDirectoryInUse", "DataDirectoryUnusable", "StoreFailed"].includes(String(error._tag))

const endingOf = (trouble: Trouble): Ending => {
  switch (trouble._tag) {
    case "DataDirectoryInUse": {
      const where = trouble.isElsewhere ? " of another container or machine" : ""
      return {
        code: exitCode.cannotCreate,
        sentence: `the data directory ${trouble.directory} is in use by process ${trouble.pid}${where}`,
      }
    }
    case "DataDirectoryUnusable":
      return { code: exitCode.cannotCreate, sentence: `the data directory ${trouble.directory} ${trouble.reason}` }
    case "StoreFailed":
      return { code: exitCode.unavailable, sentence: `the database cannot be used (${trouble.operation}): ${trouble.reason}` }
  }
}
