/** Completion scripts of bash, zsh and fish, made from the command table. */
import { type ArgumentDescription, type CommandDescription, commonFlags, flagForms } from "./describe.js";

type Shell = "bash" | "zsh" | "fish";

/** Returns the script of a shell. Where neither a flag nor one of its values is wanted, files are completed. */
export function completionScript(shell: Shell, commands: readonly CommandDescription[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const everywhere = commonFlags.filter(({ isOfCommands }) => isOfCommands).map(({ name }) => `--${name}`);
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Values of the positional arguments that have a choice: verbs, shells, parts of the bench. */
const verbsOf = ({ positionals }: CommandDescription): string[] =>
  positionals.flatMap(({ choices }) => choices);

function bash(commands: readonly CommandDescription[]): string {
  const cases = commands.map((command) => {
    const { name, flags } = command;
    const forms = [...flags.flatMap(flagForms).map(({ form }) => form), ...everywhere].join(" ");
    const verbs = verbsOf(command).join(" ");
    const chosen = flags
      .filter(({ choices }) => choices.length > 0)
      .map(({ name: flag, choices }) => `${name}:--${flag}) choices=${quoted(choices.join(" "))} ;;`);
    return { words: `${name}) flags=${quoted(forms)} verbs=${quoted(verbs)} ;;`, chosen };
  });
  const first = [...commands.map(({ name }) => name), "help", ...commonFlags.map(({ name }) => `--${name}`)];
  return `# pickbench in bash: eval "$(pickbench completion bash)"
_pickbench() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} flags= verbs= choices=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(first.join(" "))} -- "$current"))
    return
  fi
  if [ "$command" = help ]; then
    COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(" "))} -- "$current"))
    return
  fi
  case "$command:\${COMP_WORDS[COMP_CWORD-1]}" in
    ${cases.flatMap(({ chosen }) => chosen).join("\n    ")}
  esac
  if [ -n "$choices" ]; then
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    return
  fi
  case "$command" in
    ${cases.map(({ words }) => words).join("\n    ")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W "$verbs" -- "$current")) ;;
  esac
}
complete -o default -F _pickbench pickbench
`;
}

function zsh(commands: readonly CommandDescription[]): string {
  const described = (text: string): string => text.replaceAll(/[[\]:\\]/g, "\\$&").replaceAll("`", "");
  const specs = (flag: ArgumentDescription): string[] => {
    const value =
      flag.choices.length > 0 ? `(${flag.choices.join(" ")})` : flag.type === "number" ? " " : "_files";
    const takes = flag.type === "yes or no" ? "" : `:${flag.name}:${value}`;
    return flagForms(flag).map(({ form, does }) => quoted(`${form}[${described(does)}]${takes}`));
  };
  const cases = commands.map((command) => {
    const verbs = verbsOf(command);
    const first = verbs.length > 0 ? [quoted(`1:what:(${verbs.join(" ")})`)] : [];
    const lines = [
      ...command.flags.flatMap(specs),
      ...everywhere.map(quoted),
      ...first,
      quoted("*:file:_files"),
    ];
    return `    ${command.name}) _arguments ${lines.join(" \\\n      ")} ;;`;
  });
  const names = commands.map(({ name, describe }) => `    ${quoted(`${name}:${described(describe)}`)}`);
  return `#compdef pickbench
# pickbench in zsh: eval "$(pickbench completion zsh)" after compinit
_pickbench() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join("\n")}
  esac
}
compdef _pickbench pickbench
`;
}

function fish(commands: readonly CommandDescription[]): string {
  const lines = commands.flatMap((command) => {
    const { name, describe, flags } = command;
    const within = `complete -c pickbench -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const verbs = verbsOf(command);
    return [
      `complete -c pickbench -n __fish_use_subcommand -f -a ${name} -d ${fishText(describe)}`,
      ...(verbs.length > 0 ? [`${within} -f -a ${fishText(verbs.join(" "))}`] : []),
      ...flags.flatMap((flag) => fishFlag(within, flag)),
    ];
  });
  const common = commonFlags.map(
    ({ name, short, describe }) =>
      `complete -c pickbench -l ${name}${short === undefined ? "" : ` -s ${short}`} -d ${fishText(describe)}`,
  );
  const all = commands.map(({ name }) => name).join(" ");
  return `# pickbench in fish: pickbench completion fish > ~/.config/fish/completions/pickbench.fish
complete -c pickbench -n __fish_use_subcommand -f -a help -d 'shows the commands, or one of them'
complete -c pickbench -n '__fish_seen_subcommand_from help' -f -a ${fishText(all)}
${[...common, ...lines].join("\n")}
`;
}

const fishText = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fishFlag(within: string, flag: ArgumentDescription): string[] {
  const value = flag.choices.length > 0 ? ` -x -a ${fishText(flag.choices.join(" "))}` : " -r";
  const takes = flag.type === "yes or no" ? "" : value;
  return flagForms(flag).map(
    ({ form, does }) => `${within} -l ${form.slice(2)}${takes} -d ${fishText(does)}`,
  );
}
