/** How a command ends: the codes that scripts rely on (the BSD ones), and the one sentence in front of them. */
import { basename } from "node:path"

export const exitCode = {
  done: 0,
  /** Somebody who was asked, a registry as a rule, says no. */
  refused: 1,
  /** A flag, a variable or a file says something impossible. */
  usage: 64,
  /** A port is taken, the database is down: try again later. */
  unavailable: 69,
  /** Our own defect. */
  defect: 70,
  /** The data directory is in use, or cannot be written. */
  cannotCreate: 73,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** An end other than a good one; `sentence` goes to standard error, alone. */
export interface Ending {
  readonly code: ExitCode
  readonly sentence: string
}

/** What cannot happen has happened. The message may help whoever reports it; where it was thrown helps only us. */
export const defect = (cause: unknown): Ending => ({
  code: exitCode.defect,
  sentence: `this is a defect of agentdns, please report it: ${oneLine(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))}`,
})

const oneLine = (text: string): string => text.replace(/\s*\n[\s\S]*$/, "").slice(0, 300)

/** Which of the two programs speaks, by the name it was called by. */
export const programName = (): string => (basename(process.argv[1] ?? "").startsWith("zynd") ? "zynd" : "agentdns")

/** Says the sentence on standard error and returns the code. */
export const end = ({ code, sentence }: Ending): ExitCode => {
  process.stderr.write(`${programName()}: ${sentence}\n`)
  return code
}
