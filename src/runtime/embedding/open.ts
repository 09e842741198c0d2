/** The search that an operator's settings describe: synonyms read, models loaded, servers known. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { readSynonyms, synonymsDefault } from "../../protocol/search/synonyms.ts"
import type { Settings } from "../config/settings.ts"
import { type Embedder, EmbedderFailed } from "../embedder.ts"
import { searchSettingsDefault, type SearchSettings } from "../search-settings.ts"
import { httpEmbedder } from "./http.ts"
import { onnxEmbedder } from "./onnx.ts"
import { usearchIndex } from "./usearch.ts"

/** `say` is told what goes on, `warn` what is wrong with a file but does not end the start. */
export const searchSettings = (
  settings: Settings,
  say: (sentence: string) => void,
  warn: (sentence: string) => void,
): Effect.Effect<SearchSettings, EmbedderFailed> =>
  Effect.gen(function* () {
    const embedder = yield* embedderOf(settings)
    const vectorIndex =
      embedder === undefined || settings["search.vector_index"] === "exact" ? undefined : yield* usearchIndex(embedder.dimensions)
    const floor = settings["search.min_similarity"]
    return {
      ...searchSettingsDefault,
      ranking:
        settings["search.ranking.method"] === "rrf"
          ? { method: "rrf" as const }
          : {
              method: "weighted" as const,
              weights: {
                text: settings["search.ranking.text_relevance_weight"],
                semantic: settings["search.ranking.semantic_similarity_weight"],
                trust: settings["search.ranking.trust_weight"],
                freshness: settings["search.ranking.freshness_weight"],
                availability: settings["search.ranking.availability_weight"],
              },
            },
      synonyms: synonymsIn(settings["search.synonyms_file"], warn),
      ...(embedder !== undefined && { embedder }),
      ...(vectorIndex !== undefined && { vectorIndex }),
      ...(floor !== undefined && { floor }),
      minScore: settings["search.min_score"],
      resultsDefault: settings["search.default_max_results"],
      peersMax: settings["search.max_federated_peers"],
      patienceMs: settings["search.federated_timeout_ms"],
      say,
    }
  })

const embedderOf = (settings: Settings): Effect.Effect<Embedder | undefined, EmbedderFailed> => {
  const model = settings["search.embedding_model"]
  switch (settings["search.embedding_backend"]) {
    case "hash":
      return Effect.succeed(undefined)
    case "http": {
      const endpoint = settings["search.embedding_endpoint"]
      const key = settings["search.embedding_api_key"]
      return endpoint === undefined
        ? Effect.fail(new EmbedderFailed({ reason: "the http backend needs [search] embedding_endpoint" }))
        : Effect.succeed(
            httpEmbedder({
              endpoint,
              model,
              dimensions: settings["search.embedding_dimensions"],
              ...(key !== undefined && { key }),
            }),
          )
    }
    case "onnx": {
      const directory = settings["search.embedding_model_dir"]
      const runtime = settings["search.onnx_runtime_path"]
      if (directory === undefined) return Effect.fail(new EmbedderFailed({ reason: "the onnx backend needs [search] embedding_model_dir" }))
      const ofModel = join(directory, model)
      return onnxEmbedder({
        modelDirectory: existsSync(join(ofModel, "tokenizer.json")) ? ofModel : directory,
        ...(runtime !== undefined && { runtime }),
      })
    }
  }
}

const synonymsIn = (file: string | undefined, warn: (sentence: string) => void) => {
  if (file === undefined) return synonymsDefault
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    warn(`the synonyms in ${file} cannot be read; the built-in ones are used`)
    return synonymsDefault
  }
  const { synonyms, wrongLines } = readSynonyms(text)
  for (const line of wrongLines) warn(`${file} line ${line} is no rule: "word => other, other" or "word, other" is expected`)
  return synonyms
}
