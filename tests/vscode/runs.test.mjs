// The Runs view and the page of a run beside the text: from an empty folder to a run that is compared, pinned and deleted.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runIds } from './runLogs.mjs';
import { copyFixture, Editor } from './workbench.mjs';

const THEMES = { 'Default Light Modern': 'vs', 'Default Dark Modern': 'vs-dark', 'Dark High Contrast': 'hc-black', 'Light High Contrast': 'hc-light' };

let editor;
before(async () => {
  editor = await Editor.start({
    settings: { 'workbench.colorTheme': 'Default Light Modern', 'editor.minimap.enabled': false },
  });
});
after(() => editor?.stop());

test('runs are listed live, opened beside the text, compared, pinned and deleted', async (context) => {
  const folder = await editor.newFolder('stations');
  await writeFile(join(folder, 'notes.md'), '# Notes\n');
  const workbench = await editor.open(context, folder, 'runs', 940);
  context.after(() => writeFile(join(folder, 'release'), '').catch(() => undefined));

  await seeWhatToDo(workbench, folder);
  await watchARun(workbench, folder);
  const [failed] = await runIds(folder);
  await lookAtTheFailure(workbench);
  await filter(workbench);
  await openThePage(workbench);
  await resume(workbench, folder);
  const resumed = (await runIds(folder)).find((id) => id !== failed);
  await compare(workbench, resumed);
  await pinAndDelete(workbench, folder, failed, resumed);
  await resumeOnThePage(workbench, resumed);
  for (const [theme, kind] of Object.entries(THEMES)) {
    await workbench.useTheme(theme, kind);
    await workbench.assertPanelAccessible();
    for (const width of [600, 1400]) {
      await workbench.page.setViewportSize({ width, height: 940 });
      await workbench.shot(`${kind}-${width}`);
    }
  }
});

async function seeWhatToDo(workbench, folder) {
  await workbench.openRunsView();
  await workbench.welcome('no experience yet').waitFor();
  await workbench.shot('no-experience');
  await copyFixture('stations', folder);
  await workbench.welcome('No runs yet').waitFor();
  await workbench.shot('no-runs');
}

async function watchARun(workbench, folder) {
  await workbench.page.locator('.welcome-view .monaco-button', { hasText: 'Run experience' }).click();
  await workbench.statusBar('1 run · 1/4').waitFor();
  await workbench.run('⟳ 1/4').waitFor();
  await workbench.expand(workbench.run('⟳ 1/4'));
  await workbench.treeRow('wait').filter({ hasText: '⟳ running' }).waitFor();
  await workbench.shot('live');
  await writeFile(join(folder, 'release'), '');
  await workbench.run('✗ failed at check').waitFor();
  await workbench.statusBar('1 run').waitFor({ state: 'detached' });
}

async function lookAtTheFailure(workbench) {
  const node = workbench.treeRow('check').filter({ hasText: 'items failed' });
  await node.waitFor();
  await workbench.expand(node);
  const items = workbench.treeRow(/check\[\d+\]/);
  await items.first().filter({ hasText: 'does not answer' }).waitFor();
  assert.match(await items.first().getAttribute('aria-label'), /check\[\d+\]: failed/);
  await workbench.shot('failed');
  await node.click();
  await workbench.statusBar('Ln 22').waitFor();
  await workbench.shot('in-the-text');
}

async function filter(workbench) {
  await workbench.runCommand('oe: Filter runs by status');
  await workbench.row('failure').click();
  await workbench.page.locator('.quick-input-widget .monaco-button', { hasText: 'OK' }).click();
  await workbench.treeRow('No run passes the filter').waitFor();
  await workbench.shot('filtered');
  await workbench.runCommand('oe: Clear the filter of runs');
  await workbench.run('failed at check').waitFor();
}

/** A click on a node of the page moves the cursor, and the cursor selects a node of the page. */
async function openThePage(workbench) {
  await workbench.runCommand('Notifications: Clear All Notifications');
  await workbench.inline(workbench.run('failed at check'), 'Open run page');
  const page = workbench.runPage();
  await page.locator('#graph').waitFor();
  await workbench.shot('page');
  await page.locator('#graph [data-node="report"]').first().click();
  await workbench.activeLine(29).waitFor();
  await workbench.token('list').first().click();
  await page.locator('#graph .selected[data-node="list"]').waitFor();
  await workbench.shot('selected');
  await workbench.assertPanelAccessible();
}

async function compare(workbench, resumed) {
  await workbench.contextMenu(workbench.run(resumed.slice(0, 8)), 'Compare with its original');
  const page = workbench.runPage();
  await page.locator('h1', { hasText: 'Two runs of stations' }).waitFor();
  await workbench.shot('compare');
  await page.locator('.compared-node[data-address="check"] button').click();
  await workbench.page.locator('.monaco-diff-editor').waitFor();
  await workbench.shot('diff');
  await workbench.closeEditor();
}

async function resume(workbench, folder) {
  await writeFile(join(folder, 'mended'), '');
  await workbench.expand(workbench.run('failed at check'));
  await workbench.treeRow('2 of 120 items failed').waitFor();
  await workbench.inline(workbench.run('failed at check'), 'Resume run');
  await workbench.run('✓ succeeded').waitFor();
  // The row of the failed run is still open: what is open survives the new list.
  await workbench.treeRow('2 of 120 items failed').waitFor();
  await workbench.shot('resumed');
}

/** The page outlives a reload of the window. Its button shows the plan, and then resumes as the editor does. */
async function resumeOnThePage(workbench, resumed) {
  await workbench.inline(workbench.run(resumed.slice(0, 8)), 'Open run page');
  await workbench.runPage().locator('#graph').waitFor();
  const loaded = workbench.page.waitForEvent('load');
  await workbench.runCommand('Developer: Reload Window');
  await loaded;
  const page = workbench.runPage();
  await page.locator('#action-resume').click();
  await page.locator('#plan').filter({ hasText: '4 restored' }).waitFor();
  await workbench.shot('plan');
  await page.locator('[data-action="start"]').click();
  await workbench.run('✓ succeeded').nth(1).waitFor();
}

async function pinAndDelete(workbench, folder, failed, resumed) {
  await workbench.inline(workbench.run(resumed.slice(0, 8)), 'Pin run');
  await workbench.run(resumed.slice(0, 8)).filter({ hasText: 'pinned' }).waitFor();
  await workbench.contextMenu(workbench.run(failed.slice(0, 8)), 'Delete run');
  await workbench.dialog(`Delete run ${failed.slice(0, 8)}?`).waitFor();
  await workbench.shot('delete');
  await workbench.confirm('Delete');
  await workbench.run(failed.slice(0, 8)).waitFor({ state: 'detached' });
  assert.deepEqual(await runIds(folder), [resumed]);
  await workbench.shot('deleted');
}
