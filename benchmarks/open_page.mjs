// How long a browser takes to open the page of a run (`oe inspect --html`) with 1,000 nodes, and the memory that it needs.
// `node benchmarks/open_page.mjs`, once `make test-vscode` has installed the browser's driver.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { chromium } = createRequire(join(ROOT, '.code-server/package.json'))('playwright-core');
const ROUNDS = 20;

const folder = mkdtempSync(join(tmpdir(), 'oe-page-'));
const python = join(ROOT, '.venv/bin/python');
const file = execFileSync(python, [join(ROOT, 'benchmarks/contenders/large_page.py'), '1000', folder], { encoding: 'utf8' });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const rounds = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await open(pathToFileURL(file.trim()).href));
await browser.close();
const bytes = statSync(file.trim()).size;
rmSync(folder, { recursive: true });

const of = (name) => rounds.map((round) => round[name]).sort((one, other) => one - other);
for (const name of ['painted_ms', 'ready_ms', 'heap_mb']) {
  const sorted = of(name);
  console.log(`${name.padEnd(12)} median ${sorted[ROUNDS / 2].toFixed(1)}, worst ${sorted.at(-1).toFixed(1)}`);
}
console.log(`${(bytes / 1e6).toFixed(2)} MB`);

/** First paint and the end of all scripts, in milliseconds after the start of the navigation. */
async function open(address) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(address, { waitUntil: 'load' });
  const times = await page.evaluate(async () => {
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    const [navigation] = performance.getEntriesByType('navigation');
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    return { painted_ms: paint.startTime, ready_ms: navigation.loadEventEnd };
  });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const { metrics } = await cdp.send('Performance.getMetrics');
  await page.close();
  return { ...times, heap_mb: metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6 };
}
