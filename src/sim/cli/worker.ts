/** One worker process of a pool: performs jobs, one after the other, until its parent lets go of it. */
import "effect/schema/SchemaJITCompiler/enable"
import { useFastSignatures } from "./fast-signatures.ts"
import { type Job, perform } from "./jobs.ts"

useFastSignatures()

process.on("message", (job: Job) => {
  // what it throws ends the process, which is an answer
  void perform(job).then((answer) => process.send!(answer))
})
process.on("disconnect", () => process.exit(0))
