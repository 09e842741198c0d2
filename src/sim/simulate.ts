/** One run of one scenario: from options to what is printed and written as JSON. */
import type { RunOptions, Scenario, Sections, Violation } from "./scenario.ts"
import { type Drawn, Stage } from "./stage.ts"
import { Crash } from "./world.ts"
import { byzantine } from "./scenarios/byzantine.ts"
import { churn } from "./scenarios/churn.ts"
import { clients } from "./scenarios/clients.ts"
import { convergence } from "./scenarios/convergence.ts"
import { federated } from "./scenarios/federated.ts"
import { dht } from "./scenarios/dht.ts"
import { frames } from "./scenarios/frames.ts"
import { flood } from "./scenarios/flood.ts"
import { liveness } from "./scenarios/liveness.ts"
import { mixed } from "./scenarios/mixed.ts"
import { naming } from "./scenarios/naming.ts"
import { partition } from "./scenarios/partition.ts"
import { reconcile } from "./scenarios/reconcile.ts"
import { roles } from "./scenarios/roles.ts"
import { specClaims } from "./scenarios/spec-claims.ts"
import { tofu } from "./scenarios/tofu.ts"

/** Those of one's own come after them. */
export const scenarios: Array<Scenario> = [
  convergence,
  tofu,
  partition,
  churn,
  byzantine,
  clients,
  flood,
  frames,
  reconcile,
  roles,
  federated,
  dht,
  mixed,
  naming,
  liveness,
  specClaims,
]

export interface RunResult extends Sections {
  readonly scenario: string
  readonly seed: number
  readonly nodes: number
  readonly engine: string
  readonly codec: string
  readonly virtualMs: number
  /** Frames that arrived. */
  readonly delivered: number
  readonly trace: string
  readonly violations: ReadonlyArray<Violation>
  readonly drawn: Drawn
  /** Our own code failed inside. */
  readonly crash?: { readonly node: string; readonly reason: string }
}

/** `watch` sees the stage before anything happens, for a banner and progress. */
export const simulate = (scenario: Scenario, options: RunOptions, watch: (stage: Stage) => void = () => {}): RunResult => {
  const stage = new Stage(options)
  stage.checkers.push(...(scenario.checkers ?? []))
  watch(stage)
  let sections: Sections = {}
  let crash: RunResult["crash"]
  try {
    sections = scenario.play(stage)
    stage.finish()
  } catch (cause) {
    crash =
      cause instanceof Crash
        ? { node: cause.node, reason: cause.message }
        : { node: "world", reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }
  }
  return {
    scenario: scenario.name,
    seed: options.seed,
    nodes: options.nodes,
    engine: options.engine,
    codec: options.codec,
    virtualMs: stage.world.clock.elapsedMs,
    delivered: stage.world.network.delivered,
    trace: stage.world.trace.digest(),
    violations: stage.violations,
    drawn: stage.drawn,
    ...(crash !== undefined && { crash }),
    ...sections,
  }
}

/** 0 all invariants held, 2 a crash, 3 a safety violation, 4 a liveness violation (the contract's). */
export const exitCodeOf = ({ crash, violations }: RunResult): number => {
  if (crash !== undefined) return 2
  if (violations.some(({ kind }) => kind === "safety")) return 3
  return violations.length > 0 ? 4 : 0
}
