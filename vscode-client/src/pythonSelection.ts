// Which Python runs the language server: the decision, and the probe that it rests on. Knows nothing of VS Code.
import { type ExecFileException, execFile } from 'node:child_process';

/** Where the idea to use an interpreter came from. */
export type Origin = 'setting' | 'pythonExtension' | 'path';

/** An interpreter that may fit: a path, or a name to be found on PATH. */
export interface Candidate {
  readonly command: string;
  readonly origin: Origin;
}

/** What there is to choose from; absent what does not exist or must not be asked. */
export interface Sources {
  readonly setting?: string | undefined;
  readonly pythonExtension?: string | undefined;
}

/** What a candidate said about itself, or why it could not. */
export type Verdict =
  | { readonly fits: true; readonly version: string; readonly serverVersion: string }
  | { readonly fits: false; readonly why: string };

/** A candidate that does not fit, and the reason as the end of a sentence. */
export interface Attempt {
  readonly candidate: Candidate;
  readonly why: string;
}

export type Probe = (command: string) => Promise<Verdict>;

export type Choice =
  | { readonly found: true; readonly candidate: Candidate; readonly version: string; readonly serverVersion: string }
  | { readonly found: false; readonly attempts: readonly Attempt[] };

/** Best first. A setting is an order: when there is one, nothing else is tried in its place. */
export function candidates(sources: Sources): Candidate[] {
  if (sources.setting !== undefined) return [{ command: sources.setting, origin: 'setting' }];
  const onPath: Candidate[] = ['python3', 'python'].map((command) => ({ command, origin: 'path' }));
  if (sources.pythonExtension === undefined) return onPath;
  return [{ command: sources.pythonExtension, origin: 'pythonExtension' }, ...onPath];
}

/** The first candidate that fits, or why none does. They are asked one after the other. */
export async function choosePython(inOrder: readonly Candidate[], probe: Probe): Promise<Choice> {
  const attempts: Attempt[] = [];
  for (const candidate of inOrder) {
    const verdict = await probe(candidate.command);
    if (verdict.fits) {
      return { found: true, candidate, version: verdict.version, serverVersion: verdict.serverVersion };
    }
    attempts.push({ candidate, why: verdict.why });
  }
  return { found: false, attempts };
}

// Finds the package without importing it: an import would take a second. Valid for every Python 3, so that an old one
// can say its version.
const QUESTION = `
import json, sys
from importlib import util
answer = {"version": "%d.%d.%d" % sys.version_info[:3], "server": None}
if sys.version_info >= (3, 10) and util.find_spec("oe_lsp") and util.find_spec("pygls"):
    from importlib import metadata
    try:
        answer["server"] = metadata.version("oe-lsp")
    except metadata.PackageNotFoundError:
        answer["server"] = "unpackaged"
print(json.dumps(answer))
`;
const PROBE_TIMEOUT_MS = 20_000;

/**
 * Asks an interpreter for its version and whether `oe_lsp` is importable. `cwd` must be a folder that no stranger
 * can write to: Python looks for modules there first.
 */
export function probeIn(cwd: string): Probe {
  return (command) =>
    new Promise((resolve) => {
      execFile(command, ['-c', QUESTION], { cwd, timeout: PROBE_TIMEOUT_MS }, (error, stdout, stderr) => {
        resolve(error === null ? judge(stdout) : { fits: false, why: whyItFailed(error, stderr) });
      });
    });
}

/** What the probe's one line of output means. */
export function judge(stdout: string): Verdict {
  const answer = parseAnswer(stdout);
  if (answer === undefined) return { fits: false, why: 'it does not answer like a Python 3' };
  const [major = 0, minor = 0] = answer.version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 10)) {
    return { fits: false, why: `it is Python ${answer.version}, and 3.10 or later is needed` };
  }
  if (answer.server === null) return { fits: false, why: `Python ${answer.version} without the package oe-lsp` };
  return { fits: true, version: answer.version, serverVersion: answer.server };
}

function parseAnswer(stdout: string): { version: string; server: string | null } | undefined {
  try {
    const answer = JSON.parse(stdout) as { version?: unknown; server?: unknown };
    const { version, server } = answer;
    if (typeof version !== 'string' || (server !== null && typeof server !== 'string')) return undefined;
    return { version, server };
  } catch {
    return undefined;
  }
}

function whyItFailed(error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return 'there is no such program';
  if (error.code === 'EACCES') return 'it may not be executed';
  if (error.killed) return `it did not answer within ${PROBE_TIMEOUT_MS / 1000} s`;
  const lastLine = stderr.trim().split('\n').at(-1);
  return lastLine ? `it fails with: ${lastLine}` : `it ends with code ${String(error.code)}`;
}

const ORIGINS: Record<Origin, string> = {
  setting: 'the setting oe.python',
  pythonExtension: "the Python extension's choice",
  path: 'on PATH',
};

/** One sentence: what was tried, and why each did not fit. */
export function noPythonText(attempts: readonly Attempt[]): string {
  const tried = attempts.map(({ candidate, why }) => `${candidate.command} (${ORIGINS[candidate.origin]}): ${why}`);
  return `No Python that can run the oe language server was found. Tried ${tried.join('; ')}.`;
}

/** The setting's text as a path: `~` and `${workspaceFolder}` filled in; undefined when it is empty. */
export function expandSetting(text: string, home: string, workspaceFolder: string | undefined): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const withHome = trimmed.replace(/^~(?=$|[/\\])/, () => home);
  return workspaceFolder === undefined ? withHome : withHome.replaceAll('${workspaceFolder}', () => workspaceFolder);
}
