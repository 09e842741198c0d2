/**
 * The thread in which the embedded database runs, so that a long query never holds up the node: PGlite is PostgreSQL
 * compiled to WebAssembly and works on whatever thread calls it.
 *
 * It ends with the process, however that ends. What was answered is in the operating system's hands by then.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import type { PGlite } from "@electric-sql/pglite"
import { openDatabase } from "./pglite-directory.ts"
import type { FromWorker, ToWorker, WorkerInput } from "./pglite-messages.ts"
import { type Execute, makeSessions } from "./pglite-sessions.ts"

const { directory } = workerData as WorkerInput
const main = parentPort!
const tell = (message: FromWorker) => main.postMessage(message)

const start = async (): Promise<void> => {
  const database = await openDatabase(directory)
  const sessions = makeSessions(executorOf(database))
  main.on("message", (message: ToWorker) => {
    if (message.type === "connect") serve(sessions, message.port)
    else void close(database, sessions)
  })
  tell({ type: "ready" })
}

/** PGlite's own parser would keep every answer for ever; the callback takes the bytes past it. */
const executorOf =
  (database: PGlite): Execute =>
  (messages) => {
    const answers: Array<Uint8Array> = []
    // Synchronous as far as we need it. A rejection means that the backend itself broke (what a statement does wrong is in
    // the answer): then this thread ends, every connection ends with it, and the files are as after a crash.
    database
      .execProtocolRawStream(messages, { syncToFs: false, onRawData: (bytes) => void answers.push(bytes.slice()) })
      .catch((error: unknown) => end(error))
    return answers.length === 1 ? answers[0]! : Buffer.concat(answers)
  }

const serve = (sessions: ReturnType<typeof makeSessions>, port: MessagePort): void => {
  const session = sessions.open({
    reply: (bytes) => port.postMessage(new Uint8Array(bytes)),
    ended: () => port.close(),
  })
  port.on("message", (bytes: Uint8Array) => session.take(bytes))
  port.on("close", () => session.drop())
}

const close = async (database: PGlite, sessions: ReturnType<typeof makeSessions>): Promise<void> => {
  sessions.closeAll()
  await database.close()
  tell({ type: "closed" })
  main.close()
}

const end = (error: unknown): void => {
  tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

start().catch(end)
