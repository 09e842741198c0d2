/** A node as `npm start` makes it, in a process of its own, with its embedded database in a directory that goes with it, or in one that stays. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

export interface StartedNode {
  readonly url: string
  /** `host:port`, for those who join it. */
  readonly mesh: string
  readonly child: ChildProcess
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Promise<void>
}

const main = new URL("../../src/runtime/main.mjs", import.meta.url).pathname
const settings = ["api.rate_limit_search=1000000000", "api.rate_limit_register=1000000000"]

export interface Wishes {
  readonly flags?: ReadonlyArray<string>
  /** Hears of everything that it says. */
  readonly hear?: (event: string) => void
}

export const startNode = async (stays?: string, { flags: more = [], hear = () => {} }: Wishes = {}): Promise<StartedNode> => {
  const directory = stays ?? mkdtempSync(join(tmpdir(), "agentdns-bench-"))
  const flags = ["--data-dir", directory, "--listen", "127.0.0.1:0", "--mesh-listen", "127.0.0.1:0", "--log", "json", ...more]
  const child = spawn(process.execPath, [...process.execArgv, main, "start", ...flags, ...settings.flatMap((one) => ["--set", one])], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise<void>((done) => child.once("exit", () => done()))
  const { http: url, mesh } = await new Promise<{ readonly http: string; readonly mesh: string }>((ready, failed) => {
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event: string; readonly http: string; readonly mesh: string }
      hear(said.event)
      if (said.event === "ready") ready(said)
    })
    void ended.then(() => failed(new Error("the node ended before it served")))
  })
  return {
    url,
    mesh,
    child,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal)
      await ended
      if (stays === undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
