/** One EigenTrust run over 100,000 peers with 5 million opinions, from the pre-trusted on; and what a change of mind costs after it. */
import { type Benchmark, timed } from "../benchmark.ts"
import { type Row, rowOf, settle } from "../../src/protocol/trust/eigentrust.ts"
import { SeededRandom } from "../../src/sim/dice.ts"

const peers = 100_000
const opinionsOfEach = 50

export const trust: Benchmark = {
  name: "trust.100k",
  purpose: "milliseconds of one EigenTrust run over 100,000 peers and 5 million opinions",
  measure: async (say) => {
    const random = new SeededRandom(1, "opinions")
    const rows: ReadonlyArray<Row> = Array.from({ length: peers }, () =>
      rowOf(Array.from({ length: opinionsOfEach }, () => [random.below(peers), 1 + random.below(10)] as const)),
    )
    const start = new Float64Array(peers)
    for (let i = 0; i < 3; i++) start[i] = 1 / 3
    const first = settle(rows, start)
    const whole = timed(() => void settle(rows, start))
    say(`${first.steps} steps from the pre-trusted on: ${whole.ms.toFixed(0)} ms`)
    const changed = [...rows]
    changed[5] = rowOf([[7, 1]])
    const again = timed(() => say(`${settle(changed, start, first.trust).steps} steps after one changed its mind`))
    say(`which took ${again.ms.toFixed(0)} ms`)
    return { value: whole.ms, unit: "ms" }
  },
}
