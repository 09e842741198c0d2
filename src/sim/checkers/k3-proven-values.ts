/** K3: no node holds a value that does not prove itself, under another key than its own, or longer than a day. */
import type { DhtMemory } from "../../actors/dht.ts"
import { expiresMs, prove, type ProvenValue, readValue } from "../../protocol/dht/value.ts"
import { dhtUpkeepMs } from "../../protocol/limits.ts"
import { makeRememberingVerifier } from "../keys.ts"
import type { Checker } from "./checker.ts"

/** Our own judgement, whatever the nodes under test use. */
const verifier = makeRememberingVerifier()
const judged = new WeakMap<ProvenValue, boolean>()

export const provenValues: Checker = {
  invariant: "K3 proven values",
  look: (stage, { name, node }) => {
    const memory = node?.actors.snapshot("dht")?.context as DhtMemory | undefined
    const nowMs = stage.world.clock.currentTimeMillisUnsafe()
    for (const [key, { values }] of memory?.values.held ?? [])
      for (const value of values) {
        // what has expired is never served, and forgotten with the next upkeep
        if (expiresMs(value) + 2 * dhtUpkeepMs < nowMs) return { node: name, detail: `still holds ${value.subject}, a day and more old` }
        if (value.key !== key || !isProven(value)) return { node: name, detail: `holds an unproven value of ${value.subject}` }
      }
    return undefined
  },
}

const isProven = (value: ProvenValue): boolean => {
  const known = judged.get(value)
  if (known !== undefined) return known
  const read = readValue(value.document)
  const verdict = read !== undefined && prove(read, value.at * 1_000, verifier) !== undefined
  judged.set(value, verdict)
  return verdict
}
