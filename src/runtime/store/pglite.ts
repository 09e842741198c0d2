/**
 * The embedded PostgreSQL: PGlite in a thread of its own, reached by the same driver as a server, through in-process
 * connections.
 *
 * PGlite does not guard its directory: a second process on it destroys what the first acknowledged. Whoever opens one
 * holds the data directory's lock.
 */
import { Duplex } from "node:stream"
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import { PgClient } from "@effect/sql-pg"
import { Effect, type Layer, type Scope } from "effect"
import { StoreFailed } from "../ports.ts"
import type { FromWorker, ToWorker, WorkerInput } from "./pglite-messages.ts"
import { upkeep } from "./pglite-upkeep.ts"
import { failedAt } from "./sql-failure.ts"

/** Connections at once. They share one backend; more than one lets a statement queue while another is answered. */
const connections = 4
/** The database's last checkpoint on closing; then its thread is ended. Nothing that was answered is lost either way. */
const closePatienceMs = 10_000

/** A driver on the embedded database in this directory, or, without one, in memory. Closed with the scope. */
export const EmbeddedClient = (directory: string | undefined): Layer.Layer<PgClient.PgClient, StoreFailed> =>
  PgClient.layerFrom(
    Effect.gen(function* () {
      const worker = yield* openWorker(directory)
      const sql = yield* PgClient.make({
        stream: () => connect(worker),
        username: "postgres",
        database: "postgres",
        minConnections: connections,
        maxConnections: connections,
      }).pipe(Effect.mapError((error) => failedAt("open", error)))
      yield* Effect.forkScoped(upkeep(sql))
      return sql
    }),
  )

const openWorker = (directory: string | undefined): Effect.Effect<Worker, StoreFailed, Scope.Scope> =>
  Effect.acquireRelease(startWorker(directory), closeWorker)

const startWorker = (directory: string | undefined): Effect.Effect<Worker, StoreFailed> =>
  Effect.callback<Worker, StoreFailed>((resume) => {
    const input: WorkerInput = { directory }
    const worker = new Worker(new URL("./pglite-worker.ts", import.meta.url), { workerData: input })
    const fail = (reason: string) => {
      void worker.terminate()
      resume(Effect.fail(new StoreFailed({ operation: "open", reason: `the embedded database does not open: ${reason}` })))
    }
    worker.once("message", (message: FromWorker) => {
      if (message.type === "ready") {
        worker.removeAllListeners("error").removeAllListeners("exit")
        // Its end reaches every connection by "exit"; unheard, an error would end the process.
        worker.on("error", () => {})
        worker.setMaxListeners(0)
        resume(Effect.succeed(worker))
      } else fail(message.type === "failed" ? message.reason : "it closed")
    })
    worker.once("error", (error: Error) => fail(error.message))
    worker.once("exit", () => fail("its thread ended"))
    return Effect.promise(() => worker.terminate())
  })

const closeWorker = (worker: Worker): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    worker.once("exit", () => resume(Effect.void))
    const message: ToWorker = { type: "close" }
    worker.postMessage(message)
  }).pipe(Effect.timeoutOption(closePatienceMs), Effect.andThen(Effect.promise(() => worker.terminate())), Effect.asVoid)

/** One connection: the driver's end of it. */
const connect = (worker: Worker): Duplex => {
  const { port1, port2 } = new MessageChannel()
  const message: ToWorker = { type: "connect", port: port2 }
  worker.postMessage(message, [port2])
  return new PortStream(port1, worker)
}

/** A message port as a byte stream. Answers are bounded by what was asked, so reading needs no brake. */
class PortStream extends Duplex {
  readonly #port: MessagePort
  readonly #ended: () => void
  readonly #worker: Worker

  constructor(port: MessagePort, worker: Worker) {
    super()
    this.#port = port
    this.#worker = worker
    this.#ended = () => void this.destroy(new Error("the embedded database has ended"))
    worker.once("exit", this.#ended)
    port.on("message", (bytes: Uint8Array) => this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)))
    port.on("close", () => this.push(null))
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#port.postMessage(new Uint8Array(chunk))
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#port.close()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#worker.off("exit", this.#ended)
    this.#port.close()
    done(error)
  }
}
