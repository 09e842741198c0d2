/** Whether a deployed node may be told a word (`protocol/agentdns/standing.ts`), as far as what we hold tells. */
import { Effect } from "effect"
import { claimBehind, isOvershadowed, isUnderAnothersHost } from "../protocol/agentdns/standing.ts"
import type { Announcement } from "../protocol/gossip/announcement.ts"
import type { RecordStore } from "./ports.ts"

/** `mustStand`: only where its registry said nothing later. A store that fails now tells nothing. */
export const mayBeRelayed = (
  store: Pick<RecordStore["Service"], "slots" | "registriesAt">,
  announcement: Announcement,
  mustStand: boolean,
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { body, id, subject } = announcement
    if (mustStand && !(yield* store.slots(subject)).some((slot) => slot.id === id)) return false
    const claimed = claimBehind(announcement)
    if (claimed !== undefined && isOvershadowed(announcement, yield* store.slots(claimed))) return false
    return body.kind !== "name" || !isUnderAnothersHost(announcement, yield* store.registriesAt(body.host))
  }).pipe(Effect.orElseSucceed(() => false))
