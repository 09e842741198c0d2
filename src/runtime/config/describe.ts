/** The table of settings in words: for `--help`, and as Markdown for the operator's page. */
import { inFileAs, isInFile, meshListen, type SettingName, settingNames, settingOf, variablesOf } from "./settings.ts"

export interface Description {
  /** `--listen HOST:PORT`; for a setting without a flag of its own, nothing. */
  readonly flag: string | undefined
  readonly variable: string
  /** `[server] listen`; nothing for what is not in the file. */
  readonly key: string | undefined
  readonly fallback: string
  readonly doc: string
  readonly hasEffect: boolean
}

/** All settings in the table's order; host and port of the mesh stand together where they are given together. */
export const descriptions = (): ReadonlyArray<Description> =>
  settingNames.flatMap((name) => (name === "mesh.listen_host" ? [ofMeshListen, describe(name)] : [describe(name)]))

const ofMeshListen: Description = {
  flag: `--${meshListen.flag} ${meshListen.kind.shape}`,
  variable: meshListen.variable,
  key: undefined,
  fallback: meshListen.fallback,
  doc: meshListen.doc,
  hasEffect: true,
}

const describe = (name: SettingName): Description => {
  const { doc, fallback, flag, kind, withoutEffect } = settingOf(name)
  return {
    flag: flag === undefined ? undefined : `--${flag} ${kind.shape}`,
    variable: variablesOf(name)[0]!,
    key: isInFile(name) ? inFileAs(name) : undefined,
    fallback: fallback === undefined || fallback === null ? "" : kind.write(fallback),
    doc,
    hasEffect: withoutEffect === undefined,
  }
}

/** Those that have an effect, as a Markdown table. */
export const asMarkdown = (): string => {
  const code = (text: string | undefined) => (text === undefined || text === "" ? "–" : `\`${text.replaceAll("|", "\\|")}\``)
  const rows = descriptions()
    .filter(({ hasEffect }) => hasEffect)
    .map(({ doc, fallback, flag, key, variable }) => `| ${doc} | ${code(flag)} | ${code(variable)} | ${code(key)} | ${code(fallback)} |`)
  return ["| What | Flag | Variable | File | Default |", "| --- | --- | --- | --- | --- |", ...rows].join("\n")
}
