/** What the declarations of endpoints share. */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { refusals, TooLarge } from "./problems.ts"

export const optional = Schema.optionalKey
export const described = <S extends Schema.Top>(schema: S, description: string) => schema.annotate({ description })
export const created = HttpApiSchema.status(201)
export const idIn = (description: string) => ({ id: described(Schema.String, `${description}, raw or percent-encoded, zns: or agdns:`) })
/** What goes wrong where a body is read. */
export const signed = [...refusals, TooLarge] as const
/** The header of requests that their owner signs. */
export const signedBy = (what: string) =>
  Schema.Struct({ authorization: optional(described(Schema.String, `Bearer or Bearer-Dev, and ${what}`)) })
/** The header of requests that a secret lets in. */
export const bearer = (what: string) => Schema.Struct({ authorization: optional(described(Schema.String, `Bearer and ${what}`)) })
export const Message = Schema.Struct({ message: Schema.String })
