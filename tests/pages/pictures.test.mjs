// The pictures of docs/looking-at-runs.md and README, as screenshots/pages/doc-*.png; docs/images keeps copies.
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Browser, RUNS } from './browser.mjs';
import { serve } from './live.mjs';

const WIDTH = 1100;

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.stop());

test('the page of a run that failed, with the plan of its resume', async (context) => {
  const { folder, runs } = RUNS['city-report'];
  const address = new URL(`runs/${runs[0]}`, await serve(context, folder));
  const visit = await browser.open(context, address.href, WIDTH);
  await visit.page.getByRole('button', { name: 'Resume' }).first().click();
  await visit.page.locator('section.plan', { hasText: 'compare' }).waitFor();
  await visit.page.evaluate(() => scrollTo(0, 0));
  await visit.shot('doc-page', 1000);
});

test('a graph with phases, conditions and their last values', async (context) => {
  const visit = await browser.openFile(context, 'oncall-runbook', WIDTH);
  await visit.shotOf('#graph', 'doc-graph');
});

test('a timeline that says why a node waited', async (context) => {
  const visit = await browser.openFile(context, 'six-hours', WIDTH);
  await visit.page.locator('.timeline-row[data-node=implement] > summary').click();
  await visit.shotOf('#timeline', 'doc-timeline');
});

test('two runs side by side', async (context) => {
  const visit = await browser.open(context, pathToFileURL(RUNS['city-report'].comparison).href, WIDTH);
  await visit.shot('doc-compare', 900);
});
