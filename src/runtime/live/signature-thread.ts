/**
 * Ed25519 in a thread of its own, for what clients wait for: their signatures verified, ours made. The node's thread hands
 * over what has come up while the other was busy, so that a message between them carries many; one by one, libuv's pool
 * (`pool-verifier.ts`) costs the node's thread nearly as much as the signature would.
 *
 * The thread starts with the first thing asked of it. Should it ever end, what it owed and all that follows is done here.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { type SecretKey, sign, verify } from "../../protocol/identity/ed25519.ts"
import type { Signature } from "../../protocol/identity/key.ts"
import type { SignatureCheck } from "../ports.ts"

/** Asked of the thread: do all of these hold? Or: sign this with key number `by`. */
type Task =
  | { readonly checks: ReadonlyArray<SignatureCheck> }
  | { readonly text: string; readonly by: number }
  /** The key with the next number. */
  | { readonly key: SecretKey }

type Answer = ReadonlyArray<boolean> | Signature | undefined

interface Waiting {
  readonly task: Task
  readonly done: (answer: Answer) => void
}

/** Tasks of one message at most: a few milliseconds, so that nobody waits for a crowd. */
const tasksAtOnce = 24

const performer = () => {
  const keys: Array<SecretKey> = []
  return (task: Task): Answer => {
    if ("key" in task) return void keys.push(task.key)
    if ("text" in task) return sign(keys[task.by]!, task.text)
    return task.checks.map(({ key, message, signature }) => verify(key, message, signature))
  }
}

const threadMark = "agentdns signatures"

const makeThread = () => {
  let worker: Worker | undefined
  /** Set when the thread is gone. */
  let here: ((task: Task) => Answer) | undefined
  const keys: Array<SecretKey> = []
  const waiting: Array<Waiting> = []
  let underWay: ReadonlyArray<Waiting> = []
  let isComing = false

  const doHere = (tasks: ReadonlyArray<Waiting>): void => {
    for (const { done, task } of tasks) done(here!(task))
  }

  const send = (): void => {
    isComing = false
    if (here !== undefined) return doHere(waiting.splice(0))
    if (underWay.length > 0 || waiting.length === 0) return
    worker ??= started()
    underWay = waiting.splice(0, tasksAtOnce)
    worker.ref()
    worker.postMessage(underWay.map(({ task }) => task))
  }

  const started = (): Worker => {
    const thread = new Worker(new URL(import.meta.url), { workerData: threadMark })
    thread.on("message", (answers: ReadonlyArray<Answer>) => {
      const answered = underWay
      underWay = []
      thread.unref()
      answered.forEach(({ done }, i) => done(answers[i]))
      send()
    })
    const ended = () => {
      if (here !== undefined) return
      here = performer()
      keys.forEach((key) => here!({ key }))
      const owed = underWay.filter(({ task }) => !("key" in task))
      underWay = []
      doHere(owed)
      send()
    }
    thread.once("error", ended)
    thread.once("exit", ended)
    return thread
  }

  const ask = (task: Task, done: (answer: Answer) => void): void => {
    waiting.push({ task, done })
    if (isComing) return
    isComing = true
    queueMicrotask(send)
  }

  return {
    verify: (checks: ReadonlyArray<SignatureCheck>, done: (holds: ReadonlyArray<boolean>) => void) =>
      ask({ checks: checks.map(portable) }, (answer) => done(answer as ReadonlyArray<boolean>)),
    /** What this key signs. The key itself is shared with the thread, not copied. */
    signerOf: (key: SecretKey) => {
      let by: number | undefined
      return (text: string, done: (signature: Signature) => void) => {
        if (by === undefined) {
          by = keys.push(key) - 1
          ask({ key }, () => {})
        }
        ask({ text, by }, (answer) => done(answer as Signature))
      }
    },
  }
}

/** A view of a pooled buffer would take the whole pool along. */
const portable = (check: SignatureCheck): SignatureCheck =>
  typeof check.message === "string" ? check : { ...check, message: Uint8Array.from(check.message) }

/** One for all nodes of this process. */
export const signatureThread = makeThread()

if (!isMainThread && workerData === threadMark) {
  const perform = performer()
  parentPort!.on("message", (tasks: ReadonlyArray<Task>) => parentPort!.postMessage(tasks.map(perform)))
}
