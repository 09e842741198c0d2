/**
 * Announces what is not its own: others' announcements with something changed, others' entities as its own clients with
 * something changed, tombstones that no owner asked for, and all of it in others' names.
 */
import { announceEntity, announceTombstone, type ContentId, read } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { secondsOf, writeTime } from "../../protocol/time.ts"
import { keySeed } from "../keys.ts"
import { secretKeyOf, sign } from "../signatures.ts"
import type { Stage } from "../stage.ts"
import { again, gossipOf, type Liar, type LiarKind } from "./liar.ts"

export const forge: LiarKind = {
  name: "forge",
  lie: "announces what others own, changed, ended, or in their names",
  begin: (stage, liar) => again(stage, liar, 50, 40_000, () => forgeOne(stage, liar)),
}

const forgeOne = (stage: Stage, { hand, machine, origin, random }: Liar): void => {
  if (hand.heard.length === 0) return
  const document = random.pick(hand.heard)
  const heard = read(document)
  if (heard.type === "malformed" || heard.body.kind !== "entity") return
  const { record } = heard.body
  const ownKey = secretKeyOf(keySeed(stage.options.seed, `forger/${machine.name}`))
  const at = secondsOf(machine.clock.currentTimeMillisUnsafe())
  const claim = { ...record, home_registry: origin.registryId, registered_at: record.registered_at - 1_000, updated_at: at }
  const forgery = random.pick([
    () => inTheirName(document, heard.contentId, { timestamp: writeTime(heard.at + 1) }),
    () => inTheirName(document, heard.contentId, { record: { ...(document["record"] as JsonObject), name: "taken-over" } }),
    () => gossipOf(announceEntity(origin, "register", { ...claim, name: "taken-over" }, at)),
    () => gossipOf(announceEntity(origin, "update", { ...claim, entity_url: "https://forger.example.com" }, at)),
    () => gossipOf(announceEntity(origin, "register", { ...claim, summary: "taken over", signature: sign(ownKey, "taken over") }, at)),
    () =>
      gossipOf(
        announceTombstone(origin, claim, { by: "entity", text: record.entity_id, signature: sign(ownKey, record.entity_id) }, "forged", at),
      ),
  ])()
  hand.say(forgery, random.isTrue(0.5) ? hand.connections : hand.connections.slice(0, 1))
}

/** Somebody else's document, changed under its signature; with the id it had, or the one that it would have. */
const inTheirName = (document: JsonObject, id: ContentId, change: JsonObject) => {
  const changed = { ...document, ...change }
  const announcement = read(changed)
  return gossipOf({ contentId: announcement.type === "malformed" ? id : announcement.contentId, document: changed })
}
