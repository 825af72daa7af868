// Uses the installed package: node use.js VERSION job.json [OLD.db rows.sql]
// OLD.db is a farm of an older version, which is upgraded.
// Prints a line for each check that failed, then `N passed, N failed`.
'use strict';

const fs = require('node:fs');
const Database = require('better-sqlite3');
const tablao = require('tablao');

const [version, path, old, rowsPath] = process.argv.slice(2);
const job = fs.readFileSync(path, 'utf8');
let passed = 0;
let failed = 0;

function check(what, got, want) {
  if (got === want) {
    passed++;
  } else {
    failed++;
    console.log(`${what}: wanted ${want}, got ${got}`);
  }
}

const value = (db, sql, ...parameters) =>
  db.prepare(sql).pluck().get(...parameters);
const run = (db, sql, ...parameters) => db.prepare(sql).run(...parameters);

function work(name, db, claim) {
  run(db, "UPDATE jobs SET status = 'queued'");
  claim(value(db, `INSERT INTO workers (name, status, supported_task_types)
    VALUES ('node', 'awake', 'blender,ffmpeg') RETURNING uuid`));
  run(db, `INSERT INTO task_updates (task_uuid, worker_uuid, status)
    SELECT task_uuid, worker_uuid, 'completed' FROM task_claims`);
  check(`${name} summary`, value(db, `SELECT status || num_completed ||
    num_tasks FROM job_summaries`), 'active15');
  check(`${name} problems`,
    value(db, 'SELECT count(*) FROM farm_problems'), 0);
}

check('version', tablao.version, version);
check('path', fs.existsSync(tablao.getLoadablePath()), true);

const farm = new Database(':memory:');
tablao.load(farm);
check('tablao_version', value(farm, 'SELECT tablao_version()'), version);
const number = tablao.migrate(farm);
check('migrate', number, value(farm, 'SELECT tablao_schema_version()'));
check('again', tablao.migrate(farm), number);
check('store', value(farm, 'SELECT store_authored_job(?)', job).length, 36);
work('extension', farm, (worker) => {
  const task = JSON.parse(value(farm, 'SELECT schedule_task(?)', worker));
  check('task', task.name, 'render-1-3');
});
check('check', value(farm,
  "SELECT count(*) FROM tablao_check WHERE severity = 'error'"), 0);
farm.close();

const plain = new Database(':memory:');
check('no extension', tablao.migrate(plain), number);
check('no extension again', tablao.migrate(plain), number);
run(plain, 'INSERT INTO authored_jobs (document) VALUES (?)', job);
work('no extension', plain, (worker) =>
  run(plain, 'INSERT INTO task_claims (worker_uuid) VALUES (?)', worker));
console.log(`SQLite ${value(plain, 'SELECT sqlite_version()')}`);
plain.close();

if (old) {
  const rows = fs.readFileSync(rowsPath, 'utf8');
  const db = new Database(old);
  const before = value(db, rows);
  check('upgrade: there is something', before.split('\n').length > 10, true);
  const from = value(db, 'SELECT max(version) FROM tablao_migrations');
  try {
    check('upgrade: same version', tablao.migrate(db), from);
  } catch (error) {
    check('upgrade: refusal', error.message.includes('only the extension'), true);
  }
  check('upgrade: not changed', value(db, rows), before);
  tablao.load(db);
  check('upgrade', tablao.migrate(db), value(db, 'SELECT tablao_schema_version()'));
  check('upgrade: rows', value(db, rows), before);
  check('upgrade: problems', value(db, 'SELECT count(*) FROM farm_problems'), 0);
  check('upgrade: store', value(db, 'SELECT store_authored_job(?)',
    '{"name": "after", "job_type": "t"}').length, 36);
  db.close();
}

import('tablao').then((module) => {
  check('import', typeof module.schemaSql(), 'string');
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
});
