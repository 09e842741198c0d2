/** What a registration says of the entity itself, read member by member (reference 1.4, steps 2 to 5 and 12). */
import { Result } from "effect"
import type { Json, JsonObject } from "../identity/canonical-json.ts"
import { type EntityId, idOf, readRegistryId, type RegistryId } from "../identity/id.ts"
import type { PublicKey } from "../identity/key.ts"
import { categoryCharactersMax, nameCharactersMax, summaryCharactersMax } from "../limits.ts"
import type { EntityRecord, EntityType } from "./entity.ts"
import { invalid, type Refusal } from "./refusal.ts"
import { detailsIn, keyIn, linkIn, pricingIn, someTextIn, tagsIn, textIn, webUrlIn } from "./request-fields.ts"

/** What both forms of the signature cover. */
export interface Profile {
  readonly type: EntityType
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
  readonly url: string
  readonly publicKey: PublicKey
}

/** What only a signature over the whole request covers. */
export type Extras = Pick<EntityRecord, "service_endpoint" | "openapi_url" | "entity_pricing" | "capability_summary">

export const entityIdOf = ({ type, publicKey }: Profile): EntityId => idOf(type, publicKey)

export const profileIn = (body: JsonObject): Result.Result<Profile, Refusal> =>
  Result.gen(function* () {
    const type = yield* typeIn(body)
    const name = yield* someTextIn(body, "name", nameCharactersMax)
    const category = yield* someTextIn(body, "category", categoryCharactersMax)
    const publicKey = yield* keyIn(body, "public_key")
    const tags = yield* tagsIn(body)
    const summary = yield* textIn(body, "summary", summaryCharactersMax)
    const ownUrl = yield* entityUrlIn(body)
    // As deployed: a service without a URL of its own is where its endpoint is, and signs that.
    const url = ownUrl === "" && type === "service" ? yield* webUrlIn(body, "service_endpoint") : ownUrl
    if (url === "") {
      return yield* type === "service"
        ? invalid("service_endpoint is required for entity_type 'service'", "service_endpoint")
        : invalid("entity_url is required for agent type", "entity_url")
    }
    return { type, name, category, tags, summary, url, publicKey }
  })

const typeIn = (body: JsonObject): Result.Result<EntityType, Refusal> => {
  const said = body["entity_type"] ?? ""
  if (said === "" || said === "agent") return Result.succeed("agent")
  return said === "service" ? Result.succeed(said) : invalid("entity_type must be agent or service", "entity_type")
}

/** `agent_url` is the storage page's name for it (ruled: read as an alias). */
const entityUrlIn = (body: JsonObject): Result.Result<string, Refusal> =>
  webUrlIn(body, (body["entity_url"] ?? "") === "" && "agent_url" in body ? "agent_url" : "entity_url")

const servicePricingModels: ReadonlyArray<Json> = ["", "per_request", "subscription", "free"]

export const extrasIn = (body: JsonObject, type: EntityType): Result.Result<Extras, Refusal> =>
  Result.gen(function* () {
    const endpoint = yield* webUrlIn(body, "service_endpoint")
    if (type === "service" && endpoint === "")
      return yield* invalid("service_endpoint is required for entity_type 'service'", "service_endpoint")
    const openapi = yield* linkIn(body, "openapi_url")
    const pricing = yield* pricingIn(body)
    if (type === "service" && !servicePricingModels.includes(pricing?.["model"] ?? "")) {
      return yield* invalid("entity_pricing.model must be per_request, subscription or free", "entity_pricing")
    }
    const capabilities = yield* detailsIn(body, "capability_summary")
    return {
      ...(endpoint !== "" && { service_endpoint: endpoint }),
      ...(openapi !== "" && { openapi_url: openapi }),
      ...(pricing !== undefined && { entity_pricing: pricing }),
      ...(capabilities !== undefined && { capability_summary: capabilities }),
    }
  })

/** The home that the entity itself names; only a signature over the whole request can carry it. */
export const homeIn = (body: JsonObject): Result.Result<RegistryId | undefined, Refusal> => {
  const said = body["home_registry"] ?? undefined
  if (said === undefined) return Result.succeed(undefined)
  const home = typeof said === "string" ? readRegistryId(said) : undefined
  return home === undefined ? invalid("home_registry is not the id of a registry", "home_registry") : Result.succeed(home)
}
