/** Operator's requests to a running node. */
import { Effect } from "effect"
import type { Json } from "../../../protocol/identity/canonical-json.ts"
import { columns } from "../columns.ts"
import type { Ending } from "../exit.ts"
import { type Circumstances, type ClientCommand, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"
import { asList, asObject, at, textIn } from "./registry.ts"

export const operatorFlag: Flag = {
  name: "admin-token",
  takes: "TOKEN",
  doc: "the operator's token; better in AGENTDNS_SERVER_ADMIN_TOKEN, where others do not see it",
}

/** A request that only the operator's token allows; `name`: the command's. */
export const asOperator = (
  name: string,
  given: Given,
  { env, registry }: Circumstances,
  method: string,
  path: string,
  body?: Json,
): Effect.Effect<Json, Ending> => {
  const token = given.text("admin-token") ?? env["AGENTDNS_SERVER_ADMIN_TOKEN"]
  return token === undefined
    ? stopWith(`${name} needs the operator's token: AGENTDNS_SERVER_ADMIN_TOKEN`)
    : registry.call(method, path, body, { authorization: `Bearer ${token}` })
}

export const addPeer: ClientCommand = {
  name: "peer add",
  help: "Tells a node of another one. The operator's token allows it (AGENTDNS_SERVER_ADMIN_TOKEN, [server] admin_token).",
  positions: [{ name: "HOST:PORT" }],
  flags: [operatorFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const address = given.position("HOST:PORT")!
    const json = yield* asOperator("peer add", given, circumstances, "POST", "/v1/network/peers", { address })
    return { json, text: `the node looks for ${address}` }
  }),
}

export const listTrust: ClientCommand = {
  name: "trust list",
  help: "How far the registry trusts its peers.",
  run: Effect.fnUntraced(function* (_, { registry }) {
    const json = yield* registry.call("GET", "/v1/network/peers")
    const rows = asList(asObject(json)["peers"]).map((peer) => {
      const { reputation, trust } = asObject(peer)
      return [
        textIn(peer, "registry_id"),
        textIn(peer, "verification_tier"),
        Number(trust ?? 0).toFixed(4),
        Number(reputation ?? 1).toFixed(2),
      ]
    })
    return { json, text: rows.length === 0 ? "it has no peers" : columns([["REGISTRY", "TIER", "TRUST", "REPUTATION"], ...rows]) }
  }),
}

export const entityTrust: ClientCommand = {
  name: "trust show",
  help: "How far the registry trusts an entity, and why.",
  positions: [{ name: "ENTITY" }],
  run: Effect.fnUntraced(function* (given, { registry }) {
    const json = yield* registry.call("GET", `${at("v1", "entities", given.position("ENTITY")!)}/trust`)
    return { json, text: JSON.stringify(json, undefined, 2) }
  }),
}
