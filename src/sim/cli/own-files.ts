/** Files that a command line names: scenarios of one's own, of which whatever can be done with the built-in ones can be done; latencies, topologies. */
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { parse } from "smol-toml"
import { givenFiles, ownFiles } from "../arguments.ts"
import { readDescription } from "../described.ts"
import type { Scenario } from "../scenario.ts"
import { scenarios } from "../simulate.ts"

/** Every `*.ts` or `*.js` among the arguments is loaded, and stands there by its scenario's name. A sentence when it is none. */
export const loadOwn = async (argv: ReadonlyArray<string>): Promise<ReadonlyArray<string> | { readonly wrong: string }> => {
  const named: Array<string> = []
  for (const [i, word] of argv.entries()) {
    if (/^--(?:latency|topology)$/.test(argv[i - 1] ?? "") && /\.\w+$/.test(word) && !/^[a-z-]+:/.test(word)) {
      try {
        givenFiles.set(word, readFileSync(word, "utf8"))
      } catch (cause) {
        return { wrong: `${word} cannot be read: ${String(cause)}` }
      }
    }
    if (i === 0 || argv[0] === argv[i - 1]) {
      const described = /^[^-].*\.(?:toml|json)$/.test(word) && argv[0] !== "sweep" ? readDescribed(word) : undefined
      if (typeof described === "string") return { wrong: described }
      if (described !== undefined) {
        if (isBuiltIn(described)) return { wrong: `${word}: there is a scenario ${described.name} already` }
        add(described, word)
        named.push(described.name)
        continue
      }
    }
    if (!/^[^-].*\.[mc]?[jt]s$/.test(word)) {
      named.push(word)
      continue
    }
    const loaded = (await import(pathToFileURL(word).href).catch((cause: unknown) => String(cause))) as
      | { readonly default?: Scenario }
      | string
    if (typeof loaded === "string") return { wrong: `${word} cannot be loaded: ${loaded}` }
    if (typeof loaded.default?.play !== "function") return { wrong: `${word} exports no scenario as its default` }
    add(loaded.default, word)
    named.push(loaded.default.name)
  }
  return named
}

const isBuiltIn = ({ name }: Scenario): boolean => !ownFiles.has(name) && scenarios.some((one) => one.name === name)

/** The last file of a name counts. */
const add = (scenario: Scenario, file: string): void => {
  const known = scenarios.findIndex(({ name }) => name === scenario.name)
  if (known >= 0 && ownFiles.has(scenario.name)) scenarios[known] = scenario
  else if (known < 0) scenarios.push(scenario)
  ownFiles.set(scenario.name, file)
}

/** A scenario that is described in a file; a sentence when it is none. */
const readDescribed = (file: string): Scenario | string => {
  try {
    const text = readFileSync(file, "utf8")
    return readDescription(file, file.endsWith(".toml") ? parse(text) : JSON.parse(text))
  } catch (cause) {
    return `${file} cannot be read: ${cause instanceof Error ? cause.message.split("\n")[0]! : String(cause)}`
  }
}
