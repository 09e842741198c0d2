/**
 * Ed25519 in threads of their own: one for what clients wait for, their signatures verified and ours made, one for what gossip
 * brings (`thread-verifier.ts`), so that neither waits for the other. The node's thread hands over what has come up while the
 * other was busy, and a message between them carries many: one by one, in libuv's pool, each would cost the node's thread nearly
 * as much as the signature does.
 *
 * A thread starts when a node is made, or with the first thing asked of it. What is asked before it is ready is done here, and
 * should it ever end, what it owed and all that follows, too.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import type { Signature } from "../../protocol/identity/key.ts"
import type { SignatureCheck } from "../ports.ts"
import { sign, verify } from "./ed25519.ts"

/** Asked of the thread: which is the first of these that does not hold? Or: sign this with key number `by`. */
type Task =
  | { readonly checks: ReadonlyArray<SignatureCheck> }
  | { readonly text: string; readonly by: number }
  /** This is the key with that number, however often it is said. */
  | { readonly key: SecretKey; readonly by: number }

type Answer = number | Signature | undefined

interface Waiting {
  readonly task: Task
  readonly done: (answer: Answer) => void
}

/** Tasks of one message at most: a few milliseconds, so that nobody waits for a crowd. */
const tasksAtOnce = 24
/** Messages that the thread has at most: one to work at, and one to go on with at once. */
const messagesAtOnce = 2

const performer = () => {
  const keys: Array<SecretKey> = []
  return (task: Task): Answer => {
    if ("key" in task) return void (keys[task.by] = task.key)
    if ("text" in task) return sign(keys[task.by]!, task.text)
    return task.checks.findIndex(({ key, message, signature }) => !verify(key, message, signature))
  }
}

const threadMark = "agentdns signatures"
const ready = "ready"

export const startThread = (): Worker => new Worker(new URL(import.meta.url), { workerData: threadMark })

/** `start`: another way to come by a thread, for tests. */
export const makeThread = (start: () => Worker = startThread) => {
  /** There is one once it is ready: until then, and when it is gone, signatures are made and looked at here. */
  let worker: Worker | undefined
  let hasBegun = false
  const here = performer()
  const keys: Array<SecretKey> = []
  const waiting: Array<Waiting> = []
  /** What the thread has, message by message; it answers in that order. */
  const underWay: Array<ReadonlyArray<Waiting>> = []
  let isComing = false

  const send = (): void => {
    isComing = false
    if (!hasBegun && waiting.length > 0) begin()
    if (worker === undefined) for (const { done, task } of waiting.splice(0)) done(here(task))
    else while (underWay.length < messagesAtOnce && waiting.length > 0) give(worker, waiting.splice(0, tasksAtOnce))
  }

  const give = (thread: Worker, tasks: ReadonlyArray<Waiting>): void => {
    underWay.push(tasks)
    thread.ref()
    thread.postMessage(tasks.map(({ task }) => task))
  }

  const begin = (): void => {
    hasBegun = true
    const thread = start()
    thread.on("message", (answers: ReadonlyArray<Answer> | typeof ready) => {
      if (answers === ready) {
        worker = thread
        // an empty message would be answered as if it were the next one
        if (keys.length > 0) {
          give(
            thread,
            keys.map((key, by) => ({ task: { key, by }, done: () => {} })),
          )
        }
        return
      }
      const answered = underWay.shift()!
      if (underWay.length === 0) thread.unref()
      answered.forEach(({ done }, i) => done(answers[i]))
      send()
    })
    const ended = () => {
      worker = undefined
      const owed = underWay.splice(0).flat()
      for (const { done, task } of owed) if (!("key" in task)) done(here(task))
      send()
    }
    thread.once("error", ended)
    thread.once("exit", ended)
    // last, for whoever listens to it holds it: one that is never asked must not keep the process
    thread.unref()
  }

  const ask = (task: Task, done: (answer: Answer) => void): void => {
    waiting.push({ task, done })
    if (isComing) return
    isComing = true
    // in a moment: what else comes up in this turn goes along
    setImmediate(send)
  }

  return {
    /** Somebody is about to ask. */
    warm: (): void => {
      if (!hasBegun) begin()
    },
    /** The index of the first that does not hold, -1 where all do: none is looked at after it. */
    firstBroken: (checks: ReadonlyArray<SignatureCheck>, done: (index: number) => void) =>
      ask({ checks: checks.map(portable) }, (answer) => done(answer as number)),
    /** What this key signs. The key itself is shared with the thread, not copied. */
    signerOf: (key: SecretKey) => {
      let by: number | undefined
      return (text: string, done: (signature: Signature) => void) => {
        if (by === undefined) {
          by = keys.push(key) - 1
          here({ key, by })
          if (worker !== undefined) ask({ key, by }, () => {})
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
export const clientsThread = makeThread()
export const gossipThread = makeThread()

if (!isMainThread && workerData === threadMark) {
  const perform = performer()
  parentPort!.on("message", (tasks: ReadonlyArray<Task>) => parentPort!.postMessage(tasks.map(perform)))
  parentPort!.postMessage(ready)
}
