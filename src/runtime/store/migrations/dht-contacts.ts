/** Whom the DHT knew when the node ran last, most useful first. Hearsay until they prove their keys again, and replaced as a whole. */
import { quoted } from "../statements.ts"

export const dhtContacts = (schema: string): ReadonlyArray<string> => [
  `CREATE TABLE ${quoted(schema)}.dht_contacts (place BIGINT NOT NULL, id TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL)`,
]
