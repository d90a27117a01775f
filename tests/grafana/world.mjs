// What a scenario has: data sources with any settings, time ranges, the requests so far.
import {dateTime} from '@grafana/data';
import {PrometheusDatasource} from '@grafana/prometheus';
import {setBackendSrv, setDataSourceSrv, setTemplateSrv} from '@grafana/runtime';
import {lastValueFrom} from 'rxjs';

import {Backend} from './backend.mjs';

const VARIABLE = /\$(\w+)|\$\{(\w+)(?::\w+)?\}/g;

// Replaces the variables that a scenario gives; others stay for the Go part.
const TEMPLATES = {
  replace: (text, scoped = {}) => text?.replace(VARIABLE, (whole, a, b) =>
      scoped[a ?? b] === undefined ? whole : String(scoped[a ?? b].value)),
  containsTemplate: (text) => (text ?? '').search(VARIABLE) >= 0,
  getVariables: () => [],
  updateTimeRange() {},
};

export class World {
  constructor(server, last) {
    this.server = server;
    this.last = last;
    this.requests = [];
    this.backend = new Backend(server, (...request) => this.note(...request));
    setBackendSrv(this.backend);
    setTemplateSrv(TEMPLATES);
    setDataSourceSrv({getInstanceSettings: () => this.settings, get: async () => undefined,
                      getList: () => []});
  }

  begin(name) {
    this.requests.push([`# ${name}`]);
  }

  note(method, path, url, form) {
    this.requests.push([method, path, this.render(url), this.render(form)]);
  }

  // Times relative to the newest sample, and others as what they are.
  render(pairs) {
    // Where days are the step, how far an end is from now depends on the hour.
    const days = pairs.some(([key, value]) => key === 'step' && Number(value) % 86400 === 0);
    const time = (value) => {
      const off = Math.round((Number(value) - this.last) * 1000) / 1000;
      if (!days && Math.abs(off) <= 7 * 3600) return `last${off < 0 ? '' : '+'}${off}`;
      if (/^\d{13}$/.test(value)) return '<now in ms>';
      return /^\d{10}$/.test(value) ? '<time>' : value;
    };
    return pairs.map(([key, value]) => ['start', 'end', 'time'].includes(key)
        ? `${key}=${time(value)}` : `${key}=${value}`).sort().join(' & ');
  }

  transcript() {
    return this.requests.map(([method, path, url, form]) => path === undefined
        ? method : `${method} ${path}${url ? ` ?${url}` : ''}${form ? ` [${form}]` : ''}`)
        .join('\n') + '\n';
  }

  source(jsonData = {}) {
    this.settings = {id: 1, uid: 'firn', name: 'Firn', type: 'prometheus', access: 'proxy',
                     url: '/api/datasources/proxy/uid/firn', meta: {id: 'prometheus', info: {}},
                     jsonData, readOnly: false};
    this.backend.settings = jsonData;
    return new PrometheusDatasource(this.settings);
  }

  // The seconds before the newest sample, as an absolute range of a dashboard.
  range(length = 1200) {
    const [from, to] = [this.last - length, this.last].map((t) => dateTime(t * 1000));
    return {from, to, raw: {from, to}};
  }

  request(targets, more = {}) {
    const range = more.range ?? this.range();
    return {requestId: 'Q1', panelId: 2, dashboardUID: 'd', app: 'dashboard', interval: '15s',
            intervalMs: 15_000, maxDataPoints: 1000, scopedVars: {}, timezone: 'browser',
            rangeRaw: range.raw, startTime: 0, range,
            targets: targets.map((target, i) => ({refId: 'ABC'[i], range: true, ...target})),
            ...more};
  }

  // Frames of a panel's queries; throws if there is an error.
  async frames(source, targets, more) {
    const answer = await lastValueFrom(source.query(this.request(targets, more)));
    if (answer.error !== undefined) throw new Error(`query failed: ${answer.error.message}`);
    return answer.data;
  }
}
