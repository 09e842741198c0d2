/**
 * Announcements of the deployed dialect, on their way between a Go node and ours: what a frame brings as a message of ours
 * needs it, and what is sent to a Go node.
 */
import type { JsonObject } from "../identity/canonical-json.ts"
import type { ContentId } from "../gossip/announcement.ts"
import { read } from "../gossip/announcement.ts"
import { isObject } from "../records/plain-json.ts"
import { bareDocument, isBareDocument } from "./document.ts"
import { formOf } from "./form.ts"
import { readAnnouncement, signedText, withSignature } from "./go-announcement.ts"

export interface ReadGo {
  readonly id: ContentId
  /** Hops that Go nodes counted; never below 0. */
  readonly hopCount: number
  /** As it travels among ours. */
  readonly document: () => JsonObject
}

/**
 * The announcement of a `gossip` payload; `undefined` for one that no node would act on: of a wrong shape, or at its last hop.
 * Its signature is not checked here.
 */
export const readGo = (announcement: JsonObject): ReadGo | undefined => {
  const said = readAnnouncement(announcement)
  if (said === undefined || said.hop_count >= said.max_hops) return undefined
  const document = bareDocument(said)
  const meant = read(document)
  if (meant.type === "malformed") return undefined
  return { id: meant.contentId, hopCount: Math.max(0, said.hop_count), document: () => document }
}

/**
 * The text of the announcement that a Go node is sent for one of our documents: as its origin signed it for Go nodes, no hop
 * made. `undefined` where it has no such form: of a kind that Go nodes do not know, or signed for ours alone.
 */
export const writeGo = (document: JsonObject): string | undefined => {
  if (isBareDocument(document)) return withSignature(document.signed, document.signature)
  const second = document["agentdns"]
  if (!isObject(second)) return undefined
  const { name, signature } = second
  if (typeof signature !== "string" || (name !== undefined && typeof name !== "string")) return undefined
  const meant = read(document)
  const form = meant.type === "malformed" ? undefined : formOf(meant.body, meant, name ?? "")
  return form === undefined ? undefined : withSignature(signedText(form), signature)
}
