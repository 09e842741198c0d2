/** Finding peers: what it does with every event, and whom it dials. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { bootstrap, type BootstrapEvent, type BootstrapInput } from "../../src/actors/bootstrap.ts"
import type { PeerInput } from "../../src/actors/peer-input.ts"
import { dialAttemptsMax, refillPeriodMs } from "../../src/protocol/limits.ts"
import { writeAddress } from "../../src/protocol/mesh/address.ts"
import { dice } from "../../src/protocol/mesh/dice.ts"
import { compile, type State as Settled, type Step } from "../../src/runtime/engine/compile.ts"
import { keyOf, noon, registryOf } from "../support/builders.ts"
import { addressOf, helloOf } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof bootstrap>
type Context = ContextFrom<typeof bootstrap>

const input: BootstrapInput = { self: helloOf(1), seed: 1, configured: [{ address: addressOf(2) }], pins: [], wantedPeers: 3, maxPeers: 15 }
const idOf = (seed: number) => `peer/${writeAddress(addressOf(seed))}`
const dialling: Context = {
  ...input,
  candidates: new Map(),
  running: new Set([idOf(2)]),
  connected: new Set(),
  registries: new Set(),
  members: 0,
  own: new Set(),
  returning: [],
  next: [],
  dice: dice(1),
}
const pin = { address: writeAddress(addressOf(2)), key: keyOf(2).publicKey, since: noon }

describe("bootstrap", () => {
  checkTable<State, BootstrapEvent, Context>({
    machine: bootstrap,
    contexts: { looking: dialling, done: dialling },
    events: {
      "addresses.learned": { type: "addresses.learned", addresses: [addressOf(3)] },
      "peer.named": { type: "peer.named", address: addressOf(5), key: keyOf(5).publicKey },
      "roster.changed": {
        type: "roster.changed",
        members: [{ registryId: registryOf(2).registryId, peer: idOf(2), address: addressOf(2) }],
      },
      "key.met": { type: "key.met", pin },
      "peer.gone": { type: "peer.gone", peer: idOf(2), reason: "refused" },
      "peer.dropped": { type: "peer.dropped", reason: "stopping" },
    },
    rows: {
      looking: {
        "addresses.learned": {
          "the first ones": [{}, "looking · start [peer/n3.example:4001]"],
          "some are known": [
            { context: { candidates: new Map([["n4.example:4001", { address: addressOf(4), failures: 0 }]]) } },
            "looking",
          ],
          "no peers are wanted": [{ context: { wantedPeers: 0 } }, "looking"],
        },
        "peer.named": "looking · start [peer/n5.example:4001]",
        "roster.changed": "looking",
        "key.met": "looking",
        "peer.gone": {
          "whom we dialled": [{}, "looking"],
          "a caller that is to be dialled": [
            { event: { peer: "peer/in/7", returnTo: addressOf(6) } },
            "looking · start [peer/n6.example:4001]",
          ],
          "a caller that is being dialled": [{ event: { peer: "peer/in/7", returnTo: addressOf(2) } }, "looking · start []"],
          "a caller whose link the roster still has": [
            { context: { connected: new Set([writeAddress(addressOf(6))]) }, event: { peer: "peer/in/7", returnTo: addressOf(6) } },
            "looking · start [peer/n6.example:4001]",
          ],
        },
        "peer.dropped": "done · tell peer/n2.example:4001 peer.dropped",
        "(time)": {
          "all that is known runs": [{}, "looking · start []"],
          "a configured one has gone": [{ context: { running: new Set() } }, "looking · start [peer/n2.example:4001]"],
          "a configured one is connected from the other side": [
            { context: { running: new Set(), connected: new Set([writeAddress(addressOf(2))]), members: 1 } },
            "looking · start []",
          ],
          "a candidate is known": [
            { context: { candidates: new Map([["n3.example:4001", { address: addressOf(3), failures: 0 }]]) } },
            "looking · start [peer/n3.example:4001]",
          ],
          "a candidate is known, and there are peers enough": [
            { context: { members: 3, candidates: new Map([["n3.example:4001", { address: addressOf(3), failures: 0 }]]) } },
            "looking · start []",
          ],
        },
      },
      done: {
        "peer.named": "–",
        "addresses.learned": "–",
        "roster.changed": "–",
        "key.met": "–",
        "peer.gone": "–",
        "peer.dropped": "–",
        "(time)": "–",
      },
    },
  })

  /** A bootstrap that lives, and what it starts. */
  const live = (over: Partial<BootstrapInput> = {}) => {
    const compiled = compile(bootstrap)
    let started: ReadonlyArray<PeerInput> = []
    const hear = (step: (said: Array<Step>) => Settled): Settled => {
      const said: Array<Step> = []
      const after = step(said)
      const start = said.find((one) => one.kind === "action" && one.type === "startAll")
      started =
        start?.kind === "action"
          ? (start.params as { readonly actors: ReadonlyArray<{ readonly input: PeerInput }> }).actors.map((one) => one.input)
          : []
      return after
    }
    let state = hear((said) => compiled.initial({ ...input, ...over }, said))
    return {
      started: () => started,
      tell: (event: BootstrapEvent) => void (state = hear((said) => compiled.step(state, event, said))),
      refill: () => void (state = hear((said) => compiled.step(state, { type: `xstate.after.${refillPeriodMs}.bootstrap.looking` }, said))),
    }
  }
  const hosts = (inputs: ReadonlyArray<PeerInput>) => inputs.map((one) => (one.direction === "out" ? one.address.host : "in"))

  it("dials the configured ones at once, for ever, with the operator's key", () => {
    const { started } = live({ configured: [{ address: addressOf(2), key: keyOf(2).publicKey }, { address: addressOf(3) }] })
    expect(started()).toMatchObject([
      { direction: "out", id: idOf(2), address: addressOf(2), configured: keyOf(2).publicKey, attemptsMax: Number.POSITIVE_INFINITY },
      { direction: "out", id: idOf(3), address: addressOf(3), attemptsMax: Number.POSITIVE_INFINITY },
    ])
    expect(started()[0]!.seed).not.toBe(started()[1]!.seed)
  })

  it("holds a dial to the key that was met there, before and since", () => {
    expect(live({ pins: [pin] }).started()).toMatchObject([{ pinned: pin.key }])
    const { started, tell, refill } = live()
    tell({ type: "key.met", pin })
    tell({ type: "peer.gone", peer: idOf(2), reason: "closed" })
    refill()
    expect(started()).toMatchObject([{ pinned: pin.key }])
    const renewed = { ...pin, key: keyOf(3).publicKey }
    tell({ type: "key.met", pin: renewed })
    tell({ type: "peer.gone", peer: idOf(2), reason: "closed" })
    refill()
    expect(started()).toMatchObject([{ pinned: renewed.key }])
  })

  it("dials candidates while it has fewer peers than it wants, a few times each, and not those it has", () => {
    const { started, tell, refill } = live({ configured: [], wantedPeers: 2 })
    tell({ type: "addresses.learned", addresses: [3, 4, 5, 6].map(addressOf) })
    expect(started()).toHaveLength(2)
    expect(started()).toMatchObject([{ attemptsMax: dialAttemptsMax }, { attemptsMax: dialAttemptsMax }])
    const both = started()
    tell({
      type: "roster.changed",
      members: both.map((one, i) => ({
        registryId: registryOf(i + 3).registryId,
        peer: one.id,
        ...(one.direction === "out" && { address: one.address }),
      })),
    })
    refill()
    expect(started()).toEqual([])
    tell({ type: "roster.changed", members: [] })
    for (const { id } of both) tell({ type: "peer.gone", peer: id, reason: "closed" })
    refill()
    // the ones that failed come after those that did not
    expect(hosts(started()).filter((host) => hosts(both).includes(host))).toEqual([])
  })

  it("learns no candidates when it wants no peers, and never dials more than may connect", () => {
    const lonely = live({ configured: [], wantedPeers: 0 })
    lonely.tell({ type: "addresses.learned", addresses: [3, 4].map(addressOf) })
    lonely.refill()
    expect(lonely.started()).toEqual([])
    const small = live({ configured: [], wantedPeers: 8, maxPeers: 1 })
    small.tell({ type: "addresses.learned", addresses: [3, 4, 5].map(addressOf) })
    expect(small.started()).toHaveLength(1)
  })

  it("does not dial where it met itself, though peers tell of it again and it was configured", () => {
    const compiled = compile(bootstrap)
    const said: Array<Step> = []
    const events: ReadonlyArray<BootstrapEvent> = [
      { type: "peer.gone", peer: idOf(2), reason: "own-id" },
      { type: "addresses.learned", addresses: [addressOf(2)] },
    ]
    let state: Settled = compiled.initial(input, [])
    for (const event of events) state = compiled.step(state, event, said)
    state = compiled.step(state, { type: `xstate.after.${refillPeriodMs}.bootstrap.looking` }, said)
    const started = said.flatMap((step) => (step.kind === "action" && step.type === "startAll" ? [step.params] : []))
    expect(started.length).toBeGreaterThan(0)
    for (const one of started) expect(one).toEqual({ actors: [] })
  })
})
