/*
** Fails each call that the extension makes into SQLite, one at a time.
**
**   calls -ext LIBRARY [-flamenco FILE] [-seconds S] [-only NAME] [-v]
**
** NAME is how those operations begin that are wanted.
**
** An extension reaches SQLite through a table of functions that it is given
** when it is loaded. This one is given a table whose functions can be told to
** fail: to find no memory, to meet an error when they prepare, bind or step a
** statement. For each operation of aOp[] and each code, the n-th such call
** fails, for n = 1, 2, 3... until the operation meets no fault any more.
** faults.c lets memory run out inside SQLite; this does so in the extension's
** own code, exhaustively and quickly, so that `make coverage` can use it.
**
** What must hold: the statement fails, or gives what it always gives; no
** transaction is left open; the rows and the schema are those of before or of
** after; nothing leaks.
**
** It also shows the extension a SQLite that is too old, and a second SQLite
** in the same process.
**
** The last line is `N passed, M failed`.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define SQLITE_CORE 1
#include "sqlite3ext.h"

typedef int (*Init)(sqlite3*, char**, const sqlite3_api_routines*);

static const sqlite3_api_routines *pReal;  /* SQLite's own table */
static sqlite3_api_routines fake;          /* the one with faults */
static Init xInit;
static int nPassed, nFailed;
static int bVerbose;

/* --- Faults ---------------------------------------------------------------*/

static long nCall;          /* calls that can fail, so far */
static long iFault = -1;    /* the one that does */
static int eCode;           /* how */
static const char *zRare;   /* only of calls of that name; NULL: of all */
static int bMet;
static long iMet;           /* the number of it */
static const char *zMet;    /* which function it was */

/*
** True if this call is to fail. A call that can only run out of memory fails
** when that is the code, and the others with any.
*/
static int fails(const char *zName, int bMemory){
  if( bMemory && eCode!=SQLITE_NOMEM ) return 0;
  if( zRare && strncmp(zName, zRare, strlen(zRare)) ) return 0;
  if( nCall++!=iFault ) return 0;
  bMet = 1;
  iMet = iFault;
  zMet = zName;
  return 1;
}

static void *fMalloc(sqlite3_uint64 n){
  return fails("malloc64", 1) ? 0 : sqlite3_malloc64(n);
}
static void *fRealloc(void *p, sqlite3_uint64 n){
  return fails("realloc64", 1) ? 0 : sqlite3_realloc64(p, n);
}
/* SQLite's own frees what %z is given, also where it has no memory. */
static char *printed(const char *zName, const char *zFormat, va_list ap){
  char *z = sqlite3_vmprintf(zFormat, ap);
  if( !fails(zName, 1) ) return z;
  sqlite3_free(z);
  return 0;
}
static char *fVmprintf(const char *zFormat, va_list ap){
  return printed("vmprintf", zFormat, ap);
}
static char *fMprintf(const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *z = printed("mprintf", zFormat, ap);
  va_end(ap);
  return z;
}
static char *fStrFinish(sqlite3_str *p){
  char *z = sqlite3_str_finish(p);
  if( fails("str_finish", 1) ){
    sqlite3_free(z);
    z = 0;
  }
  return z;
}
static const unsigned char *fValueText(sqlite3_value *p){
  return fails("value_text", 1) ? 0 : sqlite3_value_text(p);
}
/* Of zeroblob() the bytes are made when they are asked for. */
static const void *fValueBlob(sqlite3_value *p){
  return fails("value_blob", 1) ? 0 : sqlite3_value_blob(p);
}
static sqlite3_value *fValueDup(const sqlite3_value *p){
  return fails("value_dup", 1) ? 0 : sqlite3_value_dup(p);
}
static const unsigned char *fColumnText(sqlite3_stmt *p, int i){
  return fails("column_text", 1) ? 0 : sqlite3_column_text(p, i);
}
static const char *fColumnName(sqlite3_stmt *p, int i){
  return fails("column_name", 1) ? 0 : sqlite3_column_name(p, i);
}
static int fPrepare2(sqlite3 *db, const char *z, int n, sqlite3_stmt **pp,
                     const char **pz){
  if( fails("prepare_v2", 0) ){ *pp = 0; return eCode; }
  return sqlite3_prepare_v2(db, z, n, pp, pz);
}
static int fPrepare3(sqlite3 *db, const char *z, int n, unsigned m,
                     sqlite3_stmt **pp, const char **pz){
  if( fails("prepare_v3", 0) ){ *pp = 0; return eCode; }
  return sqlite3_prepare_v3(db, z, n, m, pp, pz);
}
static int fStep(sqlite3_stmt *p){
  return fails("step", 0) ? eCode : sqlite3_step(p);
}
static int fBindValue(sqlite3_stmt *p, int i, const sqlite3_value *pValue){
  return fails("bind_value", 1) ? SQLITE_NOMEM
                                : sqlite3_bind_value(p, i, pValue);
}
static int fBindText(sqlite3_stmt *p, int i, const char *z, int n,
                     void (*x)(void*)){
  return fails("bind_text", 1) ? SQLITE_NOMEM
                               : sqlite3_bind_text(p, i, z, n, x);
}
static int fOpen(const char *z, sqlite3 **pp, int m, const char *zVfs){
  /* Even then there may be something to close, or nothing at all. */
  int rc = sqlite3_open_v2(z, pp, m, zVfs);
  if( fails("open_v2, with a connection", 1) ) return SQLITE_NOMEM;
  if( fails("open_v2", 1) ){
    sqlite3_close(*pp);
    *pp = 0;
    return SQLITE_NOMEM;
  }
  return rc;
}
static int fDeclare(sqlite3 *db, const char *z){
  return fails("declare_vtab", 1) ? SQLITE_NOMEM : sqlite3_declare_vtab(db, z);
}
static int fVtabConfig(sqlite3 *db, int op, ...){
  return fails("vtab_config", 1) ? SQLITE_NOMEM : sqlite3_vtab_config(db, op);
}
static int fCreateFunction(sqlite3 *db, const char *z, int n, int m, void *p,
    void (*xFunc)(sqlite3_context*, int, sqlite3_value**),
    void (*xStep)(sqlite3_context*, int, sqlite3_value**),
    void (*xFinal)(sqlite3_context*), void (*xDestroy)(void*)){
  if( fails("create_function_v2", 1) ){
    xDestroy(p);
    return SQLITE_NOMEM;
  }
  return sqlite3_create_function_v2(db, z, n, m, p, xFunc, xStep, xFinal,
      xDestroy);
}
static int fCreateModule(sqlite3 *db, const char *z, const sqlite3_module *pM,
                         void *p, void (*xDestroy)(void*)){
  if( fails("create_module_v2", 1) ){
    xDestroy(p);
    return SQLITE_NOMEM;
  }
  return sqlite3_create_module_v2(db, z, pM, p, xDestroy);
}
#if SQLITE_VERSION_NUMBER>=3038000
static int fInFirst(sqlite3_value *pList, sqlite3_value **pp){
  return fails("vtab_in_first", 1) ? SQLITE_NOMEM
                                   : sqlite3_vtab_in_first(pList, pp);
}
static int fInNext(sqlite3_value *pList, sqlite3_value **pp){
  return fails("vtab_in_next", 1) ? SQLITE_NOMEM
                                  : sqlite3_vtab_in_next(pList, pp);
}
#endif

static int tooOld(void){ return 3036000; }

/* SQLite gives its table to whoever it loads, also to this. */
static int takeTable(sqlite3 *db, char **pzErr, const sqlite3_api_routines *p){
  (void)db;
  (void)pzErr;
  pReal = p;
  return SQLITE_OK;
}

/* --- Databases ------------------------------------------------------------*/

static void die(const char *zWhat, const char *zMore){
  fprintf(stderr, "calls: %s: %s\n", zWhat, zMore);
  exit(2);
}

static void failed(const char *zOp, const char *zWhat, const char *zMore){
  nFailed++;
  if( nFailed>40 ) return;
  printf("FAILED: %s, call %ld (%s) with code %d: %s: %s\n", zOp, iMet,
      zMet ? zMet : "none", eCode, zWhat, zMore);
}

static void must(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( sqlite3_exec(db, zSql, 0, 0, &zErr) ) die(zSql, zErr);
}

static void copy(sqlite3 *pTo, sqlite3 *pFrom){
  sqlite3_backup *p = sqlite3_backup_init(pTo, "main", pFrom, "main");
  if( p==0 || sqlite3_backup_step(p, -1)!=SQLITE_DONE ){
    die("backup", sqlite3_errmsg(pTo));
  }
  sqlite3_backup_finish(p);
}

/* Runs zSql. OUT: all values, to be freed; *prc is the code. */
static char *ask(sqlite3 *db, const char *zSql, int *prc){
  sqlite3_str *p = sqlite3_str_new(0);
  const char *z = zSql;
  int rc = SQLITE_OK;
  while( rc==SQLITE_OK && z[0] ){
    sqlite3_stmt *pStmt = 0;
    rc = sqlite3_prepare_v2(db, z, -1, &pStmt, &z);
    if( rc || pStmt==0 ) continue;
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
      for(int i=0; i<sqlite3_column_count(pStmt); i++){
        const char *zText = (const char*)sqlite3_column_text(pStmt, i);
        sqlite3_str_appendf(p, "%s|", zText ? zText : "NULL");
      }
    }
    if( rc==SQLITE_DONE ) rc = SQLITE_OK;
    if( rc ){
      sqlite3_str_appendf(p, "%s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(pStmt);
  }
  *prc = rc;
  char *zResult = sqlite3_str_finish(p);
  return zResult ? zResult : sqlite3_mprintf("");
}

/* A text that stands for the schema and the rows that matter. */
static char *digest(sqlite3 *db){
  int rc;
  sqlite3_str *p = sqlite3_str_new(0);
  static const char *const azSql[] = {
    "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2",
    "SELECT id, status, priority, steps_completed, steps_total FROM jobs",
    "SELECT id, status, worker_id, activity FROM tasks",
    "SELECT task_id, worker_id FROM task_failures",
    "SELECT id, status, status_requested FROM workers",
    "SELECT version FROM tablao_migrations",
    "SELECT * FROM task_dependencies",
    "SELECT id, task_id, worker_id, outcome, activity FROM task_attempts",
    "SELECT id, kind, uuid, old_status, new_status FROM farm_events",
    "SELECT * FROM tablao_objects ORDER BY 1",
  };
  for(size_t i=0; i<sizeof(azSql)/sizeof(azSql[0]); i++){
    char *z = ask(db, azSql[i], &rc);
    sqlite3_str_appendf(p, "%s\n", z);
    sqlite3_free(z);
  }
  return sqlite3_str_finish(p);
}

/* --- Operations -----------------------------------------------------------*/

#define AT_EMPTY    0
#define AT_FARM     1
#define AT_FLAMENCO 2
#define AT_ADOPTED  3
#define AT_OBSERVED 4
#define N_AT        5
static sqlite3 *apAt[N_AT];

typedef struct Op Op;
struct Op {
  int eAt;                  /* what database it begins with */
  const char *zName;
  const char *zBefore;      /* done before, without faults */
  const char *zSql;
};
static time_t end;          /* no new fault from then on */
static const Op aOp[] = {
  { AT_EMPTY, "load", "", "SELECT 1" },
  { AT_EMPTY, "migrate", "", "SELECT tablao_migrate()" },
  { AT_EMPTY, "migrate inside", "", "BEGIN; SELECT tablao_migrate(); COMMIT" },
  { AT_FARM, "migrate again", "", "SELECT tablao_migrate()" },
  { AT_FARM, "upgrade", "DROP VIEW farm_status;"
    "CREATE TRIGGER tablao_old AFTER DELETE ON jobs BEGIN SELECT 1; END;"
    "CREATE TRIGGER users INSTEAD OF DELETE ON job_summaries "
      "BEGIN SELECT 1; END", "SELECT tablao_migrate()" },
  { AT_EMPTY, "migrate, a name is taken", "CREATE TABLE tasks(x)",
    "SELECT tablao_migrate()" },
  { AT_FARM, "upgrade, a column was renamed", "DROP VIEW farm_status;"
    "ALTER TABLE last_rendereds RENAME COLUMN job_id TO x",
    "SELECT tablao_migrate()" },
  { AT_FARM, "upgrade, no such trigger", "DROP VIEW farm_status;"
    "CREATE TRIGGER users INSTEAD OF DELETE ON job_summaries "
      "BEGIN SELECT load_extension('x'); END", "SELECT tablao_migrate()" },
  { AT_FARM, "newer", "INSERT INTO tablao_migrations VALUES(99, 'x', 'y', 'z')",
    "SELECT tablao_migrate()" },
  { AT_FARM, "altered", "UPDATE tablao_migrations SET checksum='x'",
    "SELECT tablao_migrate()" },
  { AT_FLAMENCO, "observe", "", "SELECT tablao_migrate()" },
  { AT_FLAMENCO, "observe less", "ALTER TABLE tasks DROP COLUMN steps_total",
    "SELECT tablao_migrate()" },
  { AT_OBSERVED, "observe again", "DROP VIEW farm_status;"
    "DROP INDEX tablao_observed_worker_idx", "SELECT tablao_migrate()" },
  { AT_OBSERVED, "check observed", "", "SELECT * FROM tablao_check" },
  { AT_FARM, "check, a column was added", "ALTER TABLE jobs ADD COLUMN x",
    "SELECT * FROM tablao_check" },
  { AT_OBSERVED, "closed", "", "SELECT farm_tick()" },
  { AT_OBSERVED, "detach observed", "", "SELECT tablao_detach()" },
  { AT_OBSERVED, "detach, a user's trigger", "CREATE TRIGGER users "
    "INSTEAD OF DELETE ON job_summaries BEGIN SELECT 1; END",
    "SELECT tablao_detach()" },
  { AT_OBSERVED, "detach, a user's view",
    "CREATE VIEW users AS SELECT * FROM job_summaries",
    "SELECT tablao_detach()" },
  { AT_OBSERVED, "take over", "", "SELECT tablao_take_over()" },
  { AT_OBSERVED, "take over with a problem", "UPDATE jobs SET settings='{'",
    "SELECT tablao_take_over()" },
  { AT_OBSERVED, "take over with things", "CREATE INDEX i ON jobs(name);"
    "CREATE TRIGGER users AFTER DELETE ON tasks BEGIN SELECT 1; END",
    "SELECT tablao_take_over()" },
  { AT_FARM, "take over nothing", "", "SELECT tablao_take_over()" },
  { AT_OBSERVED, "take over with a column", "ALTER TABLE jobs ADD COLUMN x",
    "SELECT tablao_take_over()" },
  { AT_FLAMENCO, "adopt_problems", "", "SELECT * FROM tablao_adopt_problems" },
  { AT_FLAMENCO, "adopt_problems, missing", "DROP TABLE task_failures",
    "SELECT * FROM tablao_adopt_problems" },
  { AT_FLAMENCO, "adopt_problems, rows",
    "UPDATE jobs SET settings='{', priority='x' WHERE id=1;"
    "UPDATE tasks SET steps_total='x' WHERE id=1",
    "SELECT * FROM tablao_adopt_problems" },
  { AT_FLAMENCO, "adopt_problems, schema", "CREATE TABLE farm_settings(x)",
    "SELECT * FROM tablao_adopt_problems" },
  { AT_EMPTY, "adopt_problems, none", "",
    "SELECT * FROM tablao_adopt_problems" },
  { AT_ADOPTED, "detach", "", "SELECT tablao_detach()" },
  { AT_ADOPTED, "detach, a column", "ALTER TABLE jobs ADD COLUMN x",
    "SELECT tablao_detach()" },
  { AT_ADOPTED, "detach, a user's things", "CREATE INDEX i ON jobs(name);"
    "CREATE TRIGGER users AFTER DELETE ON tasks BEGIN SELECT 1; END",
    "SELECT tablao_detach()" },
  { AT_FARM, "detach nothing", "", "SELECT tablao_detach()" },
  { AT_FARM, "versions", "", "SELECT tablao_schema_version(), "
    "tablao_version(), job_status_valid('active'), task_status_valid('x')" },
  { AT_FARM, "check", "", "SELECT * FROM tablao_check" },
  { AT_FARM, "check, damaged", "DROP VIEW farm_status;"
    "DROP VIEW job_summaries; CREATE VIEW job_summaries AS SELECT 1;"
    "CREATE VIEW tablao_x AS SELECT 1; DROP TABLE last_rendereds;"
    "ALTER TABLE workers ADD COLUMN x; PRAGMA foreign_keys=OFF;"
    "CREATE TABLE c(p REFERENCES jobs(id)); INSERT INTO c VALUES(77)",
    "SELECT * FROM tablao_check" },
  { AT_FARM, "check, problems", "DROP TRIGGER tablao_tasks_write_count_status;"
    "UPDATE tasks SET status='completed' WHERE id=1",
    "SELECT * FROM tablao_check" },
  { AT_FARM, "check, a database", "ATTACH ':memory:' AS other",
    "SELECT * FROM tablao_check('other')" },
  { AT_FARM, "check, no database", "",
    "SELECT * FROM tablao_check WHERE schema='nowhere'" },
  { AT_FARM, "check, newer", "INSERT INTO tablao_migrations "
    "VALUES(99, 'x', 'y', 'z')", "SELECT * FROM tablao_check" },
  { AT_FARM, "check, altered", "UPDATE tablao_migrations SET checksum='x'",
    "SELECT * FROM tablao_check" },
  { AT_FARM, "check, older", "DELETE FROM tablao_migrations "
    "WHERE version=(SELECT max(version) FROM tablao_migrations)",
    "SELECT * FROM tablao_check" },
  { AT_FARM, "check, texts and columns",
    "DROP TRIGGER tablao_workers_update_types; UPDATE workers "
      "SET name=CAST(x'c3' AS TEXT), uuid=x'00';"
    "ALTER TABLE last_rendereds RENAME COLUMN job_id TO x",
    "SELECT * FROM tablao_check" },
  { AT_FARM, "check, the clock", "UPDATE farm_settings "
    "SET value='2001-03-04 05:06:07.890+00:00' WHERE name='clock'",
    "SELECT * FROM tablao_check" },
  { AT_EMPTY, "check, none", "", "SELECT * FROM tablao_check" },
  { AT_FARM, "store", "", "SELECT store_authored_job('{\"uuid\":\"u\","
    "\"name\":\"n\",\"job_type\":\"t\",\"tasks\":[{\"uuid\":\"a\","
    "\"name\":\"a\",\"type\":\"r\",\"dependencies\":[\"b\"]},"
    "{\"uuid\":\"b\",\"name\":\"b\",\"type\":\"r\"}]}')" },
  { AT_FARM, "store a cycle", "", "SELECT store_authored_job('{"
    "\"name\":\"n\",\"job_type\":\"t\",\"tasks\":[{\"uuid\":\"a\","
    "\"name\":\"a\",\"type\":\"r\",\"dependencies\":[\"b\"]},"
    "{\"uuid\":\"b\",\"name\":\"b\",\"type\":\"r\",\"dependencies\":"
    "[\"a\"]}]}')" },
  { AT_FARM, "store no name", "", "SELECT store_authored_job('{}')" },
  { AT_FARM, "store an offender", "", "SELECT store_authored_job('{"
    "\"name\":\"n\",\"job_type\":\"t\",\"worker_tag\":\"no such tag, and of "
    "a name that is longer than what a message can have of it\"}')" },
  { AT_FARM, "store no JSON", "", "SELECT store_authored_job('{')" },
  { AT_FARM, "store an array", "", "SELECT store_authored_job('[]')" },
  { AT_FARM, "store a status", "", "SELECT store_authored_job('{"
    "\"name\":\"n\",\"job_type\":\"t\",\"status\":\"x\"}')" },
  { AT_FARM, "store tasks, no job", "",
    "SELECT store_authored_tasks('j9', '[]')" },
  { AT_FARM, "store a number", "", "SELECT store_authored_job(1)" },
  { AT_FARM, "store tasks", "", "SELECT store_authored_tasks('j1', "
    "'[{\"name\":\"a\",\"type\":\"r\"}]')" },
  { AT_FARM, "store tasks, NULL", "", "SELECT store_authored_tasks(NULL, "
    "'[]')" },
  { AT_FARM, "store inside", "", "BEGIN; SELECT store_authored_tasks('j1', "
    "'[{\"name\":\"a\",\"type\":\"r\"}]'); COMMIT" },
  { AT_FARM, "schedule", "", "SELECT schedule_task('w1')" },
  { AT_FARM, "schedule, known", "UPDATE workers SET status='asleep'",
    "SELECT schedule_task('w1')" },
  { AT_FARM, "schedule, a name", "", "SELECT schedule_task('one')" },
  { AT_FARM, "schedule, refused", "", "SELECT schedule_task('w9')" },
  { AT_EMPTY, "schedule, no farm", "", "SELECT schedule_task('w9')" },
  { AT_FARM, "tick", "UPDATE tasks SET status='active', worker_id=1 "
    "WHERE id=1; UPDATE tasks SET last_touched_at='2000-01-01' WHERE id=1",
    "SELECT farm_tick()" },
  { AT_FARM, "summaries", "",
    "SELECT * FROM task_summaries; SELECT * FROM task_summaries('j1') "
    "WHERE status IN ('queued', 'active') ORDER BY index_in_job DESC" },
  { AT_FARM, "graph", "",
    "SELECT * FROM task_graph; SELECT * FROM task_graph('j1')" },
  { AT_FARM, "query", "", "SELECT * FROM job_query('{\"status_in\":"
    "[\"queued\"],\"metadata\":{\"a\":\"%\"},\"settings\":{},"
    "\"order_by\":[\"-id\"],\"limit\":3}')" },
  { AT_FARM, "summaries, many", "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL "
      "SELECT i+1 FROM n WHERE i<200) INSERT INTO tasks(name, type, job_id) "
      "SELECT i, 'r', 2 FROM n", "SELECT index_in_job, name "
      "FROM task_summaries('j2'); SELECT count(*) FROM task_summaries "
      "WHERE status IN (1, 2, 3, 4, 5, 6, 7, 8, 'queued')" },
  { AT_FARM, "summaries, attached", "ATTACH ':memory:' AS a;"
    "CREATE TABLE a.jobs AS SELECT * FROM main.jobs;"
    "CREATE TABLE a.tasks AS SELECT * FROM main.tasks;"
    "UPDATE a.tasks SET name=CAST(name AS BLOB), type=x'';"
    "CREATE TABLE a.workers AS SELECT * FROM main.workers",
    "SELECT * FROM task_summaries('j1', 'a')" },
  { AT_EMPTY, "summaries, no farm", "", "SELECT * FROM task_summaries" },
  { AT_FARM, "graph, a cycle", "INSERT INTO task_dependencies VALUES(1, 2)",
    "SELECT * FROM task_graph WHERE uuid='t2'" },
  { AT_FARM, "graph, attached", "ATTACH ':memory:' AS a;"
    "CREATE TABLE a.jobs AS SELECT * FROM main.jobs;"
    "CREATE TABLE a.tasks AS SELECT * FROM main.tasks;"
    "CREATE TABLE a.task_dependencies AS SELECT * FROM main.task_dependencies",
    "SELECT * FROM task_graph('j1', 'a')" },
  { AT_FARM, "query, attached", "ATTACH ':memory:' AS a;"
    "CREATE TABLE a.jobs AS SELECT * FROM main.jobs",
    "SELECT * FROM job_query('{\"limit\":1}', 'a')" },
  { AT_FARM, "summaries of a task", "", "SELECT * FROM task_summaries "
    "WHERE uuid='t1'; SELECT * FROM task_summaries WHERE id=2" },
  { AT_FARM, "summaries, schema", "", "SELECT * FROM task_summaries "
    "WHERE schema='main' ORDER BY job_uuid DESC, index_in_job DESC" },
  { AT_FARM, "summaries, no schema", "",
    "SELECT * FROM task_summaries WHERE schema='nowhere'" },
  { AT_FARM, "graph of a task", "", "SELECT * FROM task_graph "
    "WHERE uuid='t1' AND schema='main'" },
  { AT_FARM, "graph, no job", "", "SELECT * FROM task_graph('j9')" },
  { AT_FARM, "query, schema", "",
    "SELECT * FROM job_query WHERE schema='main'" },
  { AT_FARM, "query a status", "",
    "SELECT * FROM job_query('{\"status_in\":[\"x\"]}')" },
  { AT_FARM, "query all", "", "SELECT * FROM job_query" },
  { AT_FARM, "query a member", "", "SELECT * FROM job_query('{\"x\":1}')" },
  { AT_FARM, "query a type", "", "SELECT * FROM job_query('{\"limit\":[]}')" },
  { AT_FARM, "query an item", "",
    "SELECT * FROM job_query('{\"order_by\":[1]}')" },
  { AT_FARM, "query a column", "",
    "SELECT * FROM job_query('{\"order_by\":[\"x\"]}')" },
  { AT_FARM, "query no JSON", "", "SELECT * FROM job_query('{')" },
};

#define N_OP ((int)(sizeof(aOp)/sizeof(aOp[0])))

/*
** Runs an operation with a fault, which may come as early as the loading of
** the extension. False if there was none to meet.
*/
static int one(const Op *p, const char *zBefore, const char *zAfter,
               const char *zResult, int rcResult){
  sqlite3_int64 nUsed = sqlite3_memory_used();
  sqlite3 *db;
  char *zErr = 0;
  int rc;
  sqlite3_open(":memory:", &db);
  copy(db, apAt[p->eAt]);
  bMet = 0;
  zMet = 0;
  nCall = 0;
  if( strcmp(p->zName, "load") ){
    /* The other operations begin loaded. */
    long iHold = iFault;
    iFault = -1;
    if( xInit(db, &zErr, &fake) ) die("load", zErr);
    must(db, p->zBefore);
    iFault = iHold;
    nCall = 0;
  }else{
    rc = xInit(db, &zErr, &fake);
    sqlite3_free(zErr);
    if( (rc!=SQLITE_OK)!=bMet ) failed(p->zName, "the load", "went on");
    rcResult = SQLITE_OK;
  }
  char *z = ask(db, p->zSql, &rc);
  int bWas = bMet;
  iFault = -1;
  if( !sqlite3_get_autocommit(db) ){
    /* The caller's own transaction is his to end. */
    if( strncmp(p->zSql, "BEGIN", 5) ) failed(p->zName, "left open", z);
    sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
  }
  if( rc==SQLITE_OK && (rcResult || strcmp(z, zResult))
   && strncmp(p->zName, "check", 5)
   && (eCode!=SQLITE_ERROR || strncmp(p->zName, "adopt_problems", 14))
  ){
    /* To these two an error may be a finding, which they report. */
    failed(p->zName, "another result", z);
  }
  char *zNow = digest(db);
  if( strcmp(zNow, zBefore) && strcmp(zNow, zAfter) ){
    failed(p->zName, "half applied", z);
  }else if( rc==SQLITE_OK && strcmp(zNow, zAfter) ){
    failed(p->zName, "said to be done, but is not", z);
  }
  if( bVerbose && bWas ){
    printf("%s, call %ld (%s), code %d: %d %s\n", p->zName, iMet, zMet, eCode,
        rc, z);
  }
  sqlite3_free(zNow);
  sqlite3_free(z);
  if( sqlite3_close(db) ) failed(p->zName, "cannot close", sqlite3_errmsg(db));
  if( sqlite3_memory_used()!=nUsed ) failed(p->zName, "a leak", "");
  nPassed += bWas;
  return bWas;
}

/* Runs an operation with all its faults, if it is short, or is not. */
static void allOf(const Op *p, int bShort){
  static const int aCode[] = {
    SQLITE_NOMEM, SQLITE_ERROR, SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_INTERRUPT,
    SQLITE_IOERR_READ
  };
  sqlite3 *db;
  long nMost = 0;
  int rc;
  sqlite3_open(":memory:", &db);
  copy(db, apAt[p->eAt]);
  if( xInit(db, 0, &fake) ) die("load", p->zName);
  must(db, p->zBefore);
  char *zBefore = digest(db);
  char *zResult = ask(db, p->zSql, &rc);
  char *zAfter = digest(db);
  sqlite3_close(db);
  /* A long operation may do in the middle of a loop what it does but here and
  ** there. */
  static const char *const azRare[] = { "open", "malloc64" };
  eCode = SQLITE_NOMEM;
  for(size_t j=0; bShort && j<sizeof(azRare)/sizeof(azRare[0]); j++){
    zRare = azRare[j];
    iFault = 0;
    while( iFault<100 && one(p, zBefore, zAfter, zResult, rc) ) iFault = iMet+1;
  }
  zRare = 0;
  for(size_t j=0; j<sizeof(aCode)/sizeof(aCode[0]); j++){
    /* How many calls can fail so? Of the many in the middle of a long
    ** operation, which are in a loop, some are taken. */
    eCode = aCode[j];
    iFault = -1;
    one(p, zBefore, zAfter, zResult, rc);
    long nAll = nCall;
    if( j==0 && (nAll<500)!=bShort ) break;
    long nEdge = nAll<500 ? 250 : j ? 10 : 50;
    for(long n=0; n<nAll && time(0)<end; n++){
      if( n>nEdge && n<nAll-nEdge ) n += (nAll-2*nEdge)/nEdge;
      iFault = n;
      one(p, zBefore, zAfter, zResult, rc);
    }
    if( nAll>nMost ) nMost = nAll;
  }
  if( bVerbose && nMost ) printf("%-24s %ld calls\n", p->zName, nMost);
  sqlite3_free(zBefore);
  sqlite3_free(zResult);
  sqlite3_free(zAfter);
}

int main(int argc, char **argv){
  const char *zExt = 0, *zFlamenco = 0, *zSeconds = "100000";
  const char *zOnly = 0;
  sqlite3 *db;
  char *zErr = 0;
  int i, rc;
  for(i=1; i<argc; i++){
    if( strcmp(argv[i], "-v")==0 ) bVerbose = 1;
    else if( i+1>=argc ) die("no value for", argv[i]);
    else if( strcmp(argv[i], "-ext")==0 ) zExt = argv[++i];
    else if( strcmp(argv[i], "-flamenco")==0 ) zFlamenco = argv[++i];
    else if( strcmp(argv[i], "-seconds")==0 ) zSeconds = argv[++i];
    else if( strcmp(argv[i], "-only")==0 ) zOnly = argv[++i];
    else die("no such option", argv[i]);
  }
  if( zExt==0 ) die("-ext", "is wanted");
  end = time(0) + atoi(zSeconds);
  void *pLib = dlopen(zExt, RTLD_NOW);
  if( pLib==0 ) die("dlopen", dlerror());
  *(void**)&xInit = dlsym(pLib, "sqlite3_tablao_init");
  if( xInit==0 ) die("dlsym", dlerror());
  sqlite3_auto_extension((void(*)(void))takeTable);
  sqlite3_open(":memory:", &db);
  sqlite3_cancel_auto_extension((void(*)(void))takeTable);
  if( pReal==0 ) die("auto_extension", "gave no table");

  /* A SQLite that is too old; with and without a place for the message. */
  fake = *pReal;
  fake.libversion_number = tooOld;
  rc = xInit(db, &zErr, &fake);
  if( rc!=SQLITE_ERROR || zErr==0 || strncmp(zErr, "tablao: SQLite 3.37", 19) ){
    failed("load", "too old", zErr ? zErr : "?");
  }else{
    nPassed++;
  }
  sqlite3_free(zErr);
  zErr = 0;
  if( xInit(db, 0, &fake)!=SQLITE_ERROR ) failed("load", "too old", "");
  /* Another SQLite in the same process, which this pretends to be. */
  if( xInit(db, &zErr, pReal) ) die("load", zErr);
  sqlite3_close(db);

  fake = *pReal;
  fake.malloc64 = fMalloc;
  fake.realloc64 = fRealloc;
  fake.vmprintf = fVmprintf;
  fake.mprintf = fMprintf;
  fake.str_finish = fStrFinish;
  fake.value_text = fValueText;
  fake.value_blob = fValueBlob;
  fake.value_dup = fValueDup;
  fake.column_text = fColumnText;
  fake.column_name = fColumnName;
  fake.prepare_v2 = fPrepare2;
  fake.prepare_v3 = fPrepare3;
  fake.step = fStep;
  fake.bind_value = fBindValue;
  fake.bind_text = fBindText;
  fake.open_v2 = fOpen;
  fake.declare_vtab = fDeclare;
  fake.vtab_config = fVtabConfig;
  fake.create_function_v2 = fCreateFunction;
  fake.create_module_v2 = fCreateModule;
#if SQLITE_VERSION_NUMBER>=3038000
  fake.vtab_in_first = fInFirst;
  fake.vtab_in_next = fInNext;
#endif

  for(i=0; i<N_AT; i++) sqlite3_open(":memory:", &apAt[i]);
  xInit(apAt[AT_FARM], 0, &fake);
  must(apAt[AT_FARM], "SELECT tablao_migrate();"
    "UPDATE farm_settings SET value='2026-03-04 05:06:07.890+00:00' "
      "WHERE name='clock';"
    "INSERT INTO workers(id, uuid, name, status, supported_task_types) "
      "VALUES(1, 'w1', 'one', 'awake', 'r');"
    "INSERT INTO jobs(id, uuid, name, status, metadata) VALUES"
      "(1, 'j1', 'n', 'queued', '{\"a\":\"b\"}'), (2, 'j2', 'm', 'paused', "
      "'{}');"
    "INSERT INTO tasks(id, uuid, name, type, job_id, worker_id, "
      "last_touched_at) VALUES(1, 't1', 'a', 'r', 1, 1, NULL), "
      "(2, 't2', 'b', 'r', 1, NULL, NULL), (3, 't3', 'c', 'x', 1, 1, NULL);"
    "INSERT INTO task_dependencies VALUES(2, 1)");
  if( zFlamenco ){
    if( sqlite3_open_v2(zFlamenco, &db, SQLITE_OPEN_READONLY, 0) ){
      die("open", zFlamenco);
    }
    copy(apAt[AT_FLAMENCO], db);
    copy(apAt[AT_OBSERVED], db);
    copy(apAt[AT_ADOPTED], db);
    sqlite3_close(db);
    xInit(apAt[AT_OBSERVED], 0, &fake);
    must(apAt[AT_OBSERVED], "SELECT tablao_migrate()");
    xInit(apAt[AT_ADOPTED], 0, &fake);
    must(apAt[AT_ADOPTED],
        "SELECT tablao_migrate(); SELECT tablao_take_over()");
  }

  /* The short ones first, which should be had whole. */
  for(i=0; i<2*N_OP && time(0)<end; i++){
    const Op *p = &aOp[i%N_OP];
    if( p->eAt>=AT_FLAMENCO && zFlamenco==0 ) continue;
    if( zOnly && strncmp(p->zName, zOnly, strlen(zOnly)) ) continue;
    allOf(p, i<N_OP);
  }
  for(i=0; i<N_AT; i++) sqlite3_close(apAt[i]);
  printf("calls: %d faults injected%s\n", nPassed,
      time(0)<end ? "" : ", time was up");
  printf("%d passed, %d failed\n", nPassed, nFailed);
  return nFailed>0;
}
