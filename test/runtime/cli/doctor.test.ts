import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { examine } from "../../../src/runtime/cli/doctor/examination.ts"
import type { Finding } from "../../../src/runtime/cli/doctor/finding.ts"
import { judgeClock, judgeDns, judgeEndpoint, judgePeer, judgePort } from "../../../src/runtime/cli/doctor/judgements.ts"
import type { World } from "../../../src/runtime/cli/doctor/world.ts"
import { decide } from "../../../src/runtime/config.ts"
import { keyOf, seedBytes } from "../../support/builders.ts"

const key = keyOf(1).publicKey
const other = keyOf(2).publicKey
const own = idOf("registry", key)

describe("the doctor's rules", () => {
  it("tell our own node from a stranger at a port", () => {
    expect(judgePort("HTTP port", "x", true, undefined, own).grade).toBe("ok")
    expect(judgePort("HTTP port", "x", false, own, own)).toMatchObject({ grade: "ok", says: "x is served by this node" })
    expect(judgePort("HTTP port", "x", false, idOf("registry", other), own).grade).toBe("broken")
    expect(judgePort("HTTP port", "x", false, undefined, undefined).grade).toBe("broken")
  })

  it("let a clock be a little off, and no more", () => {
    const grades = [0, -2_000, 3_000, -299_000, 301_000, -301_000].map((off) => judgeClock(off, "theirs").grade)
    expect(grades).toEqual(["ok", "ok", "note", "note", "broken", "broken"])
    expect(judgeClock(-10_000, "theirs").says).toBe("10 s behind theirs")
  })

  it("hold a peer to the key that is configured", () => {
    expect([judgePeer("a:1", key, key), judgePeer("a:1", key, undefined), judgePeer("a:1", other, key)].map(({ grade }) => grade)).toEqual([
      "ok",
      "note",
      "broken",
    ])
  })

  it("read the key that DNS publishes", () => {
    const says = (...texts: ReadonlyArray<string>) => judgeDns("registry.example", texts, own, key).grade
    expect(says(`v=zynd1 id=${own} key=${key}`)).toBe("ok")
    expect(says("v=spf1 -all", `v=zynd1 id=${own} key=${key.replace("ed25519:", "")}`)).toBe("ok")
    expect(says(`v=zynd1 id=${own} key=${other}`)).toBe("broken")
    expect(says("v=spf1 -all")).toBe("note")
    expect(judgeDns("registry.example", undefined, own, key).advice).toContain(`v=zynd1 id=${own} key=${key}`)
  })

  it("know who answers at the public URL", () => {
    const grades = [own, idOf("registry", other), undefined].map(
      (answering) => judgeEndpoint("https://registry.example", answering, own).grade,
    )
    expect(grades).toEqual(["ok", "broken", "broken"])
  })
})

describe("the doctor's round", () => {
  const home = mkdtempSync(join(tmpdir(), "doctor-"))
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  const round = async (world: World, flags: ReadonlyArray<string>) => {
    const decision = decide({ argv: ["--data-dir", home, ...flags], env: {} })
    if (decision.type === "refused") throw new Error(decision.complaints.join())
    const findings: Array<Finding> = []
    await Effect.runPromise(examine(decision.settings, world, (finding) => void findings.push(finding)))
    return findings.map(({ about, grade }) => `${grade} ${about}`)
  }
  const nobody: World = {
    nowMs: () => 0,
    isFree: async () => true,
    registryAt: async () => undefined,
    meshKeyAt: async () => undefined,
    textsAt: async () => undefined,
  }

  it("finds nothing broken before the first start", async () => {
    expect(await round(nobody, [])).toEqual(["ok key", "ok HTTP port", "ok mesh port", "ok database", "note public URL", "note peers"])
  })

  it("looks beside a running node, and at its peers", async () => {
    writeFileSync(join(home, "identity.json"), JSON.stringify({ private_key: Buffer.from(seedBytes(1)).toString("base64") }), {
      mode: 0o600,
    })
    const running: World = { ...nobody, isFree: async () => false, registryAt: async () => own, meshKeyAt: async () => key }
    const flags = [
      "--bootstrap",
      `192.0.2.1:4001#${other},192.0.2.2:4001#${key}`,
      "--set",
      "server.https_endpoint=https://registry.example",
    ]
    expect(await round(running, flags)).toEqual([
      "ok key",
      "ok HTTP port",
      "ok mesh port",
      "ok database",
      "ok public URL",
      "note DNS of registry.example",
      "broken peer 192.0.2.1:4001",
      "ok peer 192.0.2.2:4001",
    ])
    expect(await round(nobody, ["--bootstrap", "192.0.2.1:4001"])).toContain("broken peer 192.0.2.1:4001")
    expect(await round(nobody, ["--identity", join(home, "none.json")])).toContain("broken key")
  })
})
