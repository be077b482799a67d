// Starts `lrdsl lsp` and lets the editor speak to it.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const [command, ...args] = workspace.getConfiguration("lrdsl").get("command");
  const languages = ["lrs", "yaml", "toml", "json", "python"];
  const documentSelector = languages.map((language) => ({ scheme: "file", language }));
  client = new LanguageClient("lrdsl", "lrdsl", { command, args }, { documentSelector });
  return client.start();
};

exports.deactivate = () => client && client.stop();
