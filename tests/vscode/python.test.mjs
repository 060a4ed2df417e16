// Without a suitable Python interpreter, the extension says what it tried and what to do.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Editor, PYTHON } from './workbench.mjs';

let editor;
before(async () => {
  editor = await Editor.start({ settings: { 'oe.python': '/nowhere/python' } });
});
after(() => editor.stop());

test('an interpreter that does not exist is reported, with buttons to fix it', async (context) => {
  const workbench = await editor.open(context, await editor.copyOfFixture('weather'), 'no-python');

  const message = workbench.notification('No Python interpreter with oe-lsp found');

  await message.filter({ hasText: '/nowhere/python (oe.python setting): not found' }).waitFor();
  for (const button of ['Select Python', 'How to install', 'Show output']) {
    await message.locator('.monaco-button', { hasText: button }).waitFor();
  }
  await workbench.shot('message');

  await workbench.clickIn(message, 'Select Python');
  await workbench.page.locator('.settings-editor .setting-item-label', { hasText: 'Python' }).first().waitFor();
});

test('the button How to install opens the install guide', async (context) => {
  const workbench = await editor.open(context, await editor.copyOfFixture('weather'), 'install');
  const message = workbench.notification('No Python interpreter with oe-lsp found');
  await message.waitFor();

  await workbench.clickIn(message, 'How to install');

  await workbench.page.locator('.tab.active', { hasText: 'Preview INSTALL.md' }).waitFor();
  const guide = workbench.page.frameLocator('iframe.webview').frameLocator('iframe');
  await guide.locator('h1', { hasText: 'Install the oe language server' }).waitFor();
  await workbench.shot('guide');
});

test('setting a suitable interpreter starts the server at once', async (context) => {
  const folder = await editor.copyOfFixture('weather');
  const workbench = await editor.open(context, folder, 'python-set');
  await workbench.openFile('experience.yaml');
  await workbench.notification('No Python interpreter with oe-lsp found').waitFor();

  await mkdir(join(folder, '.vscode'));
  await writeFile(join(folder, '.vscode/settings.json'), JSON.stringify({ 'oe.python': PYTHON }));

  await workbench.lens('▶ Run').waitFor();
});
