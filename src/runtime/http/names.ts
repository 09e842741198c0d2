/** Names: bind, rebind, roll back, give up, resolve. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Json } from "../../protocol/identity/canonical-json.ts"
import type { EntityId } from "../../protocol/identity/id.ts"
import type { Card } from "../../protocol/records/card.ts"
import { isObject } from "../../protocol/records/plain-json.ts"
import { fqanOf } from "../../protocol/records/naming.ts"
import { Node, Refused } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf } from "./documents.ts"
import { nameDocument, resolvedDocument, versionDocument } from "./naming-documents.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "names",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    return handlers
      .handleRaw("bindName", ({ request }) =>
        Effect.gen(function* () {
          const { entityId, handle, host, name, version } = yield* told(node.bindName(yield* jsonOf(request)))
          return {
            fqan: fqanOf(host, handle, name),
            entity_id: entityId,
            current_version: version,
            message: "name registered successfully",
          }
        }),
      )
      .handle("getName", ({ params, query }) =>
        Effect.map(told(node.name(params.developer, params.name, query.host)), ({ name }) => answerOf(nameDocument(name))),
      )
      .handle("nameAvailable", ({ params: { developer, name } }) =>
        Effect.map(told(node.whyNoName(developer, name)), (why) => ({
          developer,
          entity_name: name,
          available: why === undefined,
          ...(why !== undefined && { reason: why.reason }),
          ...(why?.entityId !== undefined && { existing_entity_id: why.entityId }),
        })),
      )
      .handleRaw("rebindName", ({ params, request }) =>
        Effect.gen(function* () {
          const entry = yield* told(node.rebindName(params.developer, params.name, yield* jsonOf(request)))
          return answerOf(nameDocument(entry))
        }),
      )
      .handleRaw("rollbackName", ({ params, request }) =>
        Effect.gen(function* () {
          const body = yield* jsonOf(request)
          const version = yield* told(versionIn(body))
          const entry = yield* told(node.rollbackName(params.developer, params.name, version, body))
          return answerOf(nameDocument(entry))
        }),
      )
      .handle("releaseName", ({ headers, params }) =>
        Effect.as(told(node.releaseName(params.developer, params.name, headers.authorization)), { message: "name released" }),
      )
      .handle("nameVersions", ({ params, query }) =>
        Effect.map(told(node.versions(params.developer, params.name, query.host)), ({ name, versions }) =>
          answerOf(versions.map(versionDocument(name))),
        ),
      )
      .handle("resolveName", ({ params, query }) =>
        Effect.gen(function* () {
          const found = yield* told(node.resolveName(params.developer, params.name, query.host))
          const { handle, host, name, registry } = found.name
          const { versions } = yield* told(node.versions(handle, name, host))
          const holder = yield* told(node.handle(handle, registry))
          const { entity } = found
          const trust = entity === undefined ? 0 : (yield* told(node.trust(entity.record.entity_id))).trust
          const cards = entity === undefined || query.card !== "true" ? noCards : yield* node.cards([entity])
          return answerOf(resolvedDocument(found, versions, holder, trust, cards.get(found.name.entityId)))
        }),
      )
  }),
)

const noCards: ReadonlyMap<EntityId, Card> = new Map()

const versionIn = (body: Json): Effect.Effect<number, Refused> => {
  const version = isObject(body) ? body["to_version"] : undefined
  return typeof version === "number" && Number.isSafeInteger(version)
    ? Effect.succeed(version)
    : Effect.fail(new Refused({ code: "invalid_request", message: "to_version must be the number of a version", field: "to_version" }))
}
