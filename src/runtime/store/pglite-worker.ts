/**
 * The thread in which the embedded database runs, so that a long query never holds up the node: PGlite is PostgreSQL
 * compiled to WebAssembly and works on whatever thread calls it.
 *
 * It ends with the process, however that ends. What was answered is in the operating system's hands by then.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { PGlite } from "@electric-sql/pglite"
import type { FromWorker, ToWorker, WorkerInput } from "./pglite-messages.ts"
import { type Execute, makeSessions } from "./pglite-sessions.ts"

const { directory } = workerData as WorkerInput
const main = parentPort!
const tell = (message: FromWorker) => main.postMessage(message)

const start = async (): Promise<void> => {
  const database = await open(directory)
  const sessions = makeSessions(executorOf(database))
  main.on("message", (message: ToWorker) => {
    if (message.type === "connect") serve(sessions, message.port)
    else void close(database, sessions)
  })
  tell({ type: "ready" })
}

/** A first start that was cut short left this behind, and beside it a database that nobody ever wrote to. */
const unfinishedMark = (path: string) => `${path}.unfinished`

const open = async (path: string | undefined): Promise<PGlite> => {
  if (path === undefined) return PGlite.create({ startParams })
  const mark = unfinishedMark(path)
  if (existsSync(mark)) rmSync(path, { recursive: true, force: true })
  const isNew = !existsSync(join(path, "PG_VERSION"))
  if (isNew) {
    if (existsSync(path) && readdirSync(path).length > 0) throw new Error(`${path} holds files, but no database`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(mark, "")
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }
  const database = await PGlite.create({ dataDir: path, startParams })
  rmSync(mark, { force: true })
  return database
}

const startParams = [...PGlite.defaultStartParams]

/** PGlite's own parser would keep every answer for ever; the callback takes the bytes past it. */
const executorOf = (database: PGlite): Execute => (messages) => {
  const answers: Array<Uint8Array> = []
  // Synchronous as far as we need it: the promise only tells what went wrong, and that leaves an answer without an end.
  database
    .execProtocolRawStream(messages, { syncToFs: false, onRawData: (bytes) => void answers.push(bytes.slice()) })
    .catch((error: unknown) => tell({ type: "failed", reason: reasonOf(error) }))
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

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

start().catch((error: unknown) => {
  tell({ type: "failed", reason: reasonOf(error) })
  main.close()
})
