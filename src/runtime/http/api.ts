/**
 * The REST surface as a declaration: every endpoint with what it takes, what it answers and what can go wrong (reference 1.1).
 *
 * `/openapi.json` and `/docs` are made of it. Bodies that are signed are read raw by their handlers, because a signature
 * may cover members that no schema knows; their schemas here are what clients read.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import {
  categoryCharactersMax,
  nameCharactersMax,
  queryCharactersMax,
  searchResultsDefault,
  searchResultsMax,
  summaryCharactersMax,
  tagsMax,
} from "../../protocol/limits.ts"
import { Developer, DeveloperProof, Entity, Info, NetworkStatus, Peers, SearchResults } from "./documents.ts"
import { refusals, TooLarge } from "./problems.ts"
import { RegistrationLimit, SearchLimit } from "./rate-limits.ts"

const optional = Schema.optionalKey
const described = <S extends Schema.Top>(schema: S, description: string) => schema.annotate({ description })
const created = HttpApiSchema.status(201)
const id = (description: string) => ({ id: described(Schema.String, `${description}, raw or percent-encoded, zns: or agdns:`) })
const signed = [...refusals, TooLarge] as const

const developers = HttpApiGroup.make("developers").add(
  HttpApiEndpoint.post("registerDeveloper", "/v1/developers", {
    payload: Schema.Struct({
      name: described(Schema.String, `at most ${nameCharactersMax} characters`),
      public_key: described(Schema.String, "ed25519: and base64"),
      signature: described(
        Schema.String,
        'by that key over the canonical JSON of github, name, profile_url and public_key, "" where absent',
      ),
      profile_url: optional(Schema.String),
      github: optional(Schema.String),
    }),
    success: created(Schema.Struct({ developer_id: Schema.String, message: Schema.String })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getDeveloper", "/v1/developers/:id", { params: id("a developer's id"), success: Developer, error: refusals }),
)

const entities = HttpApiGroup.make("entities").add(
  HttpApiEndpoint.post("registerEntity", "/v1/entities", {
    payload: Schema.Struct({
      name: described(Schema.String, `at most ${nameCharactersMax} characters`),
      category: described(Schema.String, `at most ${categoryCharactersMax} characters`),
      public_key: described(Schema.String, "the entity's own key"),
      signature: described(
        Schema.String,
        "by that key over the canonical JSON of the request without this member, or of the seven fields that the SDKs sign",
      ),
      developer_id: Schema.String,
      developer_proof: DeveloperProof,
      entity_url: optional(described(Schema.String, "http or https; required of agents")),
      tags: optional(described(Schema.Array(Schema.String), `at most ${tagsMax}`)),
      summary: optional(described(Schema.String, `at most ${summaryCharactersMax} characters`)),
      entity_type: optional(Schema.Literals(["agent", "service"])),
      service_endpoint: optional(described(Schema.String, "required of services")),
      openapi_url: optional(Schema.String),
      entity_pricing: optional(Schema.Record(Schema.String, Schema.Json)),
      capability_summary: optional(Schema.Record(Schema.String, Schema.Json)),
      home_registry: optional(described(Schema.String, "id of this registry; signed, it ties the entity to it")),
    }),
    success: created(Schema.Struct({ entity_id: Schema.String, message: Schema.String })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getEntity", "/v1/entities/:id", { params: id("an entity's id"), success: Entity, error: refusals }),
  HttpApiEndpoint.delete("deregisterEntity", "/v1/entities/:id", {
    params: id("an entity's id"),
    headers: Schema.Struct({
      authorization: optional(described(Schema.String, "Bearer or Bearer-Dev, and the entity's or its developer's signature of the id")),
    }),
    success: Schema.Struct({ entity_id: Schema.String, message: Schema.String }),
    error: refusals,
  }),
)

const search = HttpApiGroup.make("search").add(
  HttpApiEndpoint.post("search", "/v1/search", {
    payload: Schema.Struct({
      query: optional(described(Schema.String, `words, or an entity's id; at most ${queryCharactersMax} characters`)),
      category: optional(Schema.String),
      tags: optional(described(Schema.Array(Schema.String), "any of them")),
      developer_id: optional(Schema.String),
      developer_handle: optional(Schema.String),
      fqan: optional(Schema.String),
      entity_type: optional(Schema.Literals(["agent", "service"])),
      status: optional(Schema.Literals(["active", "inactive", "any"])),
      max_results: optional(described(Schema.Int, `${searchResultsDefault} unless said, at most ${searchResultsMax}`)),
      offset: optional(Schema.Int),
    }),
    success: SearchResults,
    error: signed,
  }).middleware(SearchLimit),
)

const network = HttpApiGroup.make("network").add(
  HttpApiEndpoint.get("health", "/health", { success: Schema.Struct({ status: Schema.Literal("ok") }) }),
  HttpApiEndpoint.get("info", "/v1/info", { success: Info }),
  HttpApiEndpoint.get("networkStatus", "/v1/network/status", { success: NetworkStatus, error: refusals }),
  HttpApiEndpoint.get("networkPeers", "/v1/network/peers", { success: Peers }),
)

export const Api = HttpApi.make("registry")
  .add(entities, developers, search, network)
  .annotateMerge(
    OpenApi.annotations({
      title: "AgentDNS registry node",
      version: "v1",
      description: "Signed records of agents and services, found by words, spread by gossip. Errors are {error, message, field?}.",
    }),
  )
