/**
 * DHT messages in the dialect of the mesh page: one type `DHT`, told apart by `op`, in the page's words (STORE, FIND_VALUE,
 * FIND_NODE, PING) and those of their answers. `request` correlates the two.
 */
import { Result, Schema } from "effect"
import type { JsonObject } from "../identity/canonical-json.ts"
import { dhtBucketSize, dhtValuesPerKeyMax } from "../limits.ts"
import { hostShape } from "../mesh/address.ts"
import type { DhtKey } from "../dht/key.ts"
import type { Dht } from "./message.ts"

export const dhtText = (message: Dht): object => {
  switch (message.op) {
    case "NODES":
    case "VALUES":
      return { ...message, nodes: message.nodes.map(({ id, address: { host, port } }) => ({ id, host, port })) }
    case "PING":
    case "PONG":
    case "STORE":
    case "STORED":
    case "FIND_NODE":
    case "FIND_VALUE":
      return message
  }
}

const Request = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const Key = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
const Nodes = Schema.Array(
  Schema.Struct({
    id: Key,
    host: Schema.String.check(Schema.isPattern(hostShape)),
    port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })),
  }),
).check(Schema.isMaxLength(dhtBucketSize))
const Values = Schema.Array(Schema.Record(Schema.String, Schema.Unknown)).check(Schema.isMaxLength(dhtValuesPerKeyMax))

const Shape = Schema.Union([
  Schema.Struct({ op: Schema.Literals(["PING", "PONG"]), request: Request }),
  Schema.Struct({ op: Schema.Literal("FIND_NODE"), request: Request, target: Key }),
  Schema.Struct({ op: Schema.Literal("FIND_VALUE"), request: Request, key: Key, target: Key }),
  Schema.Struct({ op: Schema.Literal("NODES"), request: Request, nodes: Nodes }),
  Schema.Struct({ op: Schema.Literal("VALUES"), request: Request, values: Values, nodes: Nodes }),
  Schema.Struct({ op: Schema.Literal("STORE"), request: Request, key: Key, values: Values }),
  Schema.Struct({ op: Schema.Literal("STORED"), request: Request, stored: Schema.Int }),
])
const decode = Schema.decodeUnknownResult(Shape)

/** `undefined` for what is no DHT message. */
export const readDht = (value: object): Dht | undefined => {
  const decoded = decode(value)
  if (Result.isFailure(decoded)) return undefined
  const said = decoded.success
  switch (said.op) {
    case "PING":
    case "PONG":
    case "STORED":
      return { type: "DHT", ...said }
    case "FIND_NODE":
      return { type: "DHT", op: "FIND_NODE", request: said.request, target: said.target as DhtKey }
    case "FIND_VALUE":
      return { type: "DHT", op: "FIND_VALUE", request: said.request, key: said.key as DhtKey, target: said.target as DhtKey }
    case "STORE":
      return { type: "DHT", op: "STORE", request: said.request, key: said.key as DhtKey, values: said.values as ReadonlyArray<JsonObject> }
    case "NODES":
      return { type: "DHT", op: "NODES", request: said.request, nodes: contacts(said.nodes) }
    case "VALUES": {
      const values = said.values as ReadonlyArray<JsonObject>
      return { type: "DHT", op: "VALUES", request: said.request, values, nodes: contacts(said.nodes) }
    }
  }
}

const contacts = (nodes: typeof Nodes.Type) => nodes.map(({ host, id, port }) => ({ id: id as DhtKey, address: { host, port } }))
