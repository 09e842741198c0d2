/** Praises itself and its fellows, and blames the honest, in one's own name and in others': of what is held nothing may suffer. */
import { announceAttestation } from "../../protocol/gossip/announcement.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { secondsOf } from "../../protocol/time.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

export const lieInAttestations: LiarKind = {
  name: "attestations",
  lie: "attests of others what it did not see",
  begin: (stage, liar) =>
    again(stage, liar, 500, 10_000, () => {
      const { hand, machine, origin, random } = liar
      const subject = idOf("registry", random.pick(stage.world.machines).key)
      if (subject === origin.registryId) return
      const at = secondsOf(machine.clock.currentTimeMillisUnsafe())
      const [valid, invalid] = random.pick([
        [1_000_000_000, 0],
        [0, 1_000_000_000],
      ] as const)
      const observation = {
        subject,
        period: at - random.below(100),
        valid,
        invalid,
        answers: valid,
        uptime: 1_000,
        layers: ["proof", "dns", "tls"] as const,
      }
      const said = announceAttestation(origin, observation, at)
      // in the name of another its signature does not hold
      const another = random.pick(stage.world.machines)
      const inTheirName = { ...said.document, origin_public_key: another.key, registry_id: idOf("registry", another.key) }
      hand.say(random.isTrue(0.5) ? gossipOf(said) : gossipOf({ ...said, document: inTheirName }))
    }),
}
