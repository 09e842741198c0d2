/** `register.embedded`: registrations per second on the embedded database, in a directory of its own on disk. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { EmbeddedClient } from "../../src/runtime/store/pglite.ts"
import type { Benchmark } from "../benchmark.ts"
import { registering } from "./registering.ts"

const scratch = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "agentdns-bench-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
)

export const registerEmbedded: Benchmark = {
  name: "register.embedded",
  purpose: "registrations on the embedded database: verified, durable, announced",
  measure: (say) =>
    Effect.flatMap(scratch, (directory) =>
      registering("registry", say).pipe(Effect.scoped, Effect.provide(EmbeddedClient(join(directory, "postgres")))),
    ).pipe(Effect.scoped, Effect.runPromise),
}
