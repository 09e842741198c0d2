/** Settings as every command that needs them gets them: the file that was named is read, then all is decided. */
import { Effect } from "effect"
import { decide, type Decision, fileNamed, type Told } from "../config.ts"
import { readSettingsFile } from "../live/settings-file.ts"
import { type Ending, exitCode } from "./exit.ts"

type Decided = Extract<Decision, { readonly type: "decided" }>

export const settingsFor = (told: Omit<Told, "file">): Effect.Effect<Decided, Ending> =>
  Effect.gen(function* () {
    const named = fileNamed(told)
    const file = named === undefined ? undefined : yield* readSettingsFile(named)
    const decision = decide({ ...told, ...(file !== undefined && { file }) })
    if (decision.type === "decided") return decision
    const [first, ...others] = decision.complaints
    const more = others.length === 0 ? "" : ` (and ${others.length} more ${others.length === 1 ? "thing is" : "things are"} wrong)`
    return yield* Effect.fail({ code: exitCode.usage, sentence: `${first}${more}` })
  }).pipe(
    Effect.catchTag("SettingsFileUnusable", ({ file, reason }) =>
      Effect.fail<Ending>({ code: exitCode.usage, sentence: `the settings file ${file} ${reason}` }),
    ),
  )
