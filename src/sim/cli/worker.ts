/** One worker process of a pool: performs jobs, one after the other, until its parent lets go of it. */
import "effect/schema/SchemaJITCompiler/enable"
import { type Job, perform } from "./jobs.ts"

process.on("message", (job: Job) => {
  process.send!(perform(job))
})
process.on("disconnect", () => process.exit(0))
