/** The words behind a client's command: flags and positions, read strictly; a wrong one is named with its nearest neighbour. */
import { parseArgs } from "node:util"
import { nearest } from "../../config/nearest.ts"
import { type Ending, exitCode } from "../exit.ts"

export interface Flag {
  readonly name: string
  readonly doc: string
  /** What it takes, as help writes it: `URL`. Without it the flag is a switch. */
  readonly takes?: string
  readonly isRequired?: boolean
  /** May stand several times, or hold several values with commas between them. */
  readonly isList?: boolean
}

export interface Position {
  /** As help writes it: `ENTITY`. */
  readonly name: string
  readonly isOptional?: boolean
}

/** What was given. Asking for a flag or a position that the command does not have is our defect. */
export interface Given {
  readonly text: (flag: string) => string | undefined
  readonly list: (flag: string) => ReadonlyArray<string> | undefined
  readonly has: (flag: string) => boolean
  readonly position: (name: string) => string | undefined
}

export interface Shape {
  /** The command's name, for sentences. */
  readonly name: string
  readonly flags: ReadonlyArray<Flag>
  readonly positions: ReadonlyArray<Position>
}

export const readGiven = (shape: Shape, argv: ReadonlyArray<string>): Given | Ending => {
  const known = new Map(shape.flags.map((flag) => [flag.name, flag]))
  const options = Object.fromEntries(
    shape.flags.map(({ isList, name, takes }) => [
      name,
      { type: takes === undefined ? ("boolean" as const) : ("string" as const), multiple: isList === true },
    ]),
  )
  const { positionals, tokens, values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  for (const token of tokens) {
    if (token.kind !== "option") continue
    const flag = known.get(token.name)
    if (flag === undefined) return wrong(`there is no flag ${token.rawName}${hint(token.name, known.keys())}`)
    if (flag.takes === undefined && token.value !== undefined) return wrong(`${token.rawName} takes no value`)
    if (flag.takes !== undefined && (token.value ?? "") === "") return wrong(`${token.rawName} needs a value: ${flag.takes}`)
  }
  const missing = shape.flags.find(({ isRequired, name }) => isRequired === true && values[name] === undefined)
  if (missing !== undefined) return wrong(`${shape.name} needs --${missing.name} ${missing.takes}`)
  const needed = shape.positions.filter(({ isOptional }) => isOptional !== true)
  if (positionals.length < needed.length) return wrong(`${shape.name} needs ${needed[positionals.length]!.name}`)
  if (positionals.length > shape.positions.length) return wrong(`"${positionals[shape.positions.length]}" is one word too many`)

  const list = (flag: string) =>
    (values[flag] as ReadonlyArray<string> | undefined)?.flatMap((value) => value.split(",")).map((one) => one.trim())
  return {
    text: (flag) => values[flag] as string | undefined,
    list: (flag) => list(flag)?.filter((one) => one !== ""),
    has: (flag) => values[flag] !== undefined,
    position: (name) => positionals[shape.positions.findIndex((position) => position.name === name)],
  }
}

export const isEnding = (read: Given | Ending): read is Ending => "sentence" in read

/** `NAME [--flag VALUE] …` as help and mistakes show it. */
export const usageOf = ({ flags, positions }: Omit<Shape, "name">): string =>
  [
    ...positions.map(({ isOptional, name }) => (isOptional === true ? `[${name}]` : name)),
    ...flags.filter(({ isRequired }) => isRequired === true).map(({ name, takes }) => `--${name} ${takes}`),
    ...(flags.some(({ isRequired }) => isRequired !== true) ? ["[FLAGS]"] : []),
  ].join(" ")

const hint = (name: string, names: Iterable<string>): string => {
  const near = nearest(name, names)
  return near === undefined ? "" : `; did you mean --${near}?`
}

const wrong = (sentence: string): Ending => ({ code: exitCode.usage, sentence })
