import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { holdDataDirectory } from "../../../src/runtime/live/data-directory-lock.ts"
import { lives, ownLife } from "../../../src/runtime/live/process-life.ts"

const scratch: Array<string> = []
const children: Array<ChildProcess> = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  for (const directory of scratch.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const freshDirectory = () => {
  const parent = mkdtempSync(join(tmpdir(), "lock-"))
  scratch.push(parent)
  return join(parent, "data")
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const until = async (isTrue: () => boolean) => {
  for (let i = 0; i < 4_000 && !isTrue(); i++) await sleep(20)
  expect(isTrue()).toBe(true)
}

const holder = (directory: string) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "lock-holder.ts"), directory], { stdio: ["ignore", "pipe", "inherit"] })
  children.push(child)
  const process_ = { child, pid: child.pid!, said: "" }
  child.stdout.on("data", (text: Buffer) => (process_.said += text.toString()))
  return process_
}

/** Tries to hold it here for a moment. */
const outcome = (directory: string) =>
  Effect.runPromise(
    Effect.match(Effect.scoped(holdDataDirectory(directory)), {
      onSuccess: () => "in",
      onFailure: (error) =>
        error._tag === "DataDirectoryInUse"
          ? `refused ${error.pid}${error.isElsewhere ? " elsewhere" : ""}`
          : `${error._tag}: ${error.reason}`,
    }),
  )

const ticketsIn = (directory: string) => readdirSync(directory).filter((name) => name.endsWith(".lock"))

/** As a node would leave it that runs as process 1 of another boot, machine or container. */
const ticketFromElsewhere = (directory: string) => {
  mkdirSync(directory)
  const ticket = join(directory, "node-1-b00000000-4026530000-77.lock")
  writeFileSync(ticket, "")
  return ticket
}

describe("a data directory", () => {
  it("is made private, held while the scope lasts, and is as before afterwards", async () => {
    const directory = freshDirectory()
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          yield* holdDataDirectory(directory)
          expect(ticketsIn(directory).length).toBe(1)
          if (process.platform !== "win32") expect(statSync(directory).mode & 0o777).toBe(0o700)
        }),
      ),
    )
    expect(existsSync(directory)).toBe(false)
    mkdirSync(directory)
    expect([await outcome(directory), readdirSync(directory)]).toEqual(["in", []])
  })

  it("is not held twice by one process", async () => {
    const directory = freshDirectory()
    const fiber = Effect.runFork(Effect.scoped(Effect.andThen(holdDataDirectory(directory), Effect.never)))
    await until(() => existsSync(directory) && ticketsIn(directory).length === 1)
    expect(await outcome(directory)).toBe(`refused ${process.pid}`)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(await outcome(directory)).toBe("in")
  })

  it("in use by another process is refused with its number; free again after kill -9 and after an orderly end", async () => {
    const directory = freshDirectory()
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const other = holder(directory)
      await until(() => other.said === "in\n")
      expect(await outcome(directory)).toBe(`refused ${other.pid}`)
      other.child.kill(signal)
      await until(() => other.child.exitCode !== null || other.child.signalCode !== null)
      expect(await outcome(directory)).toBe("in")
    }
  })

  it("goes to one of many that come at once", async () => {
    const directory = freshDirectory()
    const many = Array.from({ length: 5 }, () => holder(directory))
    await until(() => many.every(({ said }) => said !== ""))
    const inside = many.filter(({ said }) => said === "in\n")
    expect(inside.length).toBeLessThanOrEqual(1)
    expect(ticketsIn(directory).length).toBe(inside.length)
  })

  it("counts no ticket of a process that only has the same number, nor of a number that nobody has", async () => {
    const directory = freshDirectory()
    mkdirSync(directory)
    const { began } = ownLife()
    const since = process.platform === "linux" ? began.replace(/\d+$/, "1") : "w1000"
    writeFileSync(join(directory, `node-${process.ppid}-${since}.lock`), "")
    writeFileSync(join(directory, `node-999999999-${began}.lock`), "")
    expect([await outcome(directory), ticketsIn(directory)]).toEqual(["in", []])
  })

  it.runIf(process.platform === "linux")("counts no ticket of long ago from another boot or machine", async () => {
    const directory = freshDirectory()
    const ticket = ticketFromElsewhere(directory)
    utimesSync(ticket, 1_000_000, 1_000_000)
    const begun = Date.now()
    expect([await outcome(directory), ticketsIn(directory)]).toEqual(["in", []])
    expect(Date.now() - begun).toBeLessThan(2_000)
  })

  it.runIf(process.platform === "linux")(
    "watches a ticket from another container: held while it is touched, free when it is not",
    async () => {
      const directory = freshDirectory()
      const ticket = ticketFromElsewhere(directory)
      const holder = setInterval(() => utimesSync(ticket, new Date(), new Date()), 500)
      expect(await outcome(directory)).toBe("refused 1 elsewhere")
      clearInterval(holder)
      expect([await outcome(directory), ticketsIn(directory)]).toEqual(["in", []])
    },
  )

  it("is touched by its holder, so that others can see it from afar", async () => {
    const directory = freshDirectory()
    const fiber = Effect.runFork(Effect.scoped(Effect.andThen(holdDataDirectory(directory), Effect.never)))
    await until(() => existsSync(directory) && ticketsIn(directory).length === 1)
    const ticket = join(directory, ticketsIn(directory)[0]!)
    utimesSync(ticket, 1_000, 1_000)
    await until(() => statSync(ticket).mtimeMs > 1_000_000_000)
    await Effect.runPromise(Fiber.interrupt(fiber))
  })

  it.runIf(process.platform === "linux")("counts no ticket of a zombie", async () => {
    const directory = freshDirectory()
    // The shell starts the holder and then becomes a `sleep`, which never asks how its child ended.
    const script = `"$0" "$1" "$2" & exec sleep 30`
    const args = ["-c", script, process.execPath, join(import.meta.dirname, "lock-holder.ts"), directory]
    const parent = spawn("sh", args, { stdio: "ignore" })
    children.push(parent)
    await until(() => existsSync(directory) && ticketsIn(directory).length === 1)
    const [ticket] = ticketsIn(directory)
    const [, pid, began] = /^node-(\d+)-(.+)\.lock$/.exec(ticket!)!
    const life = { pid: Number(pid), began: began! }
    expect(lives(life)).toBe(true)
    process.kill(life.pid, "SIGKILL")
    await until(() => / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1")))
    expect(lives(life)).toBe(false)
    expect(await outcome(directory)).toBe("in")
  })

  it("that cannot be one is refused with the reason", async () => {
    const directory = freshDirectory()
    writeFileSync(directory, "")
    expect(await outcome(directory)).toBe("DataDirectoryUnusable: is not a directory")
    expect(await outcome(join(directory, "below"))).toBe("DataDirectoryUnusable: is not a directory")
  })

  it("knows its own life, and that nobody has number 999999999", () => {
    expect(lives(ownLife())).toBe(true)
    expect(lives({ pid: 999_999_999, began: ownLife().began })).toBe(false)
  })
})
