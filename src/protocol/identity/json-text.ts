/**
 * Reads JSON that comes from outside: `JSON.parse`, but the same on every node.
 *
 * Node 24's own may misread the name of a member that is spelled with an escape: once it has seen a name that ends in a
 * backslash, it can take `"\""` or `"\u0061"` for it (nodejs/node#63785). What a document says would then depend on what
 * was read before, and a peer could choose that. So no such spelling ever reaches it: names are spelled out first, and a
 * name that cannot be spelled without an escape (one with a quote, a backslash or a control character) is refused.
 */
import type { Json } from "./canonical-json.ts"

/** The value, or `undefined` when the text is no JSON, or one of the above. */
export const readJson = (text: string): Json | undefined => {
  try {
    const spelledOut = text.includes("\\") ? spellOut(text) : text
    return spelledOut === undefined ? undefined : (JSON.parse(spelledOut) as Json)
  } catch {
    return undefined
  }
}

/** May this be the name of a member? */
export const isPlainName = (name: string): boolean => !suspicious.test(name) || !needsEscape(name)

const suspicious = /["\\\u0000-\u001f\ud800-\udfff]/
const needsEscape = (name: string): boolean => JSON.stringify(name).includes("\\")

/** The same JSON without escapes in names; `undefined` when a name needs one. Throws on a string that is none. */
const spellOut = (text: string): string | undefined => {
  let written = ""
  let copied = 0
  let backslash = text.indexOf("\\")
  for (let open = text.indexOf('"'); open >= 0;) {
    const close = endOfString(text, open)
    if (backslash >= 0 && backslash < open) backslash = text.indexOf("\\", open)
    if (backslash >= 0 && backslash < close && isName(text, close)) {
      const name = JSON.parse(text.slice(open, close + 1)) as string
      if (needsEscape(name)) return undefined
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
