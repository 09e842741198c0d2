/**
 * Vectors from a model in this process: `tokenizer.json` and `model.onnx` of a local directory, as sentence transformers are
 * published (bge-small-en-v1.5, all-MiniLM-L6-v2). Nothing is downloaded.
 *
 * `onnxruntime-node` is the operator's to install (an optional peer: it weighs 290 MB). A model that answers a vector for each
 * token is pooled as its `1_Pooling/config.json` says: by the first token (bge) or by the mean.
 */
import { createRequire } from "node:module"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Tokenizer } from "@huggingface/tokenizers"
import { Effect } from "effect"
import { embeddedTokensMax } from "../../protocol/limits.ts"
import { type Embedder, EmbedderFailed } from "../embedder.ts"

export interface OnnxEmbedderSettings {
  readonly modelDirectory: string
  /** Where the runtime is, when it is not installed beside us: the package's directory. */
  readonly runtime?: string
}

/** As much of onnxruntime-node as this needs. */
interface Runtime {
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: ReadonlyArray<number>) => object
  readonly InferenceSession: { readonly create: (file: string, options: object) => Promise<Session> }
}
interface Session {
  readonly inputNames: ReadonlyArray<string>
  readonly outputNames: ReadonlyArray<string>
  readonly run: (inputs: Record<string, object>) => Promise<Record<string, Output>>
}
interface Output {
  readonly data: Float32Array
  readonly dims: ReadonlyArray<number>
}

export const onnxEmbedder = (settings: OnnxEmbedderSettings): Effect.Effect<Embedder, EmbedderFailed> =>
  Effect.tryPromise({
    try: async (): Promise<Embedder> => {
      const directory = resolve(settings.modelDirectory)
      const runtime = runtimeOf(settings.runtime)
      const tokenizer = tokenizerIn(directory)
      const session = await runtime.InferenceSession.create(join(directory, "model.onnx"), { graphOptimizationLevel: "all" })
      const isFirst = poolsByFirst(directory)
      const vectors = (texts: ReadonlyArray<string>) =>
        run(
          runtime,
          session,
          texts.map((text) => tokensOf(tokenizer, text)),
          isFirst,
        )
      // What the model's vectors are like only an answer tells.
      const [probe] = await vectors(["a text"])
      return {
        dimensions: probe!.length,
        embed: (texts) => (texts.length === 0 ? Effect.succeed([]) : Effect.tryPromise({ try: () => vectors(texts), catch: asFailed })),
      }
    },
    catch: asFailed,
  })

const asFailed = (error: unknown): EmbedderFailed =>
  error instanceof EmbedderFailed
    ? error
    : new EmbedderFailed({ reason: error instanceof Error ? error.message.split("\n")[0]! : "unknown" })

const runtimeOf = (directory: string | undefined): Runtime => {
  const name = directory === undefined ? "onnxruntime-node" : resolve(directory)
  try {
    return createRequire(import.meta.url)(name) as Runtime
  } catch {
    throw new EmbedderFailed({ reason: `${name} cannot be loaded; ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node installs it` })
  }
}

const jsonIn = (file: string): object => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as object
  } catch {
    throw new EmbedderFailed({ reason: `${file} cannot be read as JSON` })
  }
}

const tokenizerIn = (directory: string): Tokenizer => {
  const settings = join(directory, "tokenizer_config.json")
  return new Tokenizer(jsonIn(join(directory, "tokenizer.json")), existsSync(settings) ? jsonIn(settings) : {})
}

const poolsByFirst = (directory: string): boolean => {
  const file = join(directory, "1_Pooling", "config.json")
  return existsSync(file) && (jsonIn(file) as { readonly pooling_mode_cls_token?: unknown }).pooling_mode_cls_token === true
}

/** The last one ends the text for the model, so it is kept where the text is cut. */
const tokensOf = (tokenizer: Tokenizer, text: string): ReadonlyArray<number> => {
  const { ids } = tokenizer.encode(text)
  return ids.length <= embeddedTokensMax ? ids : [...ids.slice(0, embeddedTokensMax - 1), ids.at(-1)!]
}

const run = async (
  { Tensor }: Runtime,
  session: Session,
  texts: ReadonlyArray<ReadonlyArray<number>>,
  isFirst: boolean,
): Promise<ReadonlyArray<Float32Array>> => {
  const width = Math.max(1, ...texts.map((tokens) => tokens.length))
  const tensor = (at: (tokens: ReadonlyArray<number>, i: number) => number) =>
    new Tensor(
      "int64",
      BigInt64Array.from({ length: texts.length * width }, (_, i) => BigInt(at(texts[Math.floor(i / width)]!, i % width))),
      [texts.length, width],
    )
  const inputs: Record<string, () => object> = {
    input_ids: () => tensor((tokens, i) => tokens[i] ?? 0),
    attention_mask: () => tensor((tokens, i) => (i < tokens.length ? 1 : 0)),
    token_type_ids: () => tensor(() => 0),
  }
  const strange = session.inputNames.find((name) => inputs[name] === undefined)
  if (strange !== undefined) throw new EmbedderFailed({ reason: `the model wants ${strange}, which texts do not have` })
  const answer = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]!()])))
  const { data, dims } = answer["sentence_embedding"] ?? answer[session.outputNames[0]!]!
  const dimensions = dims.at(-1)!
  return texts.map((tokens, n) =>
    dims.length === 2
      ? data.slice(n * dimensions, (n + 1) * dimensions)
      : pooled(data.subarray(n * width * dimensions), isFirst ? 1 : tokens.length, dimensions),
  )
}

/** The mean of the first `count` rows. */
const pooled = (rows: Float32Array, count: number, dimensions: number): Float32Array => {
  const sum = new Float32Array(dimensions)
  for (let row = 0; row < count; row++) for (let i = 0; i < dimensions; i++) sum[i]! += rows[row * dimensions + i]! / count
  return sum
}
