// Drives VS Code as a user does: opens a copy of a fixture, types, clicks, reads, and keeps screenshots.
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, startCodeServer } from '../../scripts/vscode/codeServer.mjs';
import { assertAccessible, FRAME } from '../pages/axe.mjs';

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
  static async start({ trust = 'disabled', settings = {}, neighbours = [], environment = {} } = {}) {
    const server = await startCodeServer({ trust, settings: { 'oe.python': PYTHON, ...settings }, neighbours, environment });
    return new Editor(server, await chromium.launch(CHROMIUM), await mkdtemp(join(tmpdir(), 'oe-vscode-')));
  }

  constructor(server, browser, copies) {
    this.server = server;
    this.browser = browser;
    this.copies = copies;
  }

  /** A new folder with this name, removed when the editor stops. */
  async newFolder(name) {
    const folder = join(await mkdtemp(join(this.copies, 'new-')), name);
    await mkdir(folder);
    return folder;
  }

  /** A copy of tests/vscode/fixtures/NAME that a test may change, removed when the editor stops. */
  async copyOfFixture(name) {
    const folder = await this.newFolder(name);
    await copyFixture(name, folder);
    return folder;
  }

  /** A window on a folder, closed at the end of the test. `story` names its screenshots. */
  async open(context, folder, story, height = 800) {
    const page = await this.browser.newPage({ viewport: { width: 1280, height } });
    await page.goto(`${this.server.address}?folder=${encodeURIComponent(folder)}`);
    const workbench = new Workbench(page, story);
    context.after(async () => {
      await workbench.shot('end');
      await page.close();
    });
    const hasFiles = (await readdir(folder)).length > 0;
    await page.locator(`.explorer-folders-view .monaco-list${hasFiles ? '-row' : ''}`).first().waitFor();
    return workbench;
  }

  async stop() {
    await this.browser.close();
    await this.server.stop(join(SCREENSHOTS, 'logs'));
    await rm(this.copies, { recursive: true, force: true });
  }
}

/** Puts the files of tests/vscode/fixtures/NAME into a folder, over those that are there. */
export async function copyFixture(name, folder) {
  await cp(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), folder, { recursive: true });
}

/** What a user can do and see in one window. Each method waits for its element, and fails if it does not appear. */
export class Workbench {
  steps = 0;

  constructor(page, story) {
    this.page = page;
    this.story = story;
    page.setDefaultTimeout(30_000);
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

  /** Runs a command by its title in the palette. */
  async runCommand(title) {
    await this.page.keyboard.press('F1');
    await this.pick(title, `>${title}`);
  }

  /** Types into the quick input and clicks the row with the text `row`. */
  async pick(row, typed = '') {
    const box = this.page.locator('.quick-input-widget');
    await box.locator('input[type=text]').first().fill(typed);
    await this.row(row).first().click();
    // What lies under the row would show a tooltip.
    await this.page.mouse.move(0, 0);
  }

  /** Types an answer into the input box, and confirms it. */
  async answer(text) {
    await this.page.locator('.quick-input-widget input').first().fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Opens a file of any folder by its name. */
  async openByName(name) {
    await this.page.keyboard.press('Control+p');
    await this.pick(name, name);
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
  }

  async closeEditor() {
    await this.runCommand('View: Close Editor');
  }

  /** A question that must be answered first. */
  dialog(text) {
    return this.page.locator('.monaco-dialog-box', { hasText: text });
  }

  async confirm(button) {
    await this.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).click();
  }

  /** A line of the text. */
  line(text) {
    return this.page.locator('.editor-instance .view-line', { hasText: text });
  }

  /** An element of the rendered Markdown that is shown. */
  preview(selector) {
    return this.page.frameLocator('iframe.webview').last().frameLocator('iframe').locator(selector).first();
  }

  /** `kind` is the class of the theme's kind: `vs`, `vs-dark`, `hc-light` or `hc-black`. */
  async useTheme(name, kind) {
    await this.runCommand('Preferences: Color Theme');
    await this.pick(name, name);
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Rows of the quick input. */
  row(text) {
    return this.page.locator('.quick-input-widget .monaco-list-row', { hasText: text });
  }

  /** The texts of all rows of the quick input, in order. Only a dozen exist at a time, so this moves through all of them. */
  async rows() {
    const row = (index) => this.page.locator(`.quick-input-widget .monaco-list-row[data-index="${index}"]`);
    const count = Number(await row(0).getAttribute('aria-setsize'));
    const texts = [];
    for (let index = 0; index < count; index += 1) {
      texts.push(await row(index).textContent());
      await this.page.keyboard.press('ArrowDown');
    }
    return texts;
  }

  /** Puts the cursor at the end of a line (from 1). */
  async goToEndOf(line) {
    await this.page.keyboard.press('Control+g');
    await this.page.locator('.quick-input-widget input[type=text]').first().fill(`:${line}`);
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.press('End');
  }

  /** Replaces the last word of a line (from 1) by typing. */
  async retypeLastWord(line, word) {
    await this.goToEndOf(line);
    await this.page.keyboard.press('Control+Shift+ArrowLeft');
    await this.page.keyboard.type(word);
  }

  /** The labels of all completions at the cursor, in order; the list stays open. */
  async completions() {
    await this.page.keyboard.press('Control+Space');
    // Only a dozen rows exist at a time, so this moves through all of them.
    const row = (index) => this.page.locator(`.suggest-widget.visible .focused[data-index="${index}"]`);
    const count = Number(await row(0).getAttribute('aria-setsize'));
    const labels = [];
    for (let index = 0; index < count; index += 1) {
      labels.push(await row(index).locator('.label-name').textContent());
      await this.page.keyboard.press('ArrowDown');
    }
    return labels;
  }

  /** The number of the line that the cursor is on, whether the text has the focus or not. */
  activeLine(number) {
    return this.page.locator('.editor-instance .line-numbers.active-line-number', { hasText: new RegExp(`^${number}$`) });
  }

  /** A token of the text, as highlighted. */
  token(text) {
    return this.page.locator('.editor-instance .view-line span[class*=mtk]', { hasText: new RegExp(`^${text}$`) });
  }

  /** The hovers at the mouse, one for each provider. */
  hover() {
    return this.page.locator('.monaco-hover .markdown-hover');
  }

  /** The problem in the hover at the mouse. */
  explanation() {
    return this.page.locator('.monaco-hover .marker').first();
  }

  /** An inlay hint. */
  hint(text) {
    return this.page.locator('.editor-instance .view-line span[class*=dyn-rule]', { hasText: text });
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

  /** The accessible labels of all listed problems: message, position and source. */
  problems() {
    const rows = this.page.locator('.markers-panel .monaco-list-row[aria-level="2"]');
    return rows.evaluateAll((found) => found.map((row) => row.ariaLabel));
  }

  notification(text) {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  async clickIn(notification, button) {
    await notification.hover();
    await notification.locator('.monaco-button', { hasText: button }).click();
  }

  /** A line of the output channel "Experience runs", which must be visible. */
  outputLine(text) {
    return this.page.locator('.output-view .view-line', { hasText: text });
  }

  /** Opens the view of runs in the side bar. */
  async openRunsView() {
    await this.page.locator('.activitybar .action-label[aria-label="Experience runs"]').click();
    await this.page.locator('.composite.title', { hasText: 'Experience runs' }).waitFor();
  }

  /** What an empty view says. */
  welcome(text) {
    return this.page.locator('.welcome-view', { hasText: text });
  }

  /** A row of the view of runs. */
  treeRow(text) {
    return this.page.locator('.tree-explorer-viewlet-tree-view .monaco-list-row', { hasText: text });
  }

  /** The row of a run. */
  run(text) {
    return this.page.locator('.tree-explorer-viewlet-tree-view .monaco-list-row[aria-level="2"]', { hasText: text });
  }

  async expand(row) {
    await row.locator('.monaco-tl-twistie').click();
  }

  /** Clicks an icon that a row shows under the mouse. */
  async inline(row, label) {
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${label}"]`).click();
  }

  async contextMenu(row, label) {
    await row.click({ button: 'right' });
    const item = this.page.locator('.monaco-menu .action-item', { hasText: label });
    await item.hover();
    await this.page.locator('.monaco-menu .action-item.focused', { hasText: label }).waitFor();
    await this.page.keyboard.press('Enter'); // a menu that has just opened ignores clicks
    await item.waitFor({ state: 'detached' });
  }

  /** The page in the run panel. */
  runPage() {
    return this.page.frameLocator('iframe.webview').last().frameLocator('#active-frame').frameLocator('#page');
  }

  /** Fails if axe finds a barrier in that page or in the panel around it. */
  async assertPanelAccessible() {
    const page = this.page.frames().findLast((frame) => frame.name() === 'page');
    await assertAccessible(page);
    await assertAccessible(page.parentFrame(), FRAME);
  }

  statusBar(text) {
    return this.page.locator('.statusbar-item', { hasText: text });
  }

  /** A row of "Developer: Show Running Extensions". */
  runningExtension(name) {
    const title = this.page.locator('.name', { hasText: name });
    return this.page.locator('.runtime-extensions-editor .monaco-list-row', { has: title });
  }

  async reload() {
    await this.page.reload();
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }
}
