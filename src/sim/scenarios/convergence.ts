/** Records registered at random nodes of a healthy mesh are soon shown by all. */
import type { Scenario } from "../scenario.ts"

const joinMs = 2_000
const registeringMs = 5_000
/** Far more than the way through any tree takes. */
const promptMs = 10_000

export const convergence: Scenario = {
  name: "convergence",
  purpose: "what is registered anywhere is soon shown everywhere",
  defaults: { nodes: 25, untilMs: 60_000 },
  play: (stage) => {
    stage.mesh(8)
    stage.run(joinMs)
    if (stage.options.loss === 0) stage.prompt = { fromMs: joinMs, untilMs: Number.POSITIVE_INFINITY, withinMs: promptMs }
    stage.registerMany(stage.options.records, registeringMs)
    stage.run(Math.max(stage.options.untilMs, joinMs + registeringMs))
    return { gossip: stage.gossipSection() }
  },
}
