// Restricted Mode: diagnostics work, nothing runs, and the folder cannot choose the interpreter.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Editor } from './workbench.mjs';

const CONCURRENCY_LINE = 6;

let editor;
before(async () => {
  editor = await Editor.start({ trust: 'enabled' });
});
after(() => editor.stop());

test('in an untrusted folder problems are shown, and a run is refused with a button to manage trust', async (context) => {
  const folder = await editor.copyOfFixture('weather');
  const workbench = await editor.open(context, folder, 'restricted');
  await workbench.statusBar('Restricted Mode').waitFor();
  await workbench.openFile('experience.yaml');

  await workbench.retypeLastWord(CONCURRENCY_LINE, 'many');
  await workbench.squiggles('error').first().waitFor();
  await workbench.shot('problems');
  await workbench.retypeLastWord(CONCURRENCY_LINE, '4');
  await workbench.squiggles('error').first().waitFor({ state: 'detached' });
  await workbench.lens('▶ Run (not in an untrusted workspace)').waitFor();
  await workbench.token('measure').first().hover();
  await workbench.hover().filter({ hasText: 'tool' }).first().waitFor();
  await workbench.shot('lens-and-hover');

  await workbench.runCommand('oe: Run experience');

  const refusal = workbench.notification('not trusted');
  await refusal.locator('.monaco-button', { hasText: 'Manage Workspace Trust' }).waitFor();
  await workbench.shot('refused');
  assert.ok(!(await readdir(folder)).includes('.openexpertise'));
});

test("oe.python of an untrusted folder is never started", async (context) => {
  const folder = await editor.copyOfFixture('weather');
  await mkdir(join(folder, '.vscode'));
  const trap = join(folder, 'python');
  await writeFile(trap, `#!/bin/sh\ntouch '${folder}/sprung'\n`);
  await chmod(trap, 0o755);
  await writeFile(join(folder, '.vscode/settings.json'), JSON.stringify({ 'oe.python': trap }));

  const workbench = await editor.open(context, folder, 'restricted-trap');
  await workbench.openFile('experience.yaml');

  await workbench.lens('▶ Run').waitFor();
  assert.ok(!(await readdir(folder)).includes('sprung'));
});

test('once trust is granted, the same window can run it', async (context) => {
  const folder = await editor.copyOfFixture('weather');
  const workbench = await editor.open(context, folder, 'trusted');
  await workbench.openFile('experience.yaml');
  await workbench.lens('▶ Run').waitFor();

  await workbench.runCommand('Workspaces: Manage Workspace Trust');
  await workbench.page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).click();
  await workbench.statusBar('Restricted Mode').waitFor({ state: 'detached' });
  await workbench.openFile('experience.yaml');
  await workbench.lens('▶ Run').waitFor();
  await workbench.runCommand('oe: Run experience');

  await workbench.notification('failed at compare').waitFor();
  await workbench.shot('trusted');
});
