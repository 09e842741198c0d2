/**
 * JSON that may enter a record: no text that a database or a signature would change on the way (ruled).
 *
 * NUL does not fit PostgreSQL, a lone surrogate does not fit UTF-8, `1e999` is read as Infinity and written as null, and
 * `__proto__` is a member to some and a prototype to others, and a name that JSON spells with an escape is misread by Node's
 * own parser (`identity/json-text.ts`). What is refused here never has to be repaired later.
 */
import type { Json, JsonObject } from "../identity/canonical-json.ts"
import { isPlainName } from "../identity/json-text.ts"
import { jsonDepthMax } from "../limits.ts"

/** A text without NUL whose surrogates come in pairs. */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

/** Nested at most `depth` deep, and plain in every text, member name and number. */
export const isPlainJson = (value: Json | undefined, depth: number = jsonDepthMax): boolean => {
  if (typeof value === "string") return isPlainText(value)
  if (typeof value === "number") return Number.isFinite(value)
  if (value === null || typeof value !== "object") return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.every((member: Json) => isPlainJson(member, depth - 1))
  return Object.entries(value).every(([name, member]) => name !== "__proto__" && isPlainName(name) && isPlainJson(member, depth - 1))
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
