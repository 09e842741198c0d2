/**
 * The texts that clients sign, in all the spellings that deployed clients use (reference 1.0, "Canonical JSON").
 *
 * One canonical text, three spellings: raw as both SDKs write it; with `<`, `>`, `&` and the two line separators escaped as
 * Go's default encoder does; with only the separators escaped as Go's other encoder does.
 */
import { canonical, canonicalWithout, htmlEscaped, type JsonObject } from "../identity/canonical-json.ts"
import { readJson } from "../identity/json-text.ts"
import { signedTextCharactersMax } from "../limits.ts"
import { isObject, isPlainJson } from "./plain-json.ts"

/** Raw first. One spelling when the text has none of the five characters. */
export const spellings = (text: string): ReadonlyArray<string> =>
  /[<>&\u2028\u2029]/.test(text) ? [...new Set([text, htmlEscaped(text), separatorsEscaped(text)])] : [text]

const separatorsEscaped = (text: string): string => text.replace(/[\u2028\u2029]/g, htmlEscaped)

/** A request without its signature: the form we prefer, because it leaves nothing unsigned (ruled). */
export const wholeRequestTexts = (body: JsonObject): ReadonlyArray<string> =>
  spellings(canonicalWithout(body, "signature")).filter((text) => text.length <= signedTextCharactersMax)

/** Is this text the canonical form of what it says, in one of the spellings? */
export const isCanonical = (text: string, said: JsonObject): boolean => spellings(canonical(said)).includes(text)

/** The members of a signed text that is canonical JSON in one of the spellings; `undefined` when it is none. */
export const signedMembers = (text: string): JsonObject | undefined => {
  const said = readJson(text)
  return isObject(said) && isPlainJson(said) && isCanonical(text, said) ? said : undefined
}
