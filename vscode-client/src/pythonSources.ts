// Where VS Code knows of Pythons: the setting and the Python extension; and what to say when none fits.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { type Attempt, type Sources, expandSetting, noPythonText } from './pythonSelection';

const INSTALL_COMMAND = 'pip install oe-lsp';
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
 * What to choose from now. In an untrusted workspace the Python extension is not asked, since its choice may lie in
 * the folder; VS Code itself leaves out the folder's value of `oe.python` there.
 */
export async function pythonSources(): Promise<Sources> {
  return {
    setting: settingOfPython(),
    pythonExtension: vscode.workspace.isTrusted ? await choiceOfPythonExtension() : undefined,
  };
}

function settingOfPython(): string | undefined {
  const text = vscode.workspace.getConfiguration('oe').get<string>('python', '');
  return expandSetting(text, homedir(), vscode.workspace.workspaceFolders?.[0]?.uri.fsPath);
}

async function choiceOfPythonExtension(): Promise<string | undefined> {
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

/** Calls `changed` whenever a Python may be chosen anew: by the setting, or in the Python extension. */
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

/** Says once what was tried and why each did not fit, and offers what can be done about it. */
export async function reportNoPython(attempts: readonly Attempt[], output: vscode.LogOutputChannel): Promise<void> {
  const text = noPythonText(attempts);
  output.error(text);
  const select = 'Select Python';
  const copy = 'Copy install command';
  const show = 'Show output';
  switch (await vscode.window.showErrorMessage(text, select, copy, show)) {
    case select:
      await selectPython(attempts);
      break;
    case copy:
      await vscode.env.clipboard.writeText(INSTALL_COMMAND);
      break;
    case show:
      output.show();
      break;
  }
}

// Where the setting decides, choosing in the Python extension would change nothing.
async function selectPython(attempts: readonly Attempt[]): Promise<void> {
  const bySetting = attempts.some(({ candidate }) => candidate.origin === 'setting');
  if (!bySetting && vscode.workspace.isTrusted && vscode.extensions.getExtension(PYTHON_EXTENSION) !== undefined) {
    await vscode.commands.executeCommand('python.setInterpreter');
  } else {
    // In a remote window the program lies on the other machine, and so does its setting.
    const remote = vscode.env.remoteName !== undefined;
    const command = remote ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings';
    await vscode.commands.executeCommand(command, { query: 'oe.python' });
  }
}
