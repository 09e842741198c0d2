import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Redacted } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { httpEmbedder } from "../../../src/runtime/embedding/http.ts"

let server: Server | undefined
afterEach(() => server?.closeAllConnections())

/** What the server was asked, and an embedder that asks it. */
const serving = async (answer: (texts: ReadonlyArray<string>) => unknown, status = 200) => {
  const asked: Array<{ readonly body: unknown; readonly authorization: string | undefined }> = []
  const listener: RequestListener = (request, response) => {
    let text = ""
    request.on("data", (chunk: Buffer) => (text += chunk.toString()))
    request.on("end", () => {
      const body = JSON.parse(text) as { readonly input: ReadonlyArray<string> }
      asked.push({ body, authorization: request.headers.authorization })
      const said = answer(body.input)
      if (said !== undefined) response.writeHead(status).end(typeof said === "string" ? said : JSON.stringify(said))
    })
  }
  const listening = createServer(listener)
  server = listening
  await new Promise<void>((ready) => listening.listen(0, "127.0.0.1", ready))
  const endpoint = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/embeddings`
  return { asked, embedder: httpEmbedder({ endpoint, model: "m", dimensions: 2, key: Redacted.make("secret"), patienceMs: 200 }) }
}
const vectorOf = (text: string) => [text.length, 0.5]

describe("dialects", () => {
  it.each<readonly [string, (texts: ReadonlyArray<string>) => unknown]>([
    ["OpenAI", (texts) => ({ data: texts.map((text, index) => ({ index, embedding: vectorOf(text) })).reverse(), usage: {} })],
    ["without indices", (texts) => ({ data: texts.map((text) => ({ embedding: vectorOf(text) })) })],
    ["Ollama", (texts) => ({ model: "m", embeddings: texts.map(vectorOf) })],
  ])("%s", async (_, answer) => {
    const { asked, embedder } = await serving(answer)
    const vectors = await Effect.runPromise(embedder.embed(["a", "four"]))
    expect(vectors.map((vector) => [...vector])).toEqual([vectorOf("a"), vectorOf("four")])
    expect(asked).toEqual([{ body: { model: "m", input: ["a", "four"] }, authorization: "Bearer secret" }])
  })

  it("one text, one vector", async () => {
    const { embedder } = await serving(([text]) => ({ embedding: vectorOf(text!) }))
    expect((await Effect.runPromise(embedder.embed(["one"]))).map((vector) => [...vector])).toEqual([[3, 0.5]])
  })
})

describe("what goes wrong is a failure that says why, without the key", () => {
  const reasonOf = async (answer: (texts: ReadonlyArray<string>) => unknown, status = 200) => {
    const { embedder } = await serving(answer, status)
    const failure = await Effect.runPromise(Effect.flip(embedder.embed(["one", "two"])))
    expect(failure.reason).not.toContain("secret")
    return failure.reason
  }
  it.each<readonly [string, (texts: ReadonlyArray<string>) => unknown, string]>([
    ["not JSON", () => "<html>", "its answer is not one of embeddings"],
    ["other JSON", () => ({ error: "no model" }), "its answer is not one of embeddings"],
    ["text for numbers", () => ({ embeddings: [["1", "2"]] }), "its answer is not one of embeddings"],
    ["too few", () => ({ embeddings: [[1, 2]] }), "it answered 1 vectors for 2 texts"],
    [
      "other dimensions",
      () => ({
        embeddings: [
          [1, 2, 3],
          [1, 2, 3],
        ],
      }),
      "its vectors have 3 components instead of 2",
    ],
    ["too large", () => " ".repeat(200_000), "its answer is larger than 65664 bytes"],
    ["silence", () => undefined, "no answer in 200 ms"],
  ])("%s", async (_, answer, reason) => expect(await reasonOf(answer)).toBe(reason))

  it("a status", async () => expect(await reasonOf(() => ({}), 503)).toBe("it answered with status 503"))

  it("nobody there", async () => {
    const { embedder } = await serving(() => ({}))
    server!.closeAllConnections()
    await new Promise((closed) => server!.close(closed))
    expect((await Effect.runPromise(Effect.flip(embedder.embed(["x"])))).reason).toBe("ECONNREFUSED")
  })
})
