/*
** Uses Tablao once, the way a program does: a farm in memory, a job, a worker
** that gets a task and finishes it; with the extension, and by tablao.sql.
**
**   smoke tablao.sql job.json LIBRARY    loads the extension
**   smoke tablao.sql job.json            has it linked in (-DSMOKE_STATIC)
**
** Two more arguments, OLD.db and rows.sql, are a farm of an older version, which
** is upgraded, and a query for what is in it.
**
** Prints a line for each check that failed, then `N passed, N failed`.
** The tests of the packages build it for each target.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tablao.h"

static int nPassed = 0;
static int nFailed = 0;

static void check(const char *zWhat, const char *zGot, const char *zWant){
  if( strcmp(zGot, zWant)==0 ){
    nPassed++;
  }else{
    nFailed++;
    printf("smoke: %s: wanted %s, got %s\n", zWhat, zWant, zGot);
  }
}

/* The first value of a statement, or its error. The rows of a farm are long. */
static char zResult[1<<20];
static const char *ask(sqlite3 *db, const char *zSql, const char *zParam){
  sqlite3_stmt *pStmt = 0;
  const unsigned char *z = 0;
  int rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0);
  zResult[0] = 0;
  if( rc==SQLITE_OK ){
    if( zParam ) sqlite3_bind_text(pStmt, 1, zParam, -1, SQLITE_STATIC);
    if( sqlite3_step(pStmt)==SQLITE_ROW ){
      z = sqlite3_column_text(pStmt, 0);
      sqlite3_snprintf(sizeof(zResult), zResult, "%s", z ? (char*)z : "NULL");
    }
    rc = sqlite3_finalize(pStmt);
  }
  if( rc!=SQLITE_OK ){
    sqlite3_snprintf(sizeof(zResult), zResult, "%s", sqlite3_errmsg(db));
  }
  return zResult;
}

static char *readFile(const char *zPath){
  char *z = 0;
  FILE *in = fopen(zPath, "rb");
  if( in ){
    long n;
    fseek(in, 0, SEEK_END);
    n = ftell(in);
    rewind(in);
    z = malloc(n + 1);
    if( z ) z[fread(z, 1, n, in)] = 0;
    fclose(in);
  }
  if( !z ){
    printf("smoke: cannot read %s\n", zPath);
    exit(1);
  }
  return z;
}

static sqlite3 *openFarm(const char *zPath){
  sqlite3 *db = 0;
  if( sqlite3_open(zPath, &db)!=SQLITE_OK ) exit(1);
  return db;
}

/* The extension is loaded, unless it is linked in already. */
static void loadInto(sqlite3 *db, const char *zLibrary){
#ifdef SMOKE_STATIC
  (void)db;
  (void)zLibrary;
#else
  char *zErr = 0;
  sqlite3_enable_load_extension(db, 1);
  check("load", sqlite3_load_extension(db, zLibrary, 0, &zErr) ? zErr : "", "");
#endif
}

/* Both kinds of farm have a job of some tasks now; one gets finished. */
static void work(sqlite3 *db, const char *zClaim, const char *zWant){
  check("queue", ask(db, "UPDATE jobs SET status='queued'", 0), "");
  check("worker", ask(db, "INSERT INTO workers"
      "(name, status, supported_task_types) "
      "VALUES('node', 'awake', 'blender,ffmpeg') RETURNING name", 0), "node");
  check("claim", strstr(ask(db, zClaim, 0), zWant) ? zWant : zResult, zWant);
  check("claims", ask(db, "SELECT task_name FROM task_claims", 0),
        "render-1-3");
  check("update", ask(db, "INSERT INTO task_updates"
      "(task_uuid, worker_uuid, status) "
      "SELECT task_uuid, worker_uuid, 'completed' FROM task_claims", 0), "");
  check("summary", ask(db, "SELECT status || ' ' || num_completed || '/' "
      "|| num_tasks FROM job_summaries", 0), "active 1/5");
  check("problems", ask(db, "SELECT count(*) FROM farm_problems", 0), "0");
}

/* The rows of an older farm are the same after the upgrade. */
static void upgrade(const char *zPath, const char *zRows, const char *zLibrary){
  sqlite3 *db = openFarm(zPath);
  char *zQuery = readFile(zRows);
  char *zBefore = sqlite3_mprintf("%s", ask(db, zQuery, 0));
  check("something to upgrade", strstr(zBefore, "job ") ? "job " : zBefore,
        "job ");
  loadInto(db, zLibrary);
  check("upgrade", ask(db, "SELECT tablao_migrate()=tablao_schema_version()",
      0), "1");
  check("upgrade: rows", ask(db, zQuery, 0), zBefore);
  check("upgrade: problems", ask(db, "SELECT count(*) FROM farm_problems", 0),
        "0");
  check("upgrade: close", sqlite3_close(db) ? "refused" : "", "");
  sqlite3_free(zBefore);
  free(zQuery);
}

int main(int nArg, char **azArg){
  sqlite3 *db;
  char *zErr = 0;
  char *zSchema;
  char *zJob;
#ifdef SMOKE_STATIC
  const int nWant = 3;
#else
  const int nWant = 4;
#endif
  const char *zLibrary = nWant>3 ? azArg[3] : 0;
  if( nArg!=nWant && nArg!=nWant+2 ){
    printf("usage: smoke tablao.sql job.json [LIBRARY] [OLD.db rows.sql]\n");
    return 1;
  }
  zSchema = readFile(azArg[1]);
  zJob = readFile(azArg[2]);
  setvbuf(stdout, 0, _IONBF, 0);

  db = openFarm(":memory:");
  check("schema", sqlite3_exec(db, zSchema, 0, 0, &zErr) ? zErr : "", "");
  check("no extension", ask(db, "SELECT tablao_version()", 0),
        "no such function: tablao_version");
  ask(db, "INSERT INTO authored_jobs(document) VALUES(?1)", zJob);
  work(db, "INSERT INTO task_claims(worker_uuid) SELECT uuid FROM workers", "");
  check("close", sqlite3_close(db) ? "refused" : "", "");

#ifdef SMOKE_STATIC
  sqlite3_auto_extension((void(*)(void))sqlite3_tablao_init);
#endif
  db = openFarm(":memory:");
  loadInto(db, zLibrary);
  check("version", ask(db, "SELECT tablao_version()", 0), TABLAO_VERSION);
  check("no farm", ask(db, "SELECT tablao_schema_version()", 0), "NULL");
  check("migrate", ask(db, "SELECT tablao_migrate()=tablao_schema_version()",
      0), "1");
  check("store", ask(db, "SELECT length(store_authored_job(?1))", zJob), "36");
  work(db, "SELECT schedule_task(uuid) FROM workers", "render-1-3");
  check("summaries", ask(db, "SELECT count(*) FROM task_summaries", 0), "5");
  check("graph", ask(db, "SELECT max(level) FROM task_graph", 0), "1");
  check("refusal", ask(db, "SELECT store_authored_job('{}')", 0),
        "tablao: authored_jobs.document: a job needs a name, "
        "a string that is not empty");
  check("check", ask(db, "SELECT count(*) FROM tablao_check "
      "WHERE severity='error'", 0), "0");
  check("close", sqlite3_close(db) ? "refused" : "", "");

  if( nArg>nWant ) upgrade(azArg[nWant], azArg[nWant+1], zLibrary);

  free(zSchema);
  free(zJob);
  printf("SQLite %s\n", sqlite3_libversion());
  printf("%d passed, %d failed\n", nPassed, nFailed);
  return nFailed>0;
}
