/** A connection for DHT questions only: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { dhtLink, type DhtLinkEvent, type DhtLinkInput, openedOf } from "../../src/actors/dht-link.ts"
import { capabilities } from "../../src/protocol/wire/message.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { keyOf, registryOf } from "../support/builders.ts"
import { dhtContactOf } from "../support/dht.ts"
import { addressOf, gossipOf, announcementOf, helloOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof dhtLink>
type Context = ContextFrom<typeof dhtLink>

const serving = { capabilities: [capabilities.dht] }
const self = helloOf(1, serving)
const out: DhtLinkInput = { direction: "out", self, contact: dhtContactOf(2) }
const visit: DhtLinkInput = { direction: "in", self, link: 7, key: registryOf(2).publicKey, host: "192.0.2.2", hello: helloOf(2) }
const linked = { link: 7, key: registryOf(2).publicKey, host: "192.0.2.2" }
const dialing: Context = { input: out, linked: undefined, hello: undefined }
const greeting: Context = { ...dialing, linked }
const open: Context = { ...greeting, hello: helloOf(2, serving) }

const missed = "tell dht-pool contact.unreachable"
const left = "tell dht+dht-pool link.left"

describe("a DHT connection", () => {
  checkTable<State, DhtLinkEvent, Context>({
    machine: dhtLink,
    contexts: { starting: dialing, dialing, greeting, open, gone: open, unreachable: greeting },
    events: {
      "dial.succeeded": { type: "dial.succeeded", link: 7, key: registryOf(2).publicKey, host: "192.0.2.2", nowMs: noonMs },
      "dial.failed": { type: "dial.failed", reason: "refused" },
      "message.received": { type: "message.received", link: 7, message: helloOf(2, serving), nowMs: noonMs },
      "frame.refused": { type: "frame.refused", link: 7, reason: "not-json" },
      "link.closed": { type: "link.closed", link: 7, reason: "closed" },
      "link.unwanted": { type: "link.unwanted" },
    },
    rows: {
      starting: {
        "dial.succeeded": "dialing · dial",
        "dial.failed": "dialing · dial",
        "message.received": "dialing · dial",
        "frame.refused": "dialing · dial",
        "link.closed": "dialing · dial",
        "link.unwanted": "dialing · dial",
        "(time)": "–",
      },
      dialing: {
        "dial.succeeded": {
          "with the key we mean": [{}, "greeting · send"],
          "with another": [{ event: { key: keyOf(5).publicKey } }, `unreachable · close 7 other-key, ${missed}`],
        },
        "dial.failed": `unreachable · ${missed}`,
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.unwanted": `unreachable · ${missed}`,
        "(time)": "–",
      },
      greeting: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": {
          "a HELLO of one who answers questions": [{}, "open · openLink, tell dht+dht-pool link.opened"],
          "of one who does not": [{ event: { message: helloOf(2) } }, `unreachable · close 7 no-dht, ${missed}`],
          "of another network": [
            { event: { message: helloOf(2, { ...serving, network: "other" }) } },
            `unreachable · close 7 no-dht, ${missed}`,
          ],
          "of another key": [{ event: { message: helloOf(3, serving) } }, `unreachable · close 7 no-dht, ${missed}`],
          "something else": [{ event: { message: gossipOf(announcementOf(2)) } }, `unreachable · close 7 no-dht, ${missed}`],
        },
        "frame.refused": `unreachable · close 7 not-json, ${missed}`,
        "link.closed": `unreachable · ${missed}`,
        "link.unwanted": `unreachable · close 7 unwanted, ${missed}`,
        "(time)": `unreachable · close 7 no-hello, ${missed}`,
      },
      open: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": `gone · ${left}, close 7 out-of-order`,
        "frame.refused": `gone · ${left}, close 7 not-json`,
        "link.closed": `gone · ${left}`,
        "link.unwanted": `gone · ${left}, close 7 unwanted`,
        "(time)": "–",
      },
      gone: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.unwanted": "–",
        "(time)": "–",
      },
      unreachable: {
        "dial.succeeded": "–",
        "dial.failed": "–",
        "message.received": "–",
        "frame.refused": "–",
        "link.closed": "–",
        "link.unwanted": "–",
        "(time)": "–",
      },
    },
  })

  it("answers a caller's HELLO with its own, and is open", () => {
    const said: Array<Step> = []
    expect(compile(dhtLink).initial(visit, said).value).toBe("open")
    expect(said[0]).toEqual({ kind: "action", type: "send", params: { link: 7, message: self } })
    expect(said[1]).toEqual({ kind: "action", type: "openLink", params: { link: 7, isVisit: true } })
  })

  it("says HELLO as a visitor to whom it dials", () => {
    const said: Array<Step> = []
    const compiled = compile(dhtLink)
    const begun = compiled.initial(out, [])
    compiled.step(begun, { ...linked, type: "dial.succeeded", nowMs: noonMs } as never, said)
    expect(said.find((step) => step.kind === "action" && step.type === "send")).toMatchObject({ params: { message: { purpose: "dht" } } })
  })

  it("names an address only of those who answer questions", () => {
    expect(openedOf(linked, helloOf(2, serving), addressOf(2)).address).toEqual(addressOf(2))
    expect(openedOf(linked, helloOf(2), addressOf(2)).address).toBeUndefined()
  })
})
