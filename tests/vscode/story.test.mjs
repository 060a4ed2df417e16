// Writing, running, failing, fixing and resuming, in one window: a screenshot at each step.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { ROOT } from '../../scripts/vscode/codeServer.mjs';
import { MessagesApi } from './messagesApi.mjs';
import { logOf, runIds } from './runLogs.mjs';
import { copyFixture, Editor } from './workbench.mjs';

const KEY = 'sk-ant-of-the-story';
const NODE_LINES = { collect: 19, judge: 24, summarise: 29, publish: 34 };

let api;
let editor;
before(async () => {
  api = await MessagesApi.start((prompt) =>
    prompt.startsWith('Sum up') ? 'Users like the speed and the theme, but not the installer.' : 'mixed',
  );
  editor = await Editor.start({
    environment: { ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '' },
    settings: {
      'workbench.colorTheme': 'Default Light Modern',
      'editor.minimap.enabled': false, 'terminal.integrated.gpuAcceleration': 'off',
      'terminal.integrated.profiles.linux': { story: { path: 'bash', args: ['--norc', '--noprofile'] } },
      'terminal.integrated.defaultProfile.linux': 'story',
      'terminal.integrated.env.linux': { PS1: '$ ', PATH: `${join(ROOT, '.venv/bin')}:${process.env.PATH}` },
    },
  });
});
after(async () => {
  await editor?.stop();
  await api?.stop();
});

test('from a new folder to a resumed run, without leaving the file', async (context) => {
  const folder = await editor.newFolder('release-notes');
  const workbench = await editor.open(context, folder, 'story');
  const { page } = workbench;

  await context.test('oe init makes an experience', async () => {
    await workbench.runCommand('Terminal: Create New Terminal');
    await page.locator('.terminal.xterm .xterm-helper-textarea').first().waitFor({ state: 'attached' });
    await page.locator('.xterm-rows', { hasText: '$' }).waitFor();
    await page.keyboard.type('oe init . --template agent');
    await page.keyboard.press('Enter');
    await workbench.explorerRow('experience.yaml').waitFor();
    await workbench.openFile('experience.yaml');
    await workbench.lens('▶ Run').waitFor();
    await workbench.shot('init');
    await workbench.runCommand('View: Hide Panel');
    await workbench.runCommand('View: Close All Editors');
  });

  // The author goes on writing.
  await copyFixture('release-notes', folder);

  await context.test('a mistake is underlined and explained', async () => {
    await workbench.explorerRow('data').waitFor();
    await workbench.openFile('experience.yaml');
    await workbench.lens('▶ Run').waitFor();
    await workbench.goToEndOf(NODE_LINES.summarise + 2);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type('y');
    await workbench.squiggles('error').or(workbench.squiggles('warning')).first().waitFor();
    await workbench.squiggles('error').or(workbench.squiggles('warning')).first().hover();
    await workbench.hover().first().waitFor();
    await workbench.shot('mistake');
    await page.keyboard.press('Backspace');
    await workbench.squiggles('error').or(workbench.squiggles('warning')).first().waitFor({ state: 'detached' });
  });

  await context.test('a key is kept in the secret storage', async () => {
    await workbench.shot('without-a-key');
    await workbench.runCommand('oe: Set API key');
    await workbench.pick('Anthropic');
    await workbench.answer(KEY);
    await workbench.notification('Anthropic API key saved').waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    await workbench.lens('▶ Run').waitFor();
  });

  await context.test('a run asks for its args', async () => {
    await workbench.lens('▶ Run').click();
    await page.locator('.quick-input-widget input').first().fill('o');
    await page.locator('.quick-input-message', { hasText: 'minLength' }).waitFor();
    await workbench.shot('args');
    await workbench.answer('oe');
  });

  await context.test('the run fails, in the text and in the tool', async () => {
    const failure = workbench.notification(/failed at publish: .*summery/);
    await failure.waitFor();
    await workbench.hint('3/3').waitFor();
    await workbench.hint('✗ ').waitFor();
    await workbench.lens('failed at publish').waitFor();
    await workbench.shot('failed');
    await workbench.clickIn(failure, 'Show failure');
    await workbench.statusBar(`Ln ${NODE_LINES.publish}`).waitFor();
    await workbench.runCommand('Problems: Focus on Problems View');
    await workbench.problem('summery').first().waitFor();
    await workbench.shot('problems');
    await workbench.problem('summery').last().dblclick();
    await page.locator('.tab.active', { hasText: 'publish.py' }).waitFor();
    await workbench.squiggles('error').first().waitFor();
    await workbench.runCommand('View: Hide Panel');
    await workbench.shot('in-the-tool');
    assert.deepEqual([...api.keys], [KEY]);
  });

  await context.test('once it is fixed, the lens says what will be restored, and why', async () => {
    await workbench.goToEndOf(6);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    for (const _ of 'ery') await page.keyboard.press('Backspace');
    await page.keyboard.type('ary');
    await page.keyboard.press('Control+s');
    await workbench.openFile('experience.yaml');
    await workbench.lens(/failed at publish .* restored, 1 run · saves .*\$/).waitFor();
    await workbench.shot('fixed');
    await workbench.lens('Why?').first().click();
    await page.locator('.tab', { hasText: 'plan-' }).waitFor();
    await workbench.preview('h1').waitFor();
    await workbench.shot('why');
    await workbench.runCommand('View: Close Editor');
  });

  await context.test('an edit of a prompt makes its result stale', async () => {
    await page.keyboard.press('Control+p');
    await workbench.pick('summarise.md', 'summarise.md');
    await page.locator('.tab.active', { hasText: 'summarise.md' }).waitFor();
    await workbench.goToEndOf(1);
    await page.keyboard.type(' Be kind.');
    await workbench.runCommand('View: Split Editor Down');
    await page.keyboard.press('Control+p');
    await workbench.pick('experience.yaml', 'experience.yaml');
    await page.locator('.tab.active', { hasText: 'experience.yaml' }).waitFor();
    await workbench.goToEndOf(NODE_LINES.publish + 1);
    await workbench.hint('≋ would run again').waitFor();
    await workbench.shot('stale');
    await workbench.runCommand('View: Close All Editors in Group');
    await workbench.openFile('experience.yaml');
    await workbench.hint('≋ would run again').waitFor();
  });

  await context.test('a resume saves, restores and runs the rest, live', async () => {
    api.hold();
    await workbench.lens('▶ Resume run').first().click();
    await workbench.hint('↺ restored').first().waitFor();
    await workbench.hint('⟳').waitFor();
    await workbench.shot('live');
    api.release();
    await workbench.notification('succeeded').waitFor();
    await workbench.hint('✓').first().waitFor();
    await workbench.shot('done');
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  await context.test('a hover shows what a node returned', async () => {
    await workbench.token('summarise').first().hover();
    await workbench.hover().first().waitFor();
    await workbench.shot('hover');
  });

  await context.test('the prompt is previewed as it would be sent now', async () => {
    await workbench.goToEndOf(NODE_LINES.summarise);
    await workbench.runCommand('oe: Preview prompt');
    await workbench.preview('h1').waitFor();
    await workbench.shot('prompt');
    await workbench.runCommand('View: Close Editor');
  });

  await context.test('one node runs alone on what it last received', async () => {
    const before = await runIds(folder);
    await workbench.goToEndOf(NODE_LINES.summarise);
    await workbench.runCommand('oe: Run only this node');
    await workbench.notification('succeeded').waitFor();
    await workbench.shot('only-one-node');
    const [alone] = (await runIds(folder)).filter((id) => !before.includes(id));
    const { events } = await logOf(folder, alone);
    assert.equal(events[0].kind, 'isolated');
    assert.deepEqual(events.filter(({ type }) => type === 'node.started').map(({ nodeId }) => nodeId), ['summarise']);
  });

  for (const theme of ['Default Dark Modern', 'Dark High Contrast', 'Light High Contrast']) {
    await context.test(`it can be read in ${theme}`, async () => {
      await workbench.useTheme(theme);
      await workbench.shot(theme.replaceAll(' ', '-').toLowerCase());
    });
  }
});
