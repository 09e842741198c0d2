/** Sends what is no message, and messages that ask for much: bytes, lengths, ids that nobody holds, roots that do not exist. */
import type { ContentId } from "../../protocol/gossip/announcement.ts"
import { fromHash, type RegistryId } from "../../protocol/identity/id.ts"
import { frameBytesMax, idsPerMessageMax } from "../../protocol/limits.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { Message } from "../../protocol/wire/message.ts"
import type { SeededRandom } from "../dice.ts"
import { again, type Liar, type LiarKind } from "./liar.ts"

export const spam: LiarKind = {
  name: "spam",
  lie: "sends garbage, and asks for what nobody holds",
  begin: (stage, liar) => again(stage, liar, 50, 3_000, () => spamOnce(liar)),
}

const spamOnce = ({ hand, machine, random }: Liar): void => {
  const to = hand.connections.filter(() => random.isTrue(0.3))
  const at = secondsOf(machine.clock.currentTimeMillisUnsafe())
  const say = (message: Message) => () => hand.say(message, to)
  random.pick([
    () => hand.write(random.bytes(1 + random.below(200)), to),
    // a length that lets the reader wait for more, and one that it must refuse
    () => hand.write(framed(random.below(frameBytesMax), random.bytes(10)), to),
    () => hand.write(framed(frameBytesMax + 1 + random.below(2 ** 30), random.bytes(10)), to),
    () => hand.write(framed(2, Buffer.from("{}")), to),
    say({ type: "IHAVE", ids: unknownIds(random) }),
    say({ type: "GRAFT", ids: unknownIds(random) }),
    say({ type: "PRUNE" }),
    say({
      type: "BEACON",
      beacon: { root: unknownRegistry(random), epoch: at + random.below(1_000_000), distance: random.below(80) },
      isParent: random.isTrue(0.5),
    }),
    say({ type: "RECONCILE", step: "list", salt: "spam", bits: random.below(20), listed: random.bytes(random.below(2_000)) }),
    say({ type: "RECONCILE", step: "split", bits: random.below(20), digests: random.bytes(random.below(2_000)) }),
    say({ type: "RECONCILE", step: "want", short: random.bytes(random.below(500)), isWhole: false }),
  ])()
}

const framed = (length: number, body: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(length)
  return Buffer.concat([head, body])
}

const unknownIds = (random: SeededRandom): ReadonlyArray<ContentId> =>
  Array.from({ length: idsPerMessageMax }, () => Buffer.from(random.bytes(16)).toString("hex") as ContentId)

/** Smaller than most that exist: the kind of root that everybody would follow. */
const unknownRegistry = (random: SeededRandom): RegistryId =>
  fromHash(
    "registry",
    Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0 : random.below(256))),
  )
