// How soon an event in a log changes what a person sees on the served page, and the memory that the page needs.
// `node benchmarks/event_to_screen.mjs`, once `make test-vscode` has installed the browser's driver. 20 events, one by
// one, of a run with 500 nodes and of a fan-out of 10,000 items; then the rest of the run at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunUnderWay, serve } from '../tests/pages/live.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { chromium } = createRequire(join(ROOT, '.code-server/package.json'))('playwright-core');
const EVENTS = 20;
const MOST_MS = 150;

const cleanUp = [];
const context = { after: (task) => cleanUp.unshift(task) };
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
let isSlow = false;
try {
  for (const name of ['nodes-500', 'items-10000']) await measure(name);
} finally {
  await browser.close();
  for (const task of cleanUp) await task();
}
if (isSlow) throw new Error(`a median is over ${MOST_MS} ms`);

async function measure(name) {
  const folder = mkdtempSync(join(tmpdir(), 'oe-screen-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const run = await RunUnderWay.begin(context, folder, name);
  let left = await run.write(3);
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto((await serve(context, folder)).href);
  await page.evaluate(() => {
    window.drawn = [];
    window.oePage.onReplaced(() => requestAnimationFrame(() => window.drawn.push(Date.now())));
  });
  const times = [];
  while (times.length < EVENTS) {
    const before = await page.evaluate(() => window.drawn.length);
    const began = Date.now();
    left = await run.write(1);
    const isDrawn = page.waitForFunction((least) => window.drawn.length > least, before, { timeout: 2000 });
    if (!(await isDrawn.catch(() => false))) continue; // an event that shows nothing
    times.push((await page.evaluate((first) => window.drawn[first], before)) - began);
    // Nothing was drawn for a while: what is drawn next is the next event.
    await page.waitForFunction(() => Date.now() - window.drawn.at(-1) > 300);
  }
  await run.write(left);
  await page.locator('#head', { hasText: /success|failure/ }).waitFor();
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  times.sort((one, other) => one - other);
  isSlow ||= times[EVENTS / 2] > MOST_MS;
  console.log(`${name}: median ${times[EVENTS / 2]} ms, worst ${times.at(-1)} ms; heap ${heap.toFixed(0)} MB`);
}
