/** `agentdns identity [FLAGS]`: who this node is, in the words that others need to pin it. */
import type { Command } from "./command.ts"
import { settingsHelp } from "./settings-help.ts"

export const command: Command = {
  usage: "[FLAGS]",
  help: () => `Prints the registry's id and public key, and makes the identity where there is none yet.
Others who write the key behind our address, --bootstrap HOST:PORT#KEY, accept nobody else there.

${settingsHelp()}`,
  run: async (argv, env) => {
    const [{ runToEnd }, { printIdentity }] = await Promise.all([import("./run.ts"), import("./print-identity.ts")])
    return runToEnd(printIdentity(argv, env))
  },
}
