/*
** Tortures Tablao with many clients on one file at a time.
**
**   concurrency processes|threads -dir DIR -ext LIBRARY
**               [-n N] [-seconds S] [-seed N]
**
** Each client has a connection of its own in WAL mode, with a busy timeout;
** the odd ones use the functions of the extension, the even ones the doors of
** SQL, half of them on a connection without the extension.
**
**   drain   all claim and complete until nothing is left: each task was
**           handed out once, to one client at a time
**   chaos   for S seconds, all do what comes to their mind: claim, report,
**           requeue, cancel, pause, sign off and on, tick, add and delete
**           jobs, change priorities, read, close and open again
**
** What must hold: no error but the refusals of our own rules (so no
** SQLITE_BUSY); nobody is still waiting a minute after the end; a task that
** is active with one worker never becomes active with another; what was added
** up by all is the sum; integrity_check, foreign_key_check and farm_problems
** have nothing to say.
**
** The last line is `N passed, M failed`.
*/
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sqlite3.h"

#define MX_CLIENT 64
#define N_JOB     6
#define N_TASK    40      /* tasks of each job */

/* What clients share, besides the file. */
typedef struct Shared Shared;
struct Shared {
  atomic_int nFailed;
  atomic_int nOp;                       /* statements that were run */
  atomic_int nRefused;
  atomic_int nCompleted;                /* in the drain */
  atomic_int aOwner[N_JOB*N_TASK + 1];  /* client + 1, by task id */
  atomic_int aDone[N_JOB*N_TASK + 1];
  atomic_int aAdded[N_JOB + 1];         /* to the priority of a job */
  atomic_int bReady[MX_CLIENT];
  atomic_int bGo;
};

typedef struct Client Client;
struct Client {
  int i;                    /* from 0 */
  uint64_t iRandom;
  sqlite3 *db;
  int bExt;                 /* the extension is loaded */
  char zWorker[16];
};

static Shared *pShared;
static const char *zDir = "/tmp";
static const char *zExt;
static char *zDb;
static double rSeconds = 5;
static double rUntil;
static int bThreads;
static int nClient = 8;
static int nPassed;

static double now(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec/1e9;
}

static void die(const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  fprintf(stderr, "concurrency: ");
  vfprintf(stderr, zFormat, ap);
  fprintf(stderr, "\n");
  va_end(ap);
  exit(2);
}

static void wrong(const char *zFormat, ...){
  va_list ap;
  /* The first few say it all. */
  if( atomic_fetch_add(&pShared->nFailed, 1)>20 ) return;
  va_start(ap, zFormat);
  printf("FAILED: ");
  vprintf(zFormat, ap);
  printf("\n");
  fflush(stdout);
  va_end(ap);
}

static unsigned rnd(Client *p, unsigned n){
  p->iRandom ^= p->iRandom << 13;
  p->iRandom ^= p->iRandom >> 7;
  p->iRandom ^= p->iRandom << 17;
  return (unsigned)((p->iRandom>>16) % n);
}

/* --- Statements -----------------------------------------------------------*/

static sqlite3 *openDb(int bExt){
  sqlite3 *db;
  char *zErr = 0;
  int rc = sqlite3_open_v2(zDb, &db,
      SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE|SQLITE_OPEN_NOMUTEX, 0);
  if( rc ) die("cannot open %s: %s", zDb, sqlite3_errmsg(db));
  sqlite3_busy_timeout(db, 120000);
  if( bExt ){
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int*)0);
    rc = sqlite3_load_extension(db, zExt, "sqlite3_tablao_init", &zErr);
    if( rc ) die("cannot load the extension: %s", zErr ? zErr : "?");
  }
  /* A crash of the machine is not what is tested here. */
  rc = sqlite3_exec(db, "PRAGMA synchronous=OFF", 0, 0, &zErr);
  if( rc ) die("PRAGMA: %s", zErr);
  return db;
}

/*
** Runs zSql, a printf format. OUT: the first column of the last row, to be
** freed, or NULL. A refusal of ours is fine; another error is not.
*/
static char *ask(Client *p, int *pbRefused, const char *zFormat, ...){
  va_list ap;
  char *zResult = 0;
  int rc = SQLITE_OK;
  va_start(ap, zFormat);
  char *zSql = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  const char *z = zSql;
  if( pbRefused ) *pbRefused = 0;
  while( rc==SQLITE_OK && z && z[0] ){
    sqlite3_stmt *pStmt = 0;
    rc = sqlite3_prepare_v2(p->db, z, -1, &pStmt, &z);
    if( rc==SQLITE_OK && pStmt ){
      while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
        const char *zText = (const char*)sqlite3_column_text(pStmt, 0);
        free(zResult);
        zResult = zText ? strdup(zText) : 0;
      }
      rc = rc==SQLITE_DONE ? SQLITE_OK : rc;
    }
    if( rc ){
      const char *zMsg = sqlite3_errmsg(p->db);
      if( strncmp(zMsg, "tablao: ", 8)==0 && (rc & 0xff)!=SQLITE_BUSY
       && strstr(zMsg, "locked")==0
      ){
        atomic_fetch_add(&pShared->nRefused, 1);
        if( pbRefused ) *pbRefused = 1;
      }else{
        wrong("client %d: error %d, %s, in: %s", p->i,
            sqlite3_extended_errcode(p->db), zMsg, zSql);
      }
    }
    sqlite3_finalize(pStmt);
    atomic_fetch_add(&pShared->nOp, 1);
  }
  if( rc && !sqlite3_get_autocommit(p->db) ){
    sqlite3_exec(p->db, "ROLLBACK", 0, 0, 0);
  }
  sqlite3_free(zSql);
  return zResult;
}

#define run(...) free(ask(__VA_ARGS__))

/* Claims. Returns the id of the task, or 0. */
static int claim(Client *p){
  char *z;
  int id;
  if( p->bExt && (p->i & 1) ){
    z = ask(p, 0, "SELECT json_extract(schedule_task(%Q), '$.uuid')",
        p->zWorker);
  }else{
    int bRefused;
    run(p, &bRefused, "INSERT INTO task_claims(worker_uuid) VALUES(%Q)",
        p->zWorker);
    if( bRefused ) return 0;
    z = ask(p, 0, "SELECT task_uuid FROM task_claims c, jobs j "
        "WHERE j.uuid=c.job_uuid AND worker_uuid=%Q "
        "ORDER BY j.status IN ('queued', 'active'), last_touched_at",
        p->zWorker);
  }
  /* The tasks are t1, t2, ... by their ids. */
  id = z && z[0]=='t' ? atoi(z+1) : 0;
  free(z);
  return id;
}

/* --- Drain ----------------------------------------------------------------*/

static void drain(Client *p){
  for(;;){
    int id = claim(p);
    int none = 0;
    int bRefused;
    if( id==0 ) return;
    if( !atomic_compare_exchange_strong(&pShared->aOwner[id], &none, p->i+1) ){
      wrong("task %d was handed to client %d while client %d had it",
          id, p->i, none-1);
    }
    if( rnd(p, 4)==0 ) usleep(rnd(p, 2000));
    /* From here on somebody else might be given it, wrongly. */
    if( atomic_fetch_add(&pShared->aDone[id], 1) ){
      wrong("task %d was handed out again, when it was completed", id);
    }
    run(p, &bRefused, "INSERT INTO task_updates(task_uuid, worker_uuid, "
        "status, steps_completed) VALUES('t%d', %Q, 'completed', 1)",
        id, p->zWorker);
    if( bRefused ) wrong("the report on task %d was refused", id);
    atomic_store(&pShared->aOwner[id], 0);
    atomic_fetch_add(&pShared->nCompleted, 1);
  }
}

/* --- Chaos ----------------------------------------------------------------*/

static void chaos(Client *p){
  static const char *azReport[] = {
    "completed", "completed", "completed", "failed", "active"
  };
  static const char *azJob[] = {
    "requeueing", "requeueing", "cancel-requested", "pause-requested",
    "queued", "active"
  };
  unsigned iOp = rnd(p, 100);
  int bFunc = p->bExt && (p->i & 1);
  int iJob = 1 + (int)rnd(p, N_JOB);
  if( iOp<35 ){
    claim(p);
  }else if( iOp<65 ){
    run(p, 0, "INSERT INTO task_updates(task_uuid, worker_uuid, status, "
        "activity, steps_completed) SELECT task_uuid, worker_uuid, %Q, "
        "'step %d', %d FROM task_claims WHERE worker_uuid=%Q",
        azReport[rnd(p, 5)], rnd(p, 9), rnd(p, 3), p->zWorker);
  }else if( iOp<72 ){
    run(p, 0, "UPDATE jobs SET status=%Q WHERE id=%d",
        azJob[rnd(p, 6)], iJob);
  }else if( iOp<80 ){
    int bRefused;
    run(p, &bRefused, "UPDATE jobs SET priority=priority+1 WHERE id=%d", iJob);
    if( !bRefused ) atomic_fetch_add(&pShared->aAdded[iJob], 1);
  }else if( iOp<84 ){
    run(p, 0, bFunc ? "SELECT farm_tick()"
                    : "INSERT INTO farm_ticks DEFAULT VALUES");
  }else if( iOp<87 ){
    run(p, 0, "UPDATE workers SET status=%Q WHERE uuid='w%d'",
        rnd(p, 4) ? "awake" : "asleep", rnd(p, (unsigned)nClient));
  }else if( iOp<89 ){
    run(p, 0, bFunc
        ? "SELECT store_authored_job('{\"name\":\"n\",\"job_type\":\"t\","
          "\"tasks\":[{\"name\":\"a\",\"type\":\"render\"}]}')"
        : "INSERT INTO authored_jobs(document) VALUES('{\"name\":\"n\","
          "\"job_type\":\"t\",\"tasks\":[{\"name\":\"a\",\"type\":"
          "\"render\"}]}')");
  }else if( iOp<91 ){
    run(p, 0, "DELETE FROM jobs WHERE id=(SELECT max(id) FROM jobs "
        "WHERE id>%d)", N_JOB);
  }else if( iOp<93 ){
    run(p, 0, "INSERT INTO last_rendereds(job_id) VALUES(%d)", iJob);
  }else if( iOp<95 ){
    run(p, 0, "BEGIN IMMEDIATE;"
        "INSERT INTO task_claims(worker_uuid) VALUES(%Q);"
        "INSERT INTO task_updates(task_uuid, worker_uuid, steps_completed) "
        "SELECT task_uuid, worker_uuid, 1 FROM task_claims "
        "WHERE worker_uuid=%Q; COMMIT", p->zWorker, p->zWorker);
  }else if( iOp<98 ){
    /* A reader sees all of a change or nothing of it. */
    char *z = ask(p, 0, "SELECT count(*) FROM jobs j WHERE steps_total<>("
        "SELECT sum(steps_total) FROM tasks t WHERE t.job_id=j.id) "
        "OR (status='completed' AND EXISTS(SELECT 1 FROM tasks t "
        "WHERE t.job_id=j.id AND t.status<>'completed'))");
    if( z && strcmp(z, "0") ) wrong("a reader saw half a change");
    free(z);
  }else if( iOp<99 ){
    run(p, 0, bFunc ? "SELECT count(*) FROM task_summaries('j%d'), "
                      "job_query('{\"limit\":3}')"
                    : "SELECT count(*) FROM runnable_tasks, jobs "
                      "WHERE job_uuid=jobs.uuid AND jobs.id=%d", iJob);
  }else{
    sqlite3_close(p->db);
    p->db = openDb(p->bExt);
  }
}

/* --- Clients --------------------------------------------------------------*/

static void *client(void *pArg){
  Client *p = pArg;
  /* Loading the library, by all at once, is part of it. */
  p->db = openDb(p->bExt);
  atomic_store(&pShared->bReady[p->i], 1);
  while( !atomic_load(&pShared->bGo) ) usleep(1000);
  if( rSeconds==0 ){
    drain(p);
  }else{
    while( now()<rUntil ) chaos(p);
  }
  if( sqlite3_close(p->db) ) wrong("client %d cannot close", p->i);
  return 0;
}

/* Lets all clients run, and waits for them. */
static void all(const char *zPhase, uint64_t iSeed){
  static Client aClient[MX_CLIENT];
  pthread_t aThread[MX_CLIENT];
  pid_t aPid[MX_CLIENT];
  double rStart = now();
  int i, n, status;
  atomic_store(&pShared->bGo, 0);
  for(i=0; i<nClient; i++){
    Client *p = &aClient[i];
    memset(p, 0, sizeof(*p));
    atomic_store(&pShared->bReady[i], 0);
    p->i = i;
    p->iRandom = (iSeed*1000 + (uint64_t)i + 1) * 0x9E3779B97F4A7C15u;
    p->bExt = (i & 3)!=0;
    snprintf(p->zWorker, sizeof(p->zWorker), "w%d", i);
  }
  fflush(stdout);
  rUntil = now() + rSeconds;
  for(i=0; i<nClient; i++){
    if( bThreads ){
      if( pthread_create(&aThread[i], 0, client, &aClient[i]) ) die("thread");
    }else{
      aPid[i] = fork();
      if( aPid[i]<0 ) die("fork");
      if( aPid[i]==0 ){
        client(&aClient[i]);
        fflush(stdout);
        _exit(0);
      }
    }
  }
  for(i=0; i<nClient; i++){
    while( !atomic_load(&pShared->bReady[i]) ){
      if( now()>rStart+60 ) die("a client does not get ready");
      usleep(1000);
    }
  }
  atomic_store(&pShared->bGo, 1);
  /* Whoever waits for somebody who waits for him is ended by this. */
  alarm((unsigned)rSeconds + 300);
  for(i=0; i<nClient; i++){
    if( bThreads ){
      pthread_join(aThread[i], 0);
    }else{
      while( waitpid(aPid[i], &status, 0)<0 ){}
      if( status ) wrong("client %d ended with status %d", i, status);
    }
  }
  alarm(0);
  n = atomic_exchange(&pShared->nOp, 0);
  printf("%s, %d %s: %d statements in %.1f s, %d of them refused\n", zPhase,
      nClient, bThreads ? "threads" : "processes", n, now()-rStart,
      atomic_exchange(&pShared->nRefused, 0));
  nPassed += n;
}

/* Checks that a query, of which zSql is the text, gives zExpect. */
static void expect(Client *p, const char *zSql, const char *zExpect){
  char *z = ask(p, 0, "%s", zSql);
  if( z==0 || strcmp(z, zExpect) ){
    wrong("%s: %s, not %s", zSql, z ? z : "NULL", zExpect);
  }else{
    nPassed++;
  }
  free(z);
}

/* A new farm of as many workers as there are clients. */
static void makeFarm(Client *p){
  int i;
  const char *azSuffix[] = { "", "-wal", "-shm", "-journal" };
  for(i=0; i<4; i++){
    char *z = sqlite3_mprintf("%s%s", zDb, azSuffix[i]);
    unlink(z);
    sqlite3_free(z);
  }
  memset(p, 0, sizeof(*p));
  p->i = nClient;
  p->db = openDb(1);
  run(p, 0, "PRAGMA journal_mode=WAL; SELECT tablao_migrate()");
  run(p, 0,
      "UPDATE farm_settings SET value=0 WHERE name='worker_timeout';"
      "UPDATE farm_settings SET value=1 WHERE name='task_timeout';"
      "CREATE TABLE handed(task_id, worker_id, old_status, old_worker_id);"
      "CREATE TRIGGER handed_out AFTER UPDATE OF status, worker_id ON tasks "
      "WHEN new.status='active' AND (old.status<>'active' "
      "OR old.worker_id IS NOT new.worker_id) BEGIN "
      "INSERT INTO handed VALUES(new.id, new.worker_id, old.status, "
      "old.worker_id); END;"
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n "
      "WHERE i<%d) INSERT INTO workers(uuid, status, supported_task_types) "
      "SELECT 'w' || i, 'awake', 'render' FROM n;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
      "WHERE i<%d) INSERT INTO jobs(id, uuid, status, priority) "
      "SELECT i, 'j' || i, 'queued', 0 FROM n;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
      "WHERE i<%d) INSERT INTO tasks(id, uuid, job_id, type, steps_total) "
      "SELECT i, 't' || i, 1+i%%%d, 'render', 2 FROM n;"
      "INSERT INTO task_dependencies SELECT id, id-%d FROM tasks "
      "WHERE id>%d AND id%%3=0",
      nClient-1, N_JOB, N_JOB*N_TASK, N_JOB, N_JOB, N_JOB);
}

static void sound(Client *p){
  expect(p, "SELECT count(*) FROM farm_problems", "0");
  expect(p, "SELECT count(*) FROM pragma_foreign_key_check", "0");
  expect(p, "SELECT group_concat(integrity_check) "
            "FROM pragma_integrity_check", "ok");
  expect(p, "SELECT count(*) FROM handed WHERE old_status='active'", "0");
}

int main(int argc, char **argv){
  Client me;
  const char *zMode = argc>1 ? argv[1] : "";
  double rChaos = rSeconds;
  uint64_t iSeed = 1;
  int i, n;
  for(i=2; i+1<argc; i+=2){
    const char *z = argv[i];
    if( strcmp(z, "-dir")==0 ) zDir = argv[i+1];
    else if( strcmp(z, "-ext")==0 ) zExt = argv[i+1];
    else if( strcmp(z, "-n")==0 ) nClient = atoi(argv[i+1]);
    else if( strcmp(z, "-seconds")==0 ) rChaos = atof(argv[i+1]);
    else if( strcmp(z, "-seed")==0 ) iSeed = (uint64_t)atoll(argv[i+1]);
    else die("no such option: %s", z);
  }
  bThreads = strcmp(zMode, "threads")==0;
  if( !bThreads && strcmp(zMode, "processes") ) die("no such mode: %s", zMode);
  if( i<argc || zExt==0 || nClient<1 || nClient>MX_CLIENT ){
    die("-ext is wanted, and -n from 1 to %d", MX_CLIENT);
  }
  setvbuf(stdout, 0, _IOLBF, 0);
  pShared = mmap(0, sizeof(*pShared), PROT_READ|PROT_WRITE,
      MAP_SHARED|MAP_ANONYMOUS, -1, 0);
  if( pShared==MAP_FAILED ) die("no shared memory");
  zDb = sqlite3_mprintf("%s/concurrency-%d.db", zDir, (int)getpid());

  /* No connection may be open while the clients fork. */
  rSeconds = 0;
  makeFarm(&me);
  sqlite3_close(me.db);
  all("drain", iSeed);
  me.db = openDb(1);
  n = atomic_load(&pShared->nCompleted);
  if( n!=N_JOB*N_TASK ) wrong("%d of %d tasks completed", n, N_JOB*N_TASK);
  expect(&me, "SELECT group_concat(DISTINCT status) FROM jobs", "completed");
  expect(&me, "SELECT count(*)-count(DISTINCT task_id) FROM handed", "0");
  sound(&me);
  sqlite3_close(me.db);

  rSeconds = rChaos;
  if( rSeconds>0 ){
    makeFarm(&me);
    sqlite3_close(me.db);
    all("chaos", iSeed);
    me.db = openDb(1);
    sound(&me);
    for(i=1; i<=N_JOB; i++){
      char *zSql = sqlite3_mprintf("SELECT priority FROM jobs WHERE id=%d", i);
      char *zSum = sqlite3_mprintf("%d", atomic_load(&pShared->aAdded[i]));
      expect(&me, zSql, zSum);
      sqlite3_free(zSql);
      sqlite3_free(zSum);
    }
    printf("%s tasks handed out\n", ask(&me, 0, "SELECT count(*) FROM handed"));
    sqlite3_close(me.db);
  }
  printf("%d passed, %d failed\n", nPassed, atomic_load(&pShared->nFailed));
  return atomic_load(&pShared->nFailed)>0;
}
