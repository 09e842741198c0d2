/** Announces far more than it may: ever newer words about entities that it is really home to, each of them signed. */
import { announceEntity, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import { wireCodec } from "../../runtime/codec.ts"
import type { Connection } from "../../runtime/ports.ts"
import type { Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import { again, gossipOf, type Liar, type LiarKind } from "./liar.ts"

const perSecond = 1_000
const portionMs = 100
/** Different announcements; said again and again, as most of them are not taken the first time. */
const wordsOfEach = 1_000
const firstNumber = 2_000_000

/** Floods those peers, all of them when none is named. */
export const floodOf = (stage: Stage, liar: Liar, isVictim: (connection: Connection) => boolean): (() => void) => {
  const { hand } = liar
  const frames = words(stage, liar).map((word) => wireCodec.write(gossipOf(word)))
  let next = 0
  return again(stage, liar, portionMs, portionMs, () => {
    const portion = Array.from({ length: (perSecond * portionMs) / 1_000 }, () => frames[next++ % frames.length]!)
    hand.write(Buffer.concat(portion), hand.connections.filter(isVictim))
  })
}

const words = (stage: Stage, { machine, origin }: Liar): ReadonlyArray<VerifiedAnnouncement> => {
  const nowMs = machine.clock.currentTimeMillisUnsafe()
  const registered = readRegistration(client(stage.options.seed, firstNumber + machine.index).registration, {
    home: origin.registryId,
    nowMs,
    check: () => true,
  })
  if (registered.type === "refused") throw new Error(registered.message)
  const first = secondsOf(nowMs) - wordsOfEach
  return Array.from({ length: wordsOfEach }, (_, i) =>
    announceEntity(origin, "update", { ...registered.record, registered_at: first, updated_at: first + i }, first + i),
  )
}

export const flood: LiarKind = {
  name: "flood",
  lie: "announces a thousand times a second",
  begin: (stage, liar) => floodOf(stage, liar, () => true),
}
