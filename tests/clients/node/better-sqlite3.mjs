// The scenario through better-sqlite3.

import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build, database, main, way } from './scenario.mjs';

const db = new Database(database, { timeout: 10000 });
if (way === 'ext') db.loadExtension(`${build}/tablao`);

// The driver refuses to bind true and false.
const bindable = (value) => (typeof value === 'boolean' ? Number(value) : value);

function query(sql, params) {
  const statement = db.prepare(sql);
  const values = params.map(bindable);
  // all() is for statements that return rows, run() for the others.
  if (statement.reader) return statement.raw().all(...values);
  statement.run(...values);
  return [];
}

const one = (sql, ...params) => db.prepare(sql).pluck().get(...params);

await main({
  query,
  version() {
    const { version } = createRequire(import.meta.url)('better-sqlite3/package.json');
    return [`better-sqlite3 ${version}, Node.js ${process.versions.node}`, one('SELECT sqlite_version()')];
  },
  install() {
    if (way === 'ext') db.prepare('SELECT tablao_migrate()').get();
    else db.exec(readFileSync(`${build}/tablao.sql`, 'utf8'));
  },
  close() {
    db.close();
  },
  extra(check) {
    const is = (name, got, want) => check(name, got === want ? '' : `got ${got}, not ${want}`);
    // A number is bound as a REAL; the columns' affinity makes it an integer.
    is('a number is bound as REAL', one('SELECT typeof(?)', 600), 'real');
    is('a BigInt is bound as INTEGER', one('SELECT typeof(?)', 600n), 'integer');
    db.prepare("UPDATE farm_settings SET value = ? WHERE name = 'task_timeout'").run(600);
    is('a setting', one("SELECT typeof(value) || value FROM farm_settings WHERE name = 'task_timeout'"), 'integer600');
    db.prepare("UPDATE jobs SET priority = ? WHERE uuid = 'job-doc'").run(84);
    is('a priority', one("SELECT typeof(priority) || priority FROM jobs WHERE uuid = 'job-doc'"), 'integer84');
    // No affinity where a door hands the value on: the tables' columns have it.
    db.prepare(`INSERT INTO task_updates (task_uuid, worker_uuid, status, steps_completed)
      VALUES (?, ?, 'completed', ?)`).run('doc-c', 'worker-eve', 0);
    is('steps through a door', one("SELECT typeof(steps_completed) FROM tasks WHERE uuid = 'doc-c'"), 'integer');
    db.prepare('UPDATE jobs SET settings = ? WHERE uuid = ?').run(Buffer.from('{"b":1}'), 'job-doc');
    is('a Buffer of JSON becomes text', one("SELECT settings FROM jobs WHERE uuid = 'job-doc'"), '{"b":1}');
    // transaction() rolls back what throws.
    const both = db.transaction(() => {
      db.prepare("UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'").run();
      db.prepare("UPDATE jobs SET status = 'wrong'").run();
    });
    let message = 'no error';
    try {
      both.immediate();
    } catch (error) {
      message = error.code;
    }
    is('a refusal has a code', message, 'SQLITE_CONSTRAINT_TRIGGER');
    is('and transaction() rolls back', one("SELECT status FROM jobs WHERE uuid = 'job-shot'"), 'failed');
    // Refused while iterating: a connection of this driver is busy then.
    const kept = db.prepare("SELECT status FROM jobs WHERE uuid = 'job-doc'").pluck();
    const before = kept.get();
    db.exec('CREATE TABLE js_side (x); DROP TABLE js_side');
    is('a prepared statement outlives a change of the schema', kept.get(), before);
  },
});
