/*
** What the fuzz targets share: a farm in memory, linked with the extension,
** and a reader that makes decisions and SQL values of the input.
*/
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sqlite3.h"

#define N_OF(a) (sizeof(a)/sizeof((a)[0]))

int sqlite3_tablao_init(sqlite3*, char**, const void*);
int LLVMFuzzerTestOneInput(const uint8_t*, size_t);

/* The input is a finding. */
static inline void finding(const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  fprintf(stderr, "FINDING: ");
  vfprintf(stderr, zFormat, ap);
  fprintf(stderr, "\n");
  va_end(ap);
  abort();
}

/* --- The input ------------------------------------------------------------*/

typedef struct Input Input;
struct Input {
  const uint8_t *a;
  size_t n;
};

static inline unsigned inByte(Input *p){
  if( p->n==0 ) return 0;
  p->n--;
  return *p->a++;
}

/* One of n. */
static inline unsigned inOne(Input *p, size_t n){
  return (unsigned)(inByte(p) % n);
}

/* Values that mean something to the farm. */
static const char *const azKnown[] = {
  "", "j1", "j2", "t1", "t7", "w1", "w2", "tag1", "active", "queued",
  "completed", "failed", "soft-failed", "paused", "canceled",
  "cancel-requested", "pause-requested", "requeueing", "under-construction",
  "awake", "asleep", "offline", "error", "restart", "starting", "render",
  "ffmpeg", "on", "off", "blob", "text", "clock", "history",
  "events_keep", "task_timeout", "job_fail_percentage", "{}", "[]", "null",
  "2026-01-02 03:04:05.678+00:00", "2026-01-02 03:04:05.67 +0000 UTC",
  "9999-12-31 23:59:59.999+00:00", "mo tu we", "22:00", "06:00", "%", "1.0",
  ("{\"name\":\"n\",\"job_type\":\"t\",\"tasks\":[{\"name\":\"a\","
    "\"type\":\"render\"}]}"),
  "[{\"name\":\"a\",\"type\":\"render\",\"dependencies\":[\"t1\"]}]",
  "{\"limit\":1,\"order_by\":[\"-id\"]}",
};

/* Binds the next value of the input, of any type. */
static inline void inBind(Input *p, sqlite3_stmt *pStmt, int iVar){
  unsigned e = inByte(p);
  size_t n;
  int64_t i = 0;
  double r;
  switch( e%8 ){
    case 0:
      sqlite3_bind_null(pStmt, iVar);
      break;
    case 1:
      sqlite3_bind_int(pStmt, iVar, (int)inByte(p)-8);
      break;
    case 2:
      for(n=0; n<8; n++) i = (int64_t)((uint64_t)i<<8 | inByte(p));
      sqlite3_bind_int64(pStmt, iVar, i);
      break;
    case 3:
      for(n=0; n<8; n++) i = (int64_t)((uint64_t)i<<8 | inByte(p));
      memcpy(&r, &i, 8);
      sqlite3_bind_double(pStmt, iVar, r);
      break;
    case 4:
    case 5:
      n = inByte(p);
      if( n>p->n ) n = p->n;
      if( e%8==4 ){
        sqlite3_bind_text(pStmt, iVar, (const char*)p->a, (int)n,
            SQLITE_TRANSIENT);
      }else{
        sqlite3_bind_blob(pStmt, iVar, p->a, (int)n, SQLITE_TRANSIENT);
      }
      p->a += n;
      p->n -= n;
      break;
    default:
      sqlite3_bind_text(pStmt, iVar, azKnown[inOne(p, N_OF(azKnown))], -1,
          SQLITE_STATIC);
      break;
  }
}

/* --- The farm -------------------------------------------------------------*/

/* Runs statements that must succeed. */
static inline void must(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( sqlite3_exec(db, zSql, 0, 0, &zErr) ) finding("%s in %s", zErr, zSql);
}

/* Gives up a statement that takes too long. */
static inline int tooLong(void *pLeft){
  return --*(int*)pLeft<0;
}

static inline sqlite3 *openEmpty(void){
  sqlite3 *db;
  char *zErr = 0;
  if( sqlite3_open(":memory:", &db) || sqlite3_tablao_init(db, &zErr, 0) ){
    finding("cannot open");
  }
  return db;
}

/* A farm of a few of everything. */
static inline sqlite3 *openFarm(void){
  sqlite3 *db = openEmpty();
  must(db, "PRAGMA page_size=1024; SELECT tablao_migrate();"
    "UPDATE farm_settings SET value='2026-03-04 05:06:07.890+00:00' "
      "WHERE name='clock';"
    "INSERT INTO worker_tags(id, uuid, name) VALUES(1, 'tag1', 'GPU');"
    "INSERT INTO workers(id, uuid, name, status, supported_task_types) VALUES"
      "(1, 'w1', 'one', 'awake', 'render,ffmpeg'),"
      "(2, 'w2', 'two', 'asleep', 'Render , misc'),"
      "(3, 'w3', 'three', 'awake', 'render'), (4, 'w4', 'four', '', '');"
    "INSERT INTO worker_tag_membership VALUES(1, 1);"
    "INSERT INTO jobs(id, uuid, name, job_type, status, settings, metadata, "
      "worker_tag_id) VALUES"
      "(1, 'j1', 'shot', 'render', 'queued', '{\"fps\":24}', "
        "'{\"project\":\"Sprite\",\"n\":1.5,\"x\":null,\"y\":true}', NULL),"
      "(2, 'j2', 'tagged', 'render', 'active', '{}', '{}', 1),"
      "(3, 'j3', 'empty', 'misc', 'paused', 'null', '{\"a.b\":\"%\"}', NULL);"
    "INSERT INTO tasks(id, uuid, name, type, job_id, steps_total, worker_id, "
      "status) VALUES"
      "(1, 't1', 'a', 'render', 1, 3, NULL, 'queued'),"
      "(2, 't2', 'b', 'render', 1, 3, 3, 'completed'),"
      "(3, 't3', 'c', 'ffmpeg', 1, 3, NULL, 'queued'),"
      "(4, 't4', 'd', 'render', 2, 3, 1, 'active'),"
      "(5, 't5', 'e', 'render', 2, 3, 3, 'soft-failed'),"
      "(6, 't6', 'f', 'misc', 2, 0, NULL, 'paused'),"
      "(7, 't7', 'g', 'misc', 2, 0, NULL, 'queued');"
    "INSERT INTO task_dependencies VALUES(3, 1), (3, 2), (7, 6), (6, 4);"
    "INSERT INTO task_failures(task_id, worker_id) VALUES(5, 3);"
    "INSERT INTO job_blocks(job_id, worker_id, task_type) "
      "VALUES(2, 3, 'render');"
    "INSERT INTO last_rendereds(job_id) VALUES(1);"
    "INSERT INTO sleep_schedules(worker_id, is_active, days_of_week, "
      "start_time, end_time) VALUES(2, 1, 'mo tu', '22:00', '06:00'),"
      "(3, 0, '', '', '')");
  return db;
}

/*
** Checks an error of a function or virtual table of ours: it says so itself.
** What is left to SQLite: memory, limits, interrupts.
*/
static inline void checkMessage(sqlite3 *db, int rc, const char *zSql){
  const char *z = sqlite3_errmsg(db);
  if( rc==SQLITE_OK || rc==SQLITE_DONE || rc==SQLITE_ROW ) return;
  if( rc==SQLITE_NOMEM || rc==SQLITE_INTERRUPT || rc==SQLITE_TOOBIG ) return;
  if( strncmp(z, "tablao: ", 8) ) finding("error %d, %s, in %s", rc, z, zSql);
}

/* The farm must be sound. */
static inline void checkSound(sqlite3 *db){
  static const char *const azSql[] = {
    "SELECT kind, object, message FROM farm_problems",
    "SELECT * FROM pragma_foreign_key_check",
  };
  for(size_t i=0; i<N_OF(azSql); i++){
    sqlite3_stmt *pStmt = 0;
    if( sqlite3_prepare_v2(db, azSql[i], -1, &pStmt, 0) ){
      finding("%s", sqlite3_errmsg(db));
    }
    if( sqlite3_step(pStmt)==SQLITE_ROW ){
      finding("%s: %s %s %s", azSql[i], sqlite3_column_text(pStmt, 0),
          sqlite3_column_text(pStmt, 1), sqlite3_column_text(pStmt, 2));
    }
    sqlite3_finalize(pStmt);
  }
}
