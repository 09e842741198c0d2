/**
 * `npm run sim -- mutants`: plants every known bug in a small mesh and looks which of them the checkers find, seed after seed.
 *
 * A canary comes first: a bug that nobody can miss. If it is not found, the finding itself is broken, and nothing else counts.
 */
import { writeFileSync } from "node:fs"
import type { Mutant } from "../mutants/mutant.ts"
import { canary, type Catch, mutants } from "../mutants/mutants.ts"
import { coresHere, hasDied, performAll } from "./pool.ts"
import { hideProgress, showNote } from "./progress.ts"
import { readFlags, wholeNumber } from "./read-flags.ts"

const seedsDefault = 200
/** Of all mutants, so many have to be found. */
const shareMin = 0.95

interface Options {
  readonly chosen: ReadonlyArray<Mutant>
  /** Each is looked for with seeds 1 to this one. */
  readonly seeds: number
  readonly workers: number
  readonly json: string | undefined
}

/** 0 when enough were found, 2 when the canary was not, 3 when too many were missed, 1 for wrong usage. */
export const mutantsCommand = async (argv: ReadonlyArray<string>): Promise<number> => {
  const options = readOptions(argv)
  if (typeof options === "string") {
    console.error(options)
    return 1
  }
  const startedAt = performance.now()
  const catches = await huntAll(options)
  const found = options.chosen.map(({ name }) => catches.get(name)!)
  const caught = found.filter((one) => one.caught).length
  for (const one of found) console.log(line(one))
  console.log(`  ${caught} of ${found.length} caught in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ mutants: found, caught, total: found.length }, null, 1)}\n`)
  if (catches.get(canary.name)?.seed !== 1) {
    console.error("  the canary was not found: nothing above means anything")
    return 2
  }
  return caught >= shareMin * found.length ? 0 : 3
}

const readOptions = (argv: ReadonlyArray<string>): Options | string => {
  const flags = readFlags(argv, ["--only", "--part", "--seeds", "--workers", "--json"])
  if (typeof flags === "string") return flags
  const { "--only": only = "", "--seeds": seedsText = String(seedsDefault), "--workers": workersText = String(coresHere) } = flags
  const part = readPart(flags["--part"] ?? "1/1")
  if (part === undefined) return "--part is a part of how many, as 2/3"
  const chosen = mutants.filter(({ name }, i) => name.includes(only) && i % part.of === part.which - 1)
  const [seeds, workers] = [wholeNumber(seedsText, 1, 100_000), wholeNumber(workersText, 1, 256)]
  if (chosen.length === 0) return `there is no mutant ${only}`
  if (seeds === undefined) return "--seeds is the number of seeds that each mutant is looked for with"
  if (workers === undefined) return "--workers is a number of processes"
  return { chosen, seeds, workers, json: flags["--json"] }
}

/** Every so manieth, beginning with one of the first: over time, who runs parts runs all. */
const readPart = (text: string): { readonly which: number; readonly of: number } | undefined => {
  const [, which, of] = (/^([1-9]\d?)\/([1-9]\d?)$/.exec(text) ?? []).map(Number)
  return which === undefined || of === undefined || which > of ? undefined : { which, of }
}

const huntAll = async ({ chosen, seeds, workers }: Options): Promise<ReadonlyMap<string, Catch>> => {
  const catches = new Map<string, Catch>()
  const jobs = [canary, ...chosen].map(({ name }) => ({ type: "hunt" as const, mutant: name, seeds: [1, seeds] as const }))
  await performAll<"hunt">(
    jobs,
    ({ mutant }, answer) => {
      if (hasDied(answer)) console.error(`  ${mutant}: ${answer.died}`)
      catches.set(mutant, hasDied(answer) ? { name: mutant, caught: false, tried: 0 } : answer)
      showNote(`${catches.size} of ${jobs.length} · ${mutant}`)
    },
    { workers },
  )
  hideProgress()
  return catches
}

const line = ({ caught, caughtBy, name, seed, tried }: Catch): string =>
  `  ${(caught ? caughtBy! : `NOT within ${tried} seeds`).padEnd(24)} ${caught ? `seed ${seed}`.padEnd(9) : "".padEnd(9)} ${name}`
