/**
 * The embedded database's directory: made whole or not at all, and written through to the disk.
 *
 * A new database is written aside, file by file, and then moved into place: a start that is cut short leaves nothing that
 * looks like a database.
 */
import { existsSync, fsyncSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { type Files, keep, newDatabaseFiles } from "./pglite-template.ts"

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
  const { areNew, files } = await newDatabaseFiles()
  await writeOut(files, unfinished)
  rmSync(path, { recursive: true, force: true })
  renameSync(unfinished, path)
  if (areNew) void keep(files)
}

/** Resolves when every file has reached the disk. */
const writeOut = async (files: Files, directory: string): Promise<void> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const writing: Array<Promise<void>> = []
  for (const [name, bytes] of files) {
    if (name.endsWith("/")) mkdirSync(join(directory, name), { mode: 0o700 })
    else writing.push(writeFile(join(directory, name), bytes, { mode: 0o600, flush: true }))
  }
  await Promise.all(writing)
}

/** What is used here of Emscripten's file systems. */
interface EmscriptenModule {
  readonly FS: { readonly ErrnoError: new (errno: number) => Error }
  readonly NODEFS: {
    readonly stream_ops: Record<string, (stream: { readonly nfd: number }) => number>
    readonly convertNodeCode: (error: unknown) => number
  }
}

/** Emscripten's NODEFS has no fsync, and what has none is taken as done. A failure must reach PostgreSQL: it stops rather than go on. */
const passFsync = (database: PGlite): void => {
  const { FS, NODEFS } = database.Module as unknown as EmscriptenModule
  NODEFS.stream_ops["fsync"] = ({ nfd }) => {
    try {
      fsyncSync(nfd)
    } catch (error) {
      if (!isUnsyncable(error)) throw new FS.ErrnoError(NODEFS.convertNodeCode(error))
    }
    return 0
  }
}

/** Windows syncs no directory and nothing that was opened for reading. */
const isUnsyncable = (error: unknown): boolean =>
  process.platform === "win32" && error instanceof Error && "code" in error && error.code === "EPERM"
