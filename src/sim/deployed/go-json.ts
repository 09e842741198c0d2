/**
 * JSON as Go's `encoding/json` reads and writes it into structs: what the deployed node signs and sends is this text.
 *
 * Written from what was observed of that node, and shared with nothing else here, so that a mistake in our own codec is not
 * made twice. A struct always has all of its fields; one that is missing or `null` has its zero value; names are matched
 * without regard to case; unknown ones are dropped; `omitted` leaves a field out while it is empty.
 */

/** How one Go type is read and written. `read` throws `Mismatch` where Go reports an error. */
export interface GoType<A> {
  readonly zero: A
  readonly read: (value: unknown) => A
  readonly write: (value: A) => string
  readonly isEmpty: (value: A) => boolean
}

interface Field<A> {
  readonly type: GoType<A>
  readonly isOmittedWhenEmpty: boolean
}

export type ValueOf<T> = T extends GoType<infer A> ? A : never

/** The JSON says something else than the type. */
export class Mismatch extends Error {}

const mismatch = (what: string): never => {
  throw new Mismatch(what)
}

/** The bytes of a frame as a value; `undefined` for anything that is no JSON, or has text after it. */
export const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8")) as unknown
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Go's HTML-safe string literal. */
export const quote = (text: string): string => {
  let quoted = '"'
  for (const character of text.toWellFormed()) quoted += escapes.get(character) ?? character
  return `${quoted}"`
}

const escapes: ReadonlyMap<string, string> = new Map([
  ...Array.from({ length: 0x20 }, (_, code) => [String.fromCharCode(code), `\\u${code.toString(16).padStart(4, "0")}`] as const),
  ...["<", ">", "&", "\u2028", "\u2029"].map((one) => [one, `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`] as const),
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ['"', '\\"'],
  ["\\", "\\\\"],
])

// plain types --------------------------------------------------------------------------------------------------------

export const text: GoType<string> = {
  zero: "",
  read: (value) => (typeof value === "string" ? value.toWellFormed() : mismatch("not a string")),
  write: quote,
  isEmpty: (value) => value === "",
}

/** An int. */
export const whole: GoType<number> = {
  zero: 0,
  read: (value) => (Number.isSafeInteger(value) ? (value as number) : mismatch("not an int")),
  write: String,
  isEmpty: (value) => value === 0,
}

export const uint32: GoType<number> = {
  ...whole,
  read: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32 ? (value as number) : mismatch("no uint32"),
}

/** A float64. */
export const real: GoType<number> = {
  zero: 0,
  read: (value) => (typeof value === "number" ? value : mismatch("not a number")),
  write: (value) => (Object.is(value, -0) ? "-0" : JSON.stringify(value)),
  isEmpty: (value) => value === 0,
}

export const flag: GoType<boolean> = {
  zero: false,
  read: (value) => (typeof value === "boolean" ? value : mismatch("not a bool")),
  write: String,
  isEmpty: (value) => !value,
}

/** A []byte: base64. */
export const bytes: GoType<Uint8Array> = {
  zero: new Uint8Array(0),
  read: (value) => (typeof value === "string" ? Buffer.from(value, "base64") : mismatch("no bytes")),
  write: (value) => `"${Buffer.from(value).toString("base64")}"`,
  isEmpty: (value) => value.length === 0,
}

/** Whatever it is, as it came: `undefined` where it is missing, which is not the same as `null`. */
export const anything: GoType<unknown> = {
  zero: undefined,
  read: (value) => value,
  write: (value) => JSON.stringify(value ?? null),
  isEmpty: (value) => value === undefined,
}

// made of others -----------------------------------------------------------------------------------------------------

/** A slice; `null` and `[]` are two things. */
export const listOf = <A>(type: GoType<A>): GoType<ReadonlyArray<A> | null> => ({
  zero: null,
  read: (value) => (Array.isArray(value) ? value.map((one: unknown) => (one === null ? type.zero : type.read(one))) : mismatch("no list")),
  write: (value) => (value === null ? "null" : `[${value.map(type.write).join()}]`),
  isEmpty: (value) => value === null || value.length === 0,
})

/** A map[string]A: keys are written sorted by their bytes. */
export const mapOf = <A>(type: GoType<A>): GoType<Readonly<Record<string, A>> | null> => ({
  zero: null,
  read: (value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one === null ? type.zero : type.read(one)]))
      : mismatch("no map"),
  write: (value) => {
    if (value === null) return "null"
    const sorted = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${sorted.map(([key, one]) => `${quote(key)}:${type.write(one)}`).join()}}`
  },
  isEmpty: (value) => value === null || Object.keys(value).length === 0,
})

/** A [32]byte: a list of numbers. Shorter ones are filled with zeros, longer ones cut. */
export const bytes32: GoType<Uint8Array> = {
  zero: new Uint8Array(32),
  read: (value) => {
    if (!Array.isArray(value)) return mismatch("no list of bytes")
    const numbers = value as ReadonlyArray<unknown>
    const isByte = (one: unknown) => Number.isInteger(one) && (one as number) >= 0 && (one as number) <= 255
    if (!numbers.every(isByte)) return mismatch("not a byte")
    return Uint8Array.from({ length: 32 }, (_, at) => (numbers[at] as number | undefined) ?? 0)
  },
  write: (value) => `[${[...value].join()}]`,
  isEmpty: () => false,
}

export const field = <A>(type: GoType<A>): Field<A> => ({ type, isOmittedWhenEmpty: false })
export const omitted = <A>(type: GoType<A>): Field<A> => ({ type, isOmittedWhenEmpty: true })

/** Fields in the order in which they are declared. */
export const struct = <A extends object>(fields: { readonly [K in keyof A]: Field<A[K]> }): GoType<Readonly<A>> => {
  const entries = Object.entries(fields) as ReadonlyArray<readonly [string, Field<unknown>]>
  const byName = new Map(entries.map(([name, { type }]) => [name, type]))
  const zero: Readonly<Record<string, unknown>> = Object.fromEntries(entries.map(([name, { type }]) => [name, type.zero]))
  return {
    zero: zero as A,
    read: (value) => {
      if (!isObject(value)) return mismatch("no object")
      const read: Record<string, unknown> = { ...zero }
      for (const [key, one] of Object.entries(value)) {
        const name = byName.has(key) ? key : key.toLowerCase()
        const type = byName.get(name)
        if (type !== undefined && (one !== null || type === anything)) read[name] = type.read(one)
      }
      return read as A
    },
    write: (value) => {
      const values = { ...zero, ...value } as Readonly<Record<string, unknown>>
      const written = entries
        .filter(([name, { isOmittedWhenEmpty, type }]) => !(isOmittedWhenEmpty && type.isEmpty(values[name])))
        .map(([name, { type }]) => `${quote(name)}:${type.write(values[name])}`)
      return `{${written.join()}}`
    },
    isEmpty: () => false,
  }
}

/** A pointer to a struct. */
export const pointerTo = <A>(type: GoType<A>): GoType<A | null> => ({
  zero: null,
  read: type.read,
  write: (value) => (value === null ? "null" : type.write(value)),
  isEmpty: (value) => value === null,
})

/** What Go makes of a whole document: `null` leaves everything zero. */
export const decode = <A>(type: GoType<A>, value: unknown): A | undefined => {
  try {
    return value === null ? type.zero : type.read(value)
  } catch (error) {
    if (error instanceof Mismatch) return undefined
    throw error
  }
}
