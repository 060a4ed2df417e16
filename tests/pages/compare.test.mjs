// The page that `oe diff --html` writes, and the same page served.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ALL_LOOKS, Browser, RUNS, SOME_LOOKS } from './browser.mjs';
import { serve } from './live.mjs';

const PAIRS = Object.keys(RUNS).filter((name) => RUNS[name].comparison !== undefined);

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

for (const name of PAIRS) {
  test(`the comparison of two runs of ${name} fits, looks, asks nobody, and has no barrier`, async (context) => {
    const address = pathToFileURL(RUNS[name].comparison).href;
    const visit = await browser.open(context, address);
    for (const [theme, width] of name === 'city-report' ? ALL_LOOKS : SOME_LOOKS) {
      await visit.use(theme, width);
      await visit.shot(`compare-${name}-${theme}-${width}`);
      await visit.assertFits();
    }
    await visit.unfold(20);
    await visit.use('light', 1400);
    await visit.assertAccessible();
    visit.assertQuiet(address);
    assert.equal(await visit.page.evaluate(() => window.hacked), undefined);
  });
}

test('the served comparison is the one in the file', async (context) => {
  const { folder, runs, comparison } = RUNS['city-report'];
  const file = await browser.open(context, pathToFileURL(comparison).href);
  const address = new URL(`compare/${runs[0]}/${runs.at(-1)}`, await serve(context, folder));
  const served = await browser.open(context, address.href);

  assert.equal(await served.page.locator('main').innerText(), await file.page.locator('main').innerText());
  served.assertQuiet(address.origin);
});
