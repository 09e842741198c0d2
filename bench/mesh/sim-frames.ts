/**
 * `sim.wire.1000`, `sim.fast.1000`: frames that a simulated mesh of 1,000 nodes delivers per second of one core.
 *
 * The nodes are whole (actors, engine, interpreter, store, signatures), all checkers look on, and the scenario's defaults
 * hold: degree 8, log-normal latency, 100 records registered in five seconds, heartbeats, to the end of a minute. Making
 * 1,000 keys and joining come before and are not counted: they are not frames.
 *
 * The nodes are those of the mesh page, which flood: six frames of seven are duplicates. Among our own an announcement
 * comes once, along a tree, so a frame there is dearer and a record cheaper: `npm run sim -- convergence --nodes 1000`.
 *
 * The bound is a flood over the same graph by plain functions on the same clock: no bytes, no actors, no store.
 */
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { Stage } from "../../src/sim/stage.ts"
import { type Benchmark, type Figure, perSecond, readable, type Say, timed } from "../benchmark.ts"
import { plainFlood } from "./plain-flood.ts"

const nodes = 1_000
const degree = 8
const joinMs = 2_000
const registeringMs = 5_000
const seed = 1

const measure = async (codec: RunOptions["codec"], say: Say): Promise<Figure> => {
  const bound = plainFlood({ nodes, degree, seed, records: defaultRun.records, overMs: registeringMs })
  say(`a flood by plain functions: ${readable(bound.frames)} frames in ${readable(bound.ms)} ms`)

  const stage = new Stage({ ...defaultRun, nodes, seed, codec })
  const { options, world } = stage
  const joining = timed(() => {
    stage.mesh(degree, { capabilities: [] })
    stage.run(joinMs)
  })
  say(`${readable(nodes)} nodes joined in ${readable(joining.ms)} ms`)
  const before = world.network.delivered
  const { ms, wallMs } = timed(() => {
    stage.registerMany(options.records, registeringMs)
    stage.run(options.untilMs)
  })
  const frames = world.network.delivered - before
  const { coverage } = stage.gossipSection()
  if (coverage < 1) throw new Error(`only ${coverage * 100} % of what was registered is shown`)
  if (stage.violations.length > 0) throw new Error(`${stage.violations.length} violations`)
  say(`${readable(frames)} frames in ${readable(ms)} ms of one core (${readable(wallMs)} ms on the wall), trace ${world.trace.digest()}`)
  return { value: perSecond(frames, ms), unit: "frames/s", bound: perSecond(bound.frames, bound.ms), boundName: "flood by plain functions" }
}

export const simWire: Benchmark = {
  name: "sim.wire.1000",
  purpose: "1,000 simulated nodes, every frame written and read by every node",
  measure: (say) => measure("wire", say),
}

export const simFast: Benchmark = {
  name: "sim.fast.1000",
  purpose: "1,000 simulated nodes, the meaning of the same bytes remembered",
  measure: (say) => measure("fast", say),
}
