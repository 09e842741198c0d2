/** A run that failed once as the text of a test that fails until it does not, with the events that it came of. */
import type { Slice } from "./causes.ts"
import { defaultRun, type RunOptions } from "./scenario.ts"
import type { Shrunk } from "./shrink.ts"
import { tellSlice } from "./tell.ts"

export interface Found {
  readonly scenario: string
  /** As it was found. */
  readonly from: RunOptions
  readonly commit: string
  readonly shrunk: Shrunk
  readonly slice: Slice | undefined
}

/** `p1-convergence-in-partition-seed-7.test.ts` */
export const regressionName = ({ scenario, shrunk, from }: Found): string =>
  `${shrunk.violation.invariant} in ${scenario} seed ${from.seed}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") + ".test.ts"

/** `support`: where `holds` is (`test/support/regression.ts`), seen from the file. */
export const regressionText = (found: Found, support = "../../support/regression.ts"): string => {
  const { commit, from, scenario, shrunk, slice } = found
  const { options, violation } = shrunk
  const story = slice === undefined ? [] : ["", "How it came to it:", "", ...tellSlice(slice, (machine) => `n${machine}`)]
  const comment = [
    `${violation.invariant}, found by seed ${from.seed} of \`${scenario}\` at commit ${commit}: ${violation.node} ${violation.detail}.`,
    `Made smaller from ${sizeOf(from)} to ${sizeOf(options)}.`,
    ...story,
  ]
  return [
    "/**",
    ...comment.map((line) => ` * ${line.replaceAll("*/", "* /")}`.trimEnd()),
    " */",
    `import { holds } from ${JSON.stringify(support)}`,
    "",
    `holds(${JSON.stringify(violation.invariant)}, ${JSON.stringify(scenario)}, ${literal(unusual(options))})`,
    "",
  ].join("\n")
}

export const sizeOf = ({ clients, nodes, records, schedule, untilMs }: RunOptions): string =>
  [
    `${nodes} nodes`,
    several(clients?.length ?? records, "client"),
    ...(schedule === undefined ? [] : [several(schedule.length, "fault")]),
    `${untilMs / 1_000} s`,
  ].join(", ")

const several = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** What differs from every run's defaults. */
const unusual = (options: RunOptions): Partial<RunOptions> =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => name === "seed" || JSON.stringify(value) !== JSON.stringify(defaultRun[name as keyof RunOptions]),
    ),
  )

const widthMax = 120

/** As the formatter of this repository writes it: on one line where there is room. */
const literal = (value: unknown, indent = ""): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  const parts = (indented: string): ReadonlyArray<string> =>
    Array.isArray(value)
      ? value.map((one) => literal(one, indented))
      : Object.entries(value).map(([name, one]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: ${literal(one, indented)}`)
  const [open, close, gap] = Array.isArray(value) ? ["[", "]", ""] : ["{", "}", " "]
  const flat = parts("").join(", ")
  if (flat === "") return `${open}${close}`
  if (!flat.includes("\n") && indent.length + flat.length < widthMax) return `${open}${gap}${flat}${gap}${close}`
  return `${open}\n${parts(inner)
    .map((part) => `${inner}${part},\n`)
    .join("")}${indent}${close}`
}
