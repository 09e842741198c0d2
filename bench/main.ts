/**
 * `npm run bench -- [NAME …] [--json FILE]`: measures, prints a table, and writes JSON for whoever compares.
 *
 * Each benchmark runs in a process of its own (`one.ts`), so that none inherits the heap, the compiled code or the open
 * sockets of the one before.
 */
import { execFileSync, fork } from "node:child_process"
import { writeFileSync } from "node:fs"
import { availableParallelism, cpus } from "node:os"
import { type Benchmark, type Figure, readable } from "./benchmark.ts"
import { benchmarks } from "./benchmarks.ts"
import { soak } from "./soak.ts"
import { measureQuality } from "./search/quality.ts"

interface Arguments {
  readonly chosen: ReadonlyArray<Benchmark>
  readonly json: string | undefined
}

type Result = { readonly name: string } & Figure

const main = async (): Promise<number> => {
  if (process.argv[2] === "search-quality") return measureQuality(process.argv.slice(3))
  if (process.argv[2] === "soak") return soak(process.argv.slice(3))
  const read = readArguments(process.argv.slice(2))
  if (typeof read === "string") {
    console.error(read)
    return 1
  }
  const about = { commit: currentCommit(), cpu: `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}`, node: process.version }
  console.log(`bench · commit ${about.commit} · ${about.cpu} · Node ${about.node}`)
  const results: Array<Result> = []
  let failures = 0
  for (const benchmark of read.chosen) {
    const why = benchmark.missing?.()
    if (why !== undefined) {
      console.log(`\n${benchmark.name}: left out, ${why}`)
      continue
    }
    console.log(`\n${benchmark.name}: ${benchmark.purpose}`)
    const answer = await measure(benchmark)
    if (typeof answer === "string") {
      failures++
      console.error(`  failed: ${answer}`)
    } else results.push({ name: benchmark.name, ...answer })
  }
  console.log(`\n${results.map(line).join("\n")}`)
  if (read.json !== undefined) writeFileSync(read.json, `${JSON.stringify({ ...about, results }, null, 1)}\n`)
  return failures === 0 ? 0 : 1
}

const readArguments = (argv: ReadonlyArray<string>): Arguments | string => {
  const names = new Set<string>()
  let json: string | undefined
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (word === "--json") {
      json = argv[++i]
      if (json === undefined) return "--json needs a file"
    } else if (benchmarks.some(({ name }) => name === word)) names.add(word)
    else return `there is no benchmark ${word}; there are ${benchmarks.map(({ name }) => name).join(" ")}`
  }
  return { chosen: benchmarks.filter(({ name }) => names.size === 0 || names.has(name)), json }
}

/** Its figure, or the sentence that says why there is none. */
const measure = (benchmark: Benchmark): Promise<Figure | string> =>
  new Promise((resolve) => {
    const child = fork(new URL("./one.ts", import.meta.url), [benchmark.name])
    let answer: Figure | string = "it ended without a figure"
    child.on("message", (message: Figure | string) => {
      answer = message
    })
    child.on("exit", () => resolve(answer))
  })

const line = ({ name, value, unit, bound, boundName }: Result): string => {
  const figure = `${name.padEnd(24)}${readable(value).padStart(12)} ${unit.padEnd(18)}`
  if (bound === undefined) return figure.trimEnd()
  const share = (value / bound) * 100
  return `${figure}${share.toFixed(share < 10 ? 1 : 0).padStart(5)} % of ${readable(bound)} (${boundName})`
}

/** With a plus sign where files differ from it. */
const currentCommit = (): string => {
  const git = (...words: ReadonlyArray<string>) =>
    execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`
  } catch {
    return "unknown"
  }
}

process.exitCode = await main()
