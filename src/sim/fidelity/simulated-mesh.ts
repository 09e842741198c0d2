/** The simulated half of `fidelity`: the same nodes do the same at the same moments. */
import { Context } from "effect"
import { Codec, Timers } from "../../runtime/ports.ts"
import { digestOf } from "../digest-watch.ts"
import { SeededRandom } from "../dice.ts"
import { addressOf, Stage } from "../stage.ts"
import { defaultRun } from "../scenario.ts"
import { client } from "../workload/clients.ts"
import { counted, type Counts, dialsOf, type Outcome, type Plan, type RealOutcome, settingsOf } from "./plan.ts"

/** One way over loopback, in milliseconds. */
const latencyMs = 1
/** A process that serves all nodes at once is so late, at most, with what it was to do at a moment. */
const lateMs = 4

export const simulateSame = (plan: Plan, { deeds, startMs }: RealOutcome): Outcome => {
  const stage = new Stage({ ...defaultRun, seed: plan.seed, nodes: plan.nodes, records: plan.records, codec: "wire", latencyMs })
  const { world } = stage
  world.clock.startMs = startMs
  const counts: Counts = {}
  const lateness = world.random("lateness")
  world.over = (ports) => {
    const timers = Context.get(ports, Timers)
    return ports.pipe(
      Context.add(Codec, counted(Context.get(ports, Codec), counts)),
      Context.add(Timers, { after: (delayMs, fire) => timers.after(delayMs + lateness.between(0, lateMs), fire) }),
    )
  }
  const dials = Map.groupBy(dialsOf(plan, new SeededRandom(plan.seed, "topology")), ([dialler]) => dialler)
  for (let i = 0; i < plan.nodes; i++) world.addMachine()
  for (const { atMs, client: number, node, type } of deeds) {
    const machine = world.machines[node]!
    stage.run(atMs)
    if (type === "register") stage.register(machine, client(plan.seed, number!))
    else {
      const bootstrap = (dials.get(node) ?? []).map(([, listener]) => ({ address: addressOf(world.machines[listener]!) }))
      world.boot(machine, settingsOf(bootstrap))
    }
  }
  stage.run(plan.untilMs)
  return { counts, digests: world.machines.map(digestOf) }
}
