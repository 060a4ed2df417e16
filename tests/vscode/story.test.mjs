// Writing, running, failing, fixing and resuming, in one window: a screenshot at each step.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/vscode/codeServer.mjs';
import { MessagesApi } from './messagesApi.mjs';
import { logOf, runIds } from './runLogs.mjs';
import { copyFixture, Editor } from './workbench.mjs';

const KEY = 'sk-ant-of-the-story';
const SUMMARISE_LINE = 30;
const PUBLISH_LINE = 35;
const THEMES = { 'Default Dark Modern': 'vs-dark', 'Dark High Contrast': 'hc-black', 'Light High Contrast': 'hc-light' };

let api;
let editor;
before(async () => {
  api = await MessagesApi.start((prompt) =>
    prompt.startsWith('Sum up') ? 'Users like the speed and the theme, but not the installer.' : { moods: ['mixed'] },
  );
  editor = await Editor.start({
    environment: { ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '' },
    settings: { 'workbench.colorTheme': 'Default Light Modern', 'editor.minimap.enabled': false },
  });
});
after(async () => {
  await editor?.stop();
  await api?.stop();
});

test('from a new folder to a resumed run, in one window', async (context) => {
  const folder = await editor.newFolder('release-notes');
  await promisify(execFile)(join(ROOT, '.venv/bin/oe'), ['init', '.', '--template', 'agent'], { cwd: folder });
  const workbench = await editor.open(context, folder, 'story', 940);

  await workbench.openFile('experience.yaml');
  await workbench.lens('needs ANTHROPIC_API_KEY').waitFor();
  await workbench.shot('init');
  // The author goes on writing.
  await copyFixture('release-notes', folder);
  await workbench.line('summarise.md').waitFor();

  await makeAMistake(workbench);
  await storeAKey(workbench);
  await runWithArgs(workbench);
  await seeItFail(workbench);
  assert.deepEqual([...api.keys], [KEY]);
  await fixTheTool(workbench);
  await askWhy(workbench);
  await editThePrompt(workbench);
  await resume(workbench);
  await hoverTheNode(workbench);
  for (const [theme, kind] of Object.entries(THEMES)) {
    await workbench.useTheme(theme, kind);
    await workbench.shot(kind);
  }
  await workbench.useTheme('Default Light Modern', 'vs');
  await previewThePrompt(workbench);
  await runOnlyOneNode(workbench, folder);
});

async function makeAMistake(workbench) {
  await workbench.goToEndOf(SUMMARISE_LINE + 3);
  await workbench.page.keyboard.press('ArrowLeft');
  await workbench.page.keyboard.type('y');
  await workbench.squiggles('error').first().waitFor();
  await workbench.token('moodsy').hover();
  await workbench.explanation().waitFor();
  await workbench.shot('mistake');
  await workbench.page.keyboard.press('Escape');
  await workbench.page.keyboard.press('Backspace');
  await workbench.squiggles('error').first().waitFor({ state: 'detached' });
  await workbench.page.keyboard.press('Control+Home');
}

async function storeAKey(workbench) {
  await workbench.runCommand('oe: Set API key');
  await workbench.pick('Anthropic');
  await workbench.answer(KEY);
  await workbench.notification('Anthropic API key saved').waitFor();
  await workbench.runCommand('Notifications: Clear All Notifications');
  await workbench.lens(/^▶ Run$/).waitFor();
}

/** The files that changed are saved first, and what it may cost is said. */
async function runWithArgs(workbench) {
  await workbench.lens('▶ Run').click();
  await workbench.page.locator('.quick-input-widget input').first().fill('o');
  await workbench.page.locator('.quick-input-message', { hasText: 'minLength' }).waitFor();
  await workbench.shot('args');
  await workbench.answer('oe');
  await workbench.dialog('model calls').waitFor();
  await workbench.shot('cost');
  await workbench.confirm('Run');
}

async function seeItFail(workbench) {
  const failure = workbench.notification(/failed at publish: .*summery/);
  await failure.waitFor();
  await workbench.hint('3/3').waitFor();
  await workbench.hint('✗').waitFor();
  await workbench.lens('failed at publish').waitFor();
  await workbench.shot('failed');
  await workbench.clickIn(failure, 'Show failure');
  await workbench.statusBar(`Ln ${PUBLISH_LINE}`).waitFor();
  await workbench.runCommand('Problems: Focus on Problems View');
  await workbench.problem('summery').nth(1).waitFor();
  await workbench.shot('problems');
}

async function fixTheTool(workbench) {
  const { keyboard } = workbench.page;
  await workbench.openByName('publish.py');
  await workbench.squiggles('error').first().waitFor();
  await workbench.shot('in-the-tool');
  await workbench.runCommand('View: Hide Panel');
  await workbench.goToEndOf(6);
  for (const _ of 'ery"]') await keyboard.press('Shift+ArrowLeft');
  await keyboard.type('ary"]');
  await keyboard.press('Control+s');
  await workbench.openFile('experience.yaml');
  await keyboard.press('Control+Home');
  await workbench.lens(/failed at publish .* restored, 1 run · saves .*\$/).waitFor();
  await workbench.squiggles('error').first().waitFor({ state: 'detached' });
  await workbench.shot('fixed');
}

async function askWhy(workbench) {
  await workbench.lens('Why?').first().click();
  await workbench.preview('h1').waitFor();
  await workbench.shot('why');
  await workbench.closeEditor();
}

/** It need not be saved for the status to turn stale. */
async function editThePrompt(workbench) {
  await workbench.openByName('summarise.md');
  await workbench.goToEndOf(1);
  await workbench.page.keyboard.type(' Be kind.');
  await workbench.openFile('experience.yaml');
  await workbench.hint('≋ would run again').waitFor();
  await workbench.lens(/restored, 1–2 run|restored, 2 run/).waitFor();
  await workbench.shot('stale');
}

async function resume(workbench) {
  api.hold();
  await workbench.lens('▶ Resume run').first().click();
  await workbench.hint('↺ restored').first().waitFor();
  await workbench.hint('⟳').waitFor();
  await workbench.lens('■ Cancel run').waitFor();
  await workbench.shot('live');
  api.release();
  await workbench.notification('succeeded').waitFor();
  await workbench.lens('succeeded').waitFor();
  await workbench.hint('✓').nth(1).waitFor();
  await workbench.shot('done');
  await workbench.runCommand('Notifications: Clear All Notifications');
}

async function hoverTheNode(workbench) {
  await workbench.token('summarise').first().hover();
  await workbench.hover().filter({ hasText: 'installer' }).first().waitFor();
  await workbench.shot('hover');
}

async function previewThePrompt(workbench) {
  await workbench.goToEndOf(SUMMARISE_LINE);
  await workbench.runCommand('oe: Preview prompt');
  await workbench.preview('h1').waitFor();
  await workbench.shot('prompt');
  await workbench.closeEditor();
}

async function runOnlyOneNode(workbench, folder) {
  const before = await runIds(folder);
  await workbench.goToEndOf(SUMMARISE_LINE);
  await workbench.runCommand('oe: Run only this node');
  await workbench.notification('succeeded').waitFor();
  await workbench.preview('h1').filter({ hasText: 'Only summarise' }).waitFor();
  await workbench.shot('only-one-node');
  const [alone] = (await runIds(folder)).filter((id) => !before.includes(id));
  const { events, bytes } = await logOf(folder, alone);
  assert.ok(!bytes.includes(KEY));
  const started = events.filter(({ type }) => type === 'node.started').map(({ nodeId }) => nodeId);
  assert.deepEqual(started, ['summarise']);
}
