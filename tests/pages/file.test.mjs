// The file that `oe inspect --html` writes: of the examples and of generated runs, in every theme and width.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ALL_LOOKS, Browser, RUNS, SOME_LOOKS } from './browser.mjs';

/** So great that each picture takes seconds. */
const GREAT = ['nodes-1000', 'items-10000', 'stranger'];

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

for (const name of Object.keys(RUNS)) {
  test(`the page of ${name} fits, looks, and asks nobody`, async (context) => {
    const visit = await browser.openFile(context, name);
    for (const [theme, width] of GREAT.includes(name) ? SOME_LOOKS : ALL_LOOKS) {
      await visit.use(theme, width);
      await visit.shot(`file-${name}-${theme}-${width}`);
      await visit.assertFits();
    }
    visit.assertQuiet(pathToFileURL(RUNS[name].page).href);
  });
}

for (const name of ['city-report', 'row-pipeline', 'nested', 'failures', 'items-300', 'stranger']) {
  test(`axe finds no barrier in the page of ${name}`, async (context) => {
    const visit = await browser.openFile(context, name);
    await visit.unfold(40);
    for (const theme of ['light', 'dark']) {
      await visit.use(theme, 1400);
      await visit.assertAccessible();
    }
  });
}

test("a stranger's log runs no script and adds no element", async (context) => {
  const visit = await browser.openFile(context, 'stranger');
  const { page } = visit;
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img, iframe, object, embed, form, base, link, main script, main style').count(), 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[onclick], [onerror], [onload]').length), 0);
  const addresses = await page.locator('main [href]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  assert.deepEqual(addresses.filter((address) => !address.startsWith('#')), []);
  const ids = await page.locator('[id]').evaluateAll((found) => found.map((element) => element.id));
  assert.equal(new Set(ids).size, ids.length, 'an id of the page was taken by one of the log');
});

test('in a window that becomes narrower, the graph is still in view', async (context) => {
  const visit = await browser.openFile(context, 'code-review');
  await visit.use('light', 600);
  const outside = await visit.page.evaluate(() => {
    const frame = document.querySelector('.graph-view').getBoundingClientRect();
    const cards = [...document.querySelectorAll('.graph-view .card')].map((card) => card.getBoundingClientRect());
    return cards.filter((card) => card.left < frame.left || card.right > frame.right).length;
  });
  assert.equal(outside, 0);
});
