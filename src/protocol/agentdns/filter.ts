/**
 * What stands in the filters of deployed nodes: whole lower-case words of every entity that they hold, the category and each
 * tag. Lower-casing is theirs, character by character: no final sigma, and a dotted I is an i.
 */
import type { IndexedEntity } from "../search/entity.ts"

/** As that node splits: ASCII letters, digits, `-` and `_`, two of them at least. */
export const wordsOf = (text: string): ReadonlyArray<string> => (text.match(/[A-Za-z0-9_-]{2,}/g) ?? []).map((word) => word.toLowerCase())

export const lower = (text: string): string => (isAscii.test(text) ? text.toLowerCase() : Array.from(text, lowerOne).join(""))

const isAscii = /^[\0-\x7f]*$/
/** The first of what it becomes: JavaScript knows two characters for a dotted I. */
const lowerOne = (character: string): string => String.fromCodePoint(character.toLowerCase().codePointAt(0)!)

/** The category also where it is empty. */
export const filterItemsOf = ({
  category,
  name,
  summary,
  tags,
}: Pick<IndexedEntity, "name" | "summary" | "category" | "tags">): ReadonlyArray<string> => [
  ...wordsOf(`${name} ${summary}`),
  lower(category),
  ...tags.map(lower),
]
