/**
 * The embedded database's directory: made whole or not at all, and written through to the disk.
 *
 * A new database is initialised in memory and copied out, file by file, into a directory that then takes its place: that
 * is quicker than PGlite's own way, and a start that is cut short leaves nothing that looks like a database.
 */
import { existsSync, fsyncSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"

/** The PostgreSQL that PGlite is: it reads no other one's files. */
const majorVersion = "18"

/**
 * PGlite turns fsync off; a record is durable here when it is answered, also if the power fails. The method must be
 * plain fsync: that one reaches the file system below WebAssembly (see `passFsync`).
 */
const options = [
  "wal_sync_method=fsync",
  // Every page of it is cleared at each start; the operating system caches the files anyway.
  "shared_buffers=32MB",
  // Log files that are kept for reuse after a checkpoint: two of 16 MB.
  "min_wal_size=32MB",
]
const startParams = [...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"), ...options.flatMap((option) => ["-c", option])]

/** Opens the database in this directory, after making it if there is none; without a directory, one in memory. */
export const openDatabase = async (path: string | undefined): Promise<PGlite> => {
  if (path === undefined) return PGlite.create()
  if (!existsSync(join(path, "PG_VERSION"))) await makeDatabase(path)
  const version = readFileSync(join(path, "PG_VERSION"), "utf8").trim()
  if (version !== majorVersion) throw new Error(`${path} was written by PostgreSQL ${version}, and this is ${majorVersion}`)
  const database = await PGlite.create({ dataDir: path, startParams })
  passFsync(database)
  return database
}

const makeDatabase = async (path: string): Promise<void> => {
  if (existsSync(path) && readdirSync(path).length > 0) throw new Error(`${path} holds files, but no database`)
  const unfinished = `${path}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  const scratch = await PGlite.create()
  await Promise.all(copyOut(scratch, PGlite.paths.PGDATA, unfinished))
  rmSync(path, { recursive: true, force: true })
  renameSync(unfinished, path)
  await scratch.close()
}

/** Each promise is a file that has reached the disk. */
const copyOut = (database: PGlite, from: string, to: string): ReadonlyArray<Promise<void>> => {
  const files = database.Module.FS
  mkdirSync(to, { recursive: true, mode: 0o700 })
  return files
    .readdir(from)
    .filter((name: string) => name !== "." && name !== "..")
    .flatMap((name: string) => {
      const { mode } = files.stat(`${from}/${name}`)
      if (files.isDir(mode)) return copyOut(database, `${from}/${name}`, join(to, name))
      return writeFile(join(to, name), files.readFile(`${from}/${name}`), { mode: 0o600, flush: true })
    })
}

/** Emscripten's NODEFS has no fsync, and what has none is taken as done. */
const passFsync = (database: PGlite): void => {
  const { NODEFS } = database.Module as unknown as { readonly NODEFS: { readonly stream_ops: Record<string, unknown> } }
  NODEFS.stream_ops["fsync"] = (stream: { readonly nfd: number }): number => {
    fsyncSync(stream.nfd)
    return 0
  }
}
