import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { settingNames, settingOf } from "../../../src/runtime/config/settings.ts"
import { asMarkdown } from "../../../src/runtime/config/describe.ts"
import { holdDataDirectory } from "../../../src/runtime/live/data-directory-lock.ts"
import { columns } from "../../../src/runtime/cli/columns.ts"
import { agentdns, outcome } from "./agentdns.ts"

const scratch: Array<string> = []
afterEach(() => scratch.splice(0).forEach((directory) => rmSync(directory, { recursive: true, force: true })))

const freshDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), "cli-"))
  scratch.push(directory)
  return directory
}

/** Flags of a node that disturbs nobody. */
const quiet = (dataDirectory: string) => [
  "--data-dir",
  dataDirectory,
  "--listen",
  "127.0.0.1:0",
  "--mesh-listen",
  "127.0.0.1:0",
  "--log",
  "json",
]

describe("agentdns", () => {
  it("lists its commands, explains each, and tells its version", async () => {
    const [bare, help, version] = await Promise.all([outcome([]), outcome(["--help"]), outcome(["--version"])])
    expect([bare.code, help.code, version.code]).toEqual([0, 0, 0])
    expect(help.out).toBe(bare.out)
    expect(help.out).toMatch(/^ {2}start +runs a node$/m)
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it("explains every flag and every setting of the file that has an effect", async () => {
    const { code, err, out } = await outcome(["start", "--help"])
    expect([code, err]).toEqual([0, ""])
    for (const name of settingNames) {
      const { flag, withoutEffect } = settingOf(name)
      if (flag !== undefined) expect(out).toContain(`  --${flag} `)
      else if (withoutEffect === undefined) expect(out).toContain(`  [${name.replace(/\.(\w+)$/, "] $1")} `)
    }
    expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThan(140)
    expect(asMarkdown().split("\n").length).toBeGreaterThan(20)
  })

  it("says in one sentence what it does not know", async () => {
    const [command, version] = await Promise.all([outcome(["strat"]), outcome(["version", "x"])])
    expect([command.code, command.err]).toEqual([64, `agentdns: there is no command "strat"; did you mean start?\n`])
    expect(version.code).toBe(64)
  })

  it("says on an old Node what is needed, not that a type is a syntax error", async () => {
    const old = join(freshDirectory(), "old.cjs")
    writeFileSync(old, `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.1" } })`)
    const { code, err, out } = await outcome(["start"], { node: ["--require", old] })
    expect([code, out]).toEqual([69, ""])
    expect(err).toMatch(/^agentdns: Node 24 or newer is needed and this is 20\.11\.1; .+\n$/)
  })
})

describe("agentdns identity", () => {
  it("makes the identity once, and prints it as others need it", async () => {
    const directory = join(freshDirectory(), "data")
    const first = await outcome(["identity", "--data-dir", directory])
    const second = await outcome(["identity", "--data-dir", directory, "--log", "json"])
    const facts = JSON.parse(second.out) as Record<string, string>
    expect([first.code, second.code, first.err, second.err]).toEqual([0, 0, "", ""])
    expect(facts["registry_id"]).toMatch(/^zns:registry:[0-9a-f]{32}$/)
    for (const fact of Object.values(facts)) expect(first.out).toContain(fact)
    const document = JSON.parse(readFileSync(join(directory, "identity.json"), "utf8")) as Record<string, string>
    expect(`ed25519:${document["public_key"]}`).toBe(facts["public_key"])
    expect(first.out + second.out).not.toContain(document["private_key"])
    expect(readdirSync(directory)).toEqual(["identity.json"])
  })
})

describe("a start that must be refused says one sentence, ends with its code, and makes nothing", () => {
  const refused = async (args: ReadonlyArray<string>, code: number, sentence: RegExp, env = {}) => {
    const result = await outcome(["start", ...args], { env })
    expect(result.err).toMatch(sentence)
    expect([result.code, result.err.split("\n").length, result.err.includes(" at ")]).toEqual([code, 2, false])
    expect(result.out).not.toContain("ready")
  }
  const left = (directory: string) => (existsSync(directory) ? readdirSync(directory) : "nothing")

  it("an unknown flag, a settings file that is wrong, broken, or not there", async () => {
    const directory = freshDirectory()
    const file = join(directory, "node.toml")
    await refused(["--no-such-flag"], 64, /^agentdns: there is no flag --no-such-flag\n$/)
    writeFileSync(file, "[mesh]\nmax_peer = 3\n")
    await refused(["--config", file], 64, /node\.toml line 2: there is no setting \[mesh\] max_peer; did you mean \[mesh\] max_peers\?\n$/)
    writeFileSync(file, "[mesh]\nmax_peers = \n")
    await refused([], 64, /the settings file .+node\.toml line 2: .+\n$/, { AGENTDNS_CONFIG: file })
    await refused(["--config", join(directory, "absent.toml")], 64, /the settings file .+ does not exist\n$/)
    expect(readdirSync(directory)).toEqual(["node.toml"])
  })

  it("a port that is taken", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { port: number }
    const directory = join(freshDirectory(), "data")
    await refused([...quiet(directory), "--listen", `127.0.0.1:${port}`], 69, /cannot listen on 127\.0\.0\.1:\d+: the port is taken\n$/)
    await refused([...quiet(directory), "--mesh-listen", `127.0.0.1:${port}`], 69, /the port is taken\n$/)
    server.close()
    expect(left(directory)).toBe("nothing")
  })

  it("a data directory that is in use, or is none", async () => {
    const directory = join(freshDirectory(), "data")
    await Effect.runPromise(
      Effect.scoped(
        Effect.andThen(
          holdDataDirectory(directory),
          Effect.promise(() => refused(quiet(directory), 73, new RegExp(`the data directory .+ is in use by process ${process.pid}\n$`))),
        ),
      ),
    )
    writeFileSync(directory, "")
    await refused(quiet(directory), 73, /the data directory .+ is not a directory\n$/)
  })

  it("an identity that is broken, or named and not there", async () => {
    const directory = join(freshDirectory(), "data")
    mkdirSync(directory)
    writeFileSync(join(directory, "identity.json"), "{", { mode: 0o600 })
    await refused(quiet(directory), 73, /the identity file .+ is not JSON\n$/)
    expect(left(directory)).toEqual(["identity.json"])
    const absent = join(directory, "absent.json")
    await refused([...quiet(directory), "--identity", absent], 64, /the identity file .+ does not exist/)
    await refused([...quiet(directory), "--identity", directory], 64, /the identity file .+ is a directory\n$/)
  })

  it("a database server that is down, whose password is nobody's business", async () => {
    const directory = join(freshDirectory(), "data")
    await refused(quiet(directory), 69, /^agentdns: the database cannot be used(?!.*secretword)/, {
      DATABASE_URL: "postgres://user:secretword@127.0.0.1:1/x",
    })
    expect(left(directory)).toBe("nothing")
  })
})

describe("a node that serves", () => {
  const until = async (isTrue: () => boolean) => {
    for (let i = 0; i < 4_000 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isTrue()).toBe(true)
  }
  const readyLine = (out: string) =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ event }) => event === "ready")

  it("says so in one line, answers, warns of variables it does not know, drains at SIGTERM and is itself again afterwards", async () => {
    const directory = join(freshDirectory(), "data")
    const ids = new Set<unknown>()
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const node = agentdns(["start", ...quiet(directory)], { env: { AGENTDNS_NO_SUCH: "1" } })
      await until(() => readyLine(node.out) !== undefined || node.child.exitCode !== null)
      const ready = readyLine(node.out)!
      expect(Object.keys(ready).slice(0, 6)).toEqual(["event", "registry_id", "http", "mesh", "data_dir", "ms"])
      expect(ready["data_dir"]).toBe(directory)
      expect(ready["mesh"]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
      const info = (await (await fetch(`${String(ready["http"])}/v1/info`)).json()) as Record<string, unknown>
      expect(info["registry_id"]).toBe(ready["registry_id"])
      ids.add(info["registry_id"])
      expect(node.out).toContain("there is no variable AGENTDNS_NO_SUCH")
      node.child.kill(signal)
      expect([await node.ended, node.err]).toEqual([0, ""])
      expect(readdirSync(directory).filter((name) => name.endsWith(".lock"))).toEqual([])
    }
    expect(ids.size).toBe(1)
    if (process.platform !== "win32") expect(statSync(join(directory, "identity.json")).mode & 0o077).toBe(0)
  })

  it("can be stopped while it is still starting", async () => {
    const directory = join(freshDirectory(), "data")
    const node = agentdns(["start", ...quiet(directory)])
    await until(() => existsSync(directory) && readdirSync(directory).some((name) => name.endsWith(".lock")))
    node.child.kill("SIGTERM")
    expect([await node.ended, node.err]).toEqual([0, ""])
  })
})

describe("columns", () => {
  it("align, and let a cell that is too wide have a line of its own", () => {
    expect(
      columns([
        ["a", "one"],
        ["bbb", "two"],
      ]),
    ).toBe("  a    one\n  bbb  two")
    expect(
      columns(
        [
          ["a", "one"],
          ["bbbbbb", "two"],
        ],
        3,
      ),
    ).toBe("  a  one\n  bbbbbb\n     two")
    expect(
      columns(
        [
          ["A", "BCD", "E"],
          ["aaaaaa", "b", "e"],
        ],
        3,
      ),
    ).toBe("  A  BCD  E\n  aaaaaa\n     b    e")
  })
})
