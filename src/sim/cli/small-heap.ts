/**
 * Starting a process whose heap stays near what is alive in it, for worlds of thousands of nodes.
 *
 * Nearly all that a node has lives as long as the world, and V8 reckons with things that die: it lets a heap grow by more than
 * its half before it looks, keeps 130 MB for what is young, and leaves the holes that are left. A thousand nodes took 800 MB so;
 * 430 with the first two of these (220 are alive) for no more computing, and 400 with all of them for a quarter more: to favour
 * size means to move things together.
 */
import { spawnSync } from "node:child_process"

const manyNodes = 2_000
const flags = ["--max-semi-space-size=8", "--heap-growing-percent=20", "--optimize-for-size"]

/** A command line with so many nodes begins again; `undefined`: there are fewer, or this is that process. */
export const againWithSmallHeap = (nodes: number): number | undefined => {
  if (nodes < manyNodes || flags.every((flag) => process.execArgv.includes(flag))) return undefined
  const [, main = "", ...argv] = process.argv
  return spawnSync(process.execPath, [...process.execArgv, ...flags, main, ...argv], { stdio: "inherit" }).status ?? 2
}
