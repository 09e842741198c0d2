/** Files that a command line names: scenarios of one's own, of which whatever can be done with the built-in ones can be done; latencies, topologies. */
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { givenFiles } from "../arguments.ts"
import type { Scenario } from "../scenario.ts"
import { scenarios } from "../simulate.ts"

/** Files of scenarios of one's own, by name: other processes have to load them, too. */
export const ownFiles = new Map<string, string>()

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
    if (!/^[^-].*\.[mc]?[jt]s$/.test(word)) {
      named.push(word)
      continue
    }
    const loaded = (await import(pathToFileURL(word).href).catch((cause: unknown) => String(cause))) as
      | { readonly default?: Scenario }
      | string
    if (typeof loaded === "string") return { wrong: `${word} cannot be loaded: ${loaded}` }
    if (typeof loaded.default?.play !== "function") return { wrong: `${word} exports no scenario as its default` }
    if (!scenarios.includes(loaded.default)) scenarios.push(loaded.default)
    ownFiles.set(loaded.default.name, word)
    named.push(loaded.default.name)
  }
  return named
}
