/** A process for `pglite.test.ts` to kill: registers eight entities, says so, and waits. */
import { Effect } from "effect"
import { RecordStore } from "../../../src/runtime/ports.ts"
import { schemaDefault, StoreLive } from "../../../src/runtime/store/layer.ts"
import { announced, developerOf, entityOf, registryOf } from "../../support/builders.ts"

const registered = Effect.gen(function* () {
  const store = yield* RecordStore
  const records = Array.from({ length: 8 }, (_, index) => entityOf(7, index))
  yield* Effect.forEach(
    records,
    (record) => store.register({ record, developer: developerOf(7), announcement: announced(registryOf(1), record) }),
    { concurrency: "unbounded" },
  )
  process.stdout.write(`registered ${records.length}\n`)
  return yield* Effect.never
})

await Effect.runPromise(
  registered.pipe(
    Effect.provide(StoreLive({ databaseUrl: undefined, dataDir: process.argv[2]!, schema: schemaDefault, maxConnections: 1 })),
  ),
)
