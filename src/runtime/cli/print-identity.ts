/** Says who this node is; where it is nobody yet, that is settled first. */
import { Effect } from "effect"
import { idOf } from "../../protocol/identity/id.ts"
import { identityFileOf } from "../config.ts"
import { makeIdentity, readIdentity } from "../live/identity-file.ts"
import { columns } from "./columns.ts"
import type { Ending } from "./exit.ts"
import { identityEnding, namedButAbsent } from "./run.ts"
import { settingsFor } from "./settings.ts"

export const printIdentity = (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>,
): Effect.Effect<void, Ending> =>
  Effect.gen(function* () {
    const { settings } = yield* settingsFor({ argv, env })
    const { file, isNamed } = identityFileOf(settings)
    const identity = Effect.gen(function* () {
      const found = yield* readIdentity(file)
      if (found === undefined && isNamed) return yield* Effect.fail(namedButAbsent(file))
      return found ?? (yield* makeIdentity(file))
    })
    const { key, warnings } = yield* identity.pipe(
      Effect.catchTag("IdentityUnusable", (error) => Effect.fail(identityEnding(error, isNamed))),
    )
    for (const warning of warnings) process.stderr.write(`agentdns: ${warning}\n`)
    const facts = { registry_id: idOf("registry", key.publicKey), public_key: key.publicKey, file }
    process.stdout.write(settings.log === "json" ? `${JSON.stringify(facts)}\n` : `${columns(Object.entries(facts))}\n`)
  })
