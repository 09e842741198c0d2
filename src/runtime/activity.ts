/**
 * The activity of a node, as its stream tells it (reference 2.2): happenings become events with the deployed names, the
 * latest of them are kept, so that who was away for a moment can go on where it was.
 *
 * Everything in it is public already; what somebody searches for is not, and is never in it.
 *
 * Of several processes of a registry each tells what happens at any of them: of what is written they all learn from the database
 * (`siblings.ts`) and each makes its events of it; everything else they tell each other.
 */
import { Context } from "effect"
import type { Happening } from "../actors/happening.ts"
import { entityOf, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { recentEventsMax } from "../protocol/limits.ts"
import { fqanOf } from "../protocol/records/naming.ts"
import { writeMoment } from "../protocol/time.ts"
import type { Siblings } from "./siblings.ts"

export const activityTypes = [
  "entity_registered",
  "entity_deregistered",
  "entity_heartbeat",
  "entity_became_active",
  "entity_became_inactive",
  "gossip_outgoing",
  "gossip_incoming",
  "search_outgoing",
  "search_result_incoming",
  "peer_connected",
  "peer_disconnected",
  "handle_claimed",
  "handle_verified",
  "name_registered",
  "name_resolved",
] as const
export type ActivityType = (typeof activityTypes)[number]
const isActivityType = (text: string): text is ActivityType => (activityTypes as ReadonlyArray<string>).includes(text)

export interface ActivityEvent {
  /** To resume after it: unique to this run of the node. */
  readonly id: string
  readonly type: ActivityType
  /** The whole event as JSON text. */
  readonly text: string
}

export class Activity extends Context.Service<
  Activity,
  {
    /** Makes events of what happened and gives them to all listeners, at once. */
    readonly report: (happening: Happening) => void
    readonly listen: (listener: (event: ActivityEvent) => void) => { readonly stop: () => void }
    /** The id of the latest event, or the one before the first. */
    readonly latest: () => string
    /** The latest that are kept, oldest first. */
    readonly recent: (most: number) => ReadonlyArray<ActivityEvent>
    /** What came after an event; `undefined` when that is not known (any more). */
    readonly since: (id: string) => ReadonlyArray<ActivityEvent> | undefined
  }
>()("agentdns/runtime/Activity") {}

/** `run` tells one run of a node from another. Siblings are listened to as long as they tell anything. */
export const makeActivity = (run: string, nowMs: () => number, siblings?: Pick<Siblings, "hear" | "tell">): Activity["Service"] => {
  const listeners = new Set<(event: ActivityEvent) => void>()
  let recent: Array<ActivityEvent> = []
  let count = 0
  const idOf = (number: number) => `${run}.${number}`

  const publish = (type: ActivityType, data: JsonObject): void => {
    const id = idOf(++count)
    const event = { id, type, text: JSON.stringify({ id, type, timestamp: writeMoment(nowMs()), data }) }
    recent.push(event)
    // cut now and then, so that not every event moves all others
    if (recent.length >= 2 * recentEventsMax) recent = recent.slice(-recentEventsMax)
    for (const listener of listeners) listener(event)
  }

  siblings?.hear((news) => {
    if (news.type === "activity" && isActivityType(news.event)) publish(news.event, news.data)
  })

  return {
    report: (happening) => {
      const isWritten = happening.type === "announcement.said" || happening.type === "gossip.accepted"
      for (const [event, data] of eventsOf(happening)) {
        publish(event, data)
        if (!isWritten) siblings?.tell({ type: "activity", event, data })
      }
    },
    listen: (listener) => {
      listeners.add(listener)
      return { stop: () => void listeners.delete(listener) }
    },
    latest: () => idOf(count),
    recent: (most) => (most === 0 ? [] : recent.slice(-Math.min(most, recentEventsMax))),
    since: (id) => {
      if (id === idOf(count)) return []
      const kept = recent.slice(-recentEventsMax)
      // the event before the oldest that is kept is as good as one that is
      if (id === idOf(count - kept.length)) return kept
      const at = kept.findIndex((event) => event.id === id)
      return at < 0 ? undefined : kept.slice(at + 1)
    },
  }
}

type Told = readonly [ActivityType, JsonObject]

const eventsOf = (happening: Happening): ReadonlyArray<Told> => {
  switch (happening.type) {
    case "announcement.said":
      return [["gossip_outgoing", gossipData(happening.announcement, 0, "outgoing")], ...deedOf(happening.announcement)]
    case "gossip.accepted":
      return [["gossip_incoming", gossipData(happening.announcement, happening.hopCount, "incoming")]]
    case "entity.deregistered": {
      const { category, entity_id, name, tags } = happening.record
      return [["entity_deregistered", { entity_id, name, category, ...(tags.length > 0 && { tags }) }]]
    }
    case "entity.beat":
      return [["entity_heartbeat", { entity_id: happening.entityId, status: "active" }]]
    case "name.resolved":
      return [
        ["name_resolved", { fqan: happening.fqan, developer_id: happening.developerId, entity_id: happening.entityId, action: "resolve" }],
      ]
    case "peer.connected":
      return [["peer_connected", { registry_id: happening.registryId, address: happening.address }]]
    case "peer.disconnected":
      return [["peer_disconnected", { registry_id: happening.registryId, reason: happening.reason }]]
    case "search.asked":
      return [["search_outgoing", { peer_id: happening.peer, direction: "outgoing" }]]
    case "search.answered": {
      const { latencyMs, peer, results } = happening
      return [["search_result_incoming", { peer_id: peer, result_count: results, latency_ms: latencyMs, direction: "incoming" }]]
    }
    case "peer.refused":
    case "key.contradicted":
    case "block.set":
    case "block.lifted":
    case "node.phase":
      return []
  }
}

/** What an announcement of ours means to those who watch this node. */
const deedOf = ({ body }: VerifiedAnnouncement): ReadonlyArray<Told> => {
  switch (body.kind) {
    case "entity":
    case "bare-entity": {
      if (body.action !== "register") return []
      const { category, entity_id, name, summary, tags } = body.record
      const data = { entity_id, name, category, ...(tags.length > 0 && { tags }), ...(summary !== "" && { summary }) }
      return [["entity_registered", data]]
    }
    case "status":
      return body.status === "gone" ? [] : [[`entity_became_${body.status}`, { entity_id: body.entityId, status: body.status }]]
    case "handle":
      return body.action === "release"
        ? []
        : [[handleEvent[body.action], { handle: body.handle, developer_id: body.developerId, action: body.action }]]
    case "name": {
      if (body.action !== "bind") return []
      const { developerId, entityId, handle, host, name } = body
      return [["name_registered", { fqan: fqanOf(host, handle, name), developer_id: developerId, entity_id: entityId, action: "register" }]]
    }
    case "tombstone":
    case "developer":
    case "developer-tombstone":
    case "proof":
    case "attestation":
      return []
  }
}

const handleEvent = { claim: "handle_claimed", verify: "handle_verified" } as const

const gossipData = (announcement: VerifiedAnnouncement, hopCount: number, direction: string): JsonObject => {
  const { body, origin, subject, type } = announcement
  return {
    entity_id: entityOf(announcement) ?? subject,
    name: "record" in body ? body.record.name : body.kind === "name" ? body.name : "",
    type,
    action: actionOf(body),
    home_registry: origin,
    hop_count: hopCount,
    direction,
  }
}

const actionOf = (body: VerifiedAnnouncement["body"]): string => {
  switch (body.kind) {
    case "entity":
    case "bare-entity":
    case "developer":
    case "handle":
    case "name":
      return body.action
    case "status":
      return body.status
    case "tombstone":
    case "developer-tombstone":
      return "deregister"
    case "proof":
      return "publish"
    case "attestation":
      return "attest"
  }
}
