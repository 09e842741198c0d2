/** Flags of one command, taken out before the rest is read as those of a run. */

/** The value of a flag, and all that is left; of the same flag twice the first. */
export const takeFlag = (argv: ReadonlyArray<string>, flag: string): readonly [value: string | undefined, rest: ReadonlyArray<string>] => {
  const at = argv.indexOf(flag)
  return at < 0 ? [undefined, argv] : [argv[at + 1], [...argv.slice(0, at), ...argv.slice(at + 2)]]
}

/** The same for one that may be given several times. */
export const takeFlags = (
  argv: ReadonlyArray<string>,
  flag: string,
): readonly [values: ReadonlyArray<string>, rest: ReadonlyArray<string>] => {
  const [value, rest] = takeFlag(argv, flag)
  if (value === undefined) return [[], rest]
  const [values, last] = takeFlags(rest, flag)
  return [[value, ...values], last]
}
