/** `agentdns` as a process of its own, for tests of what scripts rely on: output, one sentence, exit code. */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"

const door = join(import.meta.dirname, "../../../src/runtime/main.mjs")

export interface Process {
  readonly child: ChildProcess
  out: string
  err: string
  /** Resolves to the exit code; to the signal's name where a signal ended it. */
  readonly ended: Promise<number | string>
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>
  /** Node's own flags. */
  readonly node?: ReadonlyArray<string>
}

/** Nothing of this process's settings reaches it, whatever they are. */
export const agentdns = (args: ReadonlyArray<string>, { env = {}, node = [] }: Circumstances = {}): Process => {
  const child = spawn(process.execPath, [...node, door, ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      ...(process.env["SystemRoot"] !== undefined && { SystemRoot: process.env["SystemRoot"] }),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const running: Process = {
    child,
    out: "",
    err: "",
    ended: new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal ?? "nothing"))),
  }
  child.stdout.on("data", (text: Buffer) => void (running.out += text.toString()))
  child.stderr.on("data", (text: Buffer) => void (running.err += text.toString()))
  return running
}

/** Runs it to its end. */
export const outcome = async (args: ReadonlyArray<string>, circumstances: Circumstances = {}) => {
  const running = agentdns(args, circumstances)
  const code = await running.ended
  return { code, out: running.out, err: running.err }
}
