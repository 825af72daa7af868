/*
** Fuzzes the database file: the input says how a farm's file is damaged, and
** in which way it is then used. It must not crash, leak or hang.
**
** The damage is either of bytes, or of rows and of the schema, as somebody
** could do it who switches the triggers off: any value anywhere.
*/
#include "fuzz.h"

/* What the file is used with, in groups. */
static const char *const azUse[] = {
  /* 0x01: the farm at work */
  "SELECT schedule_task('w1'); SELECT schedule_task('w3');"
    "INSERT INTO task_claims(worker_uuid) VALUES('w3')",
  "INSERT INTO task_updates(task_uuid, worker_uuid, status, activity, "
    "steps_completed) SELECT task_uuid, worker_uuid, 'failed', 'x', 1 "
    "FROM task_claims; SELECT * FROM task_updates",
  "SELECT farm_tick(); INSERT INTO farm_ticks DEFAULT VALUES",
  /* 0x02: jobs */
  "SELECT store_authored_job('{\"name\":\"n\",\"job_type\":\"t\",\"tasks\":["
    "{\"uuid\":\"x\",\"name\":\"a\",\"type\":\"r\",\"dependencies\":[\"y\"]},"
    "{\"uuid\":\"y\",\"name\":\"b\",\"type\":\"r\"}]}')",
  "SELECT store_authored_tasks('j1', '[{\"name\":\"a\",\"type\":\"r\","
    "\"dependencies\":[\"t1\"]}]')",
  "SELECT * FROM authored_jobs; UPDATE jobs SET status='requeueing';"
    "UPDATE jobs SET status='cancel-requested'",
  /* 0x04: virtual tables */
  "SELECT * FROM task_summaries; SELECT * FROM task_summaries('j1') "
    "WHERE status IN ('queued', 'failed') ORDER BY index_in_job DESC;"
    "SELECT * FROM task_summaries WHERE status='queued' ORDER BY job_uuid",
  "SELECT * FROM task_graph; SELECT * FROM task_graph('j1')",
  "SELECT * FROM job_query; SELECT * FROM job_query('{\"metadata\":{\"n\":1.5},"
    "\"settings\":{\"fps\":24},\"order_by\":[\"-metadata\",\"created_at\"]}')",
  /* 0x08: views */
  "SELECT * FROM runnable_tasks; SELECT * FROM worker_tasks;"
    "SELECT * FROM task_details; SELECT * FROM job_blocklist",
  "SELECT * FROM worker_sleep_statuses; SELECT * FROM worker_next_statuses;"
    "SELECT * FROM sleep_schedules_due; SELECT * FROM workers_left_to_run",
  "SELECT * FROM job_summaries; SELECT * FROM worker_summaries;"
    "SELECT * FROM farm_status; SELECT * FROM stuck_jobs;"
    "SELECT * FROM timed_out_tasks; SELECT * FROM timed_out_workers",
  /* 0x10: checks */
  "SELECT * FROM tablao_check",
  "DELETE FROM farm_problems",
  "SELECT * FROM tablao_adopt_problems; SELECT tablao_schema_version()",
  /* 0x20: the schema */
  "SELECT tablao_migrate()",
  "SELECT tablao_detach()",
  "SELECT tablao_migrate(); SELECT tablao_take_over()",
  /* 0x40: any change */
  "UPDATE tasks SET status='failed' WHERE id=4; UPDATE workers SET "
    "status='offline'; UPDATE jobs SET priority=priority+1",
  "INSERT OR REPLACE INTO tasks(id, uuid, job_id) VALUES(1, 't1', 1);"
    "UPDATE timed_out_tasks SET status='failed';"
    "UPDATE timed_out_workers SET status='error'",
  "DELETE FROM tasks; DELETE FROM jobs; DELETE FROM workers",
};

/* Damage to the schema. */
static const char *const azDamage[] = {
  "DROP VIEW farm_clock",
  "DROP VIEW tablao_current_tasks",
  "DROP VIEW task_claims",
  "DROP TABLE last_rendereds",
  "DROP TABLE tablao_migrations",
  "DROP TABLE task_dependencies",
  "DELETE FROM tablao_migrations",
  "UPDATE tablao_migrations SET checksum=x'00', name=NULL",
  "UPDATE tablao_migrations SET version=0x7fffffffffffffff",
  "INSERT INTO tablao_migrations VALUES(0, 'zero', 'none', 'never')",
  "DROP VIEW farm_clock; CREATE VIEW farm_clock(now) AS "
    "SELECT x'ff' UNION ALL SELECT NULL",
  "DROP VIEW farm_problems; CREATE VIEW farm_problems(kind, object, message) "
    "AS SELECT NULL, x'00', 9e999",
  "DROP VIEW farm_problems; CREATE VIEW farm_problems(kind, object, message) "
    "AS SELECT tablao_migrate(), farm_tick(), schedule_task('w1')",
  "DROP VIEW tablao_current_tasks; CREATE VIEW tablao_current_tasks("
    "worker_id, worker_uuid, task_id) AS SELECT 1, 'w1', id FROM tasks",
  "DROP VIEW tablao_authoring_problems; CREATE VIEW "
    "tablao_authoring_problems(problem, offender) AS SELECT x'ff', x'fe'",
  "ALTER TABLE jobs RENAME TO jobs_; CREATE VIEW jobs AS SELECT * FROM jobs_",
  "ALTER TABLE tasks RENAME TO tasks_; CREATE VIEW tasks AS SELECT * FROM "
    "task_summaries",
  "ALTER TABLE jobs RENAME TO jobs_; CREATE VIEW jobs AS SELECT * FROM "
    "job_query",
  "ALTER TABLE workers RENAME COLUMN uuid TO uid",
  "ALTER TABLE tasks DROP COLUMN activity",
  "ALTER TABLE tasks ADD COLUMN more DEFAULT 7",
  "CREATE TABLE goose_db_version(id, version_id, is_applied, tstamp)",
  "CREATE TABLE goose_db_version(id, version_id, is_applied, tstamp);"
    "INSERT INTO goose_db_version VALUES(1, 8, 1, 0); DROP TABLE "
    "tablao_migrations",
  "CREATE TABLE tablao_adopted(id, type, name, tbl_name, sql, is_unique, "
    "columns, last_id); INSERT INTO tablao_adopted VALUES(1, 'table', 'jobs', "
    "'jobs', 'CREATE TABLE jobs(id)', 0, '', x'00')",
  "CREATE VIEW tablao_mine AS SELECT * FROM tablao_mine",
  "CREATE TRIGGER tablao_mine AFTER UPDATE ON jobs BEGIN UPDATE jobs SET "
    "priority=priority+1; END",
  "CREATE TRIGGER mine INSTEAD OF UPDATE ON job_summaries BEGIN SELECT 1; END",
  "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql=NULL WHERE "
    "name='farm_status'",
  "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET type='view' WHERE "
    "name='jobs'",
  "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET name=x'ff' WHERE "
    "name='stuck_jobs'",
  "PRAGMA user_version=-1; PRAGMA application_id=-1",
  "CREATE TABLE jobs_copy AS SELECT * FROM jobs; INSERT INTO tasks(id, job_id, "
    "index_in_job) VALUES(0x7fffffffffffffff, 4611686018427387904, 'x')",
};

static unsigned char *aImage;
static sqlite3_int64 nImage;
static char *azColumn[400];     /* "UPDATE t SET c=?1 WHERE rowid=?2" */
static size_t nColumn;

static void makeImage(void){
  sqlite3 *db = openFarm();
  sqlite3_stmt *pStmt = 0;
  must(db, "UPDATE farm_settings SET value=NULL WHERE name='clock'; VACUUM");
  aImage = sqlite3_serialize(db, "main", &nImage, 0);
  if( aImage==0 ) finding("no image");
  sqlite3_prepare_v2(db, "SELECT printf('UPDATE \"%w\" SET \"%w\"=?1 WHERE "
      "coalesce(?2, 0) IN (0, rowid)', t.name, c.name) FROM pragma_table_list "
      "t JOIN pragma_table_info(t.name) c WHERE t.schema='main' AND "
      "t.type='table' AND t.wr=0 AND t.name NOT LIKE 'sqlite%'",
      -1, &pStmt, 0);
  while( sqlite3_step(pStmt)==SQLITE_ROW && nColumn<N_OF(azColumn) ){
    azColumn[nColumn++] = strdup((const char*)sqlite3_column_text(pStmt, 0));
  }
  sqlite3_finalize(pStmt);
  sqlite3_close(db);
  if( nColumn<80 ) finding("only %d columns", (int)nColumn);
}

/* Damages rows and the schema. */
static void damage(sqlite3 *db, Input *pIn){
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int*)0);
  sqlite3_exec(db, "PRAGMA ignore_check_constraints=ON", 0, 0, 0);
  unsigned n = 1 + inOne(pIn, 6);
  while( n-- ){
    unsigned e = inByte(pIn);
    if( e<64 ){
      sqlite3_exec(db, azDamage[inOne(pIn, N_OF(azDamage))], 0, 0, 0);
    }else{
      sqlite3_stmt *pStmt = 0;
      if( sqlite3_prepare_v2(db, azColumn[inOne(pIn, nColumn)], -1,
              &pStmt, 0)==SQLITE_OK ){
        sqlite3_bind_int(pStmt, 2, (int)inOne(pIn, 8));
        inBind(pIn, pStmt, 1);
        sqlite3_step(pStmt);
      }
      sqlite3_finalize(pStmt);
    }
  }
  sqlite3_exec(db, "PRAGMA writable_schema=RESET", 0, 0, 0);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, (int*)0);
  sqlite3_exec(db, "PRAGMA ignore_check_constraints=OFF", 0, 0, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  sqlite3 *db;
  char *zErr = 0;
  Input in = { a, n };
  int nLeft = 4000;         /* thousands of steps of the virtual machine */
  static int nClean;
  if( n<3 || n>4096 ) return -1;
  if( aImage==0 ) makeImage();
  unsigned mHow = inByte(&in);
  unsigned mUse = inByte(&in);

  unsigned char *aFile = sqlite3_malloc64((sqlite3_uint64)nImage);
  memcpy(aFile, aImage, (size_t)nImage);
  if( mHow & 1 ){
    while( in.n>4 ){
      size_t iAt = inByte(&in) | inByte(&in)<<8 | (size_t)inByte(&in)<<16;
      unsigned nByte = 1 + inOne(&in, 16);
      iAt %= (size_t)nImage;
      while( nByte-- && iAt<(size_t)nImage ) aFile[iAt++] =(uint8_t)inByte(&in);
    }
  }
  if( sqlite3_open(":memory:", &db) || sqlite3_tablao_init(db, &zErr, 0) ){
    finding("cannot open");
  }
  sqlite3_deserialize(db, "main", aFile, nImage, nImage,
      SQLITE_DESERIALIZE_FREEONCLOSE|SQLITE_DESERIALIZE_RESIZEABLE);
  sqlite3_progress_handler(db, 1000, tooLong, &nLeft);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 10000000);
  sqlite3_exec(db, mHow & 2 ? "PRAGMA trusted_schema=OFF"
                            : "PRAGMA trusted_schema=ON", 0, 0, 0);
  if( mHow & 4 ) sqlite3_exec(db, "PRAGMA foreign_keys=ON", 0, 0, 0);
  if( mHow & 8 ) sqlite3_exec(db, "PRAGMA recursive_triggers=ON", 0, 0, 0);
  if( (mHow & 1)==0 ) damage(db, &in);

  for(size_t i=0; i<N_OF(azUse); i++){
    const char *z = azUse[i];
    if( (mUse>>(i/3) & 1)==0 ) continue;
    while( z[0] ){
      sqlite3_stmt *pStmt = 0;
      const char *zSql = z;
      if( sqlite3_prepare_v2(db, z, -1, &pStmt, &z) ) break;
      while( sqlite3_step(pStmt)==SQLITE_ROW ){
        for(int j=0; j<sqlite3_column_count(pStmt); j++){
          sqlite3_column_text(pStmt, j);
        }
      }
      sqlite3_finalize(pStmt);
      if( !sqlite3_get_autocommit(db) ) finding("left open by %s", zSql);
    }
  }
  if( sqlite3_close(db) ){
    sqlite3_stmt *pStmt = sqlite3_next_stmt(db, 0);
    finding("cannot close: %s: %s", sqlite3_errmsg(db),
        pStmt ? sqlite3_sql(pStmt) : "no statement");
  }
  /* What SQLite itself keeps is not counted against us. */
  if( nClean==0 ) nClean = (int)sqlite3_memory_used() + 100000;
  if( sqlite3_memory_used()>nClean ) finding("memory is not given back");
  return 0;
}
