/*
** What is measured in processes of their own: opening a file for the first
** time, and several processes at work on one. The program starts itself with
** an argument that says what the child is to do; the child prints figures.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

typedef struct Child Child;
struct Child {
  pid_t pid;
  FILE *pOut;               /* what it prints */
  FILE *pIn;                /* what it waits for */
};

/* Starts this program with up to six arguments, the first not NULL. */
static void childStart(Child *p, const char *const *azArg){
  int aOut[2], aIn[2];
  char *az[10] = { (char*)bench.zSelf, (char*)"--child" };
  for(int i=0; azArg[i]; i++) az[i+2] = (char*)azArg[i];
  if( pipe(aOut) || pipe(aIn) ) die("pipe");
  fflush(stdout);
  p->pid = fork();
  if( p->pid<0 ) die("fork");
  if( p->pid==0 ){
    dup2(aOut[1], 1);
    dup2(aIn[0], 0);
    close(aOut[0]); close(aOut[1]); close(aIn[0]); close(aIn[1]);
    setenv("BENCH_BUILD", bench.zBuild, 1);
    execv(bench.zSelf, az);
    _exit(127);
  }
  close(aOut[1]);
  close(aIn[0]);
  p->pOut = fdopen(aOut[0], "r");
  p->pIn = fdopen(aIn[1], "w");
}

/* The child's next figure. */
static double childFigure(Child *p){
  double r;
  if( fscanf(p->pOut, "%lf", &r)!=1 ) die("a child process failed");
  return r;
}

static void childEnd(Child *p){
  int status;
  fclose(p->pIn);
  fclose(p->pOut);
  if( waitpid(p->pid, &status, 0)<0 || status ) die("a child process failed");
}

/*
** Opens a file and does one thing; prints the time that took. Nothing is
** prepared or loaded before: it is a new process.
**   open farm PATH UUID      loads the extension and claims a task
**   open bare PATH ID        updates a row
*/
static void childOpen(int bFarm, const char *zPath, const char *zWhat){
  sqlite3 *db = 0;
  sqlite3_stmt *pStmt = 0;
  double r = nowUs();
  if( sqlite3_open(zPath, &db) ) die("%s: %s", zPath, sqlite3_errmsg(db));
  exec(db, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON");
  if( bFarm ){
    char zLib[BENCH_PATH];
    char *zErr = 0;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int*)0);
    sqlite3_snprintf(sizeof(zLib), zLib, "%s/tablao.so", bench.zBuild);
    if( sqlite3_load_extension(db, zLib, 0, &zErr) ) die("%s", zErr);
  }
  pStmt = prep(db, bFarm ? "INSERT INTO task_claims (worker_uuid) VALUES (?1)"
      : "UPDATE tasks SET status = 'active' WHERE id = ?1");
  bindText(pStmt, 1, zWhat);
  run(pStmt);
  r = nowUs() - r;
  printf("%.1f\n", r);
  dbClose(db);
}

/*
** Works with some workers of a farm for a number of seconds, from the moment
** that it is told to: claim, report, complete. Prints how many tasks it did,
** the longest time one statement took in ms, and how often it was "busy".
*/
static void childCycle(
  const char *zPath,
  int iFirst,
  int nWorker,
  double rSeconds
){
  sqlite3 *db = dbOpen(zPath);
  sqlite3_busy_timeout(db, 30000);
  sqlite3_stmt *apStmt[3];
  apStmt[0] = prep(db, "INSERT INTO task_claims (worker_uuid) VALUES (?2)");
  apStmt[1] = prep(db, "INSERT INTO task_updates (task_uuid, worker_uuid,"
      " activity) VALUES (?1, ?2, 'Rendering sample 17 of 256')");
  apStmt[2] = prep(db, "INSERT INTO task_updates (task_uuid, worker_uuid,"
      " status) VALUES (?1, ?2, 'completed')");
  sqlite3_stmt *pCurrent = prep(db,
      "SELECT task_uuid FROM worker_tasks WHERE worker_uuid = ?1");
  int nDone = 0;
  int nBusy = 0;
  int c = 0;
  double rEnd = 0;
  double rMax = 0;
  for(int k=0; ; k++){
    char zUuid[37], zTask[64] = "";
    /* The first tasks are to warm up, then it waits for the others. */
    if( k==20 ){
      printf("1\n");
      fflush(stdout);
      c = getchar();
      rEnd = nowUs() + rSeconds*1e6;
    }
    if( c && nowUs()>=rEnd ) break;
    workerUuid(iFirst + k%nWorker, zUuid);
    for(int i=0; i<3; i++){
      double r = nowUs();
      int rc;
      if( i==1 ){
        bindText(pCurrent, 1, zUuid);
        if( sqlite3_step(pCurrent)!=SQLITE_ROW ) die("the farm has no tasks");
        sqlite3_snprintf(sizeof(zTask), zTask, "%s",
            (const char*)sqlite3_column_text(pCurrent, 0));
        sqlite3_reset(pCurrent);
      }
      if( i ) bindText(apStmt[i], 1, zTask);
      bindText(apStmt[i], 2, zUuid);
      do{
        sqlite3_step(apStmt[i]);
        rc = sqlite3_reset(apStmt[i]);
        nBusy += rc==SQLITE_BUSY;
      }while( rc==SQLITE_BUSY );
      if( rc ) die("%s", sqlite3_errmsg(db));
      r = nowUs() - r;
      if( c && r>rMax ) rMax = r;
    }
    nDone += c!=0;
  }
  printf("%d %.1f %d\n", nDone, rMax/1000, nBusy);
  dbClose(db);
}

int childMain(int argc, char **argv){
  bench.zBuild = getenv("BENCH_BUILD");
  if( argc==4 && strcmp(argv[0], "open")==0 ){
    childOpen(strcmp(argv[1], "farm")==0, argv[2], argv[3]);
  }else if( argc==5 && strcmp(argv[0], "cycle")==0 ){
    childCycle(argv[1], atoi(argv[2]), atoi(argv[3]), atof(argv[4]));
  }else{
    die("what shall the child do?");
  }
  return 0;
}

/*
** Opening a file and the first claim. Once with the file to itself (a Manager
** that starts), once while another process has it open.
*/
void caseOpen(void){
  char z[64], zFarm[BENCH_PATH], zBare[BENCH_PATH];
  int nMax = bench.aSize[BENCH_N_SIZE-1];
  int nRound = bench.bQuick ? 15 : 40;
  fixtureFarm(nMax);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", nMax);
  dbClose(fixtureOpen(z, "work-open.db"));
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", nMax);
  dbClose(fixtureOpen(z, "work-open-bare.db"));
  pathOf(zFarm, "work-open.db");
  pathOf(zBare, "work-open-bare.db");
  note("opening");
  for(int bShared=0; bShared<2; bShared++){
    sqlite3 *db1 = bShared ? dbOpen(zFarm) : 0;
    sqlite3 *db2 = bShared ? dbOpen(zBare) : 0;
    if( bShared ){
      exec(db1, "UPDATE workers SET name = name WHERE id = 1000");
      exec(db2, "UPDATE workers SET name = name WHERE id = 1000");
    }
    for(int k=-2; k<nRound; k++){
      char zUuid[37], zId[20];
      Child c;
      workerUuid(10 + k + bShared*nRound*2, zUuid);
      sqlite3_snprintf(sizeof(zId), zId, "%d", 1000+k);
      const char *const azFarm[] = { "open", "farm", zFarm, zUuid, 0 };
      const char *const azBare[] = { "open", "bare", zBare, zId, 0 };
      childStart(&c, azFarm);
      double r = childFigure(&c);
      childEnd(&c);
      if( k>=0 ) seriesAdd(series("open farm %d", bShared), r);
      childStart(&c, azBare);
      r = childFigure(&c);
      childEnd(&c);
      if( k>=0 ) seriesAdd(series("open bare %d", bShared), r);
    }
    if( db1 ) dbClose(db1);
    if( db2 ) dbClose(db2);
  }
  goal("open, load the extension, first claim", series("open farm 0"),
      "open, one plain UPDATE", series("open bare 0"), '<', 5);
  goal("the same while another process has it open", series("open farm 1"),
      "open, one plain UPDATE", series("open bare 1"), 0, 0);
}

/* Claim, report, completion: one, two and eight processes on one file. */
void caseProcesses(void){
  static const int aN[] = { 1, 2, 8 };
  char z[64], zPath[BENCH_PATH];
  int nRound = bench.bQuick ? 3 : 9;
  const char *zSeconds = bench.bQuick ? "1" : "2";
  i64 nBusy = 0;
  fixtureFarm(bench.aSize[2]);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", bench.aSize[2]);
  dbClose(fixtureOpen(z, "work-processes.db"));
  pathOf(zPath, "work-processes.db");
  note("several processes");
  for(int k=0; k<nRound; k++){
    /* Eight seconds of claims are a good part of the backlog. */
    dbClose(fixtureOpen(z, "work-processes.db"));
    for(int i=0; i<3; i++){
      Child aChild[8];
      int n = aN[i];
      double rSum = 0, rMax = 0;
      for(int c=0; c<n; c++){
        char zFirst[20], zWorkers[20];
        sqlite3_snprintf(sizeof(zFirst), zFirst, "%d", 1 + c*(bench.nWorker/8));
        sqlite3_snprintf(sizeof(zWorkers), zWorkers, "%d", bench.nWorker/8);
        const char *const az[] =
            { "cycle", zPath, zFirst, zWorkers, zSeconds, 0 };
        childStart(&aChild[c], az);
      }
      for(int c=0; c<n; c++) childFigure(&aChild[c]);
      for(int c=0; c<n; c++){
        fputc('g', aChild[c].pIn);
        fflush(aChild[c].pIn);
      }
      for(int c=0; c<n; c++){
        rSum += childFigure(&aChild[c]);
        double r = childFigure(&aChild[c]);
        if( r>rMax ) rMax = r;
        nBusy += (i64)childFigure(&aChild[c]);
        childEnd(&aChild[c]);
      }
      seriesAdd(series("cycles %d", n), rSum/atof(zSeconds));
      seriesAdd(series("longest %d", n), rMax);
    }
  }
  if( nBusy ) note("SQLITE_BUSY was seen %lld times", nBusy);
  reportUnit("per s");
  goal("claim + report + completion, 2 processes", series("cycles 2"),
      "one process", series("cycles 1"), '>', 0.9);
  goal("claim + report + completion, 8 processes", series("cycles 8"),
      "one process", series("cycles 1"), '>', 0.9);
  reportUnit("ms");
  goal("longest wait of a statement, 8 processes", series("longest 8"),
      "one process", series("longest 1"), 0, 0);
  reportUnit("us");
}
