// A browser that looks at pages as people do: in any theme and width, with the keyboard, or through a screen reader.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assertAccessible } from './axe.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const installed = createRequire(join(ROOT, '.code-server/package.json'));
const { chromium } = installed('playwright-core');
const SCREENSHOTS = join(ROOT, 'screenshots/pages');
const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
};

/** What make_pages.py made: by name, the folder of the experience, its runs (the oldest first), and the newest one's page. */
export const RUNS = JSON.parse(readFileSync(process.env.OE_RUNS, 'utf8'));

/** The names of those that are examples. */
export const EXAMPLES = Object.keys(RUNS).filter((name) => existsSync(join(ROOT, 'examples', name)));

const THEMES = {
  light: { colorScheme: 'light', contrast: 'no-preference', forcedColors: 'none' },
  dark: { colorScheme: 'dark', contrast: 'no-preference', forcedColors: 'none' },
  contrast: { colorScheme: 'dark', contrast: 'more', forcedColors: 'active' },
};

/** Themes and widths, in which a page is looked at. */
export const ALL_LOOKS = Object.keys(THEMES).flatMap((theme) => [600, 1400].map((width) => [theme, width]));
export const SOME_LOOKS = [
  ['light', 1400],
  ['dark', 600],
];

/** The one browser of a test file; each test opens pages of its own. */
export class Browser {
  static async start() {
    return new Browser(await chromium.launch(CHROMIUM));
  }

  constructor(browser) {
    this.browser = browser;
  }

  /** A page, closed at the end of the test. */
  async open(context, address, width = 1400) {
    const page = await this.browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
    context.after(() => page.close());
    const visit = new Visit(page);
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`refused: ${event.violatedDirective}`));
    });
    await page.goto(address);
    return visit;
  }

  /** The page that `oe inspect --html` wrote of the newest run of this name. */
  async openFile(context, name, width) {
    return this.open(context, pathToFileURL(RUNS[name].page).href, width);
  }

  async stop() {
    await this.browser.close();
  }
}

/** One page, what it complained of, and whom it asked. */
export class Visit {
  complaints = [];
  requests = [];

  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => this.requests.push(request.url()));
  }

  async use(theme, width) {
    await this.page.emulateMedia({ ...THEMES[theme], reducedMotion: 'reduce' });
    await this.page.setViewportSize({ width, height: 900 });
    await this.drawn();
  }

  /** Resolves once the page has answered to what happened to its window. */
  async drawn() {
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }

  /** Keeps a picture of one element. */
  async shotOf(selector, name) {
    await mkdir(SCREENSHOTS, { recursive: true });
    await this.page.locator(selector).screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
  }

  /** Keeps a picture of the page, or of its top if it is taller than `tallest`. */
  async shot(name, tallest = 2000) {
    await mkdir(SCREENSHOTS, { recursive: true });
    const { width } = this.page.viewportSize();
    const tall = await this.page.evaluate(() => document.documentElement.scrollHeight);
    // A window of this height, since a picture of more than the window takes seconds on a long page.
    await this.page.setViewportSize({ width, height: Math.min(Math.max(tall, 400), tallest) });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
  }

  /** Opens so many of the details on the page. */
  async unfold(most) {
    await this.page.evaluate((count) => {
      for (const details of [...document.querySelectorAll('details')].slice(0, count)) details.open = true;
    }, most);
  }

  /** Fails if axe finds a barrier. */
  async assertAccessible() {
    await assertAccessible(this.page);
  }

  /** Fails if anything is wider than the window. */
  async assertFits() {
    const { wide, window } = await this.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    assert.ok(wide <= window, `the page is ${wide} px wide in a window of ${window} px`);
  }

  /** Fails if the page complained, or asked anybody but `origin`. */
  assertQuiet(origin) {
    assert.deepEqual(this.complaints, []);
    assert.deepEqual(this.requests.filter((url) => !url.startsWith(origin)), []);
  }
}
