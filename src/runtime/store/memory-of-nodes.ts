/** What a memory store knows of other nodes: keys that were met at addresses, and whom the DHT knew. */
import { Effect } from "effect"
import type { Contact } from "../../protocol/dht/contact.ts"
import type { PeerPin } from "../../protocol/mesh/pin.ts"
import type { RecordStore } from "../ports.ts"

export const makeMemoryOfNodes = (): Pick<RecordStore["Service"], "pins" | "pin" | "contacts" | "remember"> => {
  const pins = new Map<string, PeerPin>()
  let contacts: ReadonlyArray<Contact> = []
  return {
    pins: Effect.sync(() => [...pins.values()]),
    pin: (pin) => Effect.sync(() => void pins.set(pin.address, pin)),
    contacts: Effect.sync(() => contacts),
    remember: (known) =>
      Effect.sync(() => {
        contacts = known
      }),
  }
}
