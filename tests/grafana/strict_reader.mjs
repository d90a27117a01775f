// Reads answers of query, query_range and query_exemplars, and refuses what Grafana's reader
// refuses, silently loses or shows wrongly. What it takes becomes frames in Grafana's JSON form.
import {parseJson} from './json_text.mjs';

export class ReaderError extends Error {}

// A value as Prometheus writes it, or as any float may be written.
const FLOAT = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)$/i;
const RESULT_TYPES = ['matrix', 'vector', 'scalar', 'string'];

function refuse(what) {
  throw new ReaderError(what);
}

function expectKind(node, kind, what) {
  if (node === undefined || node.kind !== kind) {
    refuse(`${what}: ${node === undefined ? 'absent' : node.kind}, not ${kind}`);
  }
  return node.value;
}

function readFloat(node, what) {
  const text = expectKind(node, 'string', what);
  if (node.escaped) refuse(`${what}: an escape inside a number`);
  if (!FLOAT.test(text)) refuse(`${what}: ${JSON.stringify(text)} is no number`);
  if (/nan/i.test(text)) return NaN;
  if (/inf/i.test(text)) return text[0] === '-' ? -Infinity : Infinity;
  const value = Number(text);
  if (!Number.isFinite(value)) refuse(`${what}: ${text} is out of range`);
  return value;
}

// Milliseconds.
function readTime(node) {
  return Math.trunc(Number((expectKind(node, 'number', 'time') * 1000).toFixed(3)));
}

function readPair(node, readValue) {
  const items = expectKind(node, 'array', 'pair');
  if (items.length !== 2) refuse(`a pair of ${items.length}`);
  return [readTime(items[0]), readValue(items[1])];
}

function readLabels(node, what = 'metric') {
  const labels = {};
  for (const [name, value] of expectKind(node, 'object', what)) {
    labels[name] = expectKind(value, 'string', `label ${name}`);
  }
  return labels;
}

function readBucket(node) {
  const items = expectKind(node, 'array', 'bucket');
  if (items.length !== 4) refuse(`a bucket of ${items.length}`);
  const rule = expectKind(items[0], 'number', 'rule of a bucket');
  if (![0, 1, 2, 3].includes(rule)) refuse(`rule ${rule} of a bucket`);
  const [low, high, count] = items.slice(1).map((item) => readFloat(item, 'bucket'));
  return {rule, low, high, count};
}

function readHistogram(node) {
  expectKind(node, 'object', 'histogram');
  const buckets = node.get('buckets');
  if (buckets === undefined) return [];
  return expectKind(buckets, 'array', 'buckets').map(readBucket);
}

function readPairs(node, what, readValue) {
  const pairs = expectKind(node, 'array', what);
  if (pairs.length === 0) refuse(`${what} without points`);
  return pairs.map((pair) => readPair(pair, readValue));
}

// One series of a vector or matrix: {labels, points} or {labels, cells}.
function readSeries(node, plural) {
  expectKind(node, 'object', 'series');
  const labels = readLabels(node.get('metric'));
  const values = node.get(plural ? 'values' : 'value');
  const histograms = node.get(plural ? 'histograms' : 'histogram');
  if (values === undefined && histograms === undefined) refuse('a series without points');
  if (values !== undefined && histograms !== undefined && !plural) refuse('two values of a series');
  if (histograms !== undefined) {
    return {labels, cells: plural ? readPairs(histograms, 'histograms', readHistogram)
                                  : [readPair(histograms, readHistogram)]};
  }
  const number = (item) => readFloat(item, 'value');
  return {labels, points: plural ? readPairs(values, 'values', number) : [readPair(values, number)]};
}

function readResult(resultType, node) {
  if (resultType === 'scalar') {
    return [{labels: {}, points: [readPair(node, (item) => readFloat(item, 'value'))]}];
  }
  if (resultType === 'string') {
    return [{labels: {}, text: readPair(node, (item) => expectKind(item, 'string', 'string'))}];
  }
  return expectKind(node, 'array', 'result').map((s) => readSeries(s, resultType === 'matrix'));
}

function readTexts(node, what) {
  return expectKind(node, 'array', what).map((item) => expectKind(item, 'string', what));
}

function expectNoNull(node, where) {
  if (node.kind === 'null') refuse(`null at ${where}`);
  if (node.kind === 'array') node.value.forEach((item, i) => expectNoNull(item, `${where}[${i}]`));
  if (node.kind === 'object') {
    const keys = node.keys();
    if (new Set(keys).size !== keys.length) refuse(`a key comes twice at ${where}`);
    node.value.forEach(([key, item]) => expectNoNull(item, `${where}.${key}`));
  }
}

// {error} of an error answer, else {data, warnings, infos}.
function readEnvelope(text) {
  let root;
  try {
    root = parseJson(text);
  } catch (error) {
    refuse(error.message);
  }
  expectKind(root, 'object', 'answer');
  expectNoNull(root, 'answer');
  const status = root.get('status');
  if (status === undefined) refuse('no status');
  if (status.value === 'error') {
    if (root.get('data') !== undefined) refuse('data beside an error');
    const kind = expectKind(root.get('errorType'), 'string', 'errorType');
    return {error: `${kind}: ${expectKind(root.get('error'), 'string', 'error')}`};
  }
  if (status.value !== 'success') refuse(`status ${status.value}`);
  for (const key of ['error', 'errorType']) {
    if (root.get(key) !== undefined) refuse(`${key} of a success`);
  }
  const out = {data: root.get('data'), warnings: [], infos: []};
  for (const key of ['warnings', 'infos']) {
    if (root.get(key) !== undefined) out[key] = readTexts(root.get(key), key);
  }
  return out;
}

// An answer of query or query_range: {error}, or {resultType, series, stats, warnings, infos}.
export function readQueryAnswer(text) {
  const {error, data, warnings, infos} = readEnvelope(text);
  if (error !== undefined) return {error};
  expectKind(data, 'object', 'data');
  const keys = data.keys();
  const resultType = expectKind(data.get('resultType'), 'string', 'resultType');
  if (!RESULT_TYPES.includes(resultType)) refuse(`unknown result type ${resultType}`);
  if (data.get('result') === undefined) refuse('no result');
  if (keys.indexOf('result') < keys.indexOf('resultType')) refuse('result before resultType');
  const series = readResult(resultType, data.get('result'));
  const samples = data.get('stats')?.get('samples')?.get('totalQueryableSamples');
  if (data.get('stats') !== undefined) expectKind(samples, 'number', 'totalQueryableSamples');
  return {resultType, series, warnings, infos, totalSamples: samples?.value};
}

// An answer of query_exemplars: {error}, or {exemplars: [{labels, own, time, value}]}.
export function readExemplarAnswer(text) {
  const {error, data} = readEnvelope(text);
  if (error !== undefined) return {error};
  const exemplars = [];
  for (const item of expectKind(data, 'array', 'data')) {
    expectKind(item, 'object', 'series of exemplars');
    const labels = readLabels(item.get('seriesLabels'), 'seriesLabels');
    for (const exemplar of expectKind(item.get('exemplars'), 'array', 'exemplars')) {
      expectKind(exemplar, 'object', 'exemplar');
      const extra = exemplar.keys().filter((k) => !['labels', 'value', 'timestamp'].includes(k));
      if (extra.length > 0) refuse(`unable to parse key ${extra[0]}`);
      exemplars.push({
        labels,
        own: readLabels(exemplar.get('labels'), 'labels'),
        value: readFloat(exemplar.get('value'), 'value'),
        time: readTime(exemplar.get('timestamp')),
      });
    }
  }
  return {exemplars};
}
