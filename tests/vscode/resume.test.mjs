// From a click to a resumed run: completed nodes are restored from the log, and only the rest runs.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logOf, runIds, runToEnd } from './runLogs.mjs';
import { Editor } from './workbench.mjs';

let editor;
before(async () => {
  editor = await Editor.start();
});
after(() => editor.stop());

/** An experience whose only run failed at `compare`, with the cause fixed since. */
async function failedThenFixed() {
  const folder = await editor.copyOfFixture('weather');
  assert.equal(await runToEnd(folder), 1);
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/stations.json'), JSON.stringify({ n1: 'Narvik', s1: 'Sevilla' }));
  const [failed] = await runIds(folder);
  return { folder, failed };
}

test('a click on the lens resumes the failed run', async (context) => {
  const { folder, failed } = await failedThenFixed();
  const original = await logOf(folder, failed);
  const workbench = await editor.open(context, folder, 'resume-by-lens');
  await workbench.openFile('experience.yaml');
  const lens = workbench.lens(`▶ Resume run ${failed.slice(0, 8)} · failed at compare`);
  await lens.waitFor(); // until then, the palette may not have our commands
  await workbench.runCommand('oe: Show run output');
  await workbench.shot('before');

  await lens.click();

  await workbench.outputLine(/measure.*cached/).waitFor();
  await workbench.outputLine(/compare.*completed/).waitFor();
  await workbench.outputLine(/report.*completed/).waitFor();
  await workbench.outputLine(/run.*success/).waitFor();
  const message = workbench.notification('succeeded: 1 cached, 2 completed');
  await message.waitFor();
  await workbench.shot('resumed');
  const resumed = (await runIds(folder)).find((id) => id !== failed);
  await workbench.lens(`▶ Resume run ${resumed.slice(0, 8)} · succeeded`).waitFor();

  await workbench.clickIn(message, 'Open log');
  await workbench.page.locator('.tab.active', { hasText: `${resumed}.jsonl` }).waitFor();
  await workbench.shot('log');

  const { bytes, mtimeMs } = await logOf(folder, failed);
  assert.deepEqual({ bytes, mtimeMs }, { bytes: original.bytes, mtimeMs: original.mtimeMs });
});

test('"oe: Resume run" lists the runs, and resumes the one that is picked', async (context) => {
  const { folder, failed } = await failedThenFixed();
  const workbench = await editor.open(context, folder, 'resume-by-palette');
  await workbench.openFile('experience.yaml');
  await workbench.lens('▶ Resume run').waitFor();

  await workbench.runCommand('oe: Resume run');
  const row = workbench.row(failed.slice(0, 8));
  await row.filter({ hasText: 'failed at compare' }).filter({ hasText: '1 completed, 1 failed, 1 skipped' }).waitFor();
  await workbench.shot('picking');
  await row.click();

  await workbench.notification('succeeded: 1 cached, 2 completed').waitFor();
  await workbench.shot('finished');
});

test('a failure names the node and its error, and its Resume button resumes the run', async (context) => {
  const folder = await editor.copyOfFixture('weather');
  const workbench = await editor.open(context, folder, 'resume-by-message');
  await workbench.openFile('experience.yaml');

  await workbench.lens('▶ Run').click();

  const failure = workbench.notification(/failed at compare: .*data\/stations.json is missing/);
  await failure.waitFor();
  await workbench.shot('failed');

  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/stations.json'), JSON.stringify({ n1: 'Narvik', s1: 'Sevilla' }));
  await workbench.clickIn(failure, 'Resume');

  await workbench.notification('succeeded: 1 cached, 2 completed').waitFor();
});
