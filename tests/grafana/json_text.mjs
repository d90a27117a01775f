// JSON as a tree that keeps what JSON.parse forgets: how a string was written, the order of keys
// and keys that come twice.

export class JsonNode {
  // kind: null, boolean, number, string, array, object. value: a JavaScript value; for arrays the
  // items, for objects [key, node] pairs in order. escaped: of strings, whether a \ was needed.
  constructor(kind, value, escaped = false) {
    this.kind = kind;
    this.value = value;
    this.escaped = escaped;
  }

  get(key) {
    const found = this.kind === 'object' ? this.value.filter(([k]) => k === key) : [];
    return found.length > 0 ? found[found.length - 1][1] : undefined;
  }

  keys() {
    return this.value.map(([key]) => key);
  }
}

class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  fail(what) {
    throw new Error(`non-JSON at ${this.at}: ${what}: ${this.text.slice(this.at, this.at + 20)}`);
  }

  take(pattern, what) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) this.fail(what);
    this.at += found[0].length;
    return found[0];
  }

  next() {
    this.take(/[ \t\r\n]*/y, 'space');
    return this.text[this.at];
  }

  node() {
    const c = this.next();
    if (c === '{') return this.object();
    if (c === '[') return this.array();
    if (c === '"') return this.string();
    if (c === '-' || (c >= '0' && c <= '9')) {
      const raw = this.take(/-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y, 'a number');
      return new JsonNode('number', Number(raw));
    }
    const word = this.take(/null|true|false/y, 'a value');
    return new JsonNode(word === 'null' ? 'null' : 'boolean', JSON.parse(word));
  }

  string() {
    const raw = this.take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y, 'a string');
    return new JsonNode('string', JSON.parse(raw), raw.includes('\\'));
  }

  list(end, item) {
    const out = [];
    ++this.at;
    if (this.next() !== end) {
      do {
        out.push(item());
      } while (this.next() === ',' && ++this.at);
    }
    if (this.next() !== end) this.fail(`, or ${end}`);
    ++this.at;
    return out;
  }

  array() {
    return new JsonNode('array', this.list(']', () => this.node()));
  }

  object() {
    return new JsonNode('object', this.list('}', () => {
      this.next();
      const key = this.string().value;
      if (this.next() !== ':') this.fail(':');
      ++this.at;
      return [key, this.node()];
    }));
  }
}

// Bytes behind the value are not read, as Grafana's reader does not.
export function parseJson(text) {
  return new Parser(text).node();
}
