/**
 * `npm run sim -- twice SCENARIO FLAGS`: every seed in two processes; where they do not do the same, the first event that
 * differs. `npm run sim -- compare A B`: the same of two files of `--trace`, from other machines or versions of Node.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readArguments } from "../arguments.ts"
import { divergenceOf, tellDivergence } from "../divergence.ts"
import { scenarios } from "../simulate.ts"
import { ownFiles } from "../arguments.ts"
import { takeFlag } from "./take-flag.ts"

/** 0 the same, 1 used wrongly, 2 not the same. */
export const compareCommand = (argv: ReadonlyArray<string>): number => {
  const [one, other, ...more] = argv
  if (one === undefined || other === undefined || more.length > 0) {
    console.error("compare needs two files that --trace wrote")
    return 1
  }
  const divergence = divergenceOf(readFileSync(one, "utf8").split("\n"), readFileSync(other, "utf8").split("\n"))
  console.log(divergence === undefined ? "the same, event for event" : tellDivergence(divergence).join("\n"))
  return divergence === undefined ? 0 : 2
}

export const twiceCommand = (argv: ReadonlyArray<string>): number => {
  const read = readArguments(argv, scenarios)
  if ("list" in read || "wrong" in read) {
    console.error("wrong" in read ? read.wrong : "--list is no run")
    return 1
  }
  const [, once] = takeFlag(argv, "--seeds")
  const [, plain] = takeFlag(once, "--seed")
  const folder = mkdtempSync(join(tmpdir(), "sim-twice-"))
  let worst = 0
  try {
    for (const seed of read.seeds) {
      const files = ["one", "other"].map((name) => join(folder, name))
      for (const file of files) {
        const argv = [ownFiles.get(plain[0]!) ?? plain[0]!, ...plain.slice(1), "--seed", String(seed), "--trace", file]
        const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, process.argv[1]!, ...argv], { encoding: "utf8" })
        if (status === null || status === 1) throw new Error(`a run of seed ${seed} did not end: ${stderr.slice(-500)}`)
      }
      console.log(`seed ${seed}:`)
      worst = Math.max(worst, compareCommand(files))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return worst
}
