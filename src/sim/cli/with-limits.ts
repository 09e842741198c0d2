/** Starting processes in which numbers of the protocol have other values (`limits-hook.ts`). */
import { spawnSync } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"

export type Limits = Readonly<Record<string, number>>

/** What a process is started with. What one compiled need not be compiled by the next: that halves the second they take. */
export const processWith = (limits: Limits): { readonly execArgv: ReadonlyArray<string>; readonly env: NodeJS.ProcessEnv } => {
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"), ...process.env }
  return Object.keys(limits).length === 0
    ? { execArgv: [], env }
    : {
        execArgv: ["--import", new URL("./limits-hook.ts", import.meta.url).href],
        env: { ...env, AGENTDNS_SIM_LIMITS: JSON.stringify(limits) },
      }
}

/** A command line that sets limits has to begin again, with them; `undefined`: this is that process, or there are none. */
export const againWithLimits = (limits: Limits | undefined): number | undefined => {
  if (limits === undefined || process.env["AGENTDNS_SIM_LIMITS"] === JSON.stringify(limits)) return undefined
  const { env, execArgv } = processWith(limits)
  const [, main = "", ...argv] = process.argv
  return spawnSync(process.execPath, [...execArgv, main, ...argv], { env, stdio: "inherit" }).status ?? 2
}
