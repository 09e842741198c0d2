/** Operator's requests to a running node. */
import { Effect } from "effect"
import { columns } from "../columns.ts"
import { type ClientCommand, stopWith } from "./client-command.ts"
import { asList, asObject, at, textIn } from "./registry.ts"

export const addPeer: ClientCommand = {
  name: "peer add",
  help: "Tells a node of another one. The operator's token allows it (AGENTDNS_SERVER_ADMIN_TOKEN, [server] admin_token).",
  positions: [{ name: "HOST:PORT" }],
  flags: [{ name: "admin-token", takes: "TOKEN", doc: "the operator's token; better in the variable, where others do not see it" }],
  run: Effect.fnUntraced(function* (given, { env, registry }) {
    const token = given.text("admin-token") ?? env["AGENTDNS_SERVER_ADMIN_TOKEN"]
    if (token === undefined) return yield* stopWith("peer add needs the operator's token: AGENTDNS_SERVER_ADMIN_TOKEN")
    const address = given.position("HOST:PORT")!
    const json = yield* registry.call("POST", "/v1/network/peers", { address }, { authorization: `Bearer ${token}` })
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
