/** What each kind of actor is made of. */
import { ask } from "../actors/ask.ts"
import { bootstrap } from "../actors/bootstrap.ts"
import type { ActorKind } from "../actors/command.ts"
import { inspector } from "../actors/inspector.ts"
import { fanOut } from "../actors/fan-out.ts"
import { federation } from "../actors/federation.ts"
import { dht } from "../actors/dht.ts"
import { dhtLink } from "../actors/dht-link.ts"
import { dhtLookup } from "../actors/dht-lookup.ts"
import { dhtPool } from "../actors/dht-pool.ts"
import { dhtPublisher } from "../actors/dht-publisher.ts"
import { gossip } from "../actors/gossip.ts"
import { gossipSession } from "../actors/gossip-session.ts"
import { heartbeat } from "../actors/heartbeat.ts"
import { herald } from "../actors/herald.ts"
import { holdings } from "../actors/holdings.ts"
import { node } from "../actors/node.ts"
import { peer } from "../actors/peer.ts"
import { reconciler } from "../actors/reconciler.ts"
import { sweep } from "../actors/sweep.ts"
import type { Logic } from "./engine/engine.ts"

export type Cast = Readonly<Record<ActorKind, Logic>>

export const cast: Cast = {
  node,
  bootstrap,
  peer,
  gossip,
  "gossip-session": gossipSession,
  heartbeat,
  holdings,
  herald,
  reconciler,
  ask,
  federation,
  "fan-out": fanOut,
  sweep,
  inspector,
  dht,
  "dht-pool": dhtPool,
  "dht-publisher": dhtPublisher,
  "dht-lookup": dhtLookup,
  "dht-link": dhtLink,
}
