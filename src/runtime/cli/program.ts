/** A program of several commands: finds the one that is named, in one word or two, runs it, and ends with its code. */
import { nearest } from "../config/nearest.ts"
import { columns } from "./columns.ts"
import type { Command } from "./command.ts"
import { completionScript } from "./completion.ts"
import { defect, end, type ExitCode, exitCode } from "./exit.ts"
import { version } from "./version.ts"

export interface Entry {
  /** One line for the list of commands. */
  readonly summary: string
  /** Each command's code is loaded when it is asked for, so that `help` need not wait for the database's. */
  readonly load: () => Promise<Command>
}

export interface Program {
  readonly name: string
  readonly about: string
  readonly commands: ReadonlyMap<string, Entry>
}

type Env = Readonly<Record<string, string | undefined>>

/** Runs the program with this process's words, and lets the process end with its code. */
export const runProgram = async (program: Program): Promise<void> => {
  // A reader that went away (`agentdns help | head -1`) is no reason to fall over.
  process.stdout.on("error", () => {})
  process.stderr.on("error", () => {})
  process.on("uncaughtException", (error) => process.exit(end(defect(error))))

  process.exitCode = await run(program, process.argv.slice(2), process.env).catch((error: unknown) => end(defect(error)))
  // Output is written out while the loop runs empty; something that was left running must not keep us.
  setTimeout(() => process.exit(), 1_000).unref()
}

const run = async (program: Program, argv: ReadonlyArray<string>, env: Env): Promise<ExitCode> => {
  const [first = "help"] = argv
  if (first === "help" || first === "--help" || first === "-h") return explain(program, argv.slice(1))
  if (first === "version" || first === "--version" || first === "-v") return argv.length > 1 ? tooMuch("version", argv[1]!) : say(version())
  if (first === "completion") return complete(program, argv.slice(1))
  const found = find(program, argv)
  if (found === undefined) return noSuchCommand(program, argv)
  const isQuestion = found.rest.includes("--help") || found.rest.includes("-h")
  return isQuestion ? explain(program, found.name.split(" ")) : (await found.entry.load()).run(found.rest, env)
}

/** A command of two words is found before one of its first word. */
const find = ({ commands }: Program, [first = "", second = "", ...rest]: ReadonlyArray<string>) => {
  const two = commands.get(`${first} ${second}`)
  if (two !== undefined) return { name: `${first} ${second}`, entry: two, rest }
  const one = commands.get(first)
  return one === undefined ? undefined : { name: first, entry: one, rest: second === "" && rest.length === 0 ? [] : [second, ...rest] }
}

const explain = async (program: Program, words: ReadonlyArray<string>): Promise<ExitCode> => {
  if (words.length === 0) return say(overview(program))
  if (words[0] === "help") return say(`${program.name} help [COMMAND]\n\nLists the commands, or explains one.`)
  const found = find(program, words)
  if (found === undefined) return noSuchCommand(program, words)
  if (found.rest.length > 0) return tooMuch(`help ${found.name}`, found.rest[0]!)
  const { help, usage } = await found.entry.load()
  return say(`${`${program.name} ${found.name} ${usage}`.trimEnd()}\n\n${help()}`)
}

const overview = ({ about, commands, name }: Program): string => `${name}: ${about}

  ${name} COMMAND [FLAGS]

${columns([...[...commands].map(([name, { summary }]) => [name, summary] as const), ["completion bash|zsh|fish", "a script that completes commands and flags"], ["help [COMMAND]", "explains a command"], ["version", "prints the version"]])}

${name} help COMMAND tells more of one.`

/** The answer to words that are no command. */
const noSuchCommand = ({ commands, name }: Program, [first = "", second]: ReadonlyArray<string>): ExitCode => {
  const inGroup = [...commands.keys()].filter((command) => command.startsWith(`${first} `))
  if (inGroup.length > 0) return end({ code: exitCode.usage, sentence: `${first} what? There is ${inGroup.join(", ")}` })
  const said = second === undefined ? first : `${first} ${second}`
  const near = nearest(said, commands.keys()) ?? nearest(first, [...commands.keys(), "completion", "help", "version"])
  const hint = near === undefined ? `; ${name} help lists them` : `; did you mean ${near}?`
  return end({ code: exitCode.usage, sentence: `there is no command "${first.slice(0, 60)}"${hint}` })
}

const complete = async ({ commands, name }: Program, [shell, ...more]: ReadonlyArray<string>): Promise<ExitCode> => {
  const flags = new Map<string, ReadonlyArray<string>>()
  for (const [command, { load }] of commands) flags.set(command, (await load()).flags ?? [])
  const script = more.length > 0 ? undefined : completionScript(name, shell ?? "", flags)
  return script === undefined ? end({ code: exitCode.usage, sentence: "completion is for bash, zsh or fish" }) : say(script)
}

const tooMuch = (command: string, word: string): ExitCode =>
  end({ code: exitCode.usage, sentence: `${command} takes nothing behind it, not "${word}"` })

const say = (text: string): ExitCode => {
  process.stdout.write(`${text}\n`)
  return exitCode.done
}
