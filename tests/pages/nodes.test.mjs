// The list of nodes on a page: found, walked through and opened with the keyboard, copied from, and patched.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './browser.mjs';

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

const focused = (page) => page.evaluate(() => document.activeElement?.closest('.node')?.id);
const isOpen = (page, id) => page.locator(`#${id}`).evaluate((node) => node.open);

test('a slash finds nodes by what their lines say, and Enter goes to the first', async (context) => {
  const visit = await browser.openFile(context, 'city-report');
  const { page } = visit;
  await page.keyboard.press('/');
  await page.keyboard.type('alert');
  assert.deepEqual(await page.locator('#nodes > .node:visible').evaluateAll((all) => all.map(({ id }) => id)), ['node-5', 'node-6']);
  assert.equal(await page.textContent('#found'), '2 of 7');

  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'node-5');
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#nodes > .node:visible').count(), 7);
  visit.assertQuiet(page.url());
});

test('j, k, f and Enter walk through nodes, and the graph follows', async (context) => {
  const { page } = await browser.openFile(context, 'city-report');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await focused(page), 'node-1');
  assert.equal(await page.evaluate(() => globalThis.oePage.selected()), 'load_readings');
  await page.keyboard.press('Enter');
  assert.equal(await isOpen(page, 'node-1'), true);

  await page.keyboard.press('c');
  assert.equal(await page.locator('#nodes details[open]').count(), 0);
  await page.keyboard.press('?');
  assert.equal(await page.locator('#keys').evaluate((dialog) => dialog.open), true);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#keys').evaluate((dialog) => dialog.open), false);
});

test('the cell of an item opens that item', async (context) => {
  const { page } = await browser.openFile(context, 'items-300');
  await page.click('#node-2 > summary');
  await page.click('#node-2-cell-3');
  assert.equal(await isOpen(page, 'node-2-part-3'), true);
  assert.equal(await focused(page), 'node-2-part-3');
});

test('a value is copied as it is', async (context) => {
  const { page } = await browser.openFile(context, 'city-report');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click('#node-1 > summary');
  const row = page.locator('#node-1 dd').filter({ has: page.locator('.copy') }).first();
  await row.hover();
  await row.locator('.copy').click();
  assert.equal(await page.textContent('#announcer'), 'Copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await row.locator('pre').textContent());
});

test('a patch keeps what is open, focused, and marked', async (context) => {
  const { page } = await browser.openFile(context, 'city-report');
  const replace = (id, change) => page.evaluate(([name, from, to]) => {
    const html = document.getElementById(name).outerHTML.replace(from, to);
    globalThis.oePage.replace({ seq: 1, elements: { [name]: html } });
  }, [id, ...change]);
  await page.click('#node-1 > summary');

  await replace('node-1', [' open=""', '']);
  assert.equal(await isOpen(page, 'node-1'), true);
  assert.equal(await focused(page), 'node-1');

  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#node-1 pre')));
  await replace('node-1', ['<b>load_readings', '<b>renamed']);
  assert.equal(await page.locator('#node-1 > summary').getByText('renamed').count(), 0);
  await page.evaluate(() => getSelection().removeAllRanges());
  await page.locator('#node-1').getByText('renamed').first().waitFor();

  await replace('head', ['data-title="', 'data-title="now ']);
  assert.match(await page.title(), /^now /);
});
