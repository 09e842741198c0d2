/**
 * The files of a database that is new: what `initdb` makes, which takes seconds, or what it made the last time.
 *
 * Every new database of one PGlite has the same files, so they are kept packed in this installation's cache, a few hundred
 * kilobytes beside the packages that made them. Without the cache everything works, only later.
 */
import { mkdirSync, readFileSync, renameSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { deserialize, serialize } from "node:v8"
import { constants, zstdCompress, zstdDecompress } from "node:zlib"
import { PGlite } from "@electric-sql/pglite"

/** Contents by path below the database's directory; a path that ends with a slash is a directory. */
export type Files = ReadonlyMap<string, Uint8Array>

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.resolve("@electric-sql/pglite")), "utf8")) as {
  readonly version: string
}
const cache = join(import.meta.dirname, "..", "..", "..", "node_modules", ".cache", "agentdns")
const packed = join(cache, `postgres-${version}.zst`)

/** The files of a new database, and whether they had to be made. */
export const newDatabaseFiles = async (): Promise<{ readonly files: Files; readonly areNew: boolean }> => {
  const files = await kept()
  return files === undefined ? { files: await made(), areNew: true } : { files, areNew: false }
}

/** `undefined` when there are none, or none that can be read. */
const kept = async (): Promise<Files | undefined> => {
  try {
    const files: unknown = deserialize(await promisify(zstdDecompress)(await readFile(packed)))
    return files instanceof Map && files.has("PG_VERSION") ? (files as Files) : undefined
  } catch {
    return undefined
  }
}

const made = async (): Promise<Files> => {
  const scratch = await PGlite.create()
  const files = new Map<string, Uint8Array>()
  collect(scratch, PGlite.paths.PGDATA, "", files)
  await scratch.close()
  return files
}

const collect = (database: PGlite, from: string, to: string, files: Map<string, Uint8Array>): void => {
  const system = database.Module.FS
  for (const name of system.readdir(from) as ReadonlyArray<string>) {
    if (name === "." || name === "..") continue
    const { mode } = system.stat(`${from}/${name}`)
    if (system.isDir(mode)) {
      files.set(`${to}${name}/`, new Uint8Array(0))
      collect(database, `${from}/${name}`, `${to}${name}/`, files)
    } else files.set(`${to}${name}`, system.readFile(`${from}/${name}`))
  }
}

/** Keeps them for the next new database. An installation that cannot be written to does without. */
export const keep = async (files: Files): Promise<void> => {
  try {
    const bytes = await promisify(zstdCompress)(serialize(files), {
      // Three databases that differ in a few pages: a window over all of them stores one.
      params: { [constants.ZSTD_c_enableLongDistanceMatching]: 1, [constants.ZSTD_c_windowLog]: 26 },
    })
    const unfinished = `${packed}.${process.pid}`
    mkdirSync(cache, { recursive: true })
    await writeFile(unfinished, bytes)
    renameSync(unfinished, packed)
  } catch {
    // Nothing depends on it.
  }
}
