// The page that `oe inspect --serve` serves: live, quiet, and for nobody else.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ALL_LOOKS, Browser, EXAMPLES, RUNS, SOME_LOOKS } from './browser.mjs';
import { newFolder, RunUnderWay, serve } from './live.mjs';

const MOST_HEAP = 200e6;

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

for (const name of [...EXAMPLES, 'failures', 'items-300', 'nested', 'six-hours']) {
  test(`the served page of ${name} fits, looks, and asks nobody else`, async (context) => {
    const address = await serve(context, RUNS[name].folder);
    const visit = await browser.open(context, address.href);
    for (const [theme, width] of EXAMPLES.includes(name) ? ALL_LOOKS : SOME_LOOKS) {
      await visit.use(theme, width);
      await visit.shot(`served-${name}-${theme}-${width}`);
      await visit.assertFits();
    }
    visit.assertQuiet(address.origin);
  });
}

for (const theme of ['light', 'dark']) {
  test(`axe finds no barrier in the served page, ${theme}`, async (context) => {
    const visit = await browser.open(context, (await serve(context, RUNS['row-pipeline'].folder)).href);
    await visit.use(theme, 1400);
    await visit.unfold(40);
    await visit.assertAccessible();
  });
}

test('an event in the log changes the page, and what was open and focused stays so', async (context) => {
  const folder = await newFolder(context);
  const run = await RunUnderWay.begin(context, folder, 'twenty-ms');
  const visit = await browser.open(context, (await serve(context, folder)).href);
  const { page } = visit;
  await page.evaluate(() => {
    window.wasHereBefore = true;
  });
  await page.locator('#node-1 > summary').focus();
  await page.keyboard.press('Enter');
  await page.locator('#node-1[open]').waitFor();

  await run.write(1);
  await page.locator('#node-1', { hasText: 'running' }).waitFor();
  await run.write(1);
  await page.locator('#node-1', { hasText: 'completed' }).waitFor();

  assert.equal(await page.locator('#node-1[open]').count(), 1, 'what was open stays open');
  assert.equal(await page.evaluate(() => document.activeElement.closest('details')?.id), 'node-1', 'the focus stays');
  await page.locator('#graph-node-2 a').first().focus();
  await run.write(1);
  await page.locator('#graph-node-2.running').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest('.box')?.id), 'graph-node-2', 'also in the graph');
  await run.write(run.events);
  await page.locator('#head', { hasText: 'success' }).waitFor();
  assert.equal(await page.evaluate(() => window.wasHereBefore), true, 'the page was not loaded again');
});

test('ten thousand items freeze nothing and fit into 200 MB', async (context) => {
  const folder = await newFolder(context);
  const run = await RunUnderWay.begin(context, folder, 'items-10000');
  const visit = await browser.open(context, (await serve(context, folder)).href);
  const { page } = visit;
  const details = page.locator('#node-1');
  const heap = await page.context().newCDPSession(page);
  await heap.send('Performance.enable');

  let isOpen = false;
  for (let left = run.events; left > 0; ) {
    left = await run.write(1500);
    await details.locator('> summary').click();
    isOpen = !isOpen;
    assert.equal(await details.getAttribute('open') !== null, isOpen, 'a click is handled while events arrive');
  }
  await page.locator('#head', { hasText: 'success' }).waitFor();

  const { metrics } = await heap.send('Performance.getMetrics');
  const used = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  context.diagnostic(`${Math.round(used / 1e6)} MB of heap`);
  assert.ok(used < MOST_HEAP, `${used} bytes of heap`);
  assert.deepEqual(visit.complaints, []);
});

test("a stranger's log harms the served page no more than the file", async (context) => {
  const visit = await browser.open(context, (await serve(context, RUNS.stranger.folder)).href);
  await visit.page.locator('#head').waitFor();
  assert.equal(await visit.page.evaluate(() => window.hacked), undefined);
  assert.equal(await visit.page.locator('img, iframe, object, embed, base').count(), 0);
  assert.deepEqual(visit.complaints, []);
});

test('another name of this machine, another token and another origin are refused', async (context) => {
  const folder = await newFolder(context);
  const run = await RunUnderWay.begin(context, folder, 'twenty-ms');
  const address = await serve(context, folder);
  const cancel = new URL(`runs/${run.id}/cancel`, address).href;
  const json = { 'content-type': 'application/json' };

  assert.equal(await statusOf(address, { host: `evil.example:${address.port}` }), 421);
  assert.equal(await statusOf(new URL('/another-token/', address)), 404);
  assert.equal(await statusOf(new URL('/', address)), 404);
  assert.equal(await statusOf(cancel, { ...json, origin: 'http://evil.example' }, 'POST'), 403);
  assert.equal(await statusOf(cancel, json, 'POST'), 403);

  const visit = await browser.open(context, await pageOfAStranger(context));
  assert.deepEqual(await visit.page.evaluate(attack, { page: address.href, cancel }), {
    read: 'refused',
    sent: 'opaque', // a refusal, which the page cannot even read
    sentAsJson: 'refused',
    events: 'refused',
    frame: 'refused',
  });
  assert.ok(!existsSync(join(folder, `.openexpertise/runs/${run.id}.cancel`)), 'nobody has cancelled the run');
});

/** What a page elsewhere may try with an address that it should not even know. Runs in that page. */
async function attack({ page, cancel }) {
  const refused = () => 'refused';
  const happens = (element, right, wrong) =>
    new Promise((resolve) => {
      element.addEventListener(right, () => resolve('allowed'));
      element.addEventListener(wrong, () => resolve('refused'));
    });
  const added = (tag, src) => document.body.appendChild(Object.assign(document.createElement(tag), { src }));
  const frame = added('iframe', page);
  await new Promise((resolve) => frame.addEventListener('load', resolve));
  return {
    read: await fetch(page).then((answer) => answer.text(), refused),
    sent: await fetch(cancel, { method: 'POST', mode: 'no-cors', body: '{}' }).then((answer) => answer.type, refused),
    sentAsJson: await fetch(cancel, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }).then(
      (answer) => answer.text(),
      refused,
    ),
    events: await happens(new EventSource(`${page}events`), 'open', 'error'),
    frame: frame.contentDocument === null ? 'refused' : 'allowed',
  };
}

/** A page of another origin, served until the test ends; its address. */
async function pageOfAStranger(context) {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<body>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

async function statusOf(address, headers = {}, method = 'GET') {
  const sent = request(address, { method, headers });
  sent.end(method === 'POST' ? '{}' : undefined);
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}
