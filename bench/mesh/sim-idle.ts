/**
 * `sim.idle.100`: how many times faster than real time a mesh of 100 nodes runs that has nothing to do but stay alive.
 *
 * The bound is what the same number of wake-ups costs the clock alone, when each does nothing but set the next one.
 */
import { VirtualClock } from "../../src/sim/clock.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { Stage } from "../../src/sim/stage.ts"
import { type Benchmark, readable, timed } from "../benchmark.ts"

const nodes = 100
const degree = 8
const joinMs = 2_000
const idleMs = 30 * 60_000

export const simIdle: Benchmark = {
  name: "sim.idle.100",
  purpose: "half an hour of 100 simulated nodes that only stay alive, every frame written and read",
  measure: async (say) => {
    const stage = new Stage({ ...defaultRun, nodes, codec: "wire", records: 0 })
    stage.mesh(degree)
    stage.run(joinMs)
    const { world } = stage
    const before = world.network.delivered
    let steps = 0
    const { ms, wallMs } = timed(() => world.run(joinMs + idleMs, () => void steps++))
    const frames = world.network.delivered - before
    if (frames < nodes * degree) throw new Error("nobody sent a heartbeat")
    say(`${readable(idleMs / 1_000)} s in ${readable(ms)} ms of one core (${readable(wallMs)} ms on the wall)`)
    say(`${readable(frames)} frames, ${readable(steps)} wake-ups`)
    return { value: idleMs / ms, unit: "times real time", bound: idleMs / bareClockMs(steps), boundName: "the clock alone" }
  },
}

const bareClockMs = (steps: number): number => {
  const clock = new VirtualClock()
  let left = steps
  const again = () => {
    if (left-- > 0) clock.at(30_000, again)
  }
  for (let i = 0; i < nodes * degree; i++) clock.at(i, again)
  return timed(() => {
    while (clock.step());
  }).ms
}
