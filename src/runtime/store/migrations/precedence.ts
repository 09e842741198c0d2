/** Which of two words of one second is the later (`protocol/records/slots.ts`): what deployed nodes say may need it. */
import { quoted } from "../statements.ts"

export const precedence = (schema: string): ReadonlyArray<string> => [
  `ALTER TABLE ${quoted(schema)}.announcements ADD COLUMN precedence SMALLINT NOT NULL DEFAULT 0`,
]
