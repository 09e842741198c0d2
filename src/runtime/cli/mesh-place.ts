/**
 * Where a process stands in its registry's mesh: alone it is in it from the start; one of several on a database
 * (`[database] shared`) is while it holds the database's lock.
 */
import { Context, Effect, Layer, type Redacted, type Scope } from "effect"
import type { Settings } from "../config/settings.ts"
import { gated } from "../gated-transport.ts"
import { listeningReason } from "../live/listening.ts"
import { type StoreFailed, Transport } from "../ports.ts"
import { Siblings } from "../siblings.ts"
import { shareDatabase } from "../store/siblings.ts"
import { type Ending, exitCode } from "./exit.ts"
import type { Reporter } from "./reporter.ts"

export interface MeshPlace {
  readonly ports: Layer.Layer<Transport>
  readonly siblings?: Siblings
  /** `meet` looks for first peers. */
  readonly take: (meet: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
}

export const meshPlace = (
  settings: Settings,
  transport: Layer.Layer<Transport>,
  reporter: Reporter,
): Effect.Effect<MeshPlace, Ending | StoreFailed, Scope.Scope> =>
  Effect.gen(function* () {
    if (!settings["database.shared"]) return { ports: transport, take: () => Effect.void } satisfies MeshPlace
    const url = yield* directUrl(settings)
    const address = { host: settings["mesh.listen_host"], port: settings["mesh.listen_port"] }
    const inner = Context.get(yield* Layer.build(transport), Transport)
    const gate = gated(inner, address, ({ address, reason }) => reporter.warn(`cannot listen on ${address}: ${listeningReason(reason)}`))
    const { holdMesh, siblings } = yield* shareDatabase(url, settings["database.schema"], reporter.note)
    return {
      ports: Layer.merge(Layer.succeed(Transport, gate.transport), Layer.succeed(Siblings, siblings)),
      siblings,
      take: (meet: Effect.Effect<void>) => Effect.asVoid(Effect.forkScoped(holdMesh(Effect.andThen(gate.open, meet)))),
    }
  })

/** Of the server, with no transaction pooler between. */
const directUrl = (settings: Settings): Effect.Effect<Redacted.Redacted, Ending> => {
  const wrong = (sentence: string) => Effect.fail<Ending>({ code: exitCode.usage, sentence })
  const url = settings["database.direct_url"] ?? settings["database.url"]
  if (settings["database.url"] === undefined || url === undefined)
    return wrong("[database] shared needs a PostgreSQL server: give [database] url, or DATABASE_URL")
  if (settings["database.pooler"] && settings["database.direct_url"] === undefined)
    return wrong("[database] shared behind a pooler needs [database] direct_url: locks and LISTEN do not pass a pooler")
  if (settings["mesh.listen_port"] === 0)
    return wrong("[database] shared needs [mesh] listen_port: whoever takes over must be found where the last one was")
  return Effect.succeed(url)
}
