/**
 * `big.restart`: a node that holds 100,000 records starts again: until it serves, and, behind that, until searches find
 * everything. In the embedded database, as `npm start` keeps them; the bound is the same start with nothing to hold.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Effect } from "effect"
import { EmbeddedClient } from "../../src/runtime/store/pglite.ts"
import { type Benchmark, readable, type Say } from "../benchmark.ts"
import { startNode, type StartedNode } from "../http/started-node.ts"
import { fillTo } from "../support/many-records.ts"

const count = 100_000

/** Milliseconds until it serves. */
const restart = async (directory: string, say: Say): Promise<number> => {
  const startedAt = performance.now()
  const node = await startNode(directory)
  const servesMs = performance.now() - startedAt
  try {
    const indexes = async () => ((await (await fetch(`${node.url}/ready`)).json()) as { readonly indexes: string }).indexes
    while ((await indexes()) !== "complete") await sleep(50)
    say(`serves after ${readable(servesMs)} ms, finds everything after ${readable(performance.now() - startedAt)} ms${memoryOf(node)}`)
    return servesMs
  } finally {
    await node.stop()
  }
}

export const bigRestart: Benchmark = {
  name: "big.restart",
  purpose: `a start with ${readable(count)} records in the embedded database, until it serves`,
  measure: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), "agentdns-bench-"))
    try {
      await (await startNode(directory)).stop()
      const bound = await restart(directory, say)
      await fillTo("registry", count).pipe(Effect.provide(EmbeddedClient(join(directory, "postgres"))), Effect.scoped, Effect.runPromise)
      say(`${readable(count)} records are there`)
      return { value: await restart(directory, say), unit: "ms", bound, boundName: "the same start with an empty database" }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** What the process takes of the memory, where the system tells. */
const memoryOf = ({ child }: StartedNode): string => {
  if (process.platform !== "linux") return ""
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]
  return `, and takes ${readable(Number(kilobytes) / 1_024)} MiB`
}
