/** Rows of text in aligned columns, for terminals. */

/** Two spaces in front and between; the last column is not filled up. A cell too wide for its column takes a line of its own. */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>, widest = 44): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]!.length).filter((width) => width <= widest)),
  )
  return rows.map((row) => lineOf(row, widths)).join("\n")
}

const lineOf = (row: ReadonlyArray<string>, widths: ReadonlyArray<number>): string => {
  const lines = [""]
  let end = 0
  for (const [column, cell] of row.entries()) {
    const line = `${lines.pop()!.padEnd(end)}  ${cell}`
    end += 2 + widths[column]!
    lines.push(line)
    if (column < row.length - 1 && line.length > end) lines.push("")
  }
  return lines.map((line) => line.trimEnd()).join("\n")
}
