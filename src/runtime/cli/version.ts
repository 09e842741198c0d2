/** Which agentdns this is. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** The version that package.json names. */
export const version = (): string => {
  const document = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as { readonly version: string }
  return document.version
}
