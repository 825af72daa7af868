/*
** Errors, time, samples, SQLite and files for the benchmark.
*/
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

void die(const char *zFormat, ...){
  va_list ap;
  fflush(stdout);
  fprintf(stderr, "tablao: bench: ");
  va_start(ap, zFormat);
  vfprintf(stderr, zFormat, ap);
  va_end(ap);
  fprintf(stderr, "\n");
  exit(1);
}

/* A word on progress, with the seconds since the first one. */
void note(const char *zFormat, ...){
  static double rStart = 0;
  va_list ap;
  if( rStart==0 ) rStart = nowUs();
  fprintf(stderr, "%6.1fs  ", (nowUs()-rStart)/1e6);
  va_start(ap, zFormat);
  vfprintf(stderr, zFormat, ap);
  va_end(ap);
  fprintf(stderr, "\n");
}

double nowUs(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec*1e6 + t.tv_nsec/1e3;
}

/* Samples -----------------------------------------------------------------*/

static Series *pSeries = 0;

/* The series of this name, a new one if there is none. */
Series *series(const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *zName = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  for(Series *p=pSeries; p; p=p->pNext){
    if( strcmp(p->zName, zName)==0 ){
      sqlite3_free(zName);
      return p;
    }
  }
  Series *p = calloc(1, sizeof(*p));
  if( p==0 || zName==0 ) die("out of memory");
  p->zName = zName;
  p->pNext = pSeries;
  pSeries = p;
  return p;
}

void seriesAdd(Series *p, double r){
  if( p->n==p->nAlloc ){
    p->nAlloc = p->nAlloc*2 + 64;
    p->a = realloc(p->a, p->nAlloc*sizeof(double));
    if( p->a==0 ) die("out of memory");
  }
  p->a[p->n++] = r;
  p->bSorted = 0;
}

static int seriesCompare(const void *a, const void *b){
  double x = *(const double*)a;
  double y = *(const double*)b;
  return (x>y) - (x<y);
}

/* The sample below which this part of all samples lies; NaN if none. */
double seriesAt(Series *p, double rPart){
  if( p->n==0 ) return 0.0/0.0;
  if( !p->bSorted ) qsort(p->a, p->n, sizeof(double), seriesCompare);
  p->bSorted = 1;
  double rAt = (p->n-1)*rPart;
  int i = (int)rAt;
  if( i+1>=p->n ) return p->a[p->n-1];
  return p->a[i] + (p->a[i+1]-p->a[i])*(rAt-i);
}

double seriesMedian(Series *p){
  return seriesAt(p, 0.5);
}

/* For what is counted in small numbers, of which a median tells little. */
double seriesMean(Series *p){
  double r = 0;
  for(int i=0; i<p->n; i++) r += p->a[i];
  return r/p->n;
}

/* SQLite ------------------------------------------------------------------*/

/*
** All databases are used alike: in WAL mode, synchronous=NORMAL, foreign_keys
** on, as most clients have it, a cache that holds what a farm touches, and the
** extension (which a bare one ignores).
*/
sqlite3 *dbOpen(const char *zPath){
  sqlite3 *db = 0;
  char *zErr = 0;
  char zLib[BENCH_PATH];
  if( sqlite3_open(zPath, &db) ) die("%s: %s", zPath, sqlite3_errmsg(db));
  sqlite3_busy_timeout(db, 60000);
  exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "PRAGMA foreign_keys=ON; PRAGMA cache_size=-131072");
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int*)0);
  sqlite3_snprintf(sizeof(zLib), zLib, "%s/tablao.so", bench.zBuild);
  if( sqlite3_load_extension(db, zLib, 0, &zErr) ) die("%s: %s", zLib, zErr);
  return db;
}

/* The statements there are: not those of sqlite3_next_stmt(), for some belong
** to the extension. */
#define N_STMT 500
static sqlite3_stmt *apOpen[N_STMT];

sqlite3_stmt *prep(sqlite3 *db, const char *zSql){
  int i = 0;
  while( i<N_STMT && apOpen[i] ) i++;
  if( i==N_STMT ) die("too many statements");
  if( sqlite3_prepare_v3(db, zSql, -1, SQLITE_PREPARE_PERSISTENT,
          &apOpen[i], 0) ){
    die("%s: %s", zSql, sqlite3_errmsg(db));
  }
  return apOpen[i];
}

void unprep(sqlite3_stmt *pStmt){
  for(int i=0; i<N_STMT; i++){
    if( apOpen[i]==pStmt ) apOpen[i] = 0;
  }
  sqlite3_finalize(pStmt);
}

/* Closes the database and its statements. */
void dbClose(sqlite3 *db){
  for(int i=0; i<N_STMT; i++){
    if( apOpen[i] && sqlite3_db_handle(apOpen[i])==db ) unprep(apOpen[i]);
  }
  if( sqlite3_close(db) ) die("close: %s", sqlite3_errmsg(db));
}

/* Runs a statement to its end. All columns of its rows are fetched. */
void run(sqlite3_stmt *pStmt){
  int rc;
  int n = sqlite3_column_count(pStmt);
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    for(int i=0; i<n; i++) sqlite3_column_text(pStmt, i);
  }
  if( rc!=SQLITE_DONE || sqlite3_reset(pStmt) ){
    die("%s: %s", sqlite3_sql(pStmt), sqlite3_errmsg(sqlite3_db_handle(pStmt)));
  }
}

double timeRun(sqlite3_stmt *pStmt){
  double r = nowUs();
  run(pStmt);
  return nowUs() - r;
}

/* Prepares, runs and finalizes, as clients do that keep no statements. */
double timeAnew(sqlite3 *db, const char *zSql, i64 iId, const char *zText){
  sqlite3_stmt *pStmt = 0;
  double r = nowUs();
  if( sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) ){
    die("%s: %s", zSql, sqlite3_errmsg(db));
  }
  if( sqlite3_bind_parameter_index(pStmt, "?1") ) bindInt(pStmt, 1, iId);
  if( sqlite3_bind_parameter_index(pStmt, "?2") ) bindText(pStmt, 2, zText);
  run(pStmt);
  sqlite3_finalize(pStmt);
  return nowUs() - r;
}

/* How many pages the database has written since it was last asked. */
int pagesWritten(sqlite3 *db){
  int n = 0, nHigh = 0;
  sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_WRITE, &n, &nHigh, 1);
  return n;
}

/*
** For statements that write many pages: their samples hold no checkpoint,
** which in some rounds would come along and in others not. The caller sees to
** them, between samples.
*/
void checkpointByHand(sqlite3 *db){
  exec(db, "PRAGMA wal_autocheckpoint=0");
  checkpoint(db);
}

/*
** The first write after a checkpoint starts the WAL file anew, and waits for
** the disk; so that is done here, too.
*/
void checkpoint(sqlite3 *db){
  if( sqlite3_wal_checkpoint_v2(db, 0, SQLITE_CHECKPOINT_RESTART, 0, 0) ){
    die("checkpoint: %s", sqlite3_errmsg(db));
  }
  exec(db, "PRAGMA user_version=1; PRAGMA user_version=2");
}

static void execText(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( zSql==0 ) die("out of memory");
  if( sqlite3_exec(db, zSql, 0, 0, &zErr) ) die("%.200s: %s", zSql, zErr);
}

void exec(sqlite3 *db, const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *zSql = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  execText(db, zSql);
  sqlite3_free(zSql);
}

/* Preparing is part of the time: this is for statements that take long. */
double timeExec(sqlite3 *db, const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *zSql = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  double r = nowUs();
  execText(db, zSql);
  r = nowUs() - r;
  sqlite3_free(zSql);
  return r;
}

/* The first column of the first row as text, to be freed; NULL for none. */
static char *queryFirst(sqlite3 *db, const char *zSql){
  char *z = 0;
  sqlite3_stmt *pStmt = 0;
  if( sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) ){
    die("%s: %s", zSql, sqlite3_errmsg(db));
  }
  int rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW && sqlite3_column_text(pStmt, 0) ){
    z = sqlite3_mprintf("%s", sqlite3_column_text(pStmt, 0));
  }
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ){
    die("%s: %s", zSql, sqlite3_errmsg(db));
  }
  sqlite3_finalize(pStmt);
  return z;
}

i64 queryInt(sqlite3 *db, const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *zSql = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  char *z = queryFirst(db, zSql);
  if( z==0 ) die("no row: %s", zSql);
  i64 i = strtoll(z, 0, 10);
  sqlite3_free(z);
  sqlite3_free(zSql);
  return i;
}

char *queryText(sqlite3 *db, const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  char *zSql = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  char *z = queryFirst(db, zSql);
  sqlite3_free(zSql);
  return z;
}

/* zText must live as long as the binding. */
void bindText(sqlite3_stmt *pStmt, int i, const char *zText){
  if( sqlite3_bind_text(pStmt, i, zText, -1, SQLITE_STATIC) ) die("bind");
}

void bindInt(sqlite3_stmt *pStmt, int i, i64 iValue){
  if( sqlite3_bind_int64(pStmt, i, iValue) ) die("bind");
}

/* Files -------------------------------------------------------------------*/

void pathOf(char *zOut, const char *zName){
  sqlite3_snprintf(BENCH_PATH, zOut, "%s/%s", bench.zDir, zName);
}

/* Removes a database and what goes with it. */
void fileRemove(const char *zPath){
  static const char *const azSuffix[] = { "", "-wal", "-shm", "-journal" };
  for(int i=0; i<4; i++){
    char z[BENCH_PATH];
    sqlite3_snprintf(sizeof(z), z, "%s%s", zPath, azSuffix[i]);
    if( unlink(z) && errno!=ENOENT ) die("%s: %s", z, strerror(errno));
  }
}

/* Removes the files of the directory that match. */
void filesRemove(const char *zPattern){
  char zPath[BENCH_PATH];
  glob_t g;
  pathOf(zPath, zPattern);
  if( glob(zPath, 0, 0, &g)==0 ){
    for(size_t i=0; i<g.gl_pathc; i++) unlink(g.gl_pathv[i]);
    globfree(&g);
  }
}

void fileCopy(const char *zFrom, const char *zTo){
  static char aBuf[1<<20];
  FILE *pFrom = fopen(zFrom, "rb");
  if( pFrom==0 ) die("%s: %s", zFrom, strerror(errno));
  fileRemove(zTo);
  FILE *pTo = fopen(zTo, "wb");
  if( pTo==0 ) die("%s: %s", zTo, strerror(errno));
  size_t n;
  while( (n = fread(aBuf, 1, sizeof(aBuf), pFrom))>0 ){
    if( fwrite(aBuf, 1, n, pTo)!=n ) die("%s: %s", zTo, strerror(errno));
  }
  if( ferror(pFrom) || fclose(pTo) ) die("%s: %s", zTo, strerror(errno));
  fclose(pFrom);
}

/* The text of a file, to be freed; NULL if it cannot be read. */
char *fileRead(const char *zPath){
  i64 n = fileSize(zPath);
  FILE *p = fopen(zPath, "rb");
  if( p==0 || n<0 ) return 0;
  char *z = sqlite3_malloc64(n+1);
  if( z==0 || fread(z, 1, n, p)!=(size_t)n ) die("%s: cannot read", zPath);
  z[n] = 0;
  fclose(p);
  return z;
}

i64 fileSize(const char *zPath){
  struct stat s;
  return stat(zPath, &s) ? -1 : (i64)s.st_size;
}
