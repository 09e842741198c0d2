/** What every command of `agentdns` is: a file of its own in this folder that exports one of these as `command`. */
import type { ExitCode } from "./exit.ts"

export interface Command {
  /** What follows its name on the command line, for help: `[FLAGS]`. */
  readonly usage: string
  /** All that its help says after the usage. */
  readonly help: () => string
  /** Its flags, for the shell's completion. */
  readonly flags?: ReadonlyArray<string>
  /** `argv` is what follows the name. The process ends with the code. */
  readonly run: (argv: ReadonlyArray<string>, env: Readonly<Record<string, string | undefined>>) => Promise<ExitCode>
}
