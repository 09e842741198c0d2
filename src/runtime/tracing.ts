/**
 * Spans: how long what a node does took, and what it was a part of, for operators who collect them (OpenTelemetry). They say what
 * was done and never about what: no ids, no texts, no secrets. Without a collector nothing is wrapped, so nothing is paid.
 */
import { Effect } from "effect"

/** The same effect, as a span of this name, or as it is. */
export type Spanned = <A, E>(name: string, work: Effect.Effect<A, E>) => Effect.Effect<A, E>

export const untraced: Spanned = (_, work) => work
export const traced: Spanned = (name, work) => work.pipe(Effect.withSpan(name, {}, { captureStackTrace: false }))

/** A service each of whose effects is a span, `prefix.member`; what is no effect stays as it is. */
export const tracedService = <S extends object>(prefix: string, service: S): S =>
  Object.fromEntries(Object.entries(service).map(([name, member]) => [name, tracedMember(`${prefix}.${name}`, member)])) as S

const tracedMember = (name: string, member: unknown): unknown => {
  const spanned = (result: unknown) => (Effect.isEffect(result) ? traced(name, result as Effect.Effect<unknown, unknown>) : result)
  return typeof member === "function"
    ? (...asked: ReadonlyArray<unknown>) => spanned((member as (...asked: ReadonlyArray<unknown>) => unknown)(...asked))
    : spanned(member)
}
