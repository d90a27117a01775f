// What a browser has and Grafana's library touches while it loads. Requests, timers and streams
// stay those of Node.
const {JSDOM} = require('jsdom');

const KEPT = new Set([
  'fetch', 'Headers', 'Request', 'Response', 'URL', 'URLSearchParams', 'AbortController',
  'AbortSignal', 'TextDecoder', 'TextEncoder', 'setTimeout', 'clearTimeout', 'setInterval',
  'clearInterval', 'queueMicrotask', 'setImmediate', 'performance', 'structuredClone', 'Event',
  'EventTarget', 'globalThis', 'global', 'console', 'process', 'crypto',
]);

const {window} = new JSDOM('<!doctype html><body></body>', {url: 'http://localhost:3000/'});
for (const key of Object.getOwnPropertyNames(window)) {
  if (KEPT.has(key) || /^(?:Readable|Writable|Transform|ByteLength|Count)/.test(key)) continue;
  if (Object.prototype.hasOwnProperty.call(Object.getPrototypeOf(Object), key)) continue;
  if (key in globalThis && /^[A-Z]/.test(key) && !/^(?:HTML|SVG|Node$|Document)/.test(key)) continue;
  try {
    Object.defineProperty(globalThis, key,
                          {value: window[key], configurable: true, writable: true});
  } catch {
    // What Node does not let go of stays.
  }
}
globalThis.window = window;
globalThis.self = window;
for (const key of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
  globalThis[key] = window[key].bind(window);
}

function give(key, value) {
  globalThis[key] = value;
  window[key] = value;
}

class Nothing {
  observe() {}
  unobserve() {}
  disconnect() {}
}
give('ResizeObserver', Nothing);
give('IntersectionObserver', Nothing);
give('Path2D', Nothing);
give('matchMedia', () => ({matches: false, addListener() {}, removeListener() {},
                           addEventListener() {}, removeEventListener() {}}));
give('requestAnimationFrame', (callback) => setTimeout(callback, 0));
window.HTMLCanvasElement.prototype.getContext = () => ({measureText: () => ({width: 0})});

give('grafanaBootData', {
  settings: {
    buildInfo: {version: '13.1.1', commit: 'test', env: 'production'},
    featureToggles: {}, datasources: {}, namespace: 'default',
  },
  user: {orgId: 1},
});
