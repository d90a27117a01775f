// Bundles the scenarios with Grafana's library into one file for Node.
// usage: node bundle.mjs MODULES_DIRECTORY OUTPUT
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const [modules, output] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const {buildSync} = createRequire(join(modules, 'package.json'))('esbuild');

buildSync({
  entryPoints: [join(here, 'main.mjs')],
  outfile: output,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  nodePaths: [join(modules, 'node_modules')],
  define: {'process.env.NODE_ENV': '"production"'},
  loader: {'.css': 'empty', '.woff': 'empty', '.woff2': 'empty', '.ttf': 'empty',
           '.svg': 'dataurl', '.png': 'dataurl', '.gif': 'dataurl', '.jpg': 'dataurl'},
  // An optional peer that the library imports all the same.
  alias: {'@grafana/assistant': join(here, 'assistant_stub.mjs')},
  logLevel: 'error',
});
