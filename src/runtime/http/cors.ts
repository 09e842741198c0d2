/** Which pages of other origins may call (reference 1.0): one origin a response, and `Vary` where it depends on the request. */
export interface Cors {
  /** Headers of every answer to a page of this origin. */
  readonly answer: (origin: string | undefined) => Readonly<Record<string, string>>
  /** Headers of the answer to a preflight. */
  readonly preflight: (origin: string | undefined) => Readonly<Record<string, string>>
}

export const corsOf = (origins: ReadonlyArray<string>): Cors => {
  const any = { "access-control-allow-origin": "*", "access-control-expose-headers": exposed }
  const answer: Cors["answer"] = origins.includes("*")
    ? () => any
    : (origin) =>
        origin !== undefined && origins.includes(origin)
          ? { "access-control-allow-origin": origin, "access-control-expose-headers": exposed, vary: "Origin" }
          : { vary: "Origin" }
  return { answer, preflight: (origin) => ({ ...answer(origin), ...allowed }) }
}

const exposed = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"

const allowed = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Content-Type, Authorization",
  "access-control-max-age": "86400",
}
