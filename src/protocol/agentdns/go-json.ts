/**
 * JSON as the deployed node writes it: Go's `json.Marshal` of structs, byte for byte. Its signatures are over these bytes.
 *
 * A shape lists the members in the order of the Go struct; `omit` are those that are left out when empty (`omitempty`). A
 * value that comes from outside is read as Go reads it: names in any case, unknown members dropped, `null` the same as absent,
 * half a surrogate pair as U+FFFD; a member of a wrong type makes the whole unreadable. Where we differ, nothing that Go writes is
 * concerned: an integer may be spelled with a point or an exponent here, and is none beyond 2^53; of a name that comes twice in
 * other cases the last spelling counts there.
 */
import { htmlEscaped, type Json, type JsonObject } from "../identity/canonical-json.ts"

/** How a member is read and written. */
export type GoType =
  | "text"
  | "texts"
  | "int"
  /** An integer that is never negative and fits 32 bits. */
  | "uint32"
  | "float"
  | "bool"
  /** Numbers by name. */
  | "rates"
  /** A struct of its own, absent or there. */
  | { readonly shape: GoShape }

export interface GoMember {
  readonly name: string
  readonly type: GoType
  /** Left out when it is zero, empty or absent. */
  readonly omit: boolean
}

export type GoShape = ReadonlyArray<GoMember>

/** Members of a struct as Go holds them: none is missing but absent structs, and lists that are `null`. */
export type GoStruct = Readonly<Record<string, Json | undefined>>

/** A shape from its lines: `name type`, and ` o` behind what is left out when empty. */
export const shapeOf = (members: Readonly<Record<string, GoType | readonly [GoType, "o"]>>): GoShape =>
  Object.entries(members).map(([name, type]) =>
    Array.isArray(type) ? { name, type: (type as readonly [GoType, "o"])[0], omit: true } : { name, type: type as GoType, omit: false },
  )

// writing ------------------------------------------------------------------------------------------------------------

/** Any text as Go writes it: HTML and the line separators escaped, all else raw but what JSON must escape. */
export const writeText = (text: string): string => htmlEscaped(JSON.stringify(text.toWellFormed()))

/** A 64-bit float: as `JSON.stringify` writes it, and −0 with its sign. */
export const writeFloat = (value: number): string => (Object.is(value, -0) ? "-0" : JSON.stringify(value))

/** A struct in its shape's order. */
export const writeStruct = (shape: GoShape, struct: GoStruct): string => {
  let text = ""
  for (const { name, omit, type } of shape) {
    const value = struct[name]
    if (omit && isEmpty(value, type)) continue
    text += `${text === "" ? "" : ","}"${name}":${writeMember(type, value)}`
  }
  return `{${text}}`
}

const isEmpty = (value: Json | undefined, type: GoType): boolean => {
  if (value === undefined || value === null || value === "" || value === false) return true
  if (typeof value === "number") return value === 0
  if (Array.isArray(value)) return value.length === 0
  return type === "rates" && Object.keys(value).length === 0
}

const writeMember = (type: GoType, value: Json | undefined): string => {
  if (typeof type === "object") return value === undefined || value === null ? "null" : writeStruct(type.shape, value as GoStruct)
  if (value === undefined || value === null) return zeroTexts[type]
  switch (type) {
    case "text":
      return writeText(value as string)
    case "texts":
      return `[${(value as ReadonlyArray<string>).map(writeText).join(",")}]`
    case "rates":
      return writeRates(value as Readonly<Record<string, number>>)
    case "int":
    case "uint32":
    case "float":
      return writeFloat(value as number)
    case "bool":
      return value === true ? "true" : "false"
  }
}

const zeroTexts: Readonly<Record<Extract<GoType, string>, string>> = {
  text: '""',
  texts: "null",
  rates: "null",
  int: "0",
  uint32: "0",
  float: "0",
  bool: "false",
}

/** Go sorts the names of a map by their bytes. */
const writeRates = (rates: Readonly<Record<string, number>>): string => {
  const names = Object.keys(rates).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${names.map((name) => `${writeText(name)}:${writeFloat(rates[name]!)}`).join(",")}}`
}

// reading ------------------------------------------------------------------------------------------------------------

/** Bytes as Go reads them as text: each that is no UTF-8 is one U+FFFD, where JavaScript takes up to three for one. */
export const textIn = (bytes: Buffer): string => {
  const text = bytes.toString()
  const isUtf8 = !text.includes("\ufffd") || Buffer.from(text).equals(bytes)
  return isUtf8 ? text : mended(bytes).toString()
}

const mended = (bytes: Buffer): Buffer => {
  const written = Buffer.alloc(3 * bytes.length)
  let end = 0
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at)
    for (const byte of replacement) if (length === 0) written[end++] = byte
    for (let i = 0; i < length; i++) written[end++] = bytes[at + i]!
    at += length || 1
  }
  return written.subarray(0, end)
}

const replacement = Buffer.from("\ufffd")

/** Bytes of the character that begins here; 0 where none does. */
const lengthAt = (bytes: Buffer, at: number): number => {
  const [first, second] = [bytes[at]!, bytes[at + 1] ?? 0]
  if (first < 0x80) return 1
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  // spelled longer than it need be, half a surrogate pair, beyond Unicode
  const isOther = (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)
  if (isOther || (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

/** What Go makes of an object for this struct; `undefined` where it fails. */
export const readStruct = (shape: GoShape, said: JsonObject): GoStruct | undefined => {
  const struct: Record<string, Json | undefined> = {}
  for (const { name, type } of shape) struct[name] = zeroOf(type)
  for (const [spelled, value] of Object.entries(said)) {
    const member = memberCalled(shape, spelled)
    if (member === undefined || value === undefined) continue
    const read = readMember(member.type, value)
    if (read === wrong) return undefined
    // null leaves a text, a number and a switch as they were, and takes all else away
    if (read !== undefined || isReference(member.type)) struct[member.name] = read
  }
  return struct
}

const wrong = Symbol("of a wrong type")

const isReference = (type: GoType): boolean => typeof type === "object" || type === "texts" || type === "rates"

const zeroOf = (type: GoType): Json | undefined => {
  if (isReference(type)) return undefined
  return type === "bool" ? false : type === "text" ? "" : 0
}

/** The exact name, else the same but for its case, as Go folds it. */
const memberCalled = (shape: GoShape, spelled: string): GoMember | undefined => {
  const exact = shape.find(({ name }) => name === spelled)
  if (exact !== undefined) return exact
  const folded = fold(spelled)
  return shape.find(({ name }) => name === folded)
}

/** All our names are in lower case; beside A to Z Go folds the Kelvin sign and the long s. */
const fold = (name: string): string =>
  name.replace(/[A-Z\u017f\u212a]/g, (letter) => (letter === "\u017f" ? "s" : letter === "\u212a" ? "k" : letter.toLowerCase()))

const readMember = (type: GoType, value: Json): Json | undefined | typeof wrong => {
  if (value === null) return undefined
  if (typeof type === "object") {
    if (!isObject(value)) return wrong
    return readStruct(type.shape, value) ?? wrong
  }
  switch (type) {
    case "text":
      return typeof value === "string" ? value.toWellFormed() : wrong
    case "texts":
      return readTexts(value)
    case "int":
      return Number.isSafeInteger(value) ? (value as number) + 0 : wrong // + 0: Go knows no negative zero among integers
    case "uint32":
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff ? (value as number) + 0 : wrong
    case "float":
      return typeof value === "number" && Number.isFinite(value) ? value : wrong
    case "bool":
      return typeof value === "boolean" ? value : wrong
    case "rates":
      return readRates(value)
  }
}

/** A `null` in a list of texts is an empty one. */
const readTexts = (value: Json): ReadonlyArray<string> | typeof wrong => {
  if (!Array.isArray(value)) return wrong
  const texts = (value as ReadonlyArray<Json>).map((text) => text ?? "")
  return texts.every((text): text is string => typeof text === "string") ? texts.map((text) => text.toWellFormed()) : wrong
}

const readRates = (value: Json): JsonObject | typeof wrong => {
  if (!isObject(value)) return wrong
  const rates = Object.entries(value).map(([name, rate]) => [name.toWellFormed(), rate ?? 0] as const)
  return rates.every(([, rate]) => typeof rate === "number" && Number.isFinite(rate)) ? (Object.fromEntries(rates) as JsonObject) : wrong
}

const isObject = (value: Json): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
