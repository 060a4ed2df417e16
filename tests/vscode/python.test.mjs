// Without a Python that fits, the extension says what was tried, and what to do.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Editor, PYTHON } from './workbench.mjs';

let editor;
before(async () => {
  editor = await Editor.start({ settings: { 'oe.python': '/nowhere/python' } });
});
after(() => editor.stop());

test('a Python that does not exist is named, with what can be done', async (context) => {
  const workbench = await editor.open(context, await editor.copyOfFixture('weather'), 'no-python');

  const message = workbench.notification('No Python that can run the oe language server was found');

  await message.filter({ hasText: '/nowhere/python (the setting oe.python): there is no such program' }).waitFor();
  for (const button of ['Select Python', 'Copy install command', 'Show output']) {
    await message.locator('.monaco-button', { hasText: button }).waitFor();
  }
  await workbench.shot('message');

  await workbench.clickIn(message, 'Select Python');
  await workbench.page.locator('.settings-editor .setting-item-label', { hasText: 'Python' }).first().waitFor();
});

test('setting a Python that fits starts the server at once', async (context) => {
  const folder = await editor.copyOfFixture('weather');
  const workbench = await editor.open(context, folder, 'python-set');
  await workbench.openFile('experience.yaml');
  await workbench.notification('No Python that can run the oe language server was found').waitFor();

  await mkdir(join(folder, '.vscode'));
  await writeFile(join(folder, '.vscode/settings.json'), JSON.stringify({ 'oe.python': PYTHON }));

  await workbench.lens('▶ Run').waitFor();
});
