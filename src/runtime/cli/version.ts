/** `agentdns version` */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Command } from "./command.ts"
import { end, exitCode } from "./exit.ts"

/** The version that package.json names. */
export const version = (): string => {
  const document = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as { readonly version: string }
  return document.version
}

export const command: Command = {
  usage: "",
  help: () => "Prints the version of agentdns.",
  run: async (argv) => {
    if (argv.length > 0) return end({ code: exitCode.usage, sentence: `version takes nothing behind it, not "${argv[0]}"` })
    process.stdout.write(`${version()}\n`)
    return exitCode.done
  },
}
