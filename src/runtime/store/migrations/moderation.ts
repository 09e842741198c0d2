/** What the operator blocks (`protocol/moderation/blocks.ts`). */
import { quoted } from "../statements.ts"

export const moderation = (schema: string): ReadonlyArray<string> => [
  `CREATE TABLE ${quoted(schema)}.moderation_blocks (subject TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, since BIGINT NOT NULL)`,
]
