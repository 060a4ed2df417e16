// API keys in VS Code's secret storage, for the environment of engines. They are never logged or shown.
import * as vscode from 'vscode';

const PREFIX = 'oe.apiKey.';

/** The variables that engines read, and whose they are. Tools do not inherit them (docs/design.md, Trust). */
const KEYS = [
  { variable: 'ANTHROPIC_API_KEY', label: 'Anthropic', description: 'agents, skills, Claude Code' },
  { variable: 'OPENAI_API_KEY', label: 'OpenAI', description: 'agents and skills with --llm openai, Codex' },
  { variable: 'GEMINI_API_KEY', label: 'Google', description: 'Gemini' },
] as const;

type Key = (typeof KEYS)[number];

/** The stored keys, by variable; none in an untrusted workspace, where nothing runs. */
export async function keyEnvironment(secrets: vscode.SecretStorage): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  if (!vscode.workspace.isTrusted) return environment;
  for (const { variable } of KEYS) {
    const key = await secrets.get(PREFIX + variable);
    if (key !== undefined) environment[variable] = key;
  }
  return environment;
}

/** Calls `changed` when a key was stored or removed, in this window or another. */
export function onKeysChanged(secrets: vscode.SecretStorage, changed: () => void): vscode.Disposable {
  return secrets.onDidChange(({ key }) => {
    if (key.startsWith(PREFIX)) changed();
  });
}

/** Asks for a key and stores it. */
export async function setApiKey(secrets: vscode.SecretStorage): Promise<void> {
  const picked = await pickKey(KEYS, 'Whose API key?');
  if (picked === undefined) return;
  const key = await vscode.window.showInputBox({
    title: `${picked.label} API key`,
    prompt: `Kept in VS Code's secret storage; engines get it as ${picked.variable}, tools do not.`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/^\S+$/.test(text.trim()) ? undefined : 'Paste the whole key, without spaces.'),
  });
  if (key === undefined) return;
  await secrets.store(PREFIX + picked.variable, key.trim());
  void vscode.window.showInformationMessage(`${picked.label} API key saved. Runs started from now on use it.`);
}

/** Removes a stored key. */
export async function removeApiKey(secrets: vscode.SecretStorage): Promise<void> {
  const stored: Key[] = [];
  for (const key of KEYS) if ((await secrets.get(PREFIX + key.variable)) !== undefined) stored.push(key);
  if (stored.length === 0) {
    void vscode.window.showInformationMessage('No API key is stored. Set one with "oe: Set API key".');
    return;
  }
  const picked = await pickKey(stored, 'Which API key should be removed?');
  if (picked === undefined) return;
  await secrets.delete(PREFIX + picked.variable);
  void vscode.window.showInformationMessage(`${picked.label} API key removed.`);
}

async function pickKey(keys: readonly Key[], placeHolder: string): Promise<Key | undefined> {
  const items = keys.map((key) => ({ label: key.label, description: key.description, detail: key.variable, key }));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.key;
}
