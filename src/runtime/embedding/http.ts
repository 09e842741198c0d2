/**
 * Vectors from a server: OpenAI's `/v1/embeddings`, Ollama's `/api/embed` and `/api/embeddings`, and what speaks like them.
 *
 *     POST {"model", "input": [text …]}
 *     ──►  {"data": [{"index", "embedding"}]}  ·  {"embeddings": [[…]]}  ·  {"embedding": […]}
 *
 * The operator chose the server, but what it answers is bounded in size and time and read like anybody's.
 */
import { Effect, Redacted, Schema } from "effect"
import { embeddingPatienceMs } from "../../protocol/limits.ts"
import { type Embedder, EmbedderFailed } from "../embedder.ts"

export interface HttpEmbedderSettings {
  readonly endpoint: string
  readonly model: string
  readonly dimensions: number
  /** Sent as a bearer token. */
  readonly key?: Redacted.Redacted
  readonly patienceMs?: number
}

const Numbers = Schema.Array(Schema.Finite)
const Answer = Schema.Union([
  Schema.Struct({ data: Schema.Array(Schema.Struct({ index: Schema.optionalKey(Schema.Int), embedding: Numbers })) }),
  Schema.Struct({ embeddings: Schema.Array(Numbers) }),
  Schema.Struct({ embedding: Numbers }),
])
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))

/** Of a number as JSON, with its comma; and of all that stands around the numbers. */
const numberBytesMax = 32
const otherBytesMax = 64 * 1024

export const httpEmbedder = ({ dimensions, endpoint, key, model, patienceMs = embeddingPatienceMs }: HttpEmbedderSettings): Embedder => {
  const ask = async (texts: ReadonlyArray<string>, signal: AbortSignal): Promise<ReadonlyArray<Float32Array>> => {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${Redacted.value(key)}` }) },
      body: JSON.stringify({ model, input: texts }),
      redirect: "error",
      signal,
    })
    if (!response.ok) {
      await response.body?.cancel()
      throw new EmbedderFailed({ reason: `it answered with status ${response.status}` })
    }
    const text = await boundedText(response, texts.length * dimensions * numberBytesMax + otherBytesMax)
    const answer = decode(text)
    if (answer._tag === "None") throw new EmbedderFailed({ reason: "its answer is not one of embeddings" })
    const vectors = vectorsIn(answer.value)
    if (vectors.length !== texts.length)
      throw new EmbedderFailed({ reason: `it answered ${vectors.length} vectors for ${texts.length} texts` })
    const wrong = vectors.find((vector) => vector.length !== dimensions)
    if (wrong !== undefined) throw new EmbedderFailed({ reason: `its vectors have ${wrong.length} components instead of ${dimensions}` })
    return vectors.map((vector) => Float32Array.from(vector))
  }
  return {
    dimensions,
    embed: (texts) =>
      Effect.tryPromise({
        try: (signal) => ask(texts, signal),
        catch: (error) => (error instanceof EmbedderFailed ? error : new EmbedderFailed({ reason: reasonOf(error) })),
      }).pipe(
        Effect.timeoutOrElse({
          duration: patienceMs,
          orElse: () => Effect.fail(new EmbedderFailed({ reason: `no answer in ${patienceMs} ms` })),
        }),
      ),
  }
}

const vectorsIn = (answer: typeof Answer.Type): ReadonlyArray<ReadonlyArray<number>> => {
  if ("embeddings" in answer) return answer.embeddings
  if ("embedding" in answer) return [answer.embedding]
  return answer.data
    .map(({ embedding, index }, i) => ({ embedding, at: index ?? i }))
    .sort((a, b) => a.at - b.at)
    .map(({ embedding }) => embedding)
}

const boundedText = async (response: Response, bytesMax: number): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > bytesMax) throw new EmbedderFailed({ reason: `its answer is larger than ${bytesMax} bytes` })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/** `fetch` hides why behind a `TypeError`. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? ((cause as { readonly code?: string }).code ?? cause.message) : "unknown"
}
