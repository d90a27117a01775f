// Queries of panels and Explore: frames as the library hands them to a panel.
import assert from 'node:assert/strict';

import {getFieldDisplayName} from '@grafana/data';
import {lastValueFrom} from 'rxjs';

const COUNT = 81;  // Samples of each series, 15 s apart.

const sorted = (frames) => [...frames].sort((a, b) =>
    JSON.stringify(a.fields[1].labels) < JSON.stringify(b.fields[1].labels) ? -1 : 1);

async function rangeOfM(world, jsonData) {
  const frames = sorted(await world.frames(world.source(jsonData), [{expr: 'm'}]));
  assert.equal(frames.length, 3);
  frames.forEach((frame, i) => {
    assert.deepEqual(frame.fields[1].labels, {__name__: 'm', i: String(i), job: 'a'});
    assert.deepEqual([...frame.fields[0].values],
                     Array.from({length: COUNT}, (_, n) => (world.last - (80 - n) * 15) * 1000));
    assert.deepEqual([...frame.fields[1].values],
                     Array.from({length: COUNT}, (_, n) => n + 100 * i));
    assert.equal(frame.meta.preferredVisualisationType, 'graph');
  });
}

export const SCENARIOS = {
  'draws a range': (world) => rangeOfM(world, {}),
  'draws a range by GET, with parameters of its own': (world) =>
    rangeOfM(world, {httpMethod: 'GET', customQueryParameters: 'tenant=a&timeout=20s'}),

  async 'draws several queries with legends and built-in variables'(world) {
    const frames = await world.frames(world.source(), [
      {expr: 'sum by (code) (rate(requests_total[$__rate_interval]))', legendFormat: 'code {{code}}'},
      {expr: 'max_over_time(m{i="2"}[$__range]) - $__range_s + $__interval_ms', legendFormat: '__auto'},
      {expr: 'm{i="$which"}', interval: '1m'},
    ], {scopedVars: {which: {text: '1', value: '1'}}});
    assert.equal(frames.length, 4);
    const names = frames.map((f) => getFieldDisplayName(f.fields[1], f, frames));
    assert.deepEqual(names.slice(0, 2).sort(), ['code 200', 'code 500']);
    const rates = frames.slice(0, 2).flatMap((f) => [...f.fields[1].values].slice(5)).sort();
    assert.ok(rates.every((v) => Math.abs(v - 2) < 1e-9 || Math.abs(v - 0.2) < 1e-9), String(rates));
    assert.equal([...frames[2].fields[1].values].at(-1), 280 - 1200 + 15000);
    assert.deepEqual([...frames[3].fields[1].values].slice(0, 3), [100, 104, 108]);
  },

  async 'keeps its grid in another time zone'(world) {
    const frames = await world.frames(world.source(), [{expr: 'vector(time())', interval: '1d'}],
                                      {timezone: 'Asia/Kolkata', range: world.range(3 * 86400)});
    const times = [...frames[0].fields[0].values];
    assert.deepEqual(times.map((t) => (t / 1000 + 19800) % 86400), times.map(() => 0));
    assert.deepEqual([...frames[0].fields[1].values], times.map((t) => t / 1000));
  },

  async 'shows an instant query as a table'(world) {
    const [frame] = await world.frames(
        world.source(), [{expr: 'm', instant: true, range: false}], {app: 'explore'});
    assert.deepEqual(frame.fields.map((f) => f.name), ['Time', '__name__', 'i', 'job', 'Value']);
    assert.deepEqual([...frame.fields[4].values].sort((a, b) => a - b), [80, 180, 280]);
    assert.equal(frame.meta.preferredVisualisationType, 'rawPrometheus');
  },

  async 'runs both kinds with exemplars'(world) {
    const frames = await world.frames(
        world.source({exemplarTraceIdDestinations: [{name: 'trace_id', url: 'http://x/${__value.raw}'}]}),
        [{expr: 'traced_total', instant: true, range: true, exemplar: true}], {app: 'explore'});
    const exemplars = frames.find((f) => f.meta?.dataTopic === 'annotations');
    const field = (name) => exemplars.fields.find((f) => f.name === name);
    assert.deepEqual([...field('Value').values], [0.25, 0.5]);
    assert.deepEqual([...field('trace_id').values], ['abc', '']);
    assert.deepEqual([...field('Time').values], [world.last * 1000 - 7, world.last * 1000]);
    assert.equal(field('trace_id').config.links.length, 1);
    assert.equal(frames.length, 3);
  },

  async 'draws a heatmap of classic buckets'(world) {
    const frames = await world.frames(
        world.source(), [{expr: 'sum by (le) (latency_bucket)', format: 'heatmap'}]);
    assert.equal(frames.length, 1);
    assert.deepEqual(frames[0].fields.map((f) => f.name), ['Time', '0.1', '1', '+Inf']);
    assert.deepEqual(frames[0].fields.slice(1).map((f) => [...f.values].at(-1)), [80, 160, 80]);
    assert.equal(frames[0].meta.type, 'heatmap-rows');
  },

  async 'draws a heatmap of a native histogram'(world) {
    const [frame] = await world.frames(world.source(), [{expr: 'native', format: 'heatmap'}]);
    assert.equal(frame.meta.type, 'heatmap-cells');
    const column = (name) => [...frame.fields.find((f) => f.name === name).values];
    assert.deepEqual(column('yMin').slice(-3), [1, 2, 4]);
    assert.deepEqual(column('yMax').slice(-3), [2, 4, 8]);
    assert.deepEqual(column('count').slice(-3), [80, 160, 80]);
    assert.deepEqual(column('yLayout').slice(-3), [0, 0, 0]);
  },

  async 'shows values that are not finite'(world) {
    const frames = await world.frames(
        world.source(), [{expr: 'special', instant: true, range: false}]);
    const values = Object.fromEntries(
        frames.map((f) => [f.fields[1].labels.kind, [...f.fields[1].values][0]]));
    assert.deepEqual(values, {nan: NaN, inf: Infinity, ninf: -Infinity, zero: -0, tiny: 5e-324,
                              small: 1e-7, big: 1e21, third: 1 / 3, max: 1.7976931348623157e308});
  },

  async 'shows scalars, texts and any label'(world) {
    const frames = await world.frames(world.source(), [
      {expr: '2 * 21', instant: true, range: false},
      {expr: '"a\\"b"', instant: true, range: false},
      {expr: 'odd', instant: true, range: false}]);
    assert.deepEqual([...frames[0].fields[1].values], [42]);
    assert.deepEqual([...frames[1].fields[1].values], ['a"b']);
    assert.equal(frames[2].fields[1].labels.text, 'a"b\\c\nd<e>&\u20ac\u{1F600}');
  },

  async 'says why a query fails'(world) {
    const source = world.source();
    const fail = async (expr) => {
      const answer = await lastValueFrom(source.query(world.request([{expr}])));
      assert.equal(answer.data.length, 0);
      return answer.error.message;
    };
    assert.match(await fail('sum('), /^bad_data: invalid parameter "query": .*parse error/);
    assert.match(await fail('m + on(job) group_left() {__name__=~"m|requests_total"}'),
                 /^execution: .*(?:many|duplicate)/);
  },

  async 'shows warnings as notices'(world) {
    const frames = await world.frames(world.source(), [{expr: 'rate(m[1m])'}]);
    const notices = frames.flatMap((f) => f.meta.notices ?? []);
    assert.ok(notices.some((n) => n.severity === 'info' && /might not be a counter/.test(n.text)),
              JSON.stringify(notices));
  },

  async 'shows statistics'(world) {
    const frames = await world.frames(world.source({showStats: true}), [{expr: 'sum(m)'}]);
    const [{value}] = frames[0].meta.stats;
    assert.equal(value, 3 * COUNT);
  },

  async 'draws nothing where nothing is'(world) {
    assert.deepEqual(await world.frames(world.source(), [{expr: 'nothing'}]), []);
    assert.deepEqual(await world.frames(world.source(), [
      {expr: 'nothing', instant: true, range: false}]), []);
  },

  async 'adds filters to queries'(world) {
    const filters = [{key: 'i', operator: '=|', value: '', values: ['0', '2']},
                     {key: 'a.b', operator: '=', value: ''}];
    const frames = await world.frames(world.source(), [{expr: 'sum(m) by (i)'}], {filters});
    assert.deepEqual(sorted(frames).map((f) => f.fields[1].labels), [{i: '0'}, {i: '2'}]);
  },

  async 'asks only for what is new'(world) {
    const source = world.source({incrementalQuerying: true});
    const raw = {from: 'now-20m', to: 'now'};
    const at = (seconds) => ({...world.range(), raw, to: world.range().to.add(seconds, 's'),
                              from: world.range().from.add(seconds, 's')});
    const targets = [{expr: 'm'}];
    const first = await world.frames(source, targets, {range: at(-60), rangeRaw: raw});
    const second = await world.frames(source, targets, {range: at(0), rangeRaw: raw});
    assert.equal(first.length, 3);
    const whole = await world.frames(world.source(), targets);
    sorted(second).forEach((frame, i) => {
      const expected = sorted(whole)[i].fields.map((f) => [...f.values]);
      assert.deepEqual(frame.fields.map((f) => [...f.values]), expected);
    });
  },
};
