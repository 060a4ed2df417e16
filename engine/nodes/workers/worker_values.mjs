// Copies what a tool returned to plain data for JSON. What JSON would empty, drop from a list or change is an error
// that names its place and the remedy. Stand-alone, like worker.mjs.

import { types } from 'node:util';

const MAX_DEPTH = 500;
const FIRST_WITH_EXPONENT = 1e21; // JSON writes it as 1e+21, which no reader takes for an integer

export class NotJson extends Error {}

/** A copy of `value` that JSON can hold unchanged; undefined stays undefined. Throws NotJson. */
export function plain(value) {
  const at = { steps: [], within: [] };
  try {
    return copyOf(value, at, '');
  } catch (error) {
    if (error instanceof NotJson) throw error;
    const words = error instanceof Error ? error.message : 'its getter threw'; // of a getter, of toJSON, or of a proxy
    refuse(at, `cannot be read: ${words}`);
  }
}

/** `at` is the place of the value: the keys that lead there, and the objects around it. */
function copyOf(value, at, key) {
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) refuse(at, `is text with ${HALF_A_PAIR}`);
      return value;
    case 'number':
      return numberOf(value, at);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : copyOfObject(value, at, key);
    case 'bigint':
      if (typeof value.toJSON === 'function') return copyOf(value.toJSON(key), at, key);
      return refuse(at, 'is a bigint, which JSON cannot hold; convert it with String() or Number()');
    case 'function':
      return refuse(at, 'is a function; call it and return its result');
    default:
      return refuse(at, 'is a symbol, which JSON cannot hold; return text');
  }
}

const HALF_A_PAIR = 'half of a surrogate pair, which JSON cannot hold; use toWellFormed()';

function numberOf(value, at) {
  if (!Number.isFinite(value)) refuse(at, `is ${value}, which JSON cannot hold; return a finite number or null`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < FIRST_WITH_EXPONENT) {
    refuse(at, `is ${value}, an integer beyond 2^53, whose last digits may be lost; make it a string`);
  }
  return value;
}

function copyOfObject(value, at, key) {
  const loss = lossOf(value);
  if (loss !== null) refuse(at, loss);
  if (at.within.includes(value)) refuse(at, 'contains itself');
  if (at.within.length === MAX_DEPTH) {
    refuse({ steps: at.steps.slice(0, 3) }, `is nested more than ${MAX_DEPTH} levels deep`);
  }
  at.within.push(value);
  const given = typeof value.toJSON === 'function' ? value.toJSON(key) : value;
  const copy = given === value ? membersOf(value, at) : copyOf(given, at, key);
  at.within.pop();
  return copy;
}

function membersOf(value, at) {
  if (types.isBoxedPrimitive(value)) return copyOf(value.valueOf(), at, '');
  return Array.isArray(value) ? listOf(value, at) : recordOf(value, at);
}

function listOf(list, at) {
  const copy = [];
  for (let index = 0; index < list.length; index += 1) {
    at.steps.push(index);
    const member = copyOf(list[index], at, String(index));
    if (member === undefined) refuse(at, 'is undefined, which JSON would turn into null; return null, or leave it out');
    copy.push(member);
    at.steps.pop();
  }
  return copy;
}

/** A field that is undefined is left out, as JSON leaves it out (docs/format.md, Tools). */
function recordOf(record, at) {
  const copy = Object.create(null); // so that `__proto__` is an ordinary key
  for (const key of Object.keys(record)) {
    at.steps.push(key);
    if (!isWellFormed(key)) refuse(at, `has a key with ${HALF_A_PAIR}`);
    const member = copyOf(record[key], at, key);
    if (member !== undefined) copy[key] = member;
    at.steps.pop();
  }
  return copy;
}

/** What JSON would lose of this object, with the remedy; null if nothing. */
function lossOf(value) {
  if (types.isPromise(value) || typeof value.then === 'function') return 'is a Promise; await it';
  if (value instanceof Error || types.isNativeError(value)) {
    return 'is an Error, which JSON would empty; return its message, or throw it';
  }
  if (types.isDate(value)) return Number.isNaN(Number(value)) ? 'is an invalid Date; return a valid one or null' : null;
  if (ArrayBuffer.isView(value)) {
    return `is ${named(value)}, which JSON would change; return Array.from() of it, or text such as base64`;
  }
  if (typeof value.toJSON === 'function') return null;
  if (value instanceof Map || types.isMap(value)) {
    return 'is a Map, which JSON would empty; return Object.fromEntries() of it';
  }
  if (value instanceof Set || types.isSet(value)) return 'is a Set, which JSON would empty; return Array.from() of it';
  if (types.isRegExp(value)) return 'is a RegExp, which JSON would empty; return its source';
  if (types.isArgumentsObject(value)) return 'is an arguments object; return Array.from() of it';
  if (types.isBoxedPrimitive(value)) return types.isSymbolObject(value) ? 'is a symbol; return text' : null;
  if (typeof value.pipe === 'function') return `is ${named(value)}, a stream; read it and return what it held`;
  return Array.isArray(value) ? lossOfList(value) : lossOfRecord(value);
}

/** A list may have keys besides its items, which come last. Those of a regular expression's match are ignored. */
function lossOfList(list) {
  const last = Object.keys(list).at(-1);
  if (last === undefined || /^\d+$/.test(last) || (Object.hasOwn(list, 'index') && Object.hasOwn(list, 'input'))) {
    return null;
  }
  return `is a list with the key ${last}, which JSON would drop; return an object`;
}

/** JSON keeps the enumerable fields of an object: none of a generator, a handle or private fields. */
function lossOfRecord(value) {
  if (Object.keys(value).length) return null;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (isPlain && [undefined, 'Module'].includes(value[Symbol.toStringTag])) return null;
  return `is ${named(value)}, which JSON would empty; ${remedyFor(value)}`;
}

function remedyFor(value) {
  if (typeof value.json === 'function' && typeof value.text === 'function') return 'await its json() or text()';
  if (typeof value[Symbol.asyncIterator] === 'function') return 'collect what it yields in an array';
  if (typeof value[Symbol.iterator] === 'function') return 'return Array.from() of it';
  return 'return a plain object, or give it toJSON()';
}

/** The class of an object, with its article. */
function named(value) {
  const made = value.constructor?.name;
  const name = made && !['Object', 'Iterator'].includes(made) ? made : String(value[Symbol.toStringTag] ?? 'object');
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function isWellFormed(text) {
  return text.isWellFormed ? text.isWellFormed() : !/\p{Surrogate}/u.test(text);
}

function refuse({ steps }, reason) {
  throw new NotJson(`${placeOf(steps) || 'the result'} ${reason}`);
}

/** `rows[2].name`, or `rows["first name"]` if a key is not an identifier. */
function placeOf(steps) {
  return steps.reduce((place, step) => {
    if (typeof step === 'number') return `${place}[${step}]`;
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(step)) return `${place}[${JSON.stringify(step)}]`;
    return place ? `${place}.${step}` : step;
  }, '');
}
