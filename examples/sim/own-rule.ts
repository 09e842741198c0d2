/**
 * A rule of one's own over production nodes: a gossip that is deaf for one second of ten. Every node's actors can be changed so;
 * the built-in checkers find what comes of it.
 *
 *     node examples/sim/own-rule.ts            npm run sim -- examples/sim/own-rule.ts --seeds 1..5 --report run.html
 */
import { gossip } from "../../src/actors/gossip.ts"
import { cast, run, scenario, type Stage } from "../../src/sim/index.ts"

const deaf: typeof gossip = {
  ...gossip,
  step: (memory, event, say) => {
    if (event.type !== "announcement.verified" || event.announcement.at % 10 !== 0) gossip.step(memory, event, say)
  },
}

const play = (stage: Stage) => {
  stage.mesh(4, { cast: { ...cast, gossip: deaf } })
  stage.registerMany(stage.options.records, 30_000)
  stage.run(stage.options.untilMs)
  return { gossip: stage.gossipSection() }
}

const own = scenario("own-rule", "does a mesh that is deaf at times hold everything?", play, { nodes: 8, records: 20, untilMs: 35_000 })
export default own
if (import.meta.main) console.log(run(own, { seed: 7 }))
