/**
 * `npm run check`: everything that is known about the sources without running them. One line a step; all steps run, as many at once
 * as there are cores, so that one look shows all that is wrong. Ends with 1 when any step failed.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

interface Step {
  readonly name: string
  readonly package: string
  /** Which of the package's programs; its only one, if it has one. */
  readonly program: string
  readonly flags: ReadonlyArray<string>
}

const steps: ReadonlyArray<Step> = [
  { name: "types", package: "typescript", program: "tsc", flags: ["-p", "."] },
  { name: "types of the live page", package: "typescript", program: "tsc", flags: ["-p", "src/runtime/http/page"] },
  { name: "lint", package: "oxlint", program: "oxlint", flags: ["--type-aware", "--format", "unix"] },
  {
    name: "effects and ambient time",
    package: "@effect/tsgo",
    program: "effect-tsgo",
    flags: ["diagnostics", "--project", "tsconfig.json", "--format", "text"],
  },
  { name: "format", package: "oxfmt", program: "oxfmt", flags: ["--check", "."] },
  { name: "dependency rule", package: "vitest", program: "vitest", flags: ["run", "test/tidy.test.ts", "--reporter=dot"] },
]

/** The program's file, run by this very Node: what a shell finds by name may be another version's. */
const programOf = ({ package: name, program }: Step): string => {
  const folder = join(root, "node_modules", name)
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly bin: string | Record<string, string> }
  const file = typeof bin === "string" ? bin : bin[program]
  if (file === undefined) throw new Error(`${name} has no program ${program}`)
  return join(folder, file)
}

const ended = (step: Step): Promise<{ readonly status: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [programOf(step), ...step.flags], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "true", FORCE_COLOR: "0", NO_COLOR: "1" },
    })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text))
    child.once("error", ({ message }) => resolve({ status: null, said: `${said}${message}` }))
    child.once("close", (status) => resolve({ status, said }))
  })

const failed: Array<string> = []
const run = async (step: Step): Promise<void> => {
  const startedAt = Date.now()
  const { status, said } = await ended(step)
  const passed = status === 0
  console.log(`${passed ? "ok    " : "FAILED"} ${step.name.padEnd(26)} ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`)
  if (passed) return
  console.log(said.trimEnd().replace(/^/gm, "       "))
  failed.push(step.name)
}

const waiting = [...steps]
const runAll = async (): Promise<void> => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await run(step)
}
await Promise.all(Array.from({ length: availableParallelism() }, runAll))
console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`)
process.exitCode = failed.length === 0 ? 0 : 1
