/** Runs as JUnit XML, for whatever shows test results. */
import { replayOf } from "../print.ts"
import type { Ran } from "./jobs.ts"

export const junitOf = (runs: ReadonlyArray<Ran>, commit: string): string =>
  [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuite name="sim fuzz" tests="${runs.length}" failures="${runs.filter(({ exitCode }) => exitCode !== 0).length}">`,
    ...runs.map((run) => caseOf(run, commit)),
    `</testsuite>`,
    "",
  ].join("\n")

const caseOf = (run: Ran, commit: string): string => {
  const name = `classname="${run.scenario}" name="seed ${run.options.seed}"`
  if (run.exitCode === 0) return `  <testcase ${name}/>`
  const what =
    run.crash?.reason ??
    run.violations.map(({ atMs, detail, invariant, node }) => `${invariant} at ${atMs} ms: ${node} ${detail}`).join("\n")
  return `  <testcase ${name}><failure message="${escaped(whatOf(run))}">${escaped(`${what}\n${replayOf(run.scenario, run.options, commit)}`)}</failure></testcase>`
}

/** The invariant that did not hold first. */
export const whatOf = ({ crash, violations }: Ran): string => (crash === undefined ? (violations[0]?.invariant ?? "nothing") : "crash")

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // eslint-disable-next-line no-control-regex -- XML knows none of them
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "?")
