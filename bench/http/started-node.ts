/** A node as `npm start` makes it, in a process of its own, with its embedded database in a directory that goes with it, or in one that stays. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

export interface StartedNode {
  readonly url: string
  readonly child: ChildProcess
  readonly stop: () => Promise<void>
}

const main = new URL("../../src/runtime/main.ts", import.meta.url).pathname
const settings = ["api.rate_limit_search=1000000000", "api.rate_limit_register=1000000000"]

export const startNode = async (stays?: string): Promise<StartedNode> => {
  const directory = stays ?? mkdtempSync(join(tmpdir(), "agentdns-bench-"))
  const flags = ["--data-dir", directory, "--listen", "127.0.0.1:0", "--mesh-listen", "127.0.0.1:0", "--log", "json"]
  const child = spawn(process.execPath, [...process.execArgv, main, "start", ...flags, ...settings.flatMap((one) => ["--set", one])], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise<void>((done) => child.once("exit", () => done()))
  const url = await new Promise<string>((ready, failed) => {
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event: string; readonly http: string }
      if (said.event === "ready") ready(said.http)
    })
    void ended.then(() => failed(new Error("the node ended before it served")))
  })
  return {
    url,
    child,
    stop: async () => {
      child.kill("SIGTERM")
      await ended
      if (stays === undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
