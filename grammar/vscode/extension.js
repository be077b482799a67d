// Starts `lrdsl lsp` and lets the editor speak to it.
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const [command, ...args] = workspace.getConfiguration("lrdsl").get("command");
  const languages = ["lrs", "yaml", "toml", "json", "python"];
  const documentSelector = languages.map((language) => ({ scheme: "file", language }));
  client = new LanguageClient("lrdsl", "lrdsl", { command, args }, { documentSelector });
  try {
    await client.start();
  } catch (error) {
    const settings = "Open settings";
    const why = `lrdsl: \`${[command, ...args].join(" ")}\` does not start (${error.message ?? error}). Install lrdsl with its extra \`lsp\`, or say where it is in lrdsl.command.`;
    if ((await window.showErrorMessage(why, settings)) === settings) {
      commands.executeCommand("workbench.action.openSettings", "lrdsl.command");
    }
  }
};

exports.deactivate = () => client && client.isRunning() && client.stop();
