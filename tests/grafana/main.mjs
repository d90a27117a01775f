// Runs all scenarios against a server and prints what failed.
// usage: node BUNDLE SERVER LAST GOLDEN     LAST: time of the newest sample, seconds
//        GOLDEN: the requests that the server must get; written anew if FIRN_UPDATE_GOLDEN is set
import {readFileSync, writeFileSync} from 'node:fs';

import {SCENARIOS as NAMES} from './name_scenarios.mjs';
import {SCENARIOS as QUERIES} from './query_scenarios.mjs';
import {World} from './world.mjs';

async function runScenarios(world) {
  let failed = 0;
  for (const [name, run] of Object.entries({...NAMES, ...QUERIES})) {
    world.begin(name);
    try {
      await run(world);
    } catch (error) {
      ++failed;
      console.log(`FAILED ${name}: ${error.stack ?? JSON.stringify(error).slice(0, 500)}`);
    }
  }
  return failed;
}

async function main() {
  const [server, last, golden] = process.argv.slice(2);
  const world = new World(server, Number(last));
  const failed = await runScenarios(world);
  console.log(`${Object.keys({...NAMES, ...QUERIES}).length} scenarios, ${failed} failed, ` +
              `${world.requests.length} requests`);
  const log = world.transcript();
  if (process.env.FIRN_UPDATE_GOLDEN) writeFileSync(golden, log);
  const same = log === readFileSync(golden, 'utf8');
  if (!same) {
    writeFileSync('requests.actual', log);
    console.log('the requests differ from the golden file: compare requests.actual');
  }
  process.exit(failed > 0 || !same ? 1 : 0);
}

main();
