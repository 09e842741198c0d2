/** A Redis of the machine's own, on a free port, with nothing on disk. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"

/** Why there is none; nothing where there is. */
export const whyNoRedis = (): string | undefined => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" })
    return undefined
  } catch {
    return "redis-server is not installed"
  }
}

/** Resolves once it takes connections. */
export const startRedis = (port: number): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
      stdio: ["ignore", "pipe", "ignore"],
    })
    child.once("error", reject)
    child.stdout.on("data", (text: Buffer) => {
      if (text.toString().includes("eady to accept connections")) resolve(child)
    })
  })

export const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })
