// The neighbour in beside.test.mjs: yaml-language-server, with the selector and the settings of Red Hat's YAML extension,
// which is not on npm.
const path = require('node:path');
const { LanguageClient, RevealOutputChannelOn, TransportKind } = require('vscode-languageclient/node');

const SERVER = path.join(__dirname, 'node_modules/yaml-language-server/out/src/server.js');

let client;

exports.activate = async () => {
  client = new LanguageClient(
    'yaml',
    'YAML Support',
    { module: SERVER, transport: TransportKind.ipc },
    {
      documentSelector: [
        { language: 'yaml' },
        { language: 'dockercompose' },
        { language: 'github-actions-workflow' },
        { pattern: '*.y(a)ml' },
      ],
      synchronize: { configurationSection: 'yaml' },
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  await client.start();
};

exports.deactivate = () => client?.stop();
