/** `agentdns db reset|export|import`: the node's database as a whole, while the node is not running. */
import type { Effect } from "effect"
import type { Settings } from "../config/settings.ts"
import type { Command } from "./command.ts"
import { end, type Ending, exitCode } from "./exit.ts"
import { settingsHelp } from "./settings-help.ts"

type Work = (settings: Settings) => Effect.Effect<void, Ending>

interface DatabaseCommand {
  readonly usage: string
  readonly help: string
  /** `undefined`: these words are not enough, and `missing` says what is. */
  readonly work: (words: { readonly file: string | undefined; readonly isConfirmed: boolean }) => Promise<Work> | undefined
  readonly missing: string
}

const command = ({ help, missing, usage, work }: DatabaseCommand): Command => ({
  usage: `${usage} [FLAGS]`,
  help: () => `${help}\n\n${settingsHelp()}`,
  flags: ["--file", "--confirm"].filter((flag) => usage.includes(flag)),
  run: async (argv, env) => {
    const words = [...argv]
    const at = words.indexOf("--file")
    const file = at === -1 ? undefined : words.splice(at, 2)[1]
    const isConfirmed = words.includes("--confirm")
    const loading = work({ file, isConfirmed })
    if (loading === undefined || (at !== -1 && file === undefined)) return end({ code: exitCode.usage, sentence: missing })
    const [{ Effect }, { runToEnd }, { settingsFor }, done] = await Promise.all([
      import("effect"),
      import("./run.ts"),
      import("./settings.ts"),
      loading,
    ])
    const settingsWords = words.filter((word) => word !== "--confirm")
    return runToEnd(Effect.flatMap(settingsFor({ argv: settingsWords, env }), ({ settings }) => done(settings)))
  },
})

const load = () => import("./database-work.ts")

export const reset = command({
  usage: "--confirm",
  help: `Deletes every record of the node: its own registrations, and all that it heard. Its key is kept, and so is everything
in a PostgreSQL server that is not in the node's own schema.`,
  work: ({ isConfirmed }) => (isConfirmed ? load().then(({ emptied }) => emptied) : undefined),
  missing: "this deletes every record of the node; add --confirm when that is what you want",
})

export const exportAll = command({
  usage: "[--file FILE]",
  help: `Writes all that the node holds as JSON, a line each: announcements as they were signed, so that whoever reads them can
check every one, and the keys of the peers that it has met. Without --file to standard output.`,
  work: ({ file }) => load().then(({ exportedTo }) => exportedTo(file)),
  missing: "--file needs a value: FILE",
})

export const importAll = command({
  usage: "--file FILE",
  help: `Reads what db export wrote. Every line is checked as if a peer had sent it; what the node holds already, or knows
something later of, stays as it is.`,
  work: ({ file }) => (file === undefined ? undefined : load().then(({ importedFrom }) => importedFrom(file))),
  missing: "db import needs --file FILE",
})
