/** The larger array, with what is in the smaller one. */
export const grown = <A extends { readonly set: (from: A) => void }>(before: A, after: A): A => {
  after.set(before)
  return after
}
