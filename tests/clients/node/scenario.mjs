// What the two JavaScript clients share: the protocol (see
// ../python/client.py) and the scenario. A client gives an object `client`
// with version(), install(), query(sql, params) -> rows, extra(check), and
// maybe before() and after() each command.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const [scenarioPath, database, build, way] = process.argv.slice(2);
const { blocks } = JSON.parse(readFileSync(scenarioPath, 'utf8'));

export function check(name, wrong) {
  console.log(wrong ? `not ok ${name}: ${String(wrong).replaceAll('\n', ' ')}` : `ok ${name}`);
}

function bind(value) {
  if (value !== null && typeof value === 'object') {
    return 'real' in value ? value.real : Buffer.from(value.blob, 'hex');
  }
  return value;
}

function run(client, step) {
  let got;
  try {
    got = client.query(step.sql, (step.params ?? []).map(bind));
  } catch (error) {
    return step.error && error.message.includes(step.error) ? '' : error.message;
  }
  if (step.error) return 'no error';
  if (step.rows && JSON.stringify(got) !== JSON.stringify(step.rows)) {
    return `got ${JSON.stringify(got)}`;
  }
  return '';
}

export async function main(client) {
  const other = way === 'ext' ? 'no extension' : 'extension';
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, number] = line.split(' ');
    try {
      client.before?.();
      if (command === 'version') {
        console.log(['version', ...client.version()].join('\t'));
      } else if (command === 'block') {
        const { section, name, steps } = blocks[number];
        steps.forEach((step, i) => {
          if (step.needs !== other) check(`${section}. ${name} #${i + 1}`, run(client, step));
        });
      } else if (command === 'install') {
        client.install();
        check('install');
      } else {
        client.extra(check);
      }
      client.after?.();
    } catch (error) {
      check(line, error.message);
    }
    console.log('done');
  }
  client.close();
}
