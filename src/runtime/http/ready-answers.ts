/**
 * Entities that were read a moment ago, told again before any route is looked for: what most readers ask, at the price of a
 * plain server. It is no second definition: the text is the one that the endpoint made (`entityTexts`), the headers are the
 * edge's, and whoever asks for anything else, or for an entity that is not ready, goes the long way.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { readEntityId } from "../../protocol/identity/id.ts"
import type { EntityView, Node } from "../node-service.ts"
import { entityDocument } from "./documents.ts"
import { entityPath } from "./entities-api.ts"
import type { HttpSettings } from "./settings.ts"

interface Text {
  readonly text: string
  readonly bytes: number
}

/** What `GET /v1/entities/{id}` answers; made once for each view. */
export const entityTexts = (settings: HttpSettings): ((view: EntityView) => Text) => {
  const made = new WeakMap<EntityView, Text>()
  return (view) => {
    const known = made.get(view)
    if (known !== undefined) return known
    const text = JSON.stringify(entityDocument(view, settings))
    const answer = { text, bytes: Buffer.byteLength(text) }
    made.set(view, answer)
    return answer
  }
}

/** Answers, if it can. `headers` are those of every answer to a request without an origin. */
export const readyAnswers = (
  { readyEntity }: Pick<Node["Service"], "readyEntity">,
  entityText: (view: EntityView) => Text,
  headers: Readonly<Record<string, string>>,
) => {
  const fixed = [...Object.entries(headers).flat(), "content-type", "application/json", "content-length"]
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url = "" } = request
    if (request.method !== "GET" || !url.startsWith(entityPath) || request.headers.origin !== undefined) return false
    const id = readEntityId(url.slice(entityPath.length).replace(/%3a/gi, ":"))
    const view = id === undefined ? undefined : readyEntity(id)
    if (view === undefined) return false
    const { bytes, text } = entityText(view)
    response.writeHead(200, [...fixed, String(bytes)])
    response.end(text)
    return true
  }
}
