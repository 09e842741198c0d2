/** All commands by name. Each is loaded when it is asked for, so that `help` need not wait for the database's code. */
import type { Command } from "./command.ts"

interface Entry {
  /** One line for the list of commands. */
  readonly summary: string
  readonly load: () => Promise<{ readonly command: Command }>
}

export const commands: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["start", { summary: "runs a node", load: () => import("./start.ts") }],
  ["identity", { summary: "prints the registry's id and key", load: () => import("./identity.ts") }],
  ["help", { summary: "explains a command", load: () => import("./help.ts") }],
  ["version", { summary: "prints the version", load: () => import("./version.ts") }],
])
