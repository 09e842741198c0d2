/** What a worker process can be asked to do, as plain data, and what it answers. */
import { type Catch, hunt, mutantNamed } from "../mutants/mutants.ts"
import type { RunOptions } from "../scenario.ts"
import { figuresOf } from "../sweep/results.ts"
import { readArguments } from "../arguments.ts"
import { loadOwn } from "./own-files.ts"
import { exitCodeOf, scenarios, simulate } from "../simulate.ts"

export type Job =
  | { readonly type: "run"; readonly scenario: string; readonly options: RunOptions }
  /** A run of the command line, for its figures; of a scenario of one's own its file. */
  | { readonly type: "measure"; readonly argv: ReadonlyArray<string>; readonly limits: Readonly<Record<string, number>> }
  | { readonly type: "hunt"; readonly mutant: string; readonly seeds: readonly [first: number, last: number] }

/** What came of a run, without what only a page would show. */
export interface Ran {
  readonly scenario: string
  readonly options: RunOptions
  readonly exitCode: number
  readonly trace: string
  readonly delivered: number
  readonly virtualMs: number
  readonly violations: ReturnType<typeof simulate>["violations"]
  readonly drawn: ReturnType<typeof simulate>["drawn"]
  readonly crash?: { readonly node: string; readonly reason: string }
}

export interface AnswerOf {
  readonly run: Ran
  readonly hunt: Catch
  readonly measure: Measured
}

export interface Measured {
  readonly figures: Readonly<Record<string, number>>
  /** Invariants, each once; or `crash`. */
  readonly failed: ReadonlyArray<string>
}

export const perform = async (job: Job): Promise<Ran | Catch | Measured> => {
  switch (job.type) {
    case "measure":
      return measure(job.argv)
    case "run":
      return run(job.scenario, job.options)
    case "hunt": {
      const mutant = mutantNamed(job.mutant)
      if (mutant === undefined) throw new Error(`there is no mutant ${job.mutant}`)
      const [first, last] = job.seeds
      return hunt(
        mutant,
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      )
    }
  }
}

const measure = async (argv: ReadonlyArray<string>): Promise<Measured> => {
  const named = await loadOwn(argv)
  const read = "wrong" in named ? named : readArguments(named, scenarios)
  if ("wrong" in read || "list" in read) throw new Error("wrong" in read ? read.wrong : "--list is no run")
  const startedAt = performance.now()
  const {
    crash,
    drawn: _,
    engine: __,
    scenario: ___,
    seed: ____,
    trace: _____,
    violations,
    ...found
  } = simulate(read.scenario, { ...read.options, seed: read.seeds[0]! })
  const failed = crash === undefined ? [...new Set(violations.map(({ invariant }) => invariant))] : ["crash"]
  return { figures: { ...figuresOf(found), wallMs: Math.round(performance.now() - startedAt) }, failed }
}

const run = (name: string, options: RunOptions): Ran => {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const result = simulate(scenario, options)
  const { crash, delivered, drawn, trace, violations, virtualMs } = result
  return {
    scenario: name,
    options,
    exitCode: exitCodeOf(result),
    trace,
    delivered,
    virtualMs,
    violations,
    drawn,
    ...(crash !== undefined && { crash }),
  }
}
