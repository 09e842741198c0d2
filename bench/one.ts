/**
 * One benchmark in this process, for `main.ts`: its figure, or why there is none, goes to the parent.
 *
 * By hand, for a profile: `node --cpu-prof bench/one.ts NAME`.
 */
import "effect/schema/SchemaJITCompiler/enable"
import type { Figure } from "./benchmark.ts"
import { benchmarks } from "./benchmarks.ts"

const name = process.argv[2]

const figure = async (): Promise<Figure | string> => {
  const benchmark = benchmarks.find((one) => one.name === name)
  return benchmark === undefined ? `there is no benchmark ${name}` : benchmark.measure((line) => console.log(`  ${line}`))
}

const answer = await figure().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
if (process.send === undefined) console.log(answer)
else process.send(answer)
process.disconnect?.()
