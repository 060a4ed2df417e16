// What axe says of a document: https://github.com/dequelabs/axe-core
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AXE = readFileSync(createRequire(join(ROOT, '.code-server/package.json')).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules of WCAG without those for whole pages, for a document that is only a frame around another. */
export const FRAME = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };

/** Fails if axe finds a barrier in the document of a page or frame, without the frames inside it. */
export async function assertAccessible(frame, rules = {}) {
  await frame.evaluate(AXE);
  const options = { iframes: false, ...rules };
  const violations = await frame.evaluate(async (given) => (await globalThis.axe.run(given)).violations, options);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3)}`);
  assert.deepEqual(found, []);
}
