/** Whoever reckons signatures, a run is the same, event for event. In a file of its own: the engine is a process's. */
import { expect, it } from "vitest"
import { secretKeyOf as secretKeyByNode, sign as signByNode } from "../../src/protocol/identity/ed25519.ts"
import { writeKey } from "../../src/protocol/identity/key.ts"
import { sodiumEngine } from "../../src/runtime/live/ed25519.ts"
import { keySeed } from "../../src/sim/keys.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { byzantine } from "../../src/sim/scenarios/byzantine.ts"
import { clients } from "../../src/sim/scenarios/clients.ts"
import { tofu } from "../../src/sim/scenarios/tofu.ts"
import { reckonWith } from "../../src/sim/signatures.ts"
import { simulate } from "../../src/sim/simulate.ts"

const engine = sodiumEngine((bytes) => Buffer.alloc(bytes))

it.runIf(engine !== undefined || process.env["CI"] !== undefined)("is the same by libsodium as by node:crypto", () => {
  const play = () =>
    [byzantine, clients, tofu].map((scenario) => {
      const { delivered, trace } = simulate(scenario, { ...defaultRun, nodes: 8, records: 6, untilMs: 30_000, seed: 11 })
      return { delivered, trace }
    })
  const before = play()
  let asked = 0
  reckonWith({
    ...engine!,
    verify: (key, message, signature) => {
      asked++
      return engine!.verify(key, message, signature)
    },
  })
  expect(play()).toEqual(before)
  expect(asked).toBeGreaterThan(10)
})

it.runIf(engine !== undefined)("keys made by libsodium are node:crypto's, and sign alike under any name", () => {
  const seed = keySeed(1, "anybody")
  const [made, known] = [engine!.secretKeyOf(seed), secretKeyByNode(seed)]
  expect(made.publicKey).toBe(known.publicKey)
  expect(made.keyObject.equals(known.keyObject)).toBe(true)
  // what says to be another key's, as those of a crowd do
  for (const secret of [made, { ...made, publicKey: writeKey(Buffer.alloc(32, 7)) }])
    expect(engine!.sign(secret, "text")).toBe(signByNode(known, "text"))
})
