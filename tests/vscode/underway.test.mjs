// A run in progress: cancelling it, following one that a terminal started, and reloading the window.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logOf, runIds, runInTerminal } from './runLogs.mjs';
import { Editor } from './workbench.mjs';

let editor;
before(async () => {
  editor = await Editor.start();
});
after(() => editor.stop());

async function openWaits(context, story) {
  const folder = await editor.copyOfFixture('waits');
  const release = () => writeFile(join(folder, 'release'), '');
  // However the test ends, no tool may keep waiting.
  context.after(() => release().catch(() => undefined));
  const workbench = await editor.open(context, folder, story);
  await workbench.openFile('experience.yaml');
  await workbench.lens('▶ Run').waitFor();
  return { folder, release, workbench };
}

test('Cancel in the notification ends the run, which can then be resumed', async (context) => {
  const { folder, workbench } = await openWaits(context, 'cancel');
  await workbench.runCommand('oe: Run experience');
  const progress = workbench.notification('Running waits: 1/2 nodes');
  await progress.waitFor();
  await workbench.statusBar('1 run · 1/2').waitFor();
  await workbench.shot('running');

  await workbench.clickIn(progress, 'Cancel');

  const [runId] = await runIds(folder);
  await workbench.notification(`Run ${runId.slice(0, 8)} was cancelled: 1 completed, 1 cancelled`).waitFor();
  await workbench.lens(`▶ Resume run ${runId.slice(0, 8)} · cancelled`).waitFor();
  await workbench.statusBar('1 run · 1/2').waitFor({ state: 'detached' });
  await workbench.shot('cancelled');
  const { events } = await logOf(folder, runId);
  assert.equal(events.at(-1).status, 'cancelled');
});

test('a run started in a terminal is shown in the status bar, and "oe: Cancel run" ends it', async (context) => {
  const { folder, workbench } = await openWaits(context, 'followed');

  runInTerminal(context, folder);

  await workbench.statusBar('1 run · 1/2').waitFor();
  await workbench.lens('■ Cancel run').waitFor();
  assert.equal(await workbench.notification('Running waits').count(), 0);
  await workbench.shot('followed');

  await workbench.runCommand('oe: Cancel run');

  await workbench.lens('· cancelled').waitFor();
  await workbench.statusBar('1 run · 1/2').waitFor({ state: 'detached' });
});

test('reloading the window does not end a run, and its current state is shown afterwards', async (context) => {
  const { folder, release, workbench } = await openWaits(context, 'reload');
  await workbench.runCommand('oe: Run experience');
  await workbench.notification('Running waits: 1/2 nodes').waitFor();
  const [runId] = await runIds(folder);

  await workbench.reload();

  await workbench.statusBar('1 run · 1/2').waitFor();
  await workbench.lens(`Cancel run ${runId.slice(0, 8)}`).waitFor();
  await workbench.shot('reloaded');

  await release();

  await workbench.notification(`Run ${runId.slice(0, 8)} succeeded: 2 completed`).waitFor();
  await workbench.lens(`▶ Resume run ${runId.slice(0, 8)} · succeeded`).waitFor();
  await workbench.shot('ended');
  assert.deepEqual(await runIds(folder), [runId]);
});
