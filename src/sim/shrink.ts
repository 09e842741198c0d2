/**
 * Makes a failing run smaller, as long as the same invariant fails: fewer nodes, clients and faults, shorter, calmer. What is
 * left is drawn no more but given, so it stays what it is when the drawing changes.
 *
 * Each thing that can be left out is tried in parts, halves first (delta debugging, Zeller and Hildebrandt 2002), until
 * nothing can or the time is up. Any run that fails alike will do: it need not be the same failure.
 */
import type { PlannedFault } from "./faults/fault.ts"
import type { RunOptions, Scenario, Violation } from "./scenario.ts"
import { type RunResult, simulate } from "./simulate.ts"
import type { Stage } from "./stage.ts"

export interface Shrunk {
  readonly options: RunOptions
  readonly violation: Pick<Violation, "invariant" | "detail" | "node">
  /** Runs that were tried, and whether there was time for all that were worth it. */
  readonly runs: number
  readonly isDone: boolean
}

export interface Shrinking {
  readonly isTimeUp: () => boolean
  /** Hears of every step that worked: what was made smaller, and to what. */
  readonly onStep?: (options: RunOptions, runs: number) => void
  /** As of every run: bugs are planted here. */
  readonly watch?: (stage: Stage) => void
}

/** What fails: an invariant, or our own code. */
const failureOf = ({ crash, violations }: RunResult): Shrunk["violation"] | undefined =>
  crash === undefined ? violations[0] : { invariant: "crash", node: crash.node, detail: crash.reason.split("\n")[0]! }

/** `undefined`: this run does not fail. */
export const shrink = (
  scenario: Scenario,
  first: RunOptions,
  { isTimeUp, onStep = () => {}, watch = () => {} }: Shrinking,
): Shrunk | undefined => {
  let schedule: ReadonlyArray<PlannedFault> = []
  const result = simulate(scenario, first, (stage) => {
    watch(stage)
    schedule = stage.faults
  })
  const failure = failureOf(result)
  if (failure === undefined) return undefined
  let runs = 1
  let violation = failure
  let options: RunOptions = first

  /** Takes a smaller run when it fails alike. */
  const isAccepted = (candidate: RunOptions): boolean => {
    if (isTimeUp()) return false
    runs++
    const found = failing(scenario, candidate, failure.invariant, watch)
    if (found === undefined) return false
    violation = found
    options = candidate
    onStep(options, runs)
    return true
  }

  // what was drawn is given from now on
  const given = { ...first, schedule, clients: Array.from({ length: first.records }, (_, number) => number) }
  const { faults: _, without: __, ...plain } = given
  if (!isAccepted(plain) && !isAccepted(given)) return { options, violation, runs, isDone: false }

  for (let before: RunOptions | undefined; before !== options && !isTimeUp();) {
    before = options
    for (const candidate of plainer(options)) isAccepted(candidate)
    for (const nodes of fewer(options.nodes)) if (isAccepted(onFewer(options, nodes))) break
    leaveOut(options.schedule ?? [], (left) => isAccepted({ ...options, schedule: left }))
    leaveOut(options.clients ?? [], (left) => isAccepted({ ...options, clients: left }))
    for (const untilMs of shorter(options.untilMs)) if (isAccepted({ ...options, untilMs })) break
    options.schedule?.forEach((_, i) => {
      for (const smaller of smallerFaults(options.schedule![i]!))
        isAccepted({ ...options, schedule: options.schedule!.map((fault, j) => (j === i ? smaller : fault)) })
    })
  }
  const isDone = !isTimeUp()
  const tidy = tidied(options)
  const found = failing(scenario, tidy, failure.invariant, watch)
  return { options: found === undefined ? options : tidy, violation: found ?? violation, runs: runs + 1, isDone }
}

/** What fails of this invariant; a run that cannot be played as given does not count. */
const failing = (
  scenario: Scenario,
  options: RunOptions,
  invariant: string,
  watch: (stage: Stage) => void,
): Shrunk["violation"] | undefined => {
  try {
    const result = simulate(scenario, options, watch)
    const failure = failureOf(result)
    return failure?.invariant === invariant ? failure : result.violations.find((one) => one.invariant === invariant)
  } catch {
    return undefined
  }
}

/** The numbers of clients that do nothing need not be passed over. */
const tidied = (options: RunOptions): RunOptions =>
  options.clients === undefined ? options : { ...options, records: 1 + Math.max(-1, ...options.clients) }

/** The same without what is no use, one thing at a time. */
function* plainer(options: RunOptions): Iterable<RunOptions> {
  if (options.loss > 0) {
    yield { ...options, loss: 0 }
    yield { ...options, loss: Math.round(options.loss * 50) / 100 }
  }
  for (const word of ["latency", "jitter", "duplicate", "reorder", "corrupt", "split", "bandwidth", "topology"] as const)
    if (options[word] !== undefined) {
      const { [word]: _, ...without } = options
      yield without
    }
  if (options.latencyMs === undefined) yield { ...options, latencyMs: 50 }
  if (options.light > 0) yield { ...options, light: 0 }
  if (options.gateways > 0) yield { ...options, gateways: 0 }
  if (options.bootnodes > 0) yield { ...options, bootnodes: 0 }
}

/** Smallest first: small runs cost little. */
const fewer = (nodes: number): ReadonlyArray<number> =>
  [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, Math.floor(nodes / 2), Math.floor((3 * nodes) / 4), nodes - 1].filter(
    (few, i, all) => few >= 2 && few < nodes && all.indexOf(few) === i,
  )

const shorter = (untilMs: number): ReadonlyArray<number> =>
  [0.25, 0.5, 0.75, 0.9].map((share) => Math.ceil((untilMs * share) / 1_000) * 1_000).filter((ms) => ms < untilMs)

/** Tries to leave parts of a list out, large ones first; `isAccepted` says whether the rest will do. */
const leaveOut = <A>(list: ReadonlyArray<A>, isAccepted: (rest: ReadonlyArray<A>) => boolean): void => {
  if (list.length > 0 && isAccepted([])) return
  let left = list
  for (let part = Math.ceil(left.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let from = 0; from < left.length;) {
      const rest = [...left.slice(0, from), ...left.slice(from + part)]
      if (rest.length > 0 && isAccepted(rest)) left = rest
      else from += part
    }
  }
}

/** The same on fewer machines: what a fault did to the others is left out, and a fault that has nobody left, too. */
const onFewer = (options: RunOptions, nodes: number): RunOptions => ({
  ...options,
  nodes,
  ...(options.schedule !== undefined && {
    schedule: options.schedule.flatMap((fault) => fitted(fault, (machine) => machine < nodes) ?? []),
  }),
})

/** Lists of one length go together: machines, and what each of them is given. */
const fitted = (fault: PlannedFault, isKept: (machine: number) => boolean): PlannedFault | undefined => {
  const { machines, ring } = fault.parameters
  const list = (machines ?? ring) as ReadonlyArray<number> | undefined
  if (list === undefined || list.length === 0) return fault
  const kept = [...list.keys()].filter((i) => isKept(list[i]!))
  if (kept.length === 0) return undefined
  const parameters = Object.entries(fault.parameters).map(([name, value]) => [
    name,
    Array.isArray(value) && value.length === list.length ? kept.map((i) => (value as ReadonlyArray<number>)[i]!) : value,
  ])
  return { ...fault, parameters: Object.fromEntries(parameters) as PlannedFault["parameters"] }
}

const shortestMs = 500

function* smallerFaults(fault: PlannedFault): Iterable<PlannedFault> {
  for (const forMs of [shortestMs, Math.round(fault.forMs / 4), Math.round(fault.forMs / 2)])
    if (forMs < fault.forMs) yield { ...fault, forMs }
  const { machines } = fault.parameters
  if (!Array.isArray(machines) || machines.length < 2) return
  for (const half of [machines.slice(0, machines.length >> 1), machines.slice(machines.length >> 1)]) {
    const smaller = fitted(fault, (machine) => half.includes(machine))
    if (smaller !== undefined) yield smaller
  }
}
