/** What the node and the embedded database's thread tell each other. */
import type { MessagePort } from "node:worker_threads"

/** Where the database's files are; none: in memory. */
export interface WorkerInput {
  readonly directory: string | undefined
}

/** `connect` hands over one end of a new connection: bytes of PostgreSQL's protocol, as `Uint8Array`s, both ways. */
export type ToWorker = { readonly type: "connect"; readonly port: MessagePort } | { readonly type: "close" }

export type FromWorker = { readonly type: "ready" } | { readonly type: "failed"; readonly reason: string } | { readonly type: "closed" }
