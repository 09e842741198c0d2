/**
 * `npm run check`: everything that is known about the sources without running them. One line a step; all steps run, so that
 * one look shows all that is wrong. Ends with 1 when any step failed.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
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

const run = (step: Step): boolean => {
  const startedAt = Date.now()
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [programOf(step), ...step.flags], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CI: "true", FORCE_COLOR: "0", NO_COLOR: "1" },
  })
  const passed = status === 0
  console.log(`${passed ? "ok    " : "FAILED"} ${step.name.padEnd(26)} ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`)
  if (!passed) console.log(`${stdout}${stderr}${error?.message ?? ""}`.trimEnd().replace(/^/gm, "       "))
  return passed
}

const failed = steps.filter((step) => !run(step))
console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.map(({ name }) => name).join(", ")}`)
process.exitCode = failed.length === 0 ? 0 : 1
