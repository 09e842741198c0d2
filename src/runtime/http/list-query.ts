/** What a list's address asks for: `?type=&category=&developer_id=&status=&limit=&offset=` (reference 1.4). */
import { Effect, Schema } from "effect"
import { readDeveloperId } from "../../protocol/identity/id.ts"
import { listOffsetMax, listRowsDefault, listRowsMax } from "../../protocol/limits.ts"
import { isPlainText } from "../../protocol/records/plain-json.ts"
import { Refused } from "../node-service.ts"
import type { EntityFilter } from "../ports.ts"
import { described, optional } from "./declaring.ts"

const text = (description: string) => optional(described(Schema.String, description))

export const pageQuery = {
  limit: text(`rows; ${listRowsDefault} unless said, at most ${listRowsMax} are given`),
  offset: text(`rows before the first; at most ${listOffsetMax}`),
}

export const listQuery = {
  type: text("agent or service"),
  category: text("exactly this one"),
  developer_id: text("entities of this developer"),
  status: text("active or inactive"),
  ...pageQuery,
}

type Asked<Q> = { readonly [Name in keyof Q]?: string }

export const readPage = ({ limit, offset }: Asked<typeof pageQuery>): Effect.Effect<Pick<EntityFilter, "limit" | "offset">, Refused> =>
  Effect.all({
    limit: Effect.map(wholeIn("limit", limit, Number.MAX_SAFE_INTEGER, listRowsDefault), (rows) => Math.min(rows, listRowsMax)),
    offset: wholeIn("offset", offset, listOffsetMax, 0),
  })

export const readFilter = Effect.fnUntraced(function* (asked: Asked<typeof listQuery>): Effect.fn.Return<EntityFilter, Refused> {
  const { category, developer_id, status, type } = asked
  const page = yield* readPage(asked)
  if (type !== undefined && type !== "agent" && type !== "service") return yield* invalid("type", "type must be agent or service")
  if (status !== undefined && status !== "active" && status !== "inactive")
    return yield* invalid("status", "status must be active or inactive")
  if (category !== undefined && !isPlainText(category)) return yield* invalid("category", "category has a character that is none")
  const developerId = developer_id === undefined ? undefined : readDeveloperId(developer_id)
  if (developer_id !== undefined && developerId === undefined)
    return yield* invalid("developer_id", "developer_id is not the id of a developer")
  return {
    ...page,
    ...(type !== undefined && { entityType: type }),
    ...(category !== undefined && { category }),
    ...(developerId !== undefined && { developerId }),
    ...(status !== undefined && { status }),
  }
})

export const wholeIn = (field: string, said: string | undefined, most: number, otherwise: number): Effect.Effect<number, Refused> => {
  if (said === undefined || said === "") return Effect.succeed(otherwise)
  const number = /^\d{1,16}$/.test(said) ? Number(said) : Number.NaN
  return number <= most ? Effect.succeed(number) : invalid(field, `${field} must be a whole number from 0 to ${most}`)
}

const invalid = (field: string, message: string) => Effect.fail(new Refused({ code: "invalid_request", message, field }))
