/**
 * Gives numbers of `protocol/limits.ts` other values in one process: loaded before everything else (`node --import`), with
 * the values as JSON in AGENTDNS_SIM_LIMITS. So every number of the protocol can be swept, and no code that uses one knows.
 */
import { registerHooks } from "node:module"

const values = JSON.parse(process.env["AGENTDNS_SIM_LIMITS"] ?? "{}") as Readonly<Record<string, number>>

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith("/src/protocol/limits.ts")) return loaded
    return { ...loaded, source: Object.entries(values).reduce(withValue, Buffer.from(loaded.source as Uint8Array).toString("utf8")) }
  },
})

const withValue = (source: string, [name, value]: [string, number]): string => {
  const line = new RegExp(`^export const ${name} = .*$`, "m")
  if (!line.test(source) || !Number.isFinite(value)) throw new Error(`limits.ts has no number ${name} that could be ${value}`)
  return source.replace(line, `export const ${name} = ${value}`)
}
