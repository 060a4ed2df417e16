// Python interpreters that VS Code knows: the setting and the Python extension; and the error when none is suitable.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { type RejectedCandidate, type Sources, expandSetting, noPythonText } from './pythonSelection';

const PYTHON_EXTENSION = 'ms-python.python';

/** The part of the Python extension's exported API that is used here. */
interface PythonApi {
  readonly ready?: Promise<void>;
  readonly environments: {
    getActiveEnvironmentPath(): EnvironmentPath;
    resolveEnvironment(path: EnvironmentPath): Promise<Environment | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}
interface EnvironmentPath {
  readonly id: string;
  readonly path: string;
}
interface Environment {
  readonly executable: { readonly uri: vscode.Uri | undefined };
}

/**
 * The interpreters to choose from. In an untrusted workspace the Python extension is not asked, since its choice may
 * lie in the workspace; VS Code itself ignores the workspace's value of `oe.python` there.
 */
export async function pythonSources(): Promise<Sources> {
  return {
    setting: configuredPython(),
    pythonExtension: vscode.workspace.isTrusted ? await selectedInPythonExtension() : undefined,
  };
}

function configuredPython(): string | undefined {
  const text = vscode.workspace.getConfiguration('oe').get<string>('python', '');
  return expandSetting(text, homedir(), vscode.workspace.workspaceFolders?.[0]?.uri.fsPath);
}

async function selectedInPythonExtension(): Promise<string | undefined> {
  const api = await pythonApi();
  if (api === undefined) return undefined;
  const environment = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath());
  return environment?.executable.uri?.fsPath;
}

// Another extension that fails to start must not keep this one from starting.
async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>(PYTHON_EXTENSION);
  if (extension === undefined) return undefined;
  try {
    const api = await extension.activate();
    await api.ready;
    return api;
  } catch {
    return undefined;
  }
}

/** Calls `changed` when the setting or the selection in the Python extension changes. */
export function onPythonChanged(changed: () => void): vscode.Disposable {
  const subscriptions = [
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('oe.python')) changed();
    }),
  ];
  void pythonApi().then((api) => {
    if (api !== undefined) subscriptions.push(api.environments.onDidChangeActiveEnvironmentPath(changed));
  });
  return new vscode.Disposable(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });
}

/** Shows an error that lists the rejected interpreters, with buttons to fix it. */
export async function showNoPython(
  rejected: readonly RejectedCandidate[],
  output: vscode.LogOutputChannel,
  installGuide: vscode.Uri,
): Promise<void> {
  const text = noPythonText(rejected);
  output.error(text);
  const select = 'Select Python';
  const install = 'How to install';
  const showOutput = 'Show output';
  switch (await vscode.window.showErrorMessage(text, select, install, showOutput)) {
    case select:
      await selectPython(rejected);
      break;
    case install:
      await vscode.commands.executeCommand('markdown.showPreview', installGuide);
      break;
    case showOutput:
      output.show();
      break;
  }
}

// The setting overrides the Python extension: a selection there would change nothing.
async function selectPython(rejected: readonly RejectedCandidate[]): Promise<void> {
  const bySetting = rejected.some(({ candidate }) => candidate.origin === 'setting');
  if (!bySetting && vscode.workspace.isTrusted && vscode.extensions.getExtension(PYTHON_EXTENSION) !== undefined) {
    await vscode.commands.executeCommand('python.setInterpreter');
  } else {
    // In a remote window the interpreter is on the remote machine, and so is its setting.
    const remote = vscode.env.remoteName !== undefined;
    const command = remote ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings';
    await vscode.commands.executeCommand(command, { query: 'oe.python' });
  }
}
