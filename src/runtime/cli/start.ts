/** `agentdns start [FLAGS]` */
import type { Command } from "./command.ts"
import { settingsHelp } from "./settings-help.ts"

export const command: Command = {
  usage: "[FLAGS]",
  help: () => `Runs a node until SIGINT or SIGTERM. Without flags it makes a key and a database in ./data.

${settingsHelp()}`,
  run: async (argv, env) => {
    // The node's code is loaded when it is needed: help is not.
    const [{ runToEnd }, { serveUntilStopped }] = await Promise.all([import("./run.ts"), import("./serve.ts")])
    return runToEnd(serveUntilStopped(argv, env))
  },
}
