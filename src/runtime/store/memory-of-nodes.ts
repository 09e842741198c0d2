/** What a memory store knows of other nodes: keys that were met at addresses, whom the DHT knew, and what its operator blocks. */
import { Effect } from "effect"
import type { Contact } from "../../protocol/dht/contact.ts"
import type { PeerPin } from "../../protocol/mesh/pin.ts"
import type { Block } from "../../protocol/moderation/blocks.ts"
import type { RecordStore } from "../ports.ts"

type OfNodes = Pick<RecordStore["Service"], "pins" | "pin" | "contacts" | "remember" | "blocks" | "block" | "unblock">

export const makeMemoryOfNodes = (): OfNodes => {
  const pins = new Map<string, PeerPin>()
  const blocks = new Map<string, Block>()
  let contacts: ReadonlyArray<Contact> = []
  return {
    pins: Effect.sync(() => [...pins.values()]),
    pin: (pin) => Effect.sync(() => void pins.set(pin.address, pin)),
    contacts: Effect.sync(() => contacts),
    remember: (known) =>
      Effect.sync(() => {
        contacts = known
      }),
    blocks: Effect.sync(() => [...blocks.values()].sort((a, b) => a.since - b.since || (a.subject < b.subject ? -1 : 1))),
    block: (block) => Effect.sync(() => void blocks.set(block.subject, block)),
    unblock: (subject) => Effect.sync(() => blocks.delete(subject)),
  }
}
