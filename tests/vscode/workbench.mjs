// A person in front of VS Code: opens a copy of a fixture, types, clicks, reads. What they see is kept as screenshots.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, startCodeServer } from '../../scripts/vscode/codeServer.mjs';

const { chromium } = createRequire(join(ROOT, '.code-server/package.json'))('playwright-core');
const SCREENSHOTS = join(ROOT, 'screenshots');
const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    ...['--disable-component-update', '--disable-sync'],
  ],
};

export const PYTHON = join(ROOT, '.venv/bin/python');

/** One VS Code server and one browser, for the tests of a file. */
export class Editor {
  static async start({ trust = 'disabled', settings = {} } = {}) {
    const server = await startCodeServer({ trust, settings: { 'oe.python': PYTHON, ...settings } });
    return new Editor(server, await chromium.launch(CHROMIUM), await mkdtemp(join(tmpdir(), 'oe-vscode-')));
  }

  constructor(server, browser, copies) {
    this.server = server;
    this.browser = browser;
    this.copies = copies;
  }

  /** A copy of tests/vscode/fixtures/NAME that a test may change; it is there until the editor stops. */
  async copyOfFixture(name) {
    const folder = join(await mkdtemp(join(this.copies, 'copy-')), name);
    await cp(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), folder, { recursive: true });
    return folder;
  }

  /** A window on a folder, closed at the end of the test. `story` is what its screenshots are called. */
  async open(context, folder, story) {
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${this.server.address}?folder=${encodeURIComponent(folder)}`);
    const workbench = new Workbench(page, story);
    context.after(async () => {
      await workbench.shot('end');
      await page.close();
    });
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
    return workbench;
  }

  async stop() {
    await this.browser.close();
    await this.server.stop(join(SCREENSHOTS, 'logs'));
    await rm(this.copies, { recursive: true, force: true });
  }
}

/** What a person can do and see in one window. All of it waits until it is there, and fails when it does not come. */
export class Workbench {
  steps = 0;

  constructor(page, story) {
    this.page = page;
    this.story = story;
    page.setDefaultTimeout(20_000);
  }

  async shot(step) {
    await mkdir(SCREENSHOTS, { recursive: true });
    this.steps += 1;
    const name = `${this.story}-${String(this.steps).padStart(2, '0')}-${step}.png`;
    await this.page.screenshot({ path: join(SCREENSHOTS, name), animations: 'disabled' });
  }

  async openFile(name) {
    await this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first().dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** Runs a command of the palette, by the title that it shows there. */
  async runCommand(title) {
    await this.page.keyboard.press('F1');
    await this.pick(title, `>${title}`);
  }

  /** Types into the quick input and takes the row that shows `row`. */
  async pick(row, typed = '') {
    const box = this.page.locator('.quick-input-widget');
    await box.locator('input[type=text]').first().fill(typed);
    await this.row(row).first().click();
  }

  /** Rows of the quick input. */
  row(text) {
    return this.page.locator('.quick-input-widget .monaco-list-row', { hasText: text });
  }

  /** Replaces the last word of a line (from 1) by typing. */
  async retypeLastWord(line, word) {
    await this.page.keyboard.press('Control+g');
    await this.page.locator('.quick-input-widget input[type=text]').first().fill(`:${line}`);
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.press('End');
    await this.page.keyboard.press('Control+Shift+ArrowLeft');
    await this.page.keyboard.type(word);
  }

  lens(title) {
    return this.page.locator('.codelens-decoration a', { hasText: title });
  }

  squiggles(severity) {
    return this.page.locator(`.editor-instance .squiggly-${severity}`);
  }

  problem(text) {
    return this.page.locator('.markers-panel .monaco-list-row', { hasText: text });
  }

  notification(text) {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  async clickIn(notification, button) {
    await notification.hover();
    await notification.locator('.monaco-button', { hasText: button }).click();
  }

  /** A line of the output "Experience runs", which must be shown. */
  outputLine(text) {
    return this.page.locator('.output-view .view-line', { hasText: text });
  }

  statusBar(text) {
    return this.page.locator('.statusbar-item', { hasText: text });
  }

  async reload() {
    await this.page.reload();
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }
}
