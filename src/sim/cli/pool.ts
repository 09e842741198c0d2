/**
 * A pool of worker processes (`worker.ts`), one a core: each has one job at a time. One that dies, or takes longer than it may,
 * is an answer like any other, and another takes its place.
 */
import { type ChildProcess, fork } from "node:child_process"
import { availableParallelism } from "node:os"
import type { AnswerOf, Job } from "./jobs.ts"
import { processWith } from "./with-limits.ts"

/** Why there is no answer. */
export interface Died {
  readonly died: string
}

export interface PoolOptions {
  readonly workers?: number
  /** Milliseconds that a job may take. */
  readonly patienceMs?: number
}

export const coresHere = availableParallelism()

type JobOf<T extends Job["type"]> = Extract<Job, { readonly type: T }>

/** Performs all jobs, in this order as far as they begin; `done` hears of each as it ends. */
export const performAll = <T extends Job["type"]>(
  jobs: Iterable<JobOf<T>>,
  done: (job: JobOf<T>, answer: AnswerOf[T] | Died) => void,
  { workers = coresHere, patienceMs = 600_000 }: PoolOptions = {},
): Promise<void> => {
  const iterator = jobs[Symbol.iterator]()
  const work = async (): Promise<void> => {
    const hand = makeHand(patienceMs)
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) done(next.value, await hand.perform<T>(next.value))
    hand.release()
  }
  return Promise.all(Array.from({ length: workers }, work)).then(() => undefined)
}

/** One worker process, started when there is something to do, and again when it died or the next job needs other limits. */
export const makeHand = (patienceMs = 600_000) => {
  let child: ChildProcess | undefined
  let childLimits = ""
  const release = () => {
    child?.disconnect()
    child = undefined
  }
  return {
    release,
    perform: async <T extends Job["type"]>(job: JobOf<T>): Promise<AnswerOf[T] | Died> => {
      const limits = ("limits" in job ? job.limits : undefined) ?? {}
      if (childLimits !== JSON.stringify(limits)) release()
      childLimits = JSON.stringify(limits)
      const { env, execArgv } = processWith(limits)
      child ??= fork(new URL("./worker.ts", import.meta.url), { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [...execArgv], env })
      const answer = await ask<AnswerOf[T]>(child, job, patienceMs)
      if (hasDied(answer)) child = undefined
      return answer
    },
  }
}

export const hasDied = (answer: object): answer is Died => "died" in answer

const ask = <A extends object>(child: ChildProcess, job: Job, patienceMs: number): Promise<A | Died> =>
  new Promise((resolve) => {
    let said = ""
    const hear = (text: Buffer) => (said = (said + text.toString()).slice(-2_000))
    const end = (answer: A | Died) => {
      clearTimeout(timer)
      child.removeAllListeners("message").removeAllListeners("exit")
      child.stderr?.off("data", hear)
      resolve(answer)
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL")
      end({ died: `it took longer than ${patienceMs / 1_000} s` })
    }, patienceMs)
    child.stderr?.on("data", hear)
    child.once("message", (answer: A) => end(answer))
    child.once("exit", (code, signal) => end({ died: `its process ended with ${signal ?? code}: ${said.trim()}` }))
    child.send(job)
  })
