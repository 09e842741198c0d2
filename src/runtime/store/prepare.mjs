/**
 * After `npm ci`: packs the files of a new embedded database, so that the first start does not have to make them (four
 * seconds of computing). Plain JavaScript, because whatever Node runs npm may run this; where it cannot, the first start
 * does the work itself.
 */
try {
  const { keep, newDatabaseFiles } = await import("./pglite-template.ts")
  const { areNew, files } = await newDatabaseFiles()
  if (areNew) await keep(files)
} catch {
  // Nothing depends on it.
}
