/**
 * How long links take, one way: by a distribution, or by a matrix that somebody measured between places.
 *
 *     50                 always so many milliseconds
 *     uniform:20..80     evenly between the two
 *     log-normal:50,0.4  around a median, skewed to the right by so much: what measured networks look like
 *     FILE               a matrix: rows are places that send, columns places that receive, milliseconds; node i is at place i modulo their number
 */
import { Option, Schema } from "effect"
import type { SeededRandom } from "./dice.ts"

export type Latency =
  | { readonly kind: "uniform"; readonly leastMs: number; readonly mostMs: number }
  | { readonly kind: "log-normal"; readonly medianMs: number; readonly sigma: number }
  | { readonly kind: "matrix"; readonly file: string; readonly ms: ReadonlyArray<ReadonlyArray<number>> }

/** Of a new link between two machines, by index: one way, or there and back where that is not the same. */
export type DrawLatency = (random: SeededRandom, from: number, to: number) => number | readonly [thereMs: number, backMs: number]

export const usualLatency: Latency = { kind: "log-normal", medianMs: 50, sigma: 0.4 }

export const drawLatency = (latency: Latency): DrawLatency => {
  switch (latency.kind) {
    case "uniform":
      return (random) => random.between(latency.leastMs, latency.mostMs)
    case "log-normal":
      return (random) => random.logNormal(latency.medianMs, latency.sigma)
    case "matrix": {
      const { ms } = latency
      const at = (from: number, to: number) => ms[from % ms.length]![to % ms.length]!
      return (_, from, to) => [at(from, to), at(to, from)]
    }
  }
}

export const writeLatency = (latency: Latency): string => {
  switch (latency.kind) {
    case "uniform":
      return `uniform:${latency.leastMs}..${latency.mostMs}`
    case "log-normal":
      return `log-normal:${latency.medianMs},${latency.sigma}`
    case "matrix":
      return latency.file
  }
}

const longestMs = 60_000

/** A distribution as it is written above; `undefined` when it is none. */
export const readLatency = (text: string): Latency | undefined => {
  const uniform = /^uniform:([\d.]+)\.\.([\d.]+)$/.exec(text)
  if (uniform !== null) {
    const [leastMs, mostMs] = [Number(uniform[1]), Number(uniform[2])]
    return leastMs <= mostMs && mostMs <= longestMs ? { kind: "uniform", leastMs, mostMs } : undefined
  }
  const logNormal = /^log-normal:([\d.]+)(?:,([\d.]+))?$/.exec(text)
  if (logNormal === null) return undefined
  const [medianMs, sigma] = [Number(logNormal[1]), Number(logNormal[2] ?? usualLatency.sigma)]
  return medianMs <= longestMs && sigma <= 3 ? { kind: "log-normal", medianMs, sigma } : undefined
}

const Matrix = Schema.Array(Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: longestMs }))))
const decodeMatrix = Schema.decodeUnknownOption(Matrix)

/** A matrix as JSON, or as lines of numbers between commas, semicolons or blanks; a sentence when it is none. */
export const readMatrix = (file: string, text: string): Latency | string => {
  const rows = text.trim().startsWith("[") ? parsed(text) : linesOf(text)
  const ms = Option.getOrUndefined(decodeMatrix(rows))
  return ms === undefined || ms.length === 0 || ms.some((row) => row.length !== ms.length)
    ? `${file} is no square matrix of milliseconds`
    : { kind: "matrix", file, ms }
}

/** Lines that begin with # say something to people. */
export const linesOf = (text: string): ReadonlyArray<ReadonlyArray<number>> =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) =>
      line
        .trim()
        .split(/[\s,;]+/)
        .map(Number),
    )

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
