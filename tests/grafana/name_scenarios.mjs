// Start of a data source, names, metadata, variables and searches.
import assert from 'node:assert/strict';

import {getQueryHints} from '@grafana/prometheus';

const METRICS = ['early', 'latency_bucket', 'm', 'native', 'odd', 'recorded', 'requests_total',
                 'special', 'traced_total', 'utf8.metric'];
const LABELS = ['__name__', 'a.b', 'code', 'http.route', 'i', 'job', 'kind', 'le', 'text',
                'under_score'];
const texts = (items) => items.map((item) => item.text);

async function discovery(world, jsonData, labels = LABELS) {
  const {languageProvider} = world.source(jsonData);
  await languageProvider.start(world.range());
  assert.deepEqual([...languageProvider.retrieveMetrics()].sort(), METRICS);
  assert.deepEqual(languageProvider.retrieveHistogramMetrics(), ['latency_bucket']);
  assert.deepEqual([...languageProvider.retrieveLabelKeys()].sort(), labels);
  assert.deepEqual(await languageProvider.queryLabelValues(world.range(), 'job'), ['a', 'b', 'old']);
  assert.deepEqual(await languageProvider.queryLabelValues(world.range(), 'job', '{code!=""}'),
                   ['a', 'b']);
  assert.deepEqual(await languageProvider.queryLabelValues(world.range(), 'http.route'), ['/x']);
  const ofM = await languageProvider.queryLabelKeys(world.range(), '{__name__="m"}');
  assert.deepEqual(ofM.filter((name) => name !== '__name__').sort(), ['i', 'job']);
}

export const SCENARIOS = {
  async 'starts, finding exemplars and no rules'(world) {
    const source = world.source();
    await source.init();
    assert.equal(source.exemplarsAvailable, true);
    assert.deepEqual(source.ruleMappings, {});
  },

  async 'save and test'(world) {
    assert.equal((await world.source().testDatasource()).status, 'success');
  },

  'discovers names': (world) => discovery(world, {}),
  'discovers names by GET, with parameters of its own': (world) =>
    discovery(world, {httpMethod: 'GET', customQueryParameters: 'tenant=a&max_samples=5'}),
  'discovers names from series': (world) =>
    discovery(world, {seriesEndpoint: true}, LABELS.slice(1)),
  'discovers names cached high': (world) => discovery(world, {cacheLevel: 'High'}),
  'discovers names cached medium': (world) => discovery(world, {cacheLevel: 'Medium'}),
  'discovers names not cached': (world) => discovery(world, {cacheLevel: 'None'}),
  'discovers names by the search API': (world) => discovery(world, {enableSearchApi: true}),

  async 'limits names'(world) {
    const {languageProvider} = world.source();
    assert.deepEqual(await languageProvider.queryLabelValues(world.range(), '__name__', undefined, 2),
                     METRICS.slice(0, 2));
    assert.deepEqual(await languageProvider.queryLabelKeys(world.range(), undefined, 1),
                     ['__name__']);
  },

  async 'searches names as they are typed'(world) {
    const client = world.source({enableSearchApi: true}).languageProvider.getSearchApiClient();
    const names = async (answer) => (await answer).results.map((r) => r.name ?? r.value);
    assert.equal((await names(client.searchMetricNames(world.range(), 'requests')))[0],
                 'requests_total');
    assert.deepEqual(await names(client.searchLabelNames(world.range(), 'kind')), ['kind']);
    assert.deepEqual(await names(client.searchLabelValues(world.range(), 'job', 'old')), ['old']);
    const {results} = await client.searchMetricNames(world.range(), 'requests_total',
                                                       {includeMetadata: true});
    assert.deepEqual([results[0].type, results[0].help], ['counter', 'Requests <served>.']);
  },

  async 'reads metadata'(world) {
    const metadata = await world.source().languageProvider.queryMetricsMetadata();
    for (const name of ['latency', 'm', 'requests_total']) assert.ok(metadata[name], name);
    assert.equal(metadata.requests_total.type, 'counter');
    assert.equal(metadata.requests_total.help, 'Requests <served>.');
    assert.equal(metadata.latency.unit, 'seconds');
  },

  async 'offers keys and values of filters'(world) {
    const source = world.source();
    const timeRange = world.range();
    const query = {refId: 'A', expr: 'sum(rate(requests_total[5m]))'};
    const filter = {key: 'code', operator: '=', value: '200'};
    assert.deepEqual(texts(await source.getTagKeys({timeRange, filters: [], queries: [query]})),
                     ['__name__', 'code', 'http.route', 'job']);
    assert.deepEqual(texts(await source.getTagKeys({timeRange, filters: [filter]})),
                     ['__name__', 'http.route', 'job']);
    assert.deepEqual(texts(await source.getTagValues({timeRange, key: 'job', filters: [filter]})),
                     ['a']);
    const oneOf = {key: 'code', operator: '=|', value: '200', values: ['200', '500']};
    assert.deepEqual(texts(await source.getTagValues({timeRange, key: 'job', filters: [oneOf]})),
                     ['a', 'b']);
    const noneOf = {...oneOf, operator: '!=|', values: ['200']};
    assert.deepEqual(texts(await source.getTagValues(
        {timeRange, key: 'job', filters: [noneOf], queries: [query]})), ['b']);
    assert.deepEqual(texts(await source.getTagValues({
      timeRange, key: 'text', filters: [{key: 'text', operator: '=~', value: 'a.*'}]})).length, 1);
  },

  async 'finds the values of variables'(world) {
    const source = world.source();
    const find = async (query) => texts(await source.metricFindQuery(query, {range: world.range()}));
    assert.deepEqual(await find('label_names()'), LABELS);
    assert.deepEqual(await find('label_names(requests)'), ['code', 'http.route', 'job']);
    assert.deepEqual(await find('label_values(job)'), ['a', 'b', 'old']);
    assert.deepEqual(await find('label_values(requests_total{code="500"}, job)'), ['b']);
    assert.deepEqual(await find('label_values({"utf8.metric"}, a.b)'), ['1']);
    assert.deepEqual(await find('metrics(req.*)'), ['requests_total']);
    const at = (world.last) * 1000;
    assert.deepEqual(await find('query_result(sum by (job) (m))'), [`{job="a"} 540 ${at}`]);
    assert.deepEqual(await find('query_result(1 / 4)'), ['0.25']);
    assert.deepEqual(await find('m{i="1"}'), ['m{i="1",job="a"}']);
    assert.deepEqual(await find('{__name__=~"lat.*", le="1"}'), ['latency_bucket{le="1"}']);
  },

  async 'hints at what a query lacks'(world) {
    const source = world.source();
    await source.languageProvider.start(world.range());
    const types = getQueryHints('requests_total', [], source).map((hint) => hint.type);
    assert.ok(types.includes('APPLY_RATE'), String(types));
    const histogram = getQueryHints('latency_bucket', [], source).map((hint) => hint.type);
    assert.ok(histogram.includes('HISTOGRAM_QUANTILE'), String(histogram));
  },

  async 'answers what Drilldown asks at its start'(world) {
    const {languageProvider} = world.source();
    const recent = 'group by (__name__) ({__name__!=""}) unless ' +
        '(group by (__name__) ({__name__!=""} offset 3h))';
    const answer = await languageProvider.request(
        `/api/v1/query?${new URLSearchParams({query: recent})}`, {}, {method: 'POST'});
    assert.equal(answer.resultType, 'vector');
    assert.ok(Array.isArray(answer.result));
    const build = await languageProvider.request('/api/v1/status/buildinfo');
    assert.match(build.version, /^3\./);
    assert.equal(build.features, undefined);
    const one = await languageProvider.request('/api/v1/metadata', {metric: 'requests_total'});
    assert.equal(one.requests_total[0].type, 'counter');
  },
};
