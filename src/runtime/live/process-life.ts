/**
 * Does a process still live? Its number alone does not tell: numbers are used again, and a zombie keeps its own.
 *
 * So a process is known by its number and the moment it began. Linux tells that moment exactly (in clock ticks since boot),
 * other systems to the second.
 */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process"
import { readFileSync, readlinkSync } from "node:fs"

/** One life of one process. `began` says where numbers are counted and since when the process has its own. */
export interface Life {
  readonly pid: number
  readonly began: string
}

/** Our own life. */
export const ownLife = (): Life => ({
  pid: process.pid,
  began: beganOnLinux(process.pid) ?? wallClock(Date.now() - process.uptime() * 1_000),
})

/** Is this very process there and able to do anything? */
export const lives = ({ pid, began }: Life): boolean => {
  const now = beganOf(pid)
  return now !== undefined && sameMoment(now, began)
}

/**
 * Can we see such a process at all? One in another container, or on another machine that shares the disk, counts its
 * numbers for itself, and one before the last boot did; whether it lives must be found out in another way.
 */
export const isInSight = ({ began }: Life): boolean => !began.startsWith("b") || began.startsWith(`${countedHere()}-`)

const beganOf = (pid: number): string | undefined => {
  if (process.platform === "linux") return beganOnLinux(pid)
  if (!numberIsTaken(pid)) return undefined
  try {
    return process.platform === "win32" ? beganOnWindows(pid) : beganOnUnix(pid)
  } catch {
    // The number is taken and nobody says since when: it may be the same process, so it counts as that.
    return anyMoment
  }
}

/** The start of a process that no tool could tell. */
const anyMoment = "w"

/** `/proc/PID/stat`: the name in parentheses may hold anything, so counting starts after the last one. State is field 3, start 22. */
const beganOnLinux = (pid: number): string | undefined => {
  if (process.platform !== "linux") return undefined
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ")
    const state = fields[0]!
    return state === "Z" || state === "X" ? undefined : `${countedHere()}-${fields[19]}`
  } catch {
    return undefined
  }
}

/** Where and since when Linux counts: this boot (ticks begin with it) and this process namespace (a container's is its own). */
const countedHere = (): string => {
  if (process.platform !== "linux") return ""
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)
  return `b${boot}-${/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0"}`
}

const numberIsTaken = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

const patience: ExecFileSyncOptionsWithStringEncoding = {
  timeout: 10_000,
  encoding: "utf8",
  windowsHide: true,
  stdio: ["ignore", "pipe", "ignore"],
}

const beganOnWindows = (pid: number): string => {
  const question = `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString("o")`
  return wallClock(Date.parse(execFileSync("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", question], patience).trim()))
}

/** A zombie has state Z; `lstart` is in English and in UTC when asked so. */
const beganOnUnix = (pid: number): string | undefined => {
  const environment = { ...process.env, LC_ALL: "C", TZ: "UTC" }
  const line = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { ...patience, env: environment }).trim()
  return line.startsWith("Z") ? undefined : wallClock(Date.parse(`${line.replace(/^\S+\s+/, "")} UTC`))
}

const wallClock = (atMs: number): string => (Number.isNaN(atMs) ? anyMoment : `w${Math.round(atMs / 1_000)}`)

/** Wall clocks are asked in different ways and are adjusted; no number is used again within this many seconds. */
const wallClockSlack = 5

const sameMoment = (a: string, b: string): boolean => {
  if (a === b || a === anyMoment || b === anyMoment) return true
  return a.startsWith("w") && b.startsWith("w") && Math.abs(Number(a.slice(1)) - Number(b.slice(1))) <= wallClockSlack
}
