/**
 * What a benchmark is: one name of the list, one figure, and beside it the bound that nature or the machine sets, measured
 * in the same run, so that the ratio means something on any machine.
 */

/** Says what it is doing, for whoever waits. */
export type Say = (line: string) => void

export interface Figure {
  readonly value: number
  readonly unit: string
  /** The physical limit, or the peer, in the same unit. */
  readonly bound?: number
  readonly boundName?: string
}

export interface Benchmark {
  readonly name: string
  /** One sentence: what is measured, and what is part of it. */
  readonly purpose: string
  /** Why it cannot run here, if it cannot. */
  readonly missing?: () => string | undefined
  readonly measure: (say: Say) => Promise<Figure>
}

export interface Took {
  /** Milliseconds of this thread's processor time: what rates on one core are made of, whoever else uses the machine. */
  readonly ms: number
  /** Milliseconds by the clock on the wall; the same on a quiet machine. */
  readonly wallMs: number
}

/** For what computes and never waits. */
export const timed = (work: () => void): Took => {
  const startedAt = performance.now()
  const before = process.threadCpuUsage()
  work()
  const { system, user } = process.threadCpuUsage(before)
  return { ms: (user + system) / 1_000, wallMs: performance.now() - startedAt }
}

export const perSecond = (count: number, ms: number): number => (count / ms) * 1_000

/** 43210.7 → "43,211"; small numbers keep three digits. */
export const readable = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)))
