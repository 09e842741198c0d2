/**
 * An actor without modes, only memory: for what lives at message rate (XState's `fromTransition`, at a twentieth of a
 * machine's cost). It owns its memory and may change it in place; nobody else sees it but through `say`.
 */
import type { Command } from "./command.ts"

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an engine runs reducers of any memory and event
export interface Reducer<Input = any, Memory = any, Event = any> {
  readonly id: string
  readonly begin: (input: Input) => Memory
  readonly step: (memory: Memory, event: Event, say: (command: Command) => void) => void
}
