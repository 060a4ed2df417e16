// The graph on a page: with the keyboard alone, zoomed and dragged, found in, and opened.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './browser.mjs';

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('data-node'));
const transform = (page) => page.evaluate(() => document.querySelector('#graph-view-all svg').style.transform);

test('arrows go along edges, and Enter opens the details', async (context) => {
  const { page } = await browser.openFile(context, 'city-report');
  await page.focus('#graph-node-1 a[data-node]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'rank');
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(page), 'summarise');

  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => globalThis.oePage.selected()), 'summarise');
  assert.ok(await page.locator('#node-2').evaluate((node) => node.open));
});

test('keys, buttons and the mouse move the drawing, and its boxes stay where they are', async (context) => {
  const visit = await browser.openFile(context, 'city-report');
  const { page } = visit;
  const places = () => page.locator('.boxes > .box').evaluateAll((all) => all.map((box) => box.getAttribute('transform')));
  const [fitted, before] = [await transform(page), await places()];

  await page.focus('#graph-view-all');
  const seen = new Set([fitted]);
  for (const key of ['+', 'ArrowRight', 'ArrowDown']) {
    await page.keyboard.press(key);
    seen.add(await transform(page));
  }
  const { x, y } = await page.locator('#graph-view-all').boundingBox();
  await page.mouse.move(x + 20, y + 20);
  await page.mouse.down();
  await page.mouse.move(x + 60, y + 40, { steps: 3 });
  await page.mouse.up();
  seen.add(await transform(page));
  assert.equal(seen.size, 5);

  await page.click('[data-graph="fit"]');
  assert.equal(await transform(page), fitted);
  assert.deepEqual(await places(), before);
  visit.assertQuiet(page.url());
});

test('what is nested opens with Space, at any depth, and find goes to what is inside', async (context) => {
  const { page } = await browser.openFile(context, 'nested');
  const inner = page.locator('.graph-inner .graph-view');
  assert.equal(await inner.locator('visible=true').count(), 0);

  await page.focus('#graph .box:has(.opener) a[data-node]');
  await page.keyboard.press(' ');
  assert.equal(await inner.locator('visible=true').count(), 1);

  const deepest = page.locator('.graph-inner .graph-inner .graph-inner .box a[data-node]').first();
  await page.fill('#graph-find', await deepest.getAttribute('data-node'));
  assert.ok(await deepest.isVisible());
});
