// What Grafana's reader takes and refuses, row by row. Run by `node --test`.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {readExemplarAnswer, readQueryAnswer} from './strict_reader.mjs';

const success = (data, more = '') => `{"status":"success","data":${data}${more}}`;
const vector = (series) => success(`{"resultType":"vector","result":[${series}]}`);
const matrix = (series) => success(`{"resultType":"matrix","result":[${series}]}`);
const sample = (pair) => vector(`{"metric":{"a":"b"},"value":${pair}}`);
const histogram = (text) => vector(`{"metric":{},"histogram":[1,${text}]}`);
const exemplar = (text) => success(`[{"seriesLabels":{"a":"b"},"exemplars":[${text}]}]`);

const TAKEN = {
  vector: sample('[1.5,"2"]'),
  'no series': vector(''),
  scalar: success('{"resultType":"scalar","result":[4,"2"]}'),
  'string with escapes': success('{"resultType":"string","result":[4,"a\\"b"]}'),
  matrix: matrix('{"metric":{},"values":[[1,"1"],[2,"2"]]}'),
  'unknown keys': success('{"resultType":"vector","result":[],"analysis":{}}', ',"isPartial":true'),
  warnings: success('{"resultType":"vector","result":[]}', ',"warnings":["w"],"infos":["i"]'),
  'bytes behind the end': vector('') + 'x',
  'exponent in a time': sample('[1.7e9,"1"]'),
  'negative time': sample('[-1.5,"1"]'),
  'escaped label': vector('{"metric":{"a":"\\u00e9\\n"},"value":[1,"1"]}'),
  'histogram without buckets': histogram('{"count":"1","sum":"2"}'),
  buckets: histogram('{"count":"1","sum":"2","buckets":[[0,"1","2","3"],[3,"-1","1","4"]]}'),
};
for (const value of ['1', '-0', '+1.5', '1e+06', '4.9e-324', 'NaN', 'nan', 'Inf', '+Inf', '-Inf',
                     'infinity']) {
  TAKEN[`value ${value}`] = sample(`[1,"${value}"]`);
}

const REFUSED = {
  'no status': '{"data":{"resultType":"vector","result":[]}}',
  'null data': success('null'),
  'data without resultType': success('{}'),
  'no result': success('{"resultType":"vector"}'),
  'null result': success('{"resultType":"vector","result":null}'),
  'unknown type': success('{"resultType":"x","result":[]}'),
  'result before its type': success('{"result":[],"resultType":"vector"}'),
  'null warnings': '{"status":"success","warnings":null,"data":{"resultType":"vector","result":[]}}',
  'text as warnings': success('{"resultType":"vector","result":[]}', ',"warnings":"w"'),
  'objects as warnings': success('{"resultType":"vector","result":[]}', ',"warnings":[{}]'),
  'error with null data': '{"status":"error","errorType":"x","error":"y","data":null}',
  'error with data': '{"status":"error","errorType":"x","error":"y","data":{}}',
  'error object': '{"status":"error","errorType":"x","error":{}}',
  'error without type': '{"status":"error","error":"y"}',
  'cut short': vector('').slice(0, -2),
  empty: '',
  HTML: '<html></html>',
  'array at the top': '[]',
  'byte order mark': '\ufeff' + vector(''),
  'three elements': sample('[1,"1","2"]'),
  'null pair': sample('null'),
  'null value': sample('[1,null]'),
  'bare value': sample('[1,1]'),
  'bare NaN': sample('[1,NaN]'),
  'empty value': sample('[1,""]'),
  'space in a value': sample('[1," 1"]'),
  'stale value': sample('[1,"StaleNaN"]'),
  'value out of range': sample('[1,"1e999"]'),
  'escape in a value': sample('[1,"\\u0031"]'),
  'time as text': sample('["1","1"]'),
  'number as label': vector('{"metric":{"a":1},"value":[1,"1"]}'),
  'key twice': vector('{"metric":{"a":"1","a":"2"},"value":[1,"1"]}'),
  'no points': matrix('{"metric":{},"values":[]}'),
  'no values': matrix('{"metric":{}}'),
  'null values': matrix('{"metric":{},"values":null}'),
  'null series': matrix('null'),
  'scalar as a vector': success('{"resultType":"scalar","result":[{"metric":{},"value":[1,"1"]}]}'),
  'empty histograms': matrix('{"metric":{},"values":[[1,"1"]],"histograms":[]}'),
  'null histogram': vector('{"metric":{},"value":[1,"1"],"histogram":null}'),
  'bucket of five': histogram('{"buckets":[[0,"1","2","3","4"]]}'),
  'bare bounds': histogram('{"buckets":[[0,1,2,"3"]]}'),
  'quoted rule': histogram('{"buckets":[["0","1","2","3"]]}'),
  'unknown rule': histogram('{"buckets":[[4,"1","2","3"]]}'),
  'stats without samples': success('{"resultType":"vector","result":[],"stats":{}}'),
};

for (const [name, text] of Object.entries(TAKEN)) {
  test(`takes ${name}`, () => assert.equal(readQueryAnswer(text).error, undefined));
}
for (const [name, text] of Object.entries(REFUSED)) {
  test(`refuses ${name}`, () => assert.throws(() => readQueryAnswer(text)));
}

test('reads values and times', () => {
  const {series} = readQueryAnswer(
      matrix('{"metric":{"a":"b"},"values":[[1.123,"NaN"],[1700000000.999,"-Inf"],[2,"1e+21"]]}'));
  assert.deepEqual(series, [{
    labels: {a: 'b'}, points: [[1123, NaN], [1700000000999, -Infinity], [2000, 1e21]]}]);
});

test('reads errors, early and late', () => {
  assert.deepEqual(readQueryAnswer('{"status":"error","errorType":"a","error":"b"}'), {error: 'a: b'});
  const late = '{"status":"success","data":{"resultType":"matrix","result":[]},' +
      '"status":"error","errorType":"a","error":"b"}';
  assert.throws(() => readQueryAnswer(late), /twice/);  // Only scenarios that wait for it take it.
});

const GOOD_EXEMPLAR = '{"labels":{},"value":"1","timestamp":1.5}';
const EXEMPLARS_REFUSED = {
  'null data': success('null'),
  'object as data': success('{}'),
  'no labels': exemplar('{"value":"1","timestamp":1}'),
  'bare value': exemplar('{"labels":{},"value":1,"timestamp":1}'),
  'quoted time': exemplar('{"labels":{},"value":"1","timestamp":"1"}'),
  'extra key': exemplar('{"labels":{},"value":"1","timestamp":1,"x":1}'),
  'number as label': exemplar('{"labels":{"a":1},"value":"1","timestamp":1}'),
  'no seriesLabels': success(`[{"exemplars":[${GOOD_EXEMPLAR}]}]`),
};
for (const [name, text] of Object.entries(EXEMPLARS_REFUSED)) {
  test(`refuses exemplars: ${name}`, () => assert.throws(() => readExemplarAnswer(text)));
}
test('reads exemplars', () => {
  assert.deepEqual(readExemplarAnswer(exemplar(GOOD_EXEMPLAR)).exemplars,
                   [{labels: {a: 'b'}, own: {}, value: 1, time: 1500}]);
  assert.deepEqual(readExemplarAnswer(success('[]')).exemplars, []);
});
