/** What a worker process can be asked to do, as plain data, and what it answers. */
import { type Catch, hunt, mutantNamed } from "../mutants/mutants.ts"
import type { RunOptions } from "../scenario.ts"
import { exitCodeOf, scenarios, simulate } from "../simulate.ts"

export type Job =
  | { readonly type: "run"; readonly scenario: string; readonly options: RunOptions }
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
}

export const perform = (job: Job): Ran | Catch => {
  switch (job.type) {
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
