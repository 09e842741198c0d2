/** Handles: claim, show, verify, give up. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { verificationRecord, verificationToken } from "../../protocol/records/handle-proof.ts"
import { HandleWitness, witnessed } from "../handle-witness.ts"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf } from "./documents.ts"
import { handleDocument, nameDocument } from "./naming-documents.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "handles",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    const isProven = witnessed(yield* HandleWitness, node.registryId)
    return handlers
      .handleRaw("claimHandle", ({ request }) =>
        Effect.gen(function* () {
          const { developerId, handle } = yield* told(node.claimHandle(yield* jsonOf(request)))
          const token = verificationToken(node.registryId, handle, developerId)
          return {
            handle,
            developer_id: developerId,
            message: "handle claimed successfully",
            verification_token: token,
            dns_txt: verificationRecord(token),
          }
        }),
      )
      .handle("getHandle", ({ params, query }) =>
        Effect.map(told(node.handle(params.handle, query.registry)), (entry) => answerOf(handleDocument(entry))),
      )
      .handle("handleAvailable", ({ params: { handle } }) =>
        Effect.map(told(node.whyNoHandle(handle)), (reason) => ({
          handle,
          available: reason === undefined,
          ...(reason !== undefined && { reason }),
        })),
      )
      .handleRaw("verifyHandle", ({ params, request }) =>
        Effect.gen(function* () {
          const { handle, verification } = yield* told(node.verifyHandle(params.handle, yield* jsonOf(request), isProven))
          return { handle, message: `handle verified via ${verification?.method}` }
        }),
      )
      .handle("releaseHandle", ({ headers, params: { handle } }) =>
        Effect.as(told(node.releaseHandle(handle, headers.authorization)), { handle, message: "handle released" }),
      )
      .handle("namesUnderHandle", ({ params }) =>
        Effect.map(told(node.namesUnder(params.handle)), (names) => answerOf(names.map(nameDocument))),
      )
  }),
)
