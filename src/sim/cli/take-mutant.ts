/** `--mutant NAME`: a planted bug in every node, to see a failing run of it (`npm run sim -- mutants` names them). */
import { mutantNamed } from "../mutants/mutants.ts"
import type { Stage } from "../stage.ts"
import { takeFlag } from "./take-flag.ts"

/** What plants it, the other arguments, and the flag as it was given; a sentence when there is no such bug. */
export const takeMutant = (
  argv: ReadonlyArray<string>,
): readonly [watch: (stage: Stage) => void, rest: ReadonlyArray<string>, flag: string] | string => {
  const [name, rest] = takeFlag(argv, "--mutant")
  if (name === undefined) return [() => {}, rest, ""]
  const mutant = mutantNamed(name)
  return mutant === undefined ? `there is no mutant ${name}` : [mutant.plant, rest, ` --mutant "${name}"`]
}
