/** One remote registry: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import type { PeerInput } from "../../src/actors/peer-input.ts"
import { peer, type PeerEvent } from "../../src/actors/peer.ts"
import { redialFirstMs, redialMaxMs } from "../../src/protocol/limits.ts"
import { quirks } from "../../src/protocol/agentdns/quirks.ts"
import { dice } from "../../src/protocol/mesh/dice.ts"
import { capabilities } from "../../src/protocol/wire/message.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { keyOf } from "../support/builders.ts"
import { addressOf, gossipOf, announcementOf, heartbeatOf, helloOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof peer>
type Context = ContextFrom<typeof peer>

const [them, another] = [keyOf(2).publicKey, keyOf(3).publicKey]
const link = 7
const out: PeerInput = { direction: "out", id: "peer/n2.example:4001", self: helloOf(1), seed: 1, address: addressOf(2), attemptsMax: 2 }
const both: PeerInput = { ...out, dialects: ["spec", "agentdns"] }
const inbound: PeerInput = {
  direction: "in",
  id: "peer/in/7",
  self: helloOf(1),
  seed: 1,
  link,
  key: them,
  host: "192.0.2.2",
  nowMs: noonMs,
}

const dialing: Context = {
  input: out,
  pinned: undefined,
  attempts: 0,
  attemptsBefore: 0,
  dialect: "spec",
  known: "spec",
  isOtherTried: false,
  returnTo: undefined,
  dice: dice(1),
  waitMs: redialFirstMs,
  linked: undefined,
  hello: undefined,
  reason: "",
}
const greeting: Context = { ...dialing, linked: { link, key: them, host: "192.0.2.2", sinceMs: noonMs } }
const unproven = { ...greeting.linked!, key: undefined }
const connected: Context = { ...greeting, hello: helloOf(2) }
const able = Object.values(capabilities)
const them2 = helloOf(2)
const [heard, asInbound] = [{ hello: helloOf(2) }, { input: inbound }]

const left = "stop gossip-session/7+heartbeat/7+reconciler/7, tell gossip+holdings+federation+node+dht+dht-pool link.left"
const arrived =
  "openLink, start gossip-session/7, start heartbeat/7, tell gossip+federation link.joined, start [], tell dht+dht-pool link.opened, report peer.connected"
const reconciles = arrived.replace("start []", "start [reconciler/7]")
const gone = "gone · tell bootstrap peer.gone"

describe("peer", () => {
  checkTable<State, PeerEvent, Context>({
    machine: peer,
    contexts: { knocking: dialing, dialing, greeting, connected, backingOff: { ...dialing, attempts: 1 }, gone: dialing },
    events: {
      "dial.succeeded": { type: "dial.succeeded", link, key: them, host: "192.0.2.2", nowMs: noonMs },
      "dial.failed": { type: "dial.failed", reason: "refused" },
      "message.received": { type: "message.received", link, message: helloOf(2), nowMs: noonMs },
      "frame.refused": { type: "frame.refused", link, reason: "not-json" },
      "link.closed": { type: "link.closed", link, reason: "closed" },
      "link.silent": { type: "link.silent", link },
      "peer.admitted": { type: "peer.admitted" },
      "peer.refused": { type: "peer.refused", reason: "full" },
      "peer.dropped": { type: "peer.dropped", reason: "stopping" },
    },
    rows: {
      // left before its first step has ended: nothing is ever told to it here
      knocking: {
        "dial.succeeded": "dialing · dial",
        "dial.failed": "dialing · dial",
        "message.received": "dialing · dial",
        "frame.refused": "dialing · dial",
        "link.closed": "dialing · dial",
        "link.silent": "dialing · dial",
        "peer.admitted": "dialing · dial",
        "peer.refused": "dialing · dial",
        "peer.dropped": "dialing · dial",
        "(time)": "–",
      },
      dialing: {
        "dial.succeeded": {
          "at an address where nobody was met": [{}, "greeting · send"],
          "with the key that was met there": [{ context: { pinned: them } }, "greeting · send"],
          "with another key than was met there": [
            { context: { pinned: another } },
            "backingOff · report key.contradicted, close 7 key-contradicts-pin",
          ],
          "without any key": [{ event: { key: undefined }, context: { pinned: another } }, "greeting · send"],
          "with our own key: nobody else will ever be there": [
            { event: { key: keyOf(1).publicKey }, context: { input: both } },
            "gone · report peer.refused, close 7 own-id, tell bootstrap peer.gone",
          ],
          "with another key than the operator says": [
            { context: { input: { ...out, configured: another } } },
            "backingOff · report key.contradicted, close 7 key-contradicts-pin",
          ],
          "with the operator's key, and another was met": [
            { context: { input: { ...out, configured: them }, pinned: another } },
            "greeting · send",
          ],
          "with another key, the last time": [
            { context: { pinned: another, attempts: 1 } },
            "gone · report key.contradicted, close 7 key-contradicts-pin, tell bootstrap peer.gone",
          ],
        },
        "dial.failed": { "for the first time": [{}, "backingOff"], "for the last time": [{ context: { attempts: 1 } }, gone] },
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.silent": "–",
        "peer.admitted": "–",
        "peer.refused": "–",
        "peer.dropped": gone,
        "(time)": "–",
      },
      greeting: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": {
          HELLO: [{}, "greeting · tell node peer.greeted"],
          "a second HELLO before the node has answered": [
            { context: heard },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 out-of-order",
          ],
          "GOSSIP before HELLO": [
            { event: { message: gossipOf(announcementOf(2)) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 out-of-order",
          ],
          "HEARTBEAT before HELLO": [
            { event: { message: heartbeatOf(2) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 out-of-order",
          ],
          "HELLO with the key of another": [
            { event: { message: helloOf(3) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 key-is-not-of-tls",
          ],
          "HELLO with an id that is not of its key": [
            { event: { message: helloOf(2, { nodeId: helloOf(3).nodeId }) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 id-is-not-of-key",
          ],
          "HELLO of another network": [
            { event: { message: helloOf(2, { network: "test" }) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 other-network",
          ],
          "HELLO in the deployed dialect, of one who speaks ours too": [
            {
              context: { input: { ...out, self: helloOf(1, { isBilingual: true }) } },
              event: { message: helloOf(2, { quirks, isBilingual: true }) },
            },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 other-dialect",
          ],
          "HELLO in the deployed dialect, where we speak no other": [
            { event: { message: helloOf(2, { quirks, isBilingual: true }) } },
            "greeting · tell node peer.greeted",
          ],
          "a deployed node's over plain TCP": [
            { context: { linked: unproven }, event: { message: helloOf(2, { quirks }) } },
            "greeting · tell node peer.greeted",
          ],
          "a deployed node's over plain TCP, with another key than was met there": [
            { context: { linked: unproven, pinned: another }, event: { message: helloOf(2, { quirks }) } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 key-contradicts-pin",
          ],
          "ours over plain TCP, with a key that nobody proved": [
            { context: { linked: unproven } },
            "backingOff · tell gossip verdict.given, report peer.refused, close 7 unproven",
          ],
          "our own HELLO": [
            { context: { linked: { ...greeting.linked!, key: keyOf(1).publicKey } }, event: { message: helloOf(1) } },
            "gone · tell gossip verdict.given, report peer.refused, close 7 own-id, tell bootstrap peer.gone",
          ],
          "no HELLO, from a caller": [
            { context: asInbound, event: { message: heartbeatOf(2) } },
            "gone · tell gossip verdict.given, report peer.refused, close 7 out-of-order, tell bootstrap peer.gone",
          ],
        },
        "frame.refused": {
          "from whom we dialled": [{}, "backingOff · tell gossip verdict.given, close 7 not-json"],
          "from a caller": [{ context: asInbound }, "gone · tell gossip verdict.given, close 7 not-json, tell bootstrap peer.gone"],
        },
        "link.closed": {
          "of ours": [{}, "backingOff"],
          "of a caller": [{ context: asInbound }, gone],
          another: [{ event: { link: 8 } }, "–"],
          "of one who may speak another dialect": [{ context: { input: both } }, "dialing · dial"],
          "of one who was dialled in the other one already": [
            { context: { input: both, dialect: "agentdns", isOtherTried: true } },
            "backingOff",
          ],
          "of one who had said HELLO": [{ context: { input: both, ...heard } }, "backingOff"],
        },
        "link.silent": "–",
        "peer.admitted": {
          "whom we dialled": [{ context: heard }, `connected · pin, tell bootstrap key.met, ${arrived}`],
          "whom we dialled and who reconciles, as we do": [
            { context: { hello: { ...them2, capabilities: able }, input: { ...out, self: helloOf(1, { capabilities: able }) } } },
            `connected · pin, tell bootstrap key.met, ${reconciles}`,
          ],
          "whom we dialled and who reconciles, as we do not": [
            { context: { hello: { ...them2, capabilities: able } } },
            `connected · pin, tell bootstrap key.met, ${arrived}`,
          ],
          "a caller who reconciles: it is the dialler that asks": [
            { context: { hello: { ...them2, capabilities: able }, input: { ...inbound, self: helloOf(1, { capabilities: able }) } } },
            `connected · send, ${arrived}`,
          ],
          "a caller": [{ context: { ...heard, ...asInbound } }, `connected · send, ${arrived}`],
          "whom we dialled over plain TCP: nothing is pinned": [{ context: { ...heard, linked: unproven } }, `connected · ${arrived}`],
        },
        "peer.refused": {
          "with nothing more to say": [{}, "gone · report peer.refused, close 7 full, tell bootstrap peer.gone"],
          "with an introduction to others": [
            { event: { introduction: heartbeatOf(2) } },
            "gone · send, send, report peer.refused, close 7 full, tell bootstrap peer.gone",
          ],
        },
        "peer.dropped": "gone · close 7 stopping, tell bootstrap peer.gone",
        "(time)": {
          "it never says HELLO": [{}, "backingOff · close 7 no-hello"],
          "the last time": [{ context: { attempts: 1 } }, "gone · close 7 no-hello, tell bootstrap peer.gone"],
        },
      },
      connected: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": {
          "a second HELLO": [{}, `backingOff · ${left}, tell gossip verdict.given, close 7 out-of-order, report peer.disconnected`],
          "a second HELLO of a caller": [
            { context: asInbound },
            `gone · ${left}, tell gossip verdict.given, close 7 out-of-order, report peer.disconnected, tell bootstrap peer.gone`,
          ],
        },
        "frame.refused": `backingOff · ${left}, tell gossip verdict.given, close 7 not-json, report peer.disconnected`,
        "link.closed": {
          "of ours": [{}, `backingOff · ${left}, report peer.disconnected`],
          "of a caller": [{ context: asInbound }, `gone · ${left}, report peer.disconnected, tell bootstrap peer.gone`],
          another: [{ event: { link: 8 } }, "–"],
          "of a caller that is to be dialled then": [
            { context: { ...asInbound, returnTo: addressOf(2) } },
            `gone · ${left}, report peer.disconnected, tell bootstrap peer.gone`,
          ],
          "as who knows us already says that": [
            { context: { attemptsBefore: 1 }, event: { isTurnedAway: true } },
            `gone · ${left}, report peer.disconnected, tell bootstrap peer.gone`,
          ],
        },
        "link.silent": {
          ours: [{}, `backingOff · ${left}, close 7 silent, report peer.disconnected`],
          another: [{ event: { link: 8 } }, "–"],
        },
        "peer.admitted": "–",
        "peer.refused": "–",
        "peer.dropped": `gone · ${left}, close 7 stopping, report peer.disconnected, tell bootstrap peer.gone`,
        "(time)": "–",
      },
      backingOff: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.silent": "–",
        "peer.admitted": "–",
        "peer.refused": "–",
        "peer.dropped": gone,
        "(time)": "dialing · dial",
      },
      gone: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.silent": "–",
        "peer.admitted": "–",
        "peer.refused": "–",
        "peer.dropped": "–",
        "(time)": "–",
      },
    },
  })

  const begin = (input: PeerInput) => {
    const said: Array<Step> = []
    return { state: compile(peer).initial(input, said), said }
  }

  it("begins with a dial, or waits for the HELLO of a caller", () => {
    expect(begin(out).state.value).toBe("dialing")
    expect(begin(out).said.map((step) => step.kind === "action" && step.type)).toEqual(["dial"])
    expect(begin(inbound).state.value).toBe("greeting")
    expect(begin(inbound).said.map(({ kind }) => kind)).toEqual(["schedule"])
  })

  it("waits twice as long after each failure, with jitter, up to a bound; a connection resets it", () => {
    const compiled = compile(peer)
    let { state } = begin({ ...out, attemptsMax: Number.POSITIVE_INFINITY })
    for (let attempt = 0; attempt < 12; attempt++) {
      state = compiled.step(state, { type: "dial.failed" }, [])
      const most = Math.min(redialMaxMs, redialFirstMs * 2 ** attempt)
      const { waitMs } = state.context as Context
      expect(waitMs).toBeGreaterThanOrEqual(most / 2)
      expect(waitMs).toBeLessThanOrEqual(most)
      const said: Array<Step> = []
      expect(compiled.step({ ...state }, { type: "peer.dropped" }, said).value).toBe("gone")
      state = compiled.step(state, { type: "xstate.after.redial.peer.backingOff" }, [])
    }
    const met = [
      { type: "dial.succeeded", link, key: them, host: "h", nowMs: noonMs },
      { type: "message.received", link, message: helloOf(2), nowMs: noonMs },
      { type: "peer.admitted" },
    ].reduce((before, event) => compiled.step(before, event, []), state)
    expect([met.value, (met.context as Context).attempts]).toEqual(["connected", 0])
  })

  it("holds to the key it met, though nobody told it of one before", () => {
    const compiled = compile(peer)
    const events = [
      { type: "dial.succeeded", link, key: them, host: "h", nowMs: noonMs },
      { type: "message.received", link, message: helloOf(2), nowMs: noonMs },
      { type: "peer.admitted" },
      { type: "link.closed", link, reason: "closed" },
      { type: "xstate.after.redial.peer.backingOff" },
    ]
    const again = events.reduce((before, event) => compiled.step(before, event, []), begin({ ...out, attemptsMax: 9 }).state)
    expect(again.value).toBe("dialing")
    expect(compiled.step(again, { ...events[0]!, key: another } as never, []).value).toBe("backingOff")
    expect(compiled.step(again, events[0]!, []).value).toBe("greeting")
  })

  it("dials who loses links again at once, and who was silent after the usual wait", () => {
    const waitAfter = (over: Partial<Context>, event: { readonly type: string }) =>
      (compile(peer).step({ value: "connected", context: { ...connected, ...over }, isDone: false }, event, []).context as Context).waitMs
    const closed: { readonly type: string } = { type: "link.closed", link, reason: "closed" } as { readonly type: string }
    const silent: { readonly type: string } = { type: "link.silent", link } as { readonly type: string }
    const theirs = { hello: helloOf(2, { quirks }) }
    expect(waitAfter(theirs, closed)).toBeLessThanOrEqual(redialFirstMs / 8)
    expect(waitAfter({}, closed)).toBeGreaterThanOrEqual(redialFirstMs / 2)
    expect(waitAfter(theirs, silent)).toBeGreaterThanOrEqual(redialFirstMs / 2)
  })

  it("says where a caller is dialled that forgets links, when it is lost and not when it was dropped", () => {
    const compiled = compile(peer)
    const gone = (last: { readonly type: string }): unknown => {
      const said: Array<Step> = []
      const hello = { type: "message.received", link, message: helloOf(2, { quirks }), nowMs: noonMs }
      const events: ReadonlyArray<{ readonly type: string }> = [hello, { type: "peer.admitted" }, last]
      events.reduce((before, event) => compiled.step(before, event, said), begin(inbound).state)
      return said.flatMap((step) => (step.kind === "action" && step.type === "tell" ? [step.params] : [])).at(-1)
    }
    const returnTo = { host: "192.0.2.2", port: 4001 }
    const lost = { type: "link.closed", link, reason: "closed" }
    expect(gone(lost)).toMatchObject({ event: { type: "peer.gone", returnTo } })
    const dropped = { type: "peer.dropped", reason: "stopping" }
    expect(gone(dropped)).not.toHaveProperty("event.returnTo")
  })

  it("dials in the other dialect once when it is refused without a word, and goes on with the one that was understood", () => {
    const compiled = compile(peer)
    let { state } = begin({ ...both, attemptsMax: Number.POSITIVE_INFINITY })
    const dials: Array<unknown> = []
    const step = (event: { readonly type: string }) => {
      const said: Array<Step> = []
      state = compiled.step(state, event, said)
      for (const one of said) if (one.kind === "action" && one.type === "dial") dials.push((one.params as { dialect: string }).dialect)
    }
    const refuse = () => {
      step({ type: "dial.succeeded", link, key: them, host: "h", nowMs: noonMs } as { type: string })
      step({ type: "link.closed", link, reason: "closed" } as { type: string })
    }
    const again = () => step({ type: "xstate.after.redial.peer.backingOff" })
    refuse()
    expect([state.value, dials]).toEqual(["dialing", ["agentdns"]])
    refuse()
    again()
    refuse()
    expect([state.value, dials]).toEqual(["backingOff", ["agentdns", "spec"]])
    for (const _ of [2, 3]) {
      again()
      refuse()
    }
    // after some refusals in both somebody else may be there
    expect(dials).toEqual(["agentdns", "spec", "spec", "spec"])
    again()
    refuse()
    expect(dials.slice(-2)).toEqual(["spec", "agentdns"])
    for (const event of [
      { type: "dial.succeeded", link, key: them, host: "h", nowMs: noonMs },
      { type: "message.received", link, message: helloOf(2, { quirks }), nowMs: noonMs },
      { type: "peer.admitted" },
      { type: "link.closed", link, reason: "closed", isTurnedAway: true },
    ])
      step(event)
    expect([state.value, (state.context as Context).attempts]).toEqual(["backingOff", 5])
    again()
    expect(dials.at(-1)).toBe("agentdns")
  })
})
