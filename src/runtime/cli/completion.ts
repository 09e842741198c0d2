/** Scripts that complete a program's commands and flags, for the shells that people use. */

/** `undefined` for a shell that is not known. `flags` by command, of one word or two. */
export const completionScript = (program: string, shell: string, flags: ReadonlyMap<string, ReadonlyArray<string>>): string | undefined => {
  switch (shell) {
    case "bash":
      return bash(program, flags)
    case "zsh":
      // zsh runs bash's completions
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(program, flags)}`
    case "fish":
      return fish(program, flags)
    default:
      return undefined
  }
}

const always = ["completion", "help", "version"]

const firstWords = (flags: ReadonlyMap<string, unknown>): ReadonlyArray<string> => [
  ...new Set([...[...flags.keys()].map((command) => command.split(" ")[0]!), ...always]),
]

const bash = (program: string, flags: ReadonlyMap<string, ReadonlyArray<string>>): string => {
  const cases = [...flags].map(([command, own]) => `    "${command}"*) words="${own.join(" ")}" ;;`)
  const groups = Map.groupBy(
    [...flags.keys()].filter((command) => command.includes(" ")),
    (command) => command.split(" ")[0]!,
  )
  const seconds = [...groups].map(
    ([group, commands]) => `    "${group}") words="${commands.map((command) => command.split(" ")[1]).join(" ")}" ;;`,
  )
  return `# ${program} completion bash: eval "$(${program} completion bash)"
_${program}() {
  local words="" said="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$said" in
    "") words="${firstWords(flags).join(" ")}" ;;
${[...seconds, ...cases].join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${program} ${program}`
}

const fish = (program: string, flags: ReadonlyMap<string, ReadonlyArray<string>>): string =>
  [
    `# ${program} completion fish | source`,
    `complete -c ${program} -n __fish_use_subcommand -f -a "${firstWords(flags).join(" ")}"`,
    ...[...flags].flatMap(([command, own]) => {
      const [first, second] = command.split(" ")
      const condition = `__fish_seen_subcommand_from ${first}${second === undefined ? "" : `; and __fish_seen_subcommand_from ${second}`}`
      const word = second === undefined ? [] : [`complete -c ${program} -n "__fish_seen_subcommand_from ${first}" -f -a ${second}`]
      return [...word, ...own.map((flag) => `complete -c ${program} -n "${condition}" -l ${flag.replace("--", "")}`)]
    }),
  ].join("\n")
