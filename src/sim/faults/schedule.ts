/**
 * Which faults happen, and when: drawn from the seed, with each kind on or off (swarm testing, Groce et al. 2012: runs that
 * leave something out find what runs with everything hide).
 */
import type { SeededRandom } from "../dice.ts"
import type { RunOptions } from "../scenario.ts"
import type { Stage } from "../stage.ts"
import { bridge } from "./bridge.ts"
import { churn } from "./churn.ts"
import { clockJump } from "./clock-jump.ts"
import { clockSkew } from "./clock-skew.ts"
import { clockStrobe } from "./clock-strobe.ts"
import { clog } from "./clog.ts"
import { corruption } from "./corruption.ts"
import { crash } from "./crash.ts"
import { delay } from "./delay.ts"
import { diskLoss } from "./disk-loss.ts"
import { duplication } from "./duplication.ts"
import { failingStore } from "./failing-store.ts"
import type { FaultKind, Parameters, PlannedFault } from "./fault.ts"
import { fullDisk } from "./full-disk.ts"
import { halfOpen } from "./half-open.ts"
import { halves } from "./halves.ts"
import { loss } from "./loss.ts"
import { majorityRing } from "./majority-ring.ts"
import { oneWay } from "./one-way.ts"
import { pause } from "./pause.ts"
import { refusal } from "./refusal.ts"
import { reordering } from "./reordering.ts"
import { reset } from "./reset.ts"
import { slowDisk } from "./slow-disk.ts"
import { slowReader } from "./slow-reader.ts"
import { splitting } from "./splitting.ts"
import { swizzleClog } from "./swizzle-clog.ts"

export const faultKinds: ReadonlyArray<FaultKind> = [
  loss,
  delay,
  duplication,
  reordering,
  corruption,
  oneWay,
  halves,
  bridge,
  majorityRing,
  clog,
  crash,
  diskLoss,
  pause,
  clockSkew,
  churn,
  swizzleClog,
  clockJump,
  clockStrobe,
  slowDisk,
  failingStore,
  fullDisk,
  reset,
  halfOpen,
  refusal,
  slowReader,
  splitting,
]

export const faultNames: ReadonlyArray<string> = faultKinds.map(({ name }) => name)

export interface Season {
  readonly fromMs: number
  readonly untilMs: number
  /** One of these happens for sure. */
  readonly always: ReadonlyArray<string>
  /** Each of these may. */
  readonly maybe: ReadonlyArray<string>
}

/** In the order they begin. The last of them ends with the season, so that all is over at a known moment. */
export const drawSchedule = (
  random: SeededRandom,
  nodes: number,
  { fromMs, untilMs, always, maybe }: Season,
): ReadonlyArray<PlannedFault> => {
  const sure = always.length === 0 ? [] : [random.pick(always)]
  const kinds = faultKinds.filter(({ name }) => sure.includes(name) || (maybe.includes(name) && random.isTrue(0.5)))
  const drawn = kinds.flatMap((kind) => Array.from({ length: 1 + random.below(2) }, () => drawOne(random, nodes, kind, fromMs, untilMs)))
  const last = drawn.reduce<PlannedFault | undefined>(
    (latest, one) => (latest === undefined || endOf(one) > endOf(latest) ? one : latest),
    undefined,
  )
  return drawn.map((one) => (one === last ? { ...one, forMs: untilMs - one.atMs } : one)).sort((a, b) => a.atMs - b.atMs)
}

const drawOne = (random: SeededRandom, nodes: number, kind: FaultKind, fromMs: number, untilMs: number): PlannedFault => {
  const longestMs = untilMs - fromMs
  const forMs = Math.min(longestMs, Math.round(random.between(...kind.lastsS) * 1_000))
  return { kind: kind.name, atMs: Math.round(random.between(fromMs, untilMs - forMs)), forMs, parameters: kind.draw(random, nodes) }
}

const endOf = ({ atMs, forMs }: PlannedFault): number => atMs + forMs

/** Of the faults that were drawn those that the options leave, in the order they begin. */
export const leftOf = ({ schedule, without = [] }: RunOptions, drawn: ReadonlyArray<PlannedFault>): ReadonlyArray<PlannedFault> =>
  (schedule ?? drawn).toSorted((a, b) => a.atMs - b.atMs).filter((_, i) => !without.includes(i + 1))

/** Sets the schedule up: each fault begins and ends by itself. */
export const arrange = (stage: Stage, schedule: ReadonlyArray<PlannedFault>): void => {
  for (const planned of schedule) {
    const fault = faultKinds.find(({ name }) => name === planned.kind)
    if (fault === undefined) throw new Error(`there is no fault ${planned.kind}`)
    plan(stage, fault, planned)
  }
}

/** One fault, of ours or of one's own; `parameters` are drawn where none are given. */
export const happen = <P extends Parameters>(
  stage: Stage,
  fault: FaultKind<P>,
  when: Pick<PlannedFault, "atMs" | "forMs">,
  parameters: P = fault.draw(stage.world.random(`${fault.name}/${when.atMs}`), stage.options.nodes),
): void => plan(stage, fault, { ...when, kind: fault.name, parameters })

const plan = (stage: Stage, fault: FaultKind, planned: PlannedFault): void => {
  const { clock } = stage.world
  const { atMs, forMs, kind, parameters } = planned
  stage.faults.push(planned)
  clock.at(atMs - clock.elapsedMs, () => {
    stage.world.log?.note("fault", -1, kind)
    // what had not begun when the run branched off meets others
    const { isBranch } = stage.world
    const drawn = isBranch ? fault.draw(stage.world.random(`${kind}/${atMs}`), stage.options.nodes) : parameters
    const end = fault.begin(stage, drawn, forMs)
    clock.at(forMs, () => {
      stage.world.log?.note("calm", -1, kind)
      end()
    })
  })
  const said = writeParameters(parameters).join(" ")
  const when = `${kind} ${seconds(atMs)}–${seconds(atMs + forMs)} s`
  const before = stage.drawn[when]
  stage.drawn[when] = before === undefined ? said : `${before} · again ${said}`
}

/** For people: what was drawn of a fault. */
export const writeParameters = (parameters: object): ReadonlyArray<string> =>
  Object.entries(parameters).map(([what, value]) => `${what} ${Array.isArray(value) ? listed(value) : String(value)}`)

/** As many as fit on a line: what a seed draws for a thousand nodes is drawn again by that seed. */
const listed = (values: ReadonlyArray<unknown>): string =>
  values.length <= listedMax ? values.join(",") : `${values.slice(0, listedMax).join(",")} and ${values.length - listedMax} more`
const listedMax = 25

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
