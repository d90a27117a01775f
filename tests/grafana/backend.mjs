// Stands in for Grafana's Go part: forwards resource calls, and turns panel queries into calls of
// query, query_range and query_exemplars, whose answers the strict reader makes frames of.
import {Observable, from} from 'rxjs';

import {readExemplarAnswer, readQueryAnswer} from './strict_reader.mjs';

const RESOURCE = /^\/?api\/datasources\/uid\/[^/]+\/resources\/(.*)$/;
const HEALTH = /^\/?api\/datasources\/uid\/[^/]+\/health$/;
const SCRAPE_INTERVAL_MS = 15_000;
const POINTS_MAX = 11_000;
// Upper bound of a candidate and the step that is chosen for it, in milliseconds.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500],
  [1.5 * SECOND, SECOND], [3.5 * SECOND, 2 * SECOND], [7.5 * SECOND, 5 * SECOND],
  [12.5 * SECOND, 10 * SECOND], [17.5 * SECOND, 15 * SECOND], [25 * SECOND, 20 * SECOND],
  [45 * SECOND, 30 * SECOND], [1.5 * MINUTE, MINUTE], [3.5 * MINUTE, 2 * MINUTE],
  [7.5 * MINUTE, 5 * MINUTE], [12.5 * MINUTE, 10 * MINUTE], [17.5 * MINUTE, 15 * MINUTE],
  [25 * MINUTE, 20 * MINUTE], [45 * MINUTE, 30 * MINUTE], [1.5 * HOUR, HOUR],
  [2.5 * HOUR, 2 * HOUR], [4.5 * HOUR, 3 * HOUR], [9 * HOUR, 6 * HOUR], [24 * HOUR, 12 * HOUR],
  [7 * DAY, DAY], [21 * DAY, 7 * DAY], [730 * DAY, 30 * DAY]];

export function roundStep(ms) {
  return (STEPS.find(([bound]) => ms < bound) ?? [0, 365 * DAY])[1];
}

// Go's text of a duration: 135 s is 2m15s.
export function goDuration(ms) {
  if (ms < SECOND) return `${ms}ms`;
  const seconds = `${(ms % MINUTE) / SECOND}s`;
  if (ms < MINUTE) return seconds;
  const minutes = `${Math.floor(ms / MINUTE) % 60}m${seconds}`;
  return ms < HOUR ? minutes : `${Math.floor(ms / HOUR)}h${minutes}`;
}

// The step cut to its largest whole unit.
function intervalText(ms) {
  for (const [unit, size] of [['y', 365 * DAY], ['d', DAY], ['h', HOUR], ['m', MINUTE], ['s', SECOND]]) {
    if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  }
  return `${Math.max(1, ms)}ms`;
}

function parseInterval(text) {
  const found = /^>?(\d+)(ms|s|m|h|d)$/.exec(text ?? '');
  if (found === null) return undefined;
  return Number(found[1]) * {ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY}[found[2]];
}

function seconds(ms) {
  return String(ms / 1000);
}

// Start, end, step and expression of a panel's query.
export function planQuery(query, from, to) {
  const range = to - from;
  const minimum = parseInterval(query.interval) ?? query.intervalMs ?? SCRAPE_INTERVAL_MS;
  const candidate = Math.max(roundStep(range / (query.maxDataPoints ?? POINTS_MAX)), minimum);
  const step = Math.max(candidate, roundStep(range / POINTS_MAX)) * (query.intervalFactor ?? 1);
  const offset = (query.utcOffsetSec ?? 0) * 1000;
  const align = (t) => Math.floor((t + offset) / step) * step - offset;
  const rate = Math.max(step + SCRAPE_INTERVAL_MS, 4 * SCRAPE_INTERVAL_MS);
  const expr = [['__rate_interval_ms', rate], ['__rate_interval', goDuration(rate)],
                ['__interval_ms', step], ['__interval', intervalText(step)],
                ['__range_ms', range], ['__range_s', Math.round(range / 1000)],
                ['__range', `${Math.round(range / 1000)}s`]]
      .reduce((text, [name, value]) => text.replaceAll(`$${name}`, value)
                                           .replaceAll(`\${${name}}`, value), query.expr);
  return {expr, step, start: align(from), end: align(to)};
}

// Numbers as JSON can carry them, with the places of those that it cannot.
function numberColumn(values) {
  const entities = {NaN: [], Inf: [], NegInf: []};
  const column = values.map((value, i) => {
    if (Number.isFinite(value)) return value;
    entities[Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : 'NegInf'].push(i);
    return null;
  });
  return [column, Object.values(entities).some((list) => list.length > 0) ? entities : null];
}

function frame(refId, name, meta, fields) {
  const columns = fields.map(({type, values}) => type === 'number' ? numberColumn(values)
                                                                   : [values, null]);
  return {
    schema: {refId, name, meta, fields: fields.map(({values, ...field}) => field)},
    data: {values: columns.map(([column]) => column), entities: columns.map(([, e]) => e)},
  };
}

function legend(format, labels) {
  if (format === undefined || format === '' || format === '__auto') return undefined;
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name) => labels[name] ?? '');
}

function seriesFrame(query, answer, series) {
  const meta = {
    type: answer.resultType === 'matrix' ? 'timeseries-multi' : 'numeric-multi',
    custom: {resultType: answer.resultType},
    notices: [...answer.warnings.map((text) => ({severity: 'warning', text})),
              ...answer.infos.map((text) => ({severity: 'info', text}))],
    stats: answer.totalSamples === undefined ? []
        : [{displayName: 'Total queryable samples', value: answer.totalSamples}],
  };
  if (series.text !== undefined) {
    return frame(query.refId, undefined, meta, [
      {name: 'Time', type: 'time', config: {}, values: [series.text[0]]},
      {name: 'Value', type: 'string', config: {}, values: [series.text[1]]}]);
  }
  if (series.cells !== undefined) {
    const rows = series.cells.flatMap(([t, cells]) => cells.map((cell) => ({t, ...cell})));
    const column = (name, get) => ({name, type: 'number', config: {}, labels: series.labels,
                                    values: rows.map(get)});
    return frame(query.refId, undefined, {...meta, type: 'heatmap-cells'}, [
      {name: 'xMax', type: 'time', config: {}, values: rows.map((row) => row.t)},
      column('yMin', (row) => row.low), column('yMax', (row) => row.high),
      column('count', (row) => row.count), column('yLayout', (row) => row.rule)]);
  }
  const name = series.labels.__name__ ?? 'Value';
  const displayNameFromDS = legend(query.legendFormat, series.labels);
  return frame(query.refId, undefined, meta, [
    {name: 'Time', type: 'time', config: {}, values: series.points.map(([t]) => t)},
    {name, type: 'number', config: displayNameFromDS === undefined ? {} : {displayNameFromDS},
     labels: series.labels, values: series.points.map(([, v]) => v)}]);
}

function exemplarFrame(query, exemplars) {
  const names = [...new Set(exemplars.flatMap((e) => Object.keys({...e.labels, ...e.own})))].sort();
  return frame(query.refId, 'exemplar', {custom: {resultType: 'exemplar'}}, [
    {name: 'Time', type: 'time', config: {}, values: exemplars.map((e) => e.time)},
    {name: 'Value', type: 'number', config: {}, values: exemplars.map((e) => e.value)},
    ...names.map((name) => ({name, type: 'string', config: {},
                             values: exemplars.map((e) => ({...e.labels, ...e.own}[name] ?? ''))}))]);
}

export class Backend {
  // `log(method, path, params)` hears of every request. `settings` is jsonData of the data source.
  constructor(server, log) {
    this.server = server;
    this.log = log;
    this.settings = {};
  }

  async send(method, path, params, {url = [], signal} = {}) {
    const pairs = [];
    for (const [key, value] of Object.entries(params ?? {})) {
      if (value === undefined || value === null) continue;
      for (const item of Array.isArray(value) ? value : [value]) pairs.push([key, String(item)]);
    }
    const inUrl = method === 'POST' ? url : [...url, ...pairs];
    const search = inUrl.length > 0 ? `?${new URLSearchParams(inUrl)}` : '';
    this.log(method, decodeURIComponent(path), inUrl, method === 'POST' ? pairs : []);
    return fetch(`${this.server}/${path}${search}`, {
      method, signal,
      ...(method === 'POST' ? {
        body: String(new URLSearchParams(pairs)),
        headers: {'Content-Type': 'application/x-www-form-urlencoded'},
      } : {}),
    });
  }

  async resource(path, options) {
    const [bare, search = ''] = path.split('?');
    const method = options.method ?? 'GET';
    const response = await this.send(method, bare, method === 'POST' ? options.data : options.params,
                                     {url: [...new URLSearchParams(search)]});
    const text = await response.text();
    let data = text;
    try {
      data = JSON.parse(text);
    } catch {
      // Stays text, as for a browser.
    }
    const result = {status: response.status, statusText: response.statusText, ok: response.ok,
                    headers: response.headers, data, config: options};
    if (!response.ok) throw result;
    return result;
  }

  // One query of a panel as its frames, or an error as Grafana words it.
  async runQuery(query, from, to) {
    const plan = planQuery(query, from, to);
    const extra = [...new URLSearchParams(this.settings.customQueryParameters)];
    if (this.settings.showStats) extra.push(['stats', 'all']);
    const call = async (path, params, read) => {
      const method = this.settings.httpMethod ?? 'POST';
      const response = await this.send(method, path, params, {url: extra});
      const text = await response.text();
      if (![200, 400, 422, 503].includes(response.status)) {
        const body = text.slice(0, 1024);
        throw new Error(`unexpected response with status code ${response.status}: ${body}`);
      }
      const answer = read(text);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    };
    const frames = [];
    if (query.instant) {
      const answer = await call('api/v1/query', {query: plan.expr, time: seconds(to)},
                                readQueryAnswer);
      frames.push(...answer.series.map((s) => seriesFrame(query, answer, s)));
    }
    const span = {start: seconds(plan.start), end: seconds(plan.end)};
    if (query.range || !query.instant) {
      const answer = await call('api/v1/query_range',
                                {query: plan.expr, ...span, step: seconds(plan.step)},
                                readQueryAnswer);
      frames.push(...answer.series.map((s) => seriesFrame(query, answer, s)));
    }
    if (query.exemplar) {
      const answer = await call('api/v1/query_exemplars', {query: plan.expr, ...span},
                                readExemplarAnswer);
      frames.push(exemplarFrame(query, answer.exemplars));
    }
    return frames;
  }

  async queries(body) {
    const results = {};
    for (const query of body.queries) {
      try {
        const frames = await this.runQuery(query, Number(body.from), Number(body.to));
        results[query.refId] = {status: 200, frames};
      } catch (error) {
        results[query.refId] = {status: 400, error: error.message};
      }
    }
    return {status: 200, statusText: 'OK', ok: true, headers: new Headers(), data: {results}};
  }

  async health() {
    try {
      const response = await this.send('POST', 'api/v1/query', {query: '1+1', time: '4'});
      const answer = readQueryAnswer(await response.text());
      const [{points}] = answer.series;
      if (answer.resultType !== 'scalar' || points[0][0] !== 4000 || points[0][1] !== 2) {
        throw new Error(`wrong answer ${JSON.stringify(answer)}`);
      }
      return {data: {status: 'OK', message: 'Successfully queried the Prometheus API.'}};
    } catch (error) {
      return {data: {status: 'ERROR', message: error.message}};
    }
  }

  // What @grafana/runtime calls.
  fetch(options) {
    const resource = RESOURCE.exec(options.url);
    if (resource !== null) return from(this.resource(resource[1], options));
    if (HEALTH.test(options.url)) return from(this.health());
    if (options.url.startsWith('/api/ds/query')) return from(this.queries(options.data));
    throw new Error(`no such call of Grafana: ${options.url}`);
  }

  // Streamed answers, as the search API has them.
  chunked(options) {
    return new Observable((observer) => {
      const abort = new AbortController();
      const run = async () => {
        const path = RESOURCE.exec(options.url)[1];
        const response = await this.send('GET', path, options.params, {signal: abort.signal});
        const about = {ok: response.ok, status: response.status, statusText: response.statusText};
        for await (const data of response.body) observer.next({...about, data});
        observer.next({...about, data: undefined});
        observer.complete();
      };
      run().catch((error) => abort.signal.aborted || observer.error(error));
      return () => abort.abort();
    });
  }}
