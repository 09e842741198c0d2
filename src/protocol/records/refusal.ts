/** A request that is refused: data, because it is the client's fault and not ours. */
import { Result } from "effect"

export interface Refusal {
  readonly type: "refused"
  /** `invalid_request`: it cannot be what was meant (400). `unauthorized`: a signature is not what it should be (401). */
  readonly code: "invalid_request" | "unauthorized"
  /** One sentence for the client. */
  readonly message: string
  /** The member of the request that is at fault, where there is one. */
  readonly field?: string
}

export const invalid = (message: string, field?: string): Result.Result<never, Refusal> =>
  Result.fail({ type: "refused", code: "invalid_request", message, ...(field !== undefined && { field }) })

export const unauthorized = (message: string, field?: string): Result.Result<never, Refusal> =>
  Result.fail({ type: "refused", code: "unauthorized", message, ...(field !== undefined && { field }) })
