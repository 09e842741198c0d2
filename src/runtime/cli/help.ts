/** `agentdns help [COMMAND]` */
import { nearest } from "../config/nearest.ts"
import { columns } from "./columns.ts"
import type { Command } from "./command.ts"
import { commands } from "./commands.ts"
import { end, exitCode } from "./exit.ts"

export const command: Command = {
  usage: "[COMMAND]",
  help: () => "Lists the commands, or explains one.",
  run: async ([name, ...more]) => {
    if (name === undefined) return say(overview())
    const entry = commands.get(name)
    if (entry === undefined || more.length > 0) return noSuchCommand(entry === undefined ? name : more[0]!)
    const { usage, help } = (await entry.load()).command
    return say(`agentdns ${name} ${usage}`.trimEnd() + `\n\n${help()}`)
  },
}

/** The answer to a word that is no command. */
export const noSuchCommand = (name: string) => {
  const near = nearest(name, commands.keys())
  const sentence = `there is no command "${name.slice(0, 60)}"${near === undefined ? "; agentdns help lists them" : `; did you mean ${near}?`}`
  return end({ code: exitCode.usage, sentence })
}

const say = (text: string) => {
  process.stdout.write(`${text}\n`)
  return exitCode.done
}

const overview = () => `agentdns: a registry node for AI agents

  agentdns COMMAND [FLAGS]

${columns([...commands].map(([name, { summary }]) => [name, summary]))}

agentdns help COMMAND tells more of one.`
