/**
 * Looks whether a peer's domain speaks for its key, soon after it connected and then now and again (registry page, "fetch
 * this once during the verification handshake"; ruled: it never keeps a handshake waiting).
 *
 *     waiting ──a little later──► inspecting ──peer.inspected, nothing against it──► resting
 *                                   │    ▲                                              │
 *                                   │    └────────────────── much later ────────────────┘
 *                                   └──peer.inspected, another key──► refuted
 */
import { assign, setup } from "xstate"
import type { VerifiedLayer } from "../protocol/gossip/kinds/attestation.ts"
import { inspectionDelayMs, inspectionPeriodMs, inspectionRetryMs } from "../protocol/limits.ts"
import { writeAddress } from "../protocol/mesh/address.ts"
import type { Member } from "../protocol/mesh/roster.ts"
import { commands, type Outcome } from "./command.ts"
import type { Happening } from "./happening.ts"

export interface InspectorInput {
  readonly member: Member
  /** The operator gave this key. */
  readonly isConfigured: boolean
}

export type InspectorEvent = Extract<Outcome, { readonly type: "peer.inspected" }>

export interface InspectorContext extends InspectorInput {
  /** What was verified of it the last time. */
  readonly layers: ReadonlyArray<VerifiedLayer>
}

export const inspector = setup({
  types: { input: {} as InspectorInput, context: {} as InspectorContext, events: {} as InspectorEvent },
  actions: {
    ...commands("inspect", "report", "tell"),
    learn: assign((_, { layers }: { readonly layers: ReadonlyArray<VerifiedLayer> }) => ({ layers })),
  },
  guards: { isRefuted: (_, { contradiction }: InspectorEvent) => contradiction !== undefined },
  delays: { delay: inspectionDelayMs, period: ({ context }) => (context.layers.length === 0 ? inspectionRetryMs : inspectionPeriodMs) },
}).createMachine({
  id: "inspector",
  context: ({ input }) => ({ ...input, layers: [] }),
  initial: "waiting",
  states: {
    waiting: { after: { delay: "inspecting" } },
    inspecting: {
      entry: { type: "inspect", params: ({ context }) => question(context) },
      on: {
        "peer.inspected": [
          {
            guard: { type: "isRefuted", params: ({ event }) => event },
            target: "refuted",
            actions: [
              { type: "report", params: ({ context, event }) => ({ happening: refutation(context, event) }) },
              {
                type: "tell",
                params: ({ context }) => ({ to: "node", event: { type: "peer.misbehaved", link: context.member.link } }),
              },
            ],
          },
          { target: "resting", actions: { type: "learn", params: ({ event }) => event } },
        ],
      },
    },
    resting: { after: { period: "inspecting" } },
    refuted: { type: "final" },
  },
})

/** A caller's own address says nothing of where it was reached. */
const question = ({ isConfigured, member: { address, direction, publicKey, registryId } }: InspectorContext) => ({
  registryId,
  publicKey,
  isConfigured,
  dialled: direction === "out" ? address?.host : undefined,
})

const refutation = ({ member }: InspectorContext, { contradiction }: InspectorEvent): Happening => ({
  type: "key.contradicted",
  address: member.address === undefined ? member.registryId : writeAddress(member.address),
  met: member.publicKey,
  ...contradiction!,
})
