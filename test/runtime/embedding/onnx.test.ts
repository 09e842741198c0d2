/**
 * A model in this process, tried with a tiny one that is written here: each token is looked up in a table of three columns.
 *
 * The runtime is an optional peer. It is found beside us, or where AGENTDNS_TEST_ONNXRUNTIME says; else this is skipped.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { onnxEmbedder } from "../../../src/runtime/embedding/onnx.ts"

const runtime = process.env["AGENTDNS_TEST_ONNXRUNTIME"]
const isThere = (() => {
  try {
    createRequire(import.meta.url).resolve(runtime ?? "onnxruntime-node")
    return true
  } catch {
    return false
  }
})()

// ONNX is protocol buffers: fields of a number, a kind and bytes.
const varint = (value: number): ReadonlyArray<number> => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))])
const bytesOf = (part: string | ReadonlyArray<number>) => (typeof part === "string" ? [...Buffer.from(part)] : part)
const field = (number: number, part: string | ReadonlyArray<number>) => [
  ...varint(number * 8 + 2),
  ...varint(bytesOf(part).length),
  ...bytesOf(part),
]
const int = (number: number, value: number) => [...varint(number * 8), ...varint(value)]
const tensorType = (element: number, dims: ReadonlyArray<string>) =>
  field(
    2,
    field(1, [
      ...int(1, element),
      ...field(
        2,
        dims.flatMap((dim) => field(1, field(2, dim))),
      ),
    ]),
  )

const columns = 3
const words = ["[PAD]", "[UNK]", "red", "blue", "green"]
const table = words.flatMap((_, row) => Array.from({ length: columns }, (__, column) => row * 10 + column))

/** `last_hidden_state = table[input_ids]`. */
const model = Buffer.from([
  ...int(1, 8),
  ...field(7, [
    ...field(1, [...field(1, "table"), ...field(1, "input_ids"), ...field(2, "last_hidden_state"), ...field(4, "Gather")]),
    ...field(2, "tiny"),
    ...field(5, [
      ...int(1, words.length),
      ...int(1, columns),
      ...int(2, 1),
      ...field(8, "table"),
      ...field(9, [...Buffer.from(Float32Array.from(table).buffer)]),
    ]),
    ...field(11, [...field(1, "input_ids"), ...tensorType(7, ["texts", "tokens"])]),
    ...field(12, [...field(1, "last_hidden_state"), ...tensorType(1, ["texts", "tokens", "columns"])]),
  ]),
  ...field(8, [...field(1, ""), ...int(2, 17)]),
])

const tokenizer = {
  version: "1.0",
  added_tokens: [],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, i) => [word, i])),
  },
}

const directory = mkdtempSync(join(tmpdir(), "agentdns-onnx-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const opened = () => Effect.runPromise(onnxEmbedder({ modelDirectory: directory, ...(runtime !== undefined && { runtime }) }))
const reason = async () =>
  (await Effect.runPromise(Effect.flip(onnxEmbedder({ modelDirectory: directory, ...(runtime !== undefined && { runtime }) })))).reason

describe.skipIf(!isThere)("a model (skipped where onnxruntime-node is not installed)", () => {
  it("that lacks a file is refused by name", async () => {
    expect(await reason()).toContain("tokenizer.json cannot be read as JSON")
    writeFileSync(join(directory, "tokenizer.json"), JSON.stringify(tokenizer))
    expect(await reason()).toContain("model.onnx")
  })

  it("gives each text the mean of its tokens, whatever is beside it in the batch", async () => {
    writeFileSync(join(directory, "model.onnx"), model)
    const embedder = await opened()
    expect(embedder.dimensions).toBe(columns)
    const vectors = await Effect.runPromise(embedder.embed(["red", "Red blue green", "blue violet"]))
    expect(vectors.map((vector) => [...vector])).toEqual([
      [20, 21, 22],
      [30, 31, 32],
      [20, 21, 22],
    ])
    expect(await Effect.runPromise(embedder.embed([]))).toEqual([])
    const [long] = await Effect.runPromise(embedder.embed(["green ".repeat(5_000)]))
    expect(long![0]).toBeCloseTo(40, 3)
  })

  it("or its first token, when the model was made so", async () => {
    mkdirSync(join(directory, "1_Pooling"))
    writeFileSync(join(directory, "1_Pooling", "config.json"), JSON.stringify({ pooling_mode_cls_token: true }))
    const embedder = await opened()
    const vectors = await Effect.runPromise(embedder.embed(["blue green", "green"]))
    expect(vectors.map((vector) => [...vector])).toEqual([
      [30, 31, 32],
      [40, 41, 42],
    ])
  })
})

it("without the runtime the refusal says how to install it", async () => {
  const refused = await Effect.runPromise(Effect.flip(onnxEmbedder({ modelDirectory: directory, runtime: join(directory, "nowhere") })))
  expect(refused.reason).toContain("npm install onnxruntime-node")
})
