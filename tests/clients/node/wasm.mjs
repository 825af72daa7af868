// The scenario through SQLite's own WebAssembly build, without the extension.
// Under Node.js it has no files: the database is read before every command and
// written after it.

import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build, database, main, way } from './scenario.mjs';

if (way === 'ext') throw new Error('this build cannot load extensions');
const sqlite3 = await sqlite3InitModule();
const { capi, wasm } = sqlite3;
let db;

function open() {
  db = new sqlite3.oo1.DB();
  if (existsSync(database) && readFileSync(database).length > 0) {
    const bytes = new Uint8Array(readFileSync(database));
    const pointer = wasm.allocFromTypedArray(bytes);
    db.checkRc(capi.sqlite3_deserialize(
      db.pointer, 'main', pointer, bytes.length, bytes.length,
      capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE));
  }
}

function query(sql, params) {
  return db.exec({
    sql,
    bind: params.length ? params : undefined,
    rowMode: 'array',
    returnValue: 'resultRows',
  });
}

await main({
  query,
  before: open,
  after() {
    writeFileSync(database, capi.sqlite3_js_db_export(db.pointer));
    db.close();
  },
  version() {
    const packageJson = readFileSync(
      new URL('package.json', import.meta.resolve('@sqlite.org/sqlite-wasm/package.json')), 'utf8');
    return [`@sqlite.org/sqlite-wasm ${JSON.parse(packageJson).version}, Node.js ${process.versions.node}`, sqlite3.version.libVersion];
  },
  install() {
    db.exec(readFileSync(`${build}/tablao.sql`, 'utf8'));
  },
  close() {},
  extra(check) {
    const is = (name, got, want) => check(name, got === want ? '' : `got ${got}, not ${want}`);
    const one = (sql, ...bind) => db.selectValue(sql, bind.length ? bind : undefined);
    is('a whole number is bound as INTEGER', one('SELECT typeof(?)', 600), 'integer');
    db.exec({ sql: "UPDATE jobs SET priority = ? WHERE uuid = 'job-doc'", bind: [85] });
    is('a priority', one("SELECT typeof(priority) || priority FROM jobs WHERE uuid = 'job-doc'"), 'integer85');
    db.exec({ sql: "UPDATE jobs SET settings = ? WHERE uuid = 'job-doc'", bind: [new TextEncoder().encode('{"w":1}')] });
    is('a Uint8Array of JSON becomes text', one("SELECT settings FROM jobs WHERE uuid = 'job-doc'"), '{"w":1}');
    let message = 'no error';
    try {
      db.transaction(() => {
        db.exec("UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'");
        db.exec("UPDATE jobs SET status = 'wrong'");
      });
    } catch (error) {
      message = error.message;
    }
    check('a refusal', message.includes('tablao: jobs.status must be one of') ? '' : message);
    is('transaction() rolls back', one("SELECT status FROM jobs WHERE uuid = 'job-shot'"), 'failed');
  },
});
