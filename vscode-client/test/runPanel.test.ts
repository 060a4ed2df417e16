import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPageMessage } from '../src/runPanel/messages';
import { isShown, panelHtml, type Shown } from '../src/runPanel/panelHtml';

const RUN = '4f3a1b2c-1111-4222-8333-444455556666';
const SHOWN: Shown = { kind: 'run', uri: 'file:///x/"><script>alert(1)</script>/experience.yaml', runId: RUN };

describe('the document of the panel', () => {
  const html = panelHtml({ shown: SHOWN, page: 'http://127.0.0.1:4321/t/runs/x?"', nonce: 'n0', script: 'https://file/panel.js' });

  test('frames only the origin of the page, and runs only our script', () => {
    const policy = /content="([^"]*)"/.exec(html)?.[1]?.replaceAll('&#39;', "'");
    assert.equal(policy, "default-src 'none'; frame-src http://127.0.0.1:4321; script-src 'nonce-n0'; style-src 'nonce-n0'");
  });

  test('holds what it is given as text', () => {
    assert.ok(!html.includes('<script>alert'));
    assert.equal(html.match(/<script/g)?.length, 1);
  });

  test('without a page, frames nothing and says why', () => {
    const failed = panelHtml({ shown: SHOWN, message: 'No <b>server</b>.', nonce: 'n0', script: '' });
    assert.match(failed, /frame-src &#39;none&#39;/);
    assert.match(failed, /<p id="message">No &#60;b&#62;server/);
    assert.ok(!failed.includes('<iframe'));
  });
});

test('only what this version kept is restored after a reload', () => {
  assert.ok(isShown(JSON.parse(JSON.stringify(SHOWN))));
  assert.ok(isShown({ kind: 'compare', uri: 'file:///x', left: RUN, right: RUN }));
  for (const other of [null, 'x', {}, { kind: 'run', uri: 3, runId: RUN }, { kind: 'compare', uri: 'x', left: RUN }]) {
    assert.ok(!isShown(other));
  }
});

describe('a message of the page', () => {
  test('is read field by field', () => {
    assert.deepEqual(readPageMessage({ type: 'selected', nodeId: 'a', more: 1 }), { type: 'selected', nodeId: 'a' });
    const resume = { type: 'resume', runId: RUN, options: { from: 'a', expect: '0123456789abcdef' } };
    assert.deepEqual(readPageMessage(resume), resume);
  });

  test('that is anything else is ignored', () => {
    const wrong = [
      null,
      'resume',
      { type: 'execute', command: 'rm' },
      { type: 'resume', runId: '../../x', options: {} },
      { type: 'resume', runId: RUN },
      { type: 'cancel', runId: 7 },
      { type: 'selected', nodeId: {} },
      { type: 'copy' },
    ];
    for (const each of wrong) assert.equal(readPageMessage(each), undefined);
  });
});
