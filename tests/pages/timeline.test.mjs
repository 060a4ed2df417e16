// The timeline of a run in a file: by mouse and by keyboard, from hours to milliseconds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './browser.mjs';

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

/** The time that the rows show, in milliseconds: where it begins, and how long it is. */
async function shown(page) {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const boxes = await page.locator('.timeline-panel .time').evaluateAll((all) =>
    all.map((each) => each.getAttribute('viewBox').split(' ')).map(([from, , length]) => `${from} ${length}`),
  );
  assert.equal(new Set(boxes).size, 1, 'all rows show the same time');
  return boxes[0].split(' ').map(Number);
}

const labels = (page) => page.locator('.timeline-axis text').allTextContents();

test('a run of six hours is zoomed to milliseconds and back', async (context) => {
  const { page } = await browser.openFile(context, 'six-hours');
  const [, whole] = await shown(page);
  assert.ok(whole > 5 * 3_600_000);
  assert.match((await labels(page))[1], /^\d+:\d\d:\d\d$/);

  for (let clicks = 0; clicks < 40; clicks += 1) await page.locator('#timeline-tools').getByRole('button', { name: 'Zoom in' }).click();
  assert.equal((await shown(page))[1], 5);
  assert.match((await labels(page))[1], /^\d+:\d\d:\d\d\.\d{3}$/);

  await page.locator('.timeline-panel').press('0');
  assert.deepEqual(await shown(page), [0, whole]);
});

test('the wheel zooms where the mouse is, and dragging moves without opening a row', async (context) => {
  const { page } = await browser.openFile(context, 'items-300');
  const [, whole] = await shown(page);
  const bars = page.locator('#timeline-row-2 > summary .time');
  await bars.scrollIntoViewIfNeeded();
  const { x, y, width } = await bars.boundingBox();
  await page.mouse.move(x + width / 2, y + 5);
  await page.keyboard.down('Control');
  for (let turns = 0; turns < 5; turns += 1) await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  const [from, length] = await shown(page);
  assert.ok(length < whole / 2);
  assert.ok(Math.abs(from + length / 2 - whole / 2) < whole / 50, 'the middle stays where it was');

  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 100, y + 5, { steps: 3 });
  await page.mouse.up();
  const [moved] = await shown(page);
  assert.ok(moved < from);
  assert.equal(await page.locator('#timeline-row-2').evaluate((row) => row.open), false);
});

test('rows open by keyboard to words, and the critical path is one in graph and timeline', async (context) => {
  const visit = await browser.openFile(context, 'city-report');
  const { page } = visit;
  await page.locator('#timeline-row-2 > summary').press('Enter');
  assert.match(await page.locator('#timeline-row-2 .timeline-inside').textContent(), /started .* took/);

  await page.getByRole('button', { name: 'Critical path' }).click();
  const inTimeline = await page.locator('.timeline-row.critical').evaluateAll((rows) => rows.map((row) => row.dataset.node));
  const inGraph = await page.locator('#graph .box.critical').evaluateAll((boxes) => boxes.map((box) => box.querySelector('[data-node]').dataset.node));
  assert.ok(inTimeline.length > 1);
  assert.deepEqual(inTimeline.sort(), inGraph.sort());
  assert.equal(await page.locator('#graph-show-critical').isChecked(), true);
  assert.deepEqual(visit.complaints, []);
});
