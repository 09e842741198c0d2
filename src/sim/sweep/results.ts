/** What a sweep found: a row a run, kept in a file that only grows, so that a sweep goes on where it was stopped. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import type { GridRun, Point } from "./grid.ts"

export interface Row {
  readonly key: string
  readonly commit: string
  readonly scenario: string
  readonly seed: number
  readonly point: Point
  /** `gossip.p99Ms` and the like; numbers only. */
  readonly figures: Readonly<Record<string, number>>
  /** Invariants that failed, each once; `crash`; or why there is no result. */
  readonly failed: ReadonlyArray<string>
}

/** Rows of earlier runs; a line that was cut off when its writer was stopped is left out. */
export const readRows = (file: string): ReadonlyArray<Row> => {
  if (!existsSync(file)) return []
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Row]
      } catch {
        return []
      }
    })
}

export const appendRow = (file: string, row: Row): void => {
  mkdirSync(dirname(file), { recursive: true })
  const isCutOff = existsSync(file) && !readFileSync(file, "utf8").endsWith("\n") && readFileSync(file, "utf8") !== ""
  appendFileSync(file, `${isCutOff ? "\n" : ""}${JSON.stringify(row)}\n`)
}

/** Rows of these runs, in their order; and the runs that have none yet. */
export const split = (
  runs: ReadonlyArray<GridRun>,
  rows: ReadonlyArray<Row>,
): { readonly done: ReadonlyArray<Row>; readonly left: ReadonlyArray<GridRun> } => {
  const byKey = new Map(rows.map((row) => [row.key, row]))
  return { done: runs.flatMap(({ key }) => byKey.get(key) ?? []), left: runs.filter(({ key }) => !byKey.has(key)) }
}

/** Numbers of a JSON of a run, by path; what is no figure of it is left out. */
export const figuresOf = (json: object, path = ""): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(json).flatMap(([name, value]: [string, unknown]) => {
      const at = path === "" ? name : `${path}.${name}`
      if (typeof value === "number") return [[at, value] as const]
      if (typeof value === "boolean") return [[at, value ? 1 : 0] as const]
      return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(figuresOf(value, at)) : []
    }),
  )

/** One table: a row a run, every column of one type, as any reader of tables takes it. */
export const csvOf = (rows: ReadonlyArray<Row>): string => {
  const parameters = namesIn(rows.map(({ point }) => point))
  const figures = namesIn(rows.map((row) => row.figures))
  const cell = (value: number | string | undefined): string => {
    const text = value === undefined ? "" : String(value)
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const header = ["commit", "scenario", "seed", ...parameters, ...figures, "violations", "failed"]
  const lines = rows.map(({ commit, failed, figures: found, point, scenario, seed }) => [
    commit,
    scenario,
    seed,
    ...parameters.map((name) => point[name]),
    ...figures.map((name) => found[name]),
    failed.length,
    failed.join("; "),
  ])
  return [header, ...lines].map((line) => `${line.map(cell).join(",")}\n`).join("")
}

const namesIn = (records: ReadonlyArray<Readonly<Record<string, unknown>>>): ReadonlyArray<string> => [
  ...new Set(records.flatMap((record) => Object.keys(record))),
]

/** A point over its seeds. */
export interface Summary {
  readonly point: Point
  readonly runs: number
  readonly failedRuns: number
  readonly mean: Readonly<Record<string, number>>
  readonly least: Readonly<Record<string, number>>
  readonly most: Readonly<Record<string, number>>
}

export const summariesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Summary> =>
  [...Map.groupBy(rows, ({ point }) => JSON.stringify(point)).values()].map((group) => {
    const over = (reckon: (values: ReadonlyArray<number>) => number) =>
      Object.fromEntries(
        namesIn(group.map(({ figures }) => figures)).map((name) => [name, reckon(group.flatMap(({ figures }) => figures[name] ?? []))]),
      )
    return {
      point: group[0]!.point,
      runs: group.length,
      failedRuns: group.filter(({ failed }) => failed.length > 0).length,
      mean: over((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
      least: over((values) => Math.min(...values)),
      most: over((values) => Math.max(...values)),
    }
  })

/** A figure that shall be small, or large (`+` in front of its name). */
export interface Objective {
  readonly figure: string
  readonly isMore: boolean
}

export const readObjective = (text: string): Objective => ({ figure: text.replace(/^[+-]/, ""), isMore: text.startsWith("+") })

/** Points that no other beats in all objectives at once (Pareto). One where a run failed, or a figure is missing, is none of them. */
export const paretoOf = (summaries: ReadonlyArray<Summary>, objectives: ReadonlyArray<Objective>): ReadonlySet<Summary> => {
  const costs = ({ mean }: Summary) => objectives.map(({ figure, isMore }) => (isMore ? -1 : 1) * (mean[figure] ?? Number.NaN))
  const able = summaries.filter((one) => one.failedRuns === 0 && costs(one).every((cost) => !Number.isNaN(cost)))
  const beats = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
    a.every((cost, i) => cost <= b[i]!) && a.some((cost, i) => cost < b[i]!)
  return new Set(able.filter((one) => !able.some((other) => beats(costs(other), costs(one)))))
}
