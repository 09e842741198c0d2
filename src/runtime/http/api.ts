/**
 * The REST surface as a declaration: every endpoint with what it takes, what it answers and what can go wrong (reference 1.1).
 *
 * Each group is declared in a file of its own, `*-api.ts`, and answered in the file of its name. `/openapi.json` and `/docs`
 * are made of it. Bodies that are signed are read raw by their handlers, because a signature may cover members that no
 * schema knows; their schemas here are what clients read.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { admin } from "./admin-api.ts"
import { cards } from "./cards-api.ts"
import { changes } from "./changes-api.ts"
import { developers } from "./developers-api.ts"
import { entities } from "./entities-api.ts"
import { handles } from "./handles-api.ts"
import { names } from "./names-api.ts"
import { identity } from "./identity-api.ts"
import { network } from "./network-api.ts"
import { search } from "./search-api.ts"
import { trust } from "./trust-api.ts"
import { streams } from "./streams-api.ts"

interface Operation {
  operationId?: string
  summary?: string
  parameters?: ReadonlyArray<{ description?: string; readonly schema?: { readonly description?: string } }>
}

/** What endpoints and parameters are about stands where pages show it. */
const readable = (spec: Record<string, unknown>): Record<string, unknown> => {
  for (const operations of Object.values(spec["paths"] as Record<string, Record<string, Operation>>))
    for (const operation of Object.values(operations)) {
      const name = operation.operationId?.split(".").at(-1)
      if (name !== undefined) operation.summary ??= name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
      for (const parameter of operation.parameters ?? [])
        if (parameter.schema?.description !== undefined) parameter.description ??= parameter.schema.description
    }
  return spec
}

export const Api = HttpApi.make("registry")
  .add(entities, developers, handles, names, search, network, streams, cards, changes, admin, identity, trust)
  .annotateMerge(
    OpenApi.annotations({
      title: "AgentDNS registry node",
      version: "v1",
      transform: readable,
      description: "Signed records of agents and services, found by words, spread by gossip. Errors are {error, message, field?}.",
    }),
  )
