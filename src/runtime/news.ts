/**
 * What processes of one registry tell each other beside what they write, as text: soon, and not for certain. Whoever must not
 * miss a piece of news looks in the store as well; a piece that is not understood is a newer process's, and ignored.
 */
import { Option, Schema } from "effect"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { readJson } from "../protocol/identity/json-text.ts"

export type News =
  /** The operator's blocks are others than before. */
  | { readonly type: "blocks" }
  /** A beat was counted: the same one is none any more. */
  | { readonly type: "beat"; readonly entity: string; readonly sentMs: number }
  /** What happened there, for whoever follows the activity here (`activity.ts` knows the events). */
  | { readonly type: "activity"; readonly event: string; readonly data: JsonObject }

const Piece = Schema.Union([
  Schema.Struct({ type: Schema.Literal("blocks") }),
  Schema.Struct({ type: Schema.Literal("beat"), entity: Schema.String, sentMs: Schema.Finite }),
  Schema.Struct({
    type: Schema.Literal("activity"),
    event: Schema.String,
    data: Schema.Record(Schema.String, Schema.Json),
  }),
])
const Letter = Schema.Struct({ from: Schema.String, news: Schema.Array(Schema.Unknown) })
const decodeLetter = Schema.decodeUnknownOption(Letter)
const decodePiece = Schema.decodeUnknownOption(Piece)

/** As few letters as will do, none of more than so many bytes; a piece that is longer by itself is left out. */
export const lettersOf = (from: string, news: ReadonlyArray<News>, bytesMax: number): ReadonlyArray<string> => {
  const frame = bytesOf(JSON.stringify({ from, news: [] }))
  const letters: Array<Array<string>> = []
  let left = 0
  for (const text of news.map((piece) => JSON.stringify(piece))) {
    const bytes = bytesOf(text) + 1
    if (frame + bytes > bytesMax) continue
    if (bytes > left) {
      letters.push([])
      left = bytesMax - frame
    }
    letters.at(-1)!.push(text)
    left -= bytes
  }
  return letters.map((texts) => `{"from":${JSON.stringify(from)},"news":[${texts.join(",")}]}`)
}

/** What is in a letter, but for one's own. */
export const readLetter = (letter: string, self: string): ReadonlyArray<News> => {
  const read = decodeLetter(readJson(letter))
  return Option.isNone(read) || read.value.from === self ? [] : read.value.news.flatMap((piece) => Option.toArray(decodePiece(piece)))
}

const bytesOf = (text: string): number => Buffer.byteLength(text)
