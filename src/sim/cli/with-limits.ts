/** Starting processes in which numbers of the protocol have other values (`limits-hook.ts`). */
import { spawnSync } from "node:child_process"

export type Limits = Readonly<Record<string, number>>

/** What a process is started with. */
export const processWith = (limits: Limits): { readonly execArgv: ReadonlyArray<string>; readonly env: NodeJS.ProcessEnv } =>
  Object.keys(limits).length === 0
    ? { execArgv: [], env: process.env }
    : {
        execArgv: ["--import", new URL("./limits-hook.ts", import.meta.url).href],
        env: { ...process.env, AGENTDNS_SIM_LIMITS: JSON.stringify(limits) },
      }

/** A command line that sets limits has to begin again, with them; `undefined`: this is that process, or there are none. */
export const againWithLimits = (limits: Limits | undefined): number | undefined => {
  if (limits === undefined || process.env["AGENTDNS_SIM_LIMITS"] === JSON.stringify(limits)) return undefined
  const { env, execArgv } = processWith(limits)
  const [, main = "", ...argv] = process.argv
  return spawnSync(process.execPath, [...execArgv, main, ...argv], { env, stdio: "inherit" }).status ?? 2
}
