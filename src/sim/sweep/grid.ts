/** A grid of parameters over seeds: which runs it is made of. A parameter is a flag of a run, or a number of `protocol/limits.ts`. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { isLimit } from "../arguments.ts"

/** What a grid is given as: a file (TOML or JSON), or flags of the same meaning. */
export const Grid = Schema.Struct({
  scenario: Schema.String,
  seeds: Schema.String,
  /** Of all runs alike. */
  flags: Schema.optional(Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String]))),
  grid: Schema.Record(Schema.String, Schema.Array(Schema.Union([Schema.Finite, Schema.String]))),
})
export type Grid = typeof Grid.Type

/** One of the combinations. */
export type Point = Readonly<Record<string, number | string>>

export interface GridRun {
  /** What tells it from all others of any sweep. */
  readonly key: string
  readonly scenario: string
  readonly seed: number
  readonly point: Point
  /** As on the command line, without the scenario. */
  readonly argv: ReadonlyArray<string>
}

const runsMax = 1_000_000

/** Every combination, the last parameter changing first. */
export const pointsOf = ({ grid }: Pick<Grid, "grid">): ReadonlyArray<Point> =>
  Object.entries(grid).reduce<ReadonlyArray<Point>>(
    (points, [name, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  )

/** Runs of a grid, those of one point together. `commit`: what another commit found is another result. */
export const runsOf = (grid: Grid, seeds: ReadonlyArray<number>, commit: string): ReadonlyArray<GridRun> => {
  const points = pointsOf(grid)
  if (points.length * seeds.length > runsMax) throw new Error(`a grid has at most ${runsMax} runs`)
  return points.flatMap((point) => {
    const argv = argvOf({ ...grid.flags, ...point })
    return seeds.map((seed) => {
      const key = createHash("sha256")
        .update(JSON.stringify([commit, grid.scenario, argv, seed]))
        .digest("hex")
        .slice(0, 24)
      return { key, scenario: grid.scenario, seed, point, argv: [...argv, "--seed", String(seed)] }
    })
  })
}

const argvOf = (settings: Point): ReadonlyArray<string> => {
  const entries = Object.entries(settings)
  const numbers = entries.filter(([name]) => isLimit(name)).map(([name, value]) => `${name}=${value}`)
  const flags = entries.filter(([name]) => !isLimit(name)).flatMap(([name, value]) => [`--${name}`, String(value)])
  return numbers.length === 0 ? flags : [...flags, "--limits", numbers.join(",")]
}
