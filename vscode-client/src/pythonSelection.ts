// Selects the Python interpreter for the language server by probing candidates. Independent of VS Code.
import { type ExecFileException, execFile } from 'node:child_process';

/** Source of a candidate. */
export type Origin = 'setting' | 'pythonExtension' | 'path';

/** An interpreter to probe: a path, or a name to look up on PATH. */
export interface Candidate {
  readonly command: string;
  readonly origin: Origin;
}

/** Interpreters from VS Code; undefined for those that do not exist or must not be used. */
export interface Sources {
  readonly setting?: string | undefined;
  readonly pythonExtension?: string | undefined;
}

/** Result of a probe: versions, or why the interpreter is unsuitable. */
export type ProbeResult =
  | { readonly suitable: true; readonly version: string; readonly serverVersion: string }
  | { readonly suitable: false; readonly reason: string };

/** An unsuitable candidate. */
export interface RejectedCandidate {
  readonly candidate: Candidate;
  readonly reason: string;
}

export type Probe = (command: string) => Promise<ProbeResult>;

export type Selection =
  | { readonly found: true; readonly candidate: Candidate; readonly version: string; readonly serverVersion: string }
  | { readonly found: false; readonly rejected: readonly RejectedCandidate[] };

/** The candidates, best first. A setting is binding: nothing else is tried in its place. */
export function candidates(sources: Sources): Candidate[] {
  if (sources.setting !== undefined) return [{ command: sources.setting, origin: 'setting' }];
  const onPath: Candidate[] = ['python3', 'python'].map((command) => ({ command, origin: 'path' }));
  if (sources.pythonExtension === undefined) return onPath;
  return [{ command: sources.pythonExtension, origin: 'pythonExtension' }, ...onPath];
}

/** Returns the first suitable candidate, or why each one was rejected. Probes one after the other. */
export async function selectInterpreter(inOrder: readonly Candidate[], probe: Probe): Promise<Selection> {
  const rejected: RejectedCandidate[] = [];
  for (const candidate of inOrder) {
    const result = await probe(candidate.command);
    if (result.suitable) {
      return { found: true, candidate, version: result.version, serverVersion: result.serverVersion };
    }
    rejected.push({ candidate, reason: result.reason });
  }
  return { found: false, rejected };
}

// Finds the package without importing it, which would take a second. Valid in every Python 3, so that an old one can
// report its version.
const PROBE_SCRIPT = `
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
 * Returns a probe that asks an interpreter for its version and whether `oe_lsp` is importable. Nobody else may be able
 * to write to `cwd`: Python looks for modules there first.
 */
export function probeIn(cwd: string): Probe {
  return (command) =>
    new Promise((resolve) => {
      execFile(command, ['-c', PROBE_SCRIPT], { cwd, timeout: PROBE_TIMEOUT_MS }, (error, stdout, stderr) => {
        resolve(error === null ? parseProbe(stdout) : { suitable: false, reason: failureReason(error, stderr) });
      });
    });
}

/** Parses the probe's one line of output. */
export function parseProbe(stdout: string): ProbeResult {
  const answer = parseAnswer(stdout);
  if (answer === undefined) return { suitable: false, reason: 'not a Python 3 interpreter' };
  const [major = 0, minor = 0] = answer.version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 10)) {
    return { suitable: false, reason: `Python ${answer.version} is too old, 3.10 or later is required` };
  }
  if (answer.server === null) {
    return { suitable: false, reason: `oe-lsp is not installed in Python ${answer.version}` };
  }
  return { suitable: true, version: answer.version, serverVersion: answer.server };
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

function failureReason(error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return 'not found';
  if (error.code === 'EACCES') return 'permission denied';
  if (error.killed) return `no answer within ${PROBE_TIMEOUT_MS / 1000} s`;
  const lastLine = stderr.trim().split('\n').at(-1);
  return lastLine ? `failed: ${lastLine}` : `exited with code ${String(error.code)}`;
}

const ORIGINS: Record<Origin, string> = {
  setting: 'oe.python setting',
  pythonExtension: 'Python extension',
  path: 'PATH',
};

/** The error message: which candidates were tried, and why each was rejected. */
export function noPythonText(rejected: readonly RejectedCandidate[]): string {
  const tried = rejected.map(({ candidate, reason }) => `${candidate.command} (${ORIGINS[candidate.origin]}): ${reason}`);
  return `No Python interpreter with oe-lsp found. Tried ${tried.join('; ')}.`;
}

/** Expands `~` and `${workspaceFolder}` in the setting; undefined if it is empty. */
export function expandSetting(text: string, home: string, workspaceFolder: string | undefined): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const withHome = trimmed.replace(/^~(?=$|[/\\])/, () => home);
  return workspaceFolder === undefined ? withHome : withHome.replaceAll('${workspaceFolder}', () => workspaceFolder);
}
