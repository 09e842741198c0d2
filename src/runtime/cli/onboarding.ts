/** `agentdns onboarding setup`: the secret that an operator's page shows when it approves a developer. */
import { randomBytes } from "node:crypto"
import type { Command } from "./command.ts"
import { end, exitCode } from "./exit.ts"

export const setup: Command = {
  usage: "",
  help: () => `Prints a new secret for restricted onboarding. It goes to the settings of the node and of the page that approves developers:

  [onboarding]
  mode = "restricted"
  auth_url = "https://…"
  webhook_secret = "whsec_…"`,
  run: async (argv) => {
    if (argv.length > 0) return end({ code: exitCode.usage, sentence: `onboarding setup takes nothing behind it, not "${argv[0]}"` })
    process.stdout.write(`whsec_${randomBytes(32).toString("hex")}\n`)
    return exitCode.done
  },
}
