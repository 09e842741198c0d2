/**
 * Reads JSON that comes from outside: `JSON.parse`, but the same on every node.
 *
 * Node 24's own may misread the name of a member that is spelled with an escape: once it has seen a name that ends in a
 * backslash, it can take `"\""` or `"\u0061"` for it (nodejs/node#63785). What a document says would then depend on what
 * was read before, and a peer could choose that. So no such spelling ever reaches it: names are spelled out first, and a
 * name that cannot be spelled without an escape (one with a quote, a backslash or a control character) is refused, or, where
 * others put it under their signature, spelled in another way while the text is read.
 */
import type { Json, JsonObject } from "./canonical-json.ts"

/** The value, or `undefined` when the text is no JSON, or one of the above. */
export const readJson = (text: string): Json | undefined => {
  try {
    const spelledOut = text.includes("\\") ? spellOut(text, refused) : text
    return spelledOut === undefined ? undefined : (JSON.parse(spelledOut) as Json)
  } catch {
    return undefined
  }
}

const refused = (): undefined => undefined

/** The same with whatever names: for the deployed dialect, whose price lists name anything. They shall never reach a store. */
export const readAnyJson = (text: string): Json | undefined => {
  const plain = readJson(text)
  if (plain !== undefined || !text.includes("\\")) return plain
  // no name of this text begins with the mark, however it is spelled
  const runs = text.replaceAll(/\\ue000/gi, "\ue000").match(/\ue000+/g) ?? []
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 0)
  if (longest > markedMax) return undefined
  const mark = "\ue000".repeat(longest + 1)
  try {
    const marked = spellOut(text, (name) => mark + Buffer.from(name, "utf16le").toString("hex"))
    return marked === undefined ? undefined : withNames(JSON.parse(marked) as Json, mark)
  } catch {
    return undefined
  }
}

/** Of a character that means nothing: whoever writes more of it in a row makes every name longer, and is not read. */
const markedMax = 8

/** With the names that were spelled in another way as they are. */
const withNames = (value: Json, mark: string): Json => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return (value as ReadonlyArray<Json>).map((one) => withNames(one, mark))
  const nameOf = (name: string) => (name.startsWith(mark) ? Buffer.from(name.slice(mark.length), "hex").toString("utf16le") : name)
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, member]) => [nameOf(name), member === undefined ? member : withNames(member, mark)]),
  )
}

/** May this be the name of a member? */
export const isPlainName = (name: string): boolean => !suspicious.test(name) || !needsEscape(name)

const suspicious = /["\\\u0000-\u001f\ud800-\udfff]/
const needsEscape = (name: string): boolean => JSON.stringify(name).includes("\\")

/** The same JSON without escapes in names. `otherwise`: how one is spelled that needs one. Throws on a string that is none. */
const spellOut = (text: string, otherwise: (name: string) => string | undefined): string | undefined => {
  let written = ""
  let copied = 0
  let backslash = text.indexOf("\\")
  for (let open = text.indexOf('"'); open >= 0;) {
    const close = endOfString(text, open)
    if (backslash >= 0 && backslash < open) backslash = text.indexOf("\\", open)
    if (backslash >= 0 && backslash < close && isName(text, close)) {
      const said = JSON.parse(text.slice(open, close + 1)) as string
      const name = needsEscape(said) ? otherwise(said) : said
      if (name === undefined) return undefined
      written += `${text.slice(copied, open)}"${name}"`
      copied = close + 1
    }
    open = text.indexOf('"', close + 1)
  }
  return written + text.slice(copied)
}

/** Where the string that opens here closes; the end of the text when it does not. */
const endOfString = (text: string, open: number): number => {
  for (let close = text.indexOf('"', open + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let before = close
    while (text[before - 1] === "\\") before--
    if ((close - before) % 2 === 0) return close
  }
  return text.length
}

/** Is the string that closes here a name, which a colon follows? */
const isName = (text: string, close: number): boolean => {
  let at = close + 1
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++
  return text[at] === ":"
}
