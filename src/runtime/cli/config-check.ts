/** `agentdns config check`: what each setting is, who said so, and everything that is wrong with them. */
import { Effect } from "effect"
import { decide, fileNamed } from "../config.ts"
import { inFileAs, isInFile, settingNames, settingOf } from "../config/settings.ts"
import { readSettingsFile } from "../live/settings-file.ts"
import { columns } from "./columns.ts"
import type { Command } from "./command.ts"
import { type Ending, exitCode } from "./exit.ts"
import { runToEnd } from "./run.ts"
import { settingsHelp } from "./settings-help.ts"

export const check: Command = {
  usage: "[--all] [FLAGS]",
  help: () => `Prints the settings that a start with these flags, variables and file would have, with where each comes from: those that
somebody gave, with --all every one. What is wrong is told whole, a line each, and nothing is started or made.

${settingsHelp()}`,
  flags: ["--all"],
  run: async (argv, env) => runToEnd(checked(argv, env)),
}

const checked = Effect.fnUntraced(function* (
  words: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>,
): Effect.fn.Return<void, Ending> {
  const argv = words.filter((word) => word !== "--all")
  const named = fileNamed({ argv, env })
  const file =
    named === undefined
      ? undefined
      : yield* readSettingsFile(named).pipe(
          Effect.mapError(({ file, reason }): Ending => ({ code: exitCode.usage, sentence: `the settings file ${file} ${reason}` })),
        )
  const decision = decide({ argv, env, ...(file !== undefined && { file }) })
  if (decision.type === "refused") {
    decision.complaints.forEach(complain)
    const { length } = decision.complaints
    return yield* Effect.fail({ code: exitCode.usage, sentence: `${length} ${length === 1 ? "thing is" : "things are"} wrong` })
  }
  decision.warnings.forEach(complain)
  decision.notes.forEach(complain)
  const rows = settingNames
    .filter((name) => words.includes("--all") || decision.sources[name] !== "default")
    .map((name) => [isInFile(name) ? inFileAs(name) : name, shown(name, decision.settings[name]), decision.sources[name]])
  process.stdout.write(rows.length === 0 ? "nothing is given: every setting has its default\n" : `${columns(rows)}\n`)
})

/** A secret is there or not; which one it is is nobody's business. */
const shown = (name: (typeof settingNames)[number], value: unknown): string => {
  if (value === undefined || value === null) return "-"
  const { kind } = settingOf(name)
  return kind.isSecret ? "(secret)" : kind.write(value)
}

const complain = (sentence: string): void => void process.stderr.write(`${sentence}\n`)
