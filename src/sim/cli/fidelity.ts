/**
 * `npm run sim -- fidelity [--nodes N] [--seed S] [--records N] [--json FILE]`: the same mesh twice, once for real over TLS on
 * loopback, once simulated: both have to end with the same, and to need as many messages for it.
 */
import { fork } from "node:child_process"
import { writeFileSync } from "node:fs"
import type { Outcome, Plan, RealOutcome } from "../fidelity/plan.ts"
import { simulateSame } from "../fidelity/simulated-mesh.ts"
import { currentCommit } from "./commit.ts"
import { hideProgress, showNote } from "./progress.ts"
import { readFlags, wholeNumber } from "./read-flags.ts"

/** How far the numbers of messages may be apart. */
const apartMax = 0.05

/** 0 when both worlds agree, 4 when they do not, 2 when the real one did not come to its end, 1 for wrong usage. */
export const fidelityCommand = async (argv: ReadonlyArray<string>): Promise<number> => {
  const flags = readFlags(argv, ["--nodes", "--seed", "--records", "--json"])
  if (typeof flags === "string") {
    console.error(flags)
    return 1
  }
  const nodes = wholeNumber(flags["--nodes"] ?? "20", 2, 100)
  const seed = wholeNumber(flags["--seed"] ?? "1", 0, 2 ** 32)
  const records = wholeNumber(flags["--records"] ?? "60", 1, 10_000)
  if (nodes === undefined || seed === undefined || records === undefined) {
    console.error("--nodes is 2 to 100, --seed a seed, --records 1 to 10000")
    return 1
  }
  const plan: Plan = { seed, nodes, degree: 8, records, registerFromMs: 8_000, registerUntilMs: 18_000, untilMs: 55_000 }
  console.log(
    `sim fidelity · ${nodes} nodes · ${records} records · seed ${seed} · ${plan.untilMs / 1_000} s for real over TLS, then simulated`,
  )
  showNote("the real mesh runs")
  const real = await runReal(plan)
  hideProgress()
  if (typeof real === "string") {
    console.error(real)
    return 2
  }
  const simulated = simulateSame(plan, real)
  const fidelity = { sameDigest: isSame(real, simulated), messageRatio: total(real) / total(simulated) }
  console.log(table(real, simulated))
  const isTrue = fidelity.sameDigest && Math.abs(fidelity.messageRatio - 1) <= apartMax
  console.log(
    `  ${fidelity.sameDigest ? "one digest in both worlds" : `DIFFERENT digests: ${new Set(real.digests).size} real, ${new Set(simulated.digests).size} simulated`} · ${fidelity.messageRatio.toFixed(3)} real messages for a simulated one`,
  )
  if (flags["--json"] !== undefined) {
    const json = {
      scenario: "fidelity",
      seed,
      nodes,
      commit: currentCommit(),
      real: real.counts,
      simulated: simulated.counts,
      violations: [],
      fidelity,
    }
    writeFileSync(flags["--json"], `${JSON.stringify(json, null, 1)}\n`)
  }
  return isTrue ? 0 : 4
}

const runReal = (plan: Plan): Promise<RealOutcome | string> =>
  new Promise((resolve) => {
    const child = fork(new URL("../fidelity/real-mesh.ts", import.meta.url))
    child.once("message", (outcome: RealOutcome | string) => resolve(outcome))
    child.once("exit", (code, signal) => resolve(`the real mesh ended with ${signal ?? code}`))
    child.send(plan)
  })

/** All nodes of both worlds hold the same. */
const isSame = (a: Outcome, b: Outcome): boolean => {
  const digests = new Set([...a.digests, ...b.digests])
  return digests.size === 1 && !digests.has(undefined)
}

const total = ({ counts }: Outcome): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

const table = (real: Outcome, simulated: Outcome): string => {
  const types = [...new Set([...Object.keys(real.counts), ...Object.keys(simulated.counts)])].sort() as Array<keyof Outcome["counts"]>
  return [
    `  ${"messages".padEnd(12)} ${"real".padStart(8)} ${"simulated".padStart(10)}`,
    ...types.map(
      (type) => `  ${type.padEnd(12)} ${String(real.counts[type] ?? 0).padStart(8)} ${String(simulated.counts[type] ?? 0).padStart(10)}`,
    ),
    `  ${"all".padEnd(12)} ${String(total(real)).padStart(8)} ${String(total(simulated)).padStart(10)}`,
  ].join("\n")
}
