/** `agentdns COMMAND [FLAGS]`: finds the command, runs it, and ends with its code. */
import { commands } from "./cli/commands.ts"
import { defect, end } from "./cli/exit.ts"
import { command as help, noSuchCommand } from "./cli/help.ts"

const run = async ([name = "help", ...argv]: ReadonlyArray<string>) => {
  if (name === "--help" || name === "-h") return help.run([], process.env)
  if (name === "--version" || name === "-v") return (await commands.get("version")!.load()).command.run([], process.env)
  const entry = commands.get(name)
  if (entry === undefined) return noSuchCommand(name)
  if (argv.includes("--help") || argv.includes("-h")) return help.run([name], process.env)
  return (await entry.load()).command.run(argv, process.env)
}

// A reader that went away (`agentdns help | head -1`) is no reason to fall over.
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})
process.on("uncaughtException", (error) => process.exit(end(defect(error))))

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => end(defect(error)))
// Output is written out while the loop runs empty; something that was left running must not keep us.
setTimeout(() => process.exit(), 1_000).unref()
