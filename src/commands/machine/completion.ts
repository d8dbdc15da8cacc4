/** `pickbench completion`: a script that makes a shell complete commands, flags and their values. */
import { defineCommand, type RegisteredCommand } from "../shared/command.js";
import type { CommandDescription } from "../shared/describe.js";
import { print } from "../shared/print.js";

const shells = ["bash", "zsh", "fish"] as const;

/** @param describeCommands what there is to complete */
export const completionOf = (describeCommands: () => Promise<CommandDescription[]>): RegisteredCommand =>
  defineCommand({
    usage: "<shell>",
    options: (argv) =>
      argv
        .positional("shell", { choices: shells, demandOption: true, describe: "the shell to complete in" })
        .example('eval "$($0 completion bash)"', "in ~/.bashrc")
        .example('eval "$($0 completion zsh)"', "in ~/.zshrc, after compinit")
        .example("$0 completion fish > ~/.config/fish/completions/pickbench.fish", "once, for fish"),
    run: async ({ shell }) => {
      const { completionScript } = await import("../shared/completionScript.js");
      print("stdout", completionScript(shell, await describeCommands()).trimEnd());
    },
  });
