// Starts and stops one VS Code for the browser, with this extension installed and folders of its own that go away with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CODE_SERVER = join(ROOT, '.code-server/node_modules/code-server');
const VSIX = join(ROOT, 'vscode-client/oe-experience.vsix');

const QUIET = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'always',
  'telemetry.telemetryLevel': 'off',
};

/**
 * Resolves once the server listens.
 * @param {{trust: 'disabled' | 'enabled', port?: number, settings?: object, neighbours?: string[], environment?: object}} options
 *   `trust: 'disabled'` trusts every folder; `port` 0 takes any free one; `settings` are added to the user's settings;
 *   `neighbours` are .vsix files of other extensions; `environment` is added to the environment
 * @returns {Promise<{address: string, stop: (logs?: string) => Promise<void>}>} `address` ends with a slash; `logs` is a
 *   folder in which to keep what the server, the extension and the language server logged
 */
export async function startCodeServer({ trust, port = 0, settings = {}, neighbours = [], environment = {} }) {
  const home = await mkdtemp(join(tmpdir(), 'oe-code-server-'));
  const folders = ['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')];
  await writeSettings(home, { ...QUIET, ...settings });
  const extensions = [VSIX, ...neighbours].flatMap((vsix) => ['--install-extension', vsix]);
  await finished(launch(home, environment, [...folders, ...extensions]));
  const server = launch(home, environment, [
    ...folders,
    ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check'],
    '--disable-getting-started-override',
    ...(trust === 'disabled' ? ['--disable-workspace-trust'] : []),
  ]);
  return {
    address: await addressOf(server),
    stop: async (logs) => {
      await end(server.process);
      if (logs !== undefined) await cp(join(home, 'data/logs'), logs, { recursive: true });
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

// The window in the browser is a remote one: it takes where a program lies from the machine's settings, and all else
// from the user's. Both files may hold everything; what is out of place is ignored.
async function writeSettings(home, settings) {
  for (const owner of ['User', 'Machine']) {
    await mkdir(join(home, 'data', owner), { recursive: true });
    await writeFile(join(home, 'data', owner, 'settings.json'), JSON.stringify(settings, null, 2));
  }
}

function launch(home, environment, args) {
  const config = ['--config', join(home, 'config.yaml')];
  const process_ = spawn(process.execPath, [CODE_SERVER, ...config, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_CONFIG_HOME: join(home, 'xdg'), XDG_DATA_HOME: join(home, 'xdg'), ...environment },
  });
  const chunks = [];
  for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  return { process: process_, text: () => Buffer.concat(chunks).toString() };
}

async function finished({ process: process_, text }) {
  const [code] = await once(process_, 'close');
  if (code !== 0) throw new Error(`code-server ended with ${code}:\n${text()}`);
}

async function addressOf({ process: process_, text }) {
  const lines = createInterface({ input: process_.stdout });
  for await (const line of lines) {
    const found = /HTTP server listening on (http:\S+)/.exec(line);
    if (found) return new URL(found[1]).href;
  }
  throw new Error(`code-server ended before it listened:\n${text()}`);
}

// The whole group: code-server has children that would outlive it.
async function end(process_) {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const closed = once(process_, 'close');
  process.kill(-process_.pid, 'SIGTERM');
  const hard = setTimeout(() => process.kill(-process_.pid, 'SIGKILL'), 5000);
  await closed;
  clearTimeout(hard);
}
