/** The node itself, declared (reference 1.8). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Info, NetworkStats, NetworkStatus, Peers, Registries } from "./documents.ts"
import { refusals, Unavailable } from "./problems.ts"

const Indexes = Schema.Literals(["complete", "filling"]).annotate({ description: "filling: searches do not find everything yet" })

export const network = HttpApiGroup.make("network").add(
  HttpApiEndpoint.get("health", "/health", { success: Schema.Struct({ status: Schema.Literal("ok") }) }),
  HttpApiEndpoint.get("info", "/v1/info", { success: Info }),
  HttpApiEndpoint.get("networkStatus", "/v1/network/status", { success: NetworkStatus, error: refusals }),
  HttpApiEndpoint.get("categories", "/v1/categories", {
    success: Schema.Struct({ categories: Schema.Array(Schema.String) }),
    error: refusals,
  }),
  HttpApiEndpoint.get("tags", "/v1/tags", { success: Schema.Struct({ tags: Schema.Array(Schema.String) }), error: refusals }),
  HttpApiEndpoint.get("networkStats", "/v1/network/stats", { success: NetworkStats, error: refusals }),
  HttpApiEndpoint.get("ready", "/ready", {
    success: Schema.Struct({ status: Schema.Literal("ready"), phase: Schema.String, database: Schema.Literal("ok"), indexes: Indexes }),
    error: Unavailable,
  }),
  HttpApiEndpoint.get("networkPeers", "/v1/network/peers", { success: Peers }),
  HttpApiEndpoint.get("networkRegistries", "/v1/network/registries", { success: Registries }),
)
