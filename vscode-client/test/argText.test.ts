import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choicesOf, initialText, mustAsk, promptText, titleText } from '../src/argText';
import type { DeclaredArg } from '../src/protocol';

const CITY: DeclaredArg = {
  name: 'city',
  schema: { type: 'string', description: 'The city to report on.' },
  isRequired: true,
  isSecret: false,
};
const DAYS: DeclaredArg = {
  name: 'days',
  schema: { type: 'integer', default: 3 },
  isRequired: false,
  isSecret: false,
  default: 3,
};

test('a run asks if an arg has no default, and then for all of them', () => {
  assert.equal(mustAsk([CITY, DAYS]), true);
  assert.equal(mustAsk([DAYS]), false);
  assert.equal(mustAsk([]), false);
});

test('the last value comes before the default', () => {
  assert.equal(initialText(CITY), '');
  assert.equal(initialText(DAYS), '3');
  assert.equal(initialText({ ...DAYS, last: 5 }), '5');
  assert.equal(initialText({ ...CITY, last: ['a'] }), '["a"]');
});

test('enums and booleans are chosen', () => {
  assert.deepEqual(choicesOf({ ...CITY, schema: { enum: ['Oslo', 2] } }), ['Oslo', 2]);
  assert.deepEqual(choicesOf({ ...CITY, schema: { type: 'boolean' } }), [true, false]);
  assert.equal(choicesOf(CITY), undefined);
});

test('the prompt has the description, type and default', () => {
  assert.equal(promptText(CITY), 'The city to report on. · string');
  assert.equal(promptText(DAYS), 'integer · default: 3');
  assert.equal(promptText({ ...CITY, schema: { type: 'array' }, isRequired: false }), 'array, as JSON · optional');
  assert.equal(titleText(CITY, 0, 2), 'city (1 of 2)');
  assert.equal(titleText(CITY, 0, 1), 'city');
});
