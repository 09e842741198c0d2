/** All benchmarks, in the order they run. The names stay: whoever compares runs finds them by name. */
import type { Benchmark } from "./benchmark.ts"
import { entityGet } from "./http/entity-get.ts"
import { searchHttp } from "./http/search-http.ts"
import { dhtLookups } from "./mesh/dht-lookups.ts"
import { dhtTable } from "./protocol/dht-table.ts"
import { ingestDuplicate } from "./mesh/gossip-ingest-duplicate.ts"
import { ingestNew } from "./mesh/gossip-ingest-new.ts"
import { simFast, simWire } from "./mesh/sim-frames.ts"
import { simIdle } from "./mesh/sim-idle.ts"
import { search100k, searchIndex, searchMemory, searchP99 } from "./search/search-100k.ts"
import { bigGet } from "./store/big-get.ts"
import { bigRestart } from "./store/big-restart.ts"
import { registerEmbedded } from "./store/register-embedded.ts"
import { registerPostgres } from "./store/register-postgres.ts"
import { trust } from "./trust/eigentrust.ts"

export const benchmarks: ReadonlyArray<Benchmark> = [
  simWire,
  simFast,
  simIdle,
  ingestNew,
  ingestDuplicate,
  entityGet,
  dhtLookups,
  dhtTable,
  registerEmbedded,
  registerPostgres,
  bigRestart,
  bigGet,
  search100k,
  searchP99,
  searchIndex,
  searchMemory,
  searchHttp,
  trust,
]
