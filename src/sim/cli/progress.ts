/** A bar on a terminal, and nothing where nobody looks. */

export const showProgress = (share: number, wallMs: number): void => {
  if (!process.stderr.isTTY) return
  const done = Math.min(1, share)
  const bar = "█".repeat(Math.round(done * 30)).padEnd(30, "░")
  process.stderr.write(`\r  ${bar} ${(done * 100).toFixed(0)} % · ${((wallMs / Math.max(done, 0.01) - wallMs) / 1_000).toFixed(0)} s left `)
}

export const showNote = (note: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K  ${note}`)
}

export const hideProgress = (): void => {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K")
}
