/** A process of its own that takes the data directory of its first argument, says how that went, and lives on. */
import { Effect } from "effect"
import { holdDataDirectory } from "../../../src/runtime/live/data-directory-lock.ts"

const held = holdDataDirectory(process.argv[2]!).pipe(
  Effect.andThen(Effect.sync(() => console.log("in"))),
  Effect.andThen(Effect.never),
  Effect.scoped,
  Effect.catchTag("DataDirectoryInUse", ({ pid }) => Effect.sync(() => console.log(`refused ${pid}`))),
)
const fiber = Effect.runFork(held)
process.on("SIGTERM", () => fiber.interruptUnsafe())
setInterval(() => fiber.pollUnsafe() !== undefined && process.exit(0), 10)
