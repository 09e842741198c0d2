/** In which dialect a node was understood at an address (`protocol/mesh/pin.ts`); NULL for the pages'. */
import { quoted } from "../statements.ts"

export const pinDialects = (schema: string): ReadonlyArray<string> => [`ALTER TABLE ${quoted(schema)}.peer_pins ADD COLUMN dialect TEXT`]
