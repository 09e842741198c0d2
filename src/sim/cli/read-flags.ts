/** Flags of a command that runs no single scenario. */

export type Flags<F extends string> = { readonly [K in F]?: string }

/** Flags with a value each, or the sentence that says what is wrong. */
export const readFlags = <F extends string>(argv: ReadonlyArray<string>, known: ReadonlyArray<F>): Flags<F> | string => {
  const read: { [K in F]?: string } = {}
  for (let i = 0; i < argv.length; i += 2) {
    const flag = known.find((one) => one === argv[i])
    if (flag === undefined) return `there is no flag ${argv[i]}; there are ${known.join(" ")}`
    const value = argv[i + 1]
    if (value === undefined) return `${flag} needs a value`
    read[flag] = value
  }
  return read
}

/** A whole number in a range, or nothing. */
export const wholeNumber = (text: string, least: number, most: number): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined
