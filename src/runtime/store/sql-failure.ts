/**
 * The driver's errors as the port's: which operation, and why, in words that hold no password, URL or SQL.
 *
 * What goes wrong while connecting is told by its code alone: a mistyped URL can put a piece of the password where the
 * host, the port or the database's name should be, and the message would quote it.
 */
import type { SqlError } from "effect/sql/SqlError"
import { StoreFailed } from "../ports.ts"

export const failedAt = (operation: string, error: SqlError): StoreFailed => new StoreFailed({ operation, reason: reasonOf(error) })

const reasonOf = ({ reason }: SqlError): string => {
  const code = codeOf(reason.cause)
  const known = knownCodes[code]
  if (known !== undefined) return `${known} (${code})`
  if (reason._tag === "ConnectionError" && /timed out/i.test(reason.message ?? "")) return "the database did not answer in time"
  if (reason._tag === "AuthenticationError") return withCode("the database does not accept our user or password", code)
  if (reason._tag === "ConnectionError" || reason.operation === "connect") return withCode("no connection to the database", code)
  const said = reason.cause instanceof Error ? reason.cause.message : reason._tag
  return withCode(said, code)
}

const withCode = (text: string, code: string) => (code === "" ? text : `${text} (${code})`)

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : ""

const knownCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody answers where the database should be",
  ENOTFOUND: "the database's host is not known",
  EAI_AGAIN: "the database's host is not known",
  ETIMEDOUT: "the database did not answer in time",
  ECONNRESET: "the database ended the connection",
  ERR_INVALID_URL: "the database's URL is none: it should be like postgres://user:password@host:5432/name",
  "28P01": "the database does not accept our user or password",
  "28000": "the database does not accept our user",
  "3D000": "the server has no database of that name",
  "42501": "our user may not do that in the database",
  "53100": "the database's disk is full",
  "53300": "the database has no connection left for us",
  "57P03": "the database is starting up or shutting down",
}
