/**
 * A fault and a checker of one's own: a machine whose cable is pulled, and the question whether anybody hears late.
 *
 *     node examples/sim/own-fault.ts           npm run sim -- examples/sim/own-fault.ts --seeds 1..5 --report run.html
 */
import { type Checker, type FaultKind, happen, run, scenario, type Stage } from "../../src/sim/index.ts"

const unplugged: FaultKind<{ readonly machine: number }> = {
  name: "unplugged",
  lastsS: [5, 20],
  draw: (random, nodes) => ({ machine: random.below(nodes) }),
  begin: ({ world }, { machine }) =>
    world.network.disturb({ isCut: true, touches: (from, to) => from.index === machine || to.index === machine }),
}

const nobodyIsLate: Checker = {
  invariant: "nobody is late",
  hear: (stage, { name }, happening) => {
    const word = happening.type === "gossip.accepted" ? stage.ledger.wordOn(happening.subject) : undefined
    const lateMs = word === undefined ? 0 : stage.world.clock.elapsedMs - word.atMs
    return lateMs > 10_000 ? { node: name, detail: `hears of ${word!.client.entityId} after ${lateMs} ms` } : undefined
  },
}

const play = (stage: Stage) => {
  stage.mesh(4)
  happen(stage, unplugged, { atMs: 5_000, forMs: 15_000 })
  stage.registerMany(stage.options.records, 30_000)
  stage.run(stage.options.untilMs)
  return { gossip: stage.gossipSection() }
}

const checkers = [nobodyIsLate]
const own = scenario("own-fault", "does who was cut off hear in time?", play, { nodes: 8, records: 20, untilMs: 90_000, checkers })
export default own
if (import.meta.main) console.log(run(own, { seed: 7 }))
