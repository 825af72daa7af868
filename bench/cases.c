/*
** What is measured in one process. Each function is a group: it opens copies
** of the databases that it needs, and goes round, taking one sample of
** everything in turn, so that whatever else the machine does meets all alike.
** Statements are prepared before and kept, unless it says otherwise, and every
** sample ends with its commit.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

/*
** The floor: a plain commit of one row of the bare tasks, by its primary key,
** changing a column that no index of a plain schema has. It comes with every
** group, in the same rounds.
*/
typedef struct Floor Floor;
struct Floor {
  sqlite3 *db;
  sqlite3_stmt *pStmt;
  Series *pSeries;
  i64 iId;
};

static void floorOpen(Floor *p, const char *zName, const char *zSeries){
  char zAs[64];
  sqlite3_snprintf(sizeof(zAs), zAs, "work-%s", zName);
  p->db = fixtureOpen(zName, zAs);
  p->pStmt = prep(p->db, "UPDATE tasks SET status = ?2 WHERE id = ?1");
  p->pSeries = series("%s", zSeries);
  p->iId = queryInt(p->db, "SELECT max(id)*2/3 FROM tasks");
}

static void floorSample(Floor *p, int bKeep){
  p->iId++;
  bindInt(p->pStmt, 1, p->iId);
  bindText(p->pStmt, 2, p->iId%2 ? "active" : "soft-failed");
  double r = timeRun(p->pStmt);
  if( sqlite3_changes(p->db)!=1 ){
    /* Past the last row: start again. */
    p->iId = 0;
    return;
  }
  if( bKeep ) seriesAdd(p->pSeries, r);
}

/*
** What assigning a task comes to in bare tables: the columns of the task that
** a claim writes, two of them with an index. Nothing is chosen or counted.
*/
static sqlite3_stmt *assignOpen(Floor *p){
  return prep(p->db, "UPDATE tasks SET worker_id = ?2, status = 'active',"
      " last_touched_at = strftime('%Y-%m-%d %H:%M:%f+00:00'),"
      " updated_at = strftime('%Y-%m-%d %H:%M:%f+00:00') WHERE id = ?1");
}

/* A commit of eight rows as far apart as may be: what a page costs. */
static sqlite3_stmt *pagesOpen(Floor *p){
  return prep(p->db, "UPDATE tasks SET status = ?2 WHERE id IN (?1, ?1 + ?3,"
      " ?1 + 2*?3, ?1 + 3*?3, ?1 + 4*?3, ?1 + 5*?3, ?1 + 6*?3, ?1 + 7*?3)");
}

/* A farm: claims, completions, reports ------------------------------------*/

typedef struct Farm Farm;
struct Farm {
  sqlite3 *db;
  int nTask;
  sqlite3_stmt *pClaim, *pSchedule, *pCurrent, *pStep, *pUpdate, *pReport,
               *pSeen, *pAdd, *pAddDep;
};

static void farmOpenAs(Farm *p, const char *zName, const char *zAs){
  p->db = fixtureOpen(zName, zAs);
  /* Kept farms are old, and nothing here is about timeouts. */
  exec(p->db, "UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock)");
  p->pClaim = prep(p->db, "INSERT INTO task_claims (worker_uuid) VALUES (?1)");
  p->pSchedule = prep(p->db, "SELECT schedule_task(?1)");
  p->pCurrent = prep(p->db,
      "SELECT t.uuid, t.job_id FROM tasks t"
      " WHERE t.worker_id = (SELECT id FROM workers WHERE uuid = ?1)"
      " AND (t.status = 'active') = 1");
  p->pStep = prep(p->db, "INSERT INTO task_updates"
      " (task_uuid, worker_uuid, activity) VALUES (?1, ?2, ?3)");
  p->pUpdate = prep(p->db,
      "UPDATE tasks SET status = 'completed' WHERE uuid = ?1");
  p->pReport = prep(p->db, "INSERT INTO task_updates"
      " (task_uuid, worker_uuid, status, steps_completed)"
      " VALUES (?1, ?2, 'completed', 1)");
  p->pAdd = prep(p->db, "INSERT INTO tasks (name, type, job_id)"
      " VALUES ('more', 'blender', ?1)");
  p->pAddDep = prep(p->db, "INSERT INTO task_dependencies"
      " (task_id, dependency_id) SELECT t.id, ?2 FROM tasks t"
      " WHERE t.job_id = ?1 AND t.type = 'ffmpeg'");
}

static void farmOpen(Farm *p, const char *zName){
  char zAs[64];
  sqlite3_snprintf(sizeof(zAs), zAs, "work-%s", zName);
  farmOpenAs(p, zName, zAs);
}

/*
** One task of one worker, from claim to completion. iVariant chooses between
** the doors and what they stand for; the times go to series of these names,
** unless zSeries is NULL. The backlog stays as large as it was.
*/
static void farmCycle(Farm *p, int iWorker, int iVariant, const char *zSeries){
  char zUuid[37], zTask[64];
  double rClaim, rDone, rStep;
  int bFunc = iVariant & 1;
  int bReport = iVariant & 2;
  int bTag = iWorker & 1;
  workerUuid(iWorker, zUuid);
  sqlite3_stmt *pClaim = bFunc ? p->pSchedule : p->pClaim;
  bindText(pClaim, 1, zUuid);
  pagesWritten(p->db);
  rClaim = timeRun(pClaim);
  int nClaim = pagesWritten(p->db);

  bindText(p->pCurrent, 1, zUuid);
  if( sqlite3_step(p->pCurrent)!=SQLITE_ROW ){
    die("worker %d: no task", iWorker);
  }
  sqlite3_snprintf(sizeof(zTask), zTask, "%s",
      (const char*)sqlite3_column_text(p->pCurrent, 0));
  i64 iJob = sqlite3_column_int64(p->pCurrent, 1);
  sqlite3_reset(p->pCurrent);

  bindText(p->pStep, 1, zTask);
  bindText(p->pStep, 2, zUuid);
  bindText(p->pStep, 3, "Rendering sample 17 of 256");
  rStep = timeRun(p->pStep);
  int nStep = pagesWritten(p->db);

  sqlite3_stmt *pDone = bReport ? p->pReport : p->pUpdate;
  bindText(pDone, 1, zTask);
  if( bReport ) bindText(pDone, 2, zUuid);
  rDone = timeRun(pDone);
  int nDone = pagesWritten(p->db);

  bindInt(p->pAdd, 1, iJob);
  run(p->pAdd);
  if( bTag ){
    bindInt(p->pAddDep, 2, sqlite3_last_insert_rowid(p->db));
    bindInt(p->pAddDep, 1, iJob);
    run(p->pAddDep);
  }
  if( zSeries==0 ) return;
  seriesAdd(series("%s %s", bFunc ? "schedule_task" : "claim", zSeries),
      rClaim);
  if( !bFunc && bTag ) seriesAdd(series("claim tagged %s", zSeries), rClaim);
  seriesAdd(series("step report %s", zSeries), rStep);
  seriesAdd(series("complete %s%s %s", bReport ? "by report " : "",
      bTag ? "waited for" : "plain", zSeries), rDone);
  seriesAdd(series("pages claim %s", zSeries), nClaim);
  seriesAdd(series("pages report %s", zSeries), nStep);
  if( !bTag && !bReport ) seriesAdd(series("pages complete %s", zSeries), nDone);
}

/* Pages are few and whole: their mean is what there is to compare. */
static void goalPages(const char *zWhat, const char *zKind, double rGoal){
  Series *p = series("mean pages %s", zKind);
  Series *pOne = series("one page");
  seriesAdd(p, seriesMean(
      series("pages %s %d", zKind, bench.aSize[BENCH_N_SIZE-1])));
  if( pOne->n==0 ) seriesAdd(pOne, 1);
  goal(zWhat, p, "one-row UPDATE commit", pOne, '<', rGoal);
}

/*
** The straightforward query: of all tasks that may run, those whose job may
** run, that wait for nothing, and that this worker may take; the first.
*/
static const char zStraightforward[] =
  "SELECT t.id, t.uuid, t.name, t.type, t.commands, j.uuid"
  " FROM tasks t"
  " JOIN jobs j ON j.id = t.job_id"
  " JOIN workers w ON w.uuid = ?1"
  " WHERE t.status IN ('queued', 'soft-failed')"
  " AND j.status IN ('queued', 'active')"
  " AND t.type IN ('blender', 'ffmpeg', 'file-management', 'misc')"
  " AND NOT EXISTS (SELECT 1 FROM task_dependencies d"
  "   JOIN tasks dt ON dt.id = d.dependency_id"
  "   WHERE d.task_id = t.id AND dt.status <> 'completed')"
  " AND NOT EXISTS (SELECT 1 FROM job_blocks b WHERE b.job_id = j.id"
  "   AND b.worker_id = w.id AND b.task_type = t.type)"
  " AND NOT EXISTS (SELECT 1 FROM task_failures f"
  "   WHERE f.task_id = t.id AND f.worker_id = w.id)"
  " AND (j.worker_tag_id IS NULL OR EXISTS ("
  "   SELECT 1 FROM worker_tag_membership m"
  "   WHERE m.worker_id = w.id AND m.worker_tag_id = j.worker_tag_id))"
  " ORDER BY j.priority DESC, t.priority DESC LIMIT 1";

/* Claims and completions on farms of all sizes, with the floor of each. */
void caseFarm(void){
  static Farm aFarm[BENCH_N_SIZE];
  static Floor aFloor[BENCH_N_SIZE];
  sqlite3_stmt *apQuery[BENCH_N_SIZE];
  sqlite3_stmt *apAssign[BENCH_N_SIZE];
  sqlite3_stmt *pPages;
  char z[64], zUuid[37];
  int nRound = bench.bQuick ? 1200 : 4000;
  int nQuery = bench.bQuick ? 3 : 5;
  int nWarm = 100;
  for(int i=0; i<BENCH_N_SIZE; i++){
    int n = bench.aSize[i];
    fixtureFarm(n);
    sqlite3_snprintf(sizeof(z), z, "farm-%d.db", n);
    farmOpen(&aFarm[i], z);
    sqlite3_snprintf(sizeof(z), z, "bare-%d.db", n);
    char zSeries[64];
    sqlite3_snprintf(sizeof(zSeries), zSeries, "floor %d", n);
    floorOpen(&aFloor[i], z, zSeries);
    apQuery[i] = prep(aFloor[i].db, zStraightforward);
    apAssign[i] = assignOpen(&aFloor[i]);
  }
  pPages = pagesOpen(&aFloor[BENCH_N_SIZE-1]);
  note("claims and completions");
  for(int k=0; k<nWarm+nRound; k++){
    for(int i=0; i<BENCH_N_SIZE; i++){
      sqlite3_snprintf(sizeof(z), z, "%d", bench.aSize[i]);
      /* Any order of workers will do in which neighbours are far apart. */
      int iWorker = 1 + (int)((k*(i64)7919) % bench.nWorker);
      farmCycle(&aFarm[i], iWorker, (k>>1)&3, k>=nWarm ? z : 0);
      floorSample(&aFloor[i], k>=nWarm);
      bindInt(apAssign[i], 1, 1 + k%(bench.aSize[i]/2));
      bindInt(apAssign[i], 2, iWorker);
      double r = timeRun(apAssign[i]);
      if( k>=nWarm ) seriesAdd(series("assign %d", bench.aSize[i]), r);
    }
    bindInt(pPages, 1, 1 + k);
    bindText(pPages, 2, k%2 ? "active" : "soft-failed");
    bindInt(pPages, 3, bench.aSize[BENCH_N_SIZE-1]/8);
    double r = timeRun(pPages);
    if( k>=nWarm ) seriesAdd(series("eight pages"), r);
    if( k>=nWarm && (k-nWarm)%(nRound/nQuery)==0 ){
      for(int i=0; i<BENCH_N_SIZE; i++){
        workerUuid(1 + k%bench.nWorker, zUuid);
        bindText(apQuery[i], 1, zUuid);
        seriesAdd(series("query %d", bench.aSize[i]), timeRun(apQuery[i]));
      }
    }
  }
  for(int i=0; i<BENCH_N_SIZE; i++){
    dbClose(aFarm[i].db);
    dbClose(aFloor[i].db);
  }

  int nMin = bench.aSize[0];
  int nMax = bench.aSize[BENCH_N_SIZE-1];
  Series *pFloor = series("floor %d", nMax);
  char zWhat[96], zPeer[96];
  for(int i=BENCH_N_SIZE-1; i>0; i--){
    sqlite3_snprintf(sizeof(zWhat), zWhat, "claim, %d queued tasks",
        bench.aSize[i]);
    sqlite3_snprintf(sizeof(zPeer), zPeer, "claim, %d queued tasks", nMin);
    goal(zWhat, series("claim %d", bench.aSize[i]), zPeer,
        series("claim %d", nMin), i==BENCH_N_SIZE-1 ? '<' : 0, 1.2);
  }
  goal("claim (INSERT INTO task_claims)", series("claim %d", nMax),
      "one-row UPDATE commit", pFloor, '<', 5);
  goal("claim", series("claim %d", nMax),
      "bare UPDATE of what it writes", series("assign %d", nMax), 0, 0);
  goal("plain UPDATE of eight rows on eight pages", series("eight pages"),
      "one-row UPDATE commit", pFloor, 0, 0);
  goal("claim by a worker with a tag, of tasks others wait for",
      series("claim tagged %d", nMax), "one-row UPDATE commit", pFloor, 0, 0);
  goal("claim (SELECT schedule_task()), with the task as JSON",
      series("schedule_task %d", nMax), "one-row UPDATE commit", pFloor, 0, 0);
  goalTurned("claim", series("claim %d", nMax), "straightforward query",
      series("query %d", nMax), 10000);
  goal("completion (UPDATE tasks)", series("complete plain %d", nMax),
      "one-row UPDATE commit", pFloor, '<', 3);
  goal("completion by a report that names its steps",
      series("complete by report plain %d", nMax),
      "one-row UPDATE commit", pFloor, '<', 4.5);
  goal("completion (UPDATE tasks), one task waits for it",
      series("complete waited for %d", nMax),
      "one-row UPDATE commit", pFloor, 0, 0);
  goal("report (INSERT INTO task_updates)",
      series("step report %d", nMax), "one-row UPDATE commit", pFloor, '<', 3);
  reportUnit("pages");
  goalPages("pages that a claim writes, on average", "claim", 6);
  goalPages("pages that a completion writes", "complete", 4);
  goalPages("pages that a report writes", "report", 4);
  reportUnit("us");
}

/* The same with foreign_keys off, and without history and events ----------*/

void caseVariants(void){
  static const char *const azSql[] = {
    "PRAGMA foreign_keys=ON", "PRAGMA foreign_keys=OFF",
    "UPDATE farm_settings SET value = 'off' WHERE name = 'history';"
    "UPDATE farm_settings SET value = 0 WHERE name = 'events_keep'"
  };
  static const char *const azKind[] = {
    "claim", "complete plain", "step report"
  };
  static const char *const azWhat[] = { "claim", "completion", "report" };
  static Farm aFarm[3];
  char z[64], zAs[64], zPath[BENCH_PATH];
  int nRound = bench.bQuick ? 400 : 2000;
  int n = bench.aSize[2];
  fixtureFarm(n);
  fixtureHold();
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", n);
  for(int i=0; i<3; i++){
    sqlite3_snprintf(sizeof(zAs), zAs, "work-variant-%d.db", i);
    farmOpenAs(&aFarm[i], z, zAs);
    exec(aFarm[i].db, "%s", azSql[i]);
  }
  note("foreign keys off, history off");
  for(int k=-50; k<nRound; k++){
    for(int i=0; i<3; i++){
      sqlite3_snprintf(sizeof(zAs), zAs, "variant %d", i);
      farmCycle(&aFarm[i], 2 + 2*(int)(((k+50)*(i64)7919) % (bench.nWorker/2)),
          0, k>=0 ? zAs : 0);
    }
  }
  /* What writes many rows, with history and without. */
  sqlite3_snprintf(sizeof(zPath), zPath,
      "%s/simple_blender_render_large.json", bench.zJobs);
  char *zDocument = fileRead(zPath);
  if( zDocument==0 ) die("%s: cannot read", zPath);
  sqlite3 *apHold[3];
  sqlite3_stmt *apStore[3];
  for(int i=0; i<3; i+=2){
    sqlite3_snprintf(sizeof(zAs), zAs, "work-variant-hold-%d.db", i);
    apHold[i] = fixtureOpen("hold-type.db", zAs);
    exec(apHold[i], "%s", azSql[i]);
    checkpointByHand(apHold[i]);
    apStore[i] = prep(apHold[i], "INSERT INTO authored_jobs (document) VALUES (?1)");
    bindText(apStore[i], 1, zDocument);
  }
  for(int k=-1; k<(bench.bQuick ? 3 : 7); k++){
    for(int i=0; i<3; i+=2){
      double r = timeExec(apHold[i],
          "UPDATE jobs SET status = 'cancel-requested' WHERE id = 2");
      checkpoint(apHold[i]);
      exec(apHold[i], "UPDATE jobs SET status = 'requeueing' WHERE id = 2");
      checkpoint(apHold[i]);
      if( k>=0 ) seriesAdd(series("cancel variant %d", i), r/1000);
      r = timeRun(apStore[i]);
      checkpoint(apHold[i]);
      exec(apHold[i], "DELETE FROM jobs WHERE id > 3");
      checkpoint(apHold[i]);
      if( k>=0 ) seriesAdd(series("store variant %d", i), r/1000);
    }
  }
  dbClose(apHold[0]);
  dbClose(apHold[2]);
  sqlite3_free(zDocument);
  for(int i=0; i<3; i++) dbClose(aFarm[i].db);
  for(int i=0; i<3; i++){
    goal(azWhat[i], series("%s variant 0", azKind[i]),
        "the same, foreign_keys off", series("%s variant 1", azKind[i]), 0, 0);
  }
  for(int i=0; i<3; i++){
    goal(azWhat[i], series("%s variant 0", azKind[i]),
        "the same, no history, no events",
        series("%s variant 2", azKind[i]), '<', 1.25);
  }
  reportUnit("ms");
  char zWhat[96];
  sqlite3_snprintf(sizeof(zWhat), zWhat, "cancelling a job of %d tasks",
      bench.nHold);
  goal(zWhat, series("cancel variant 0"), "the same, no history, no events",
      series("cancel variant 2"), 0, 0);
  goal("store 2,501 tasks (INSERT INTO authored_jobs)",
      series("store variant 0"), "the same, no history, no events",
      series("store variant 2"), 0, 0);
  reportUnit("us");
}

/* Statements that are not kept ---------------------------------------------*/

/*
** Prepared anew, run and finalized: in a farm of this build, in one made by the
** SQL script of an older build where `make bench` has made that (zOld), and in
** bare tables, in turns.
*/
void caseAnew(void){
  enum { NEW, OLD, BARE };
  static const struct { const char *zWhat, *zSql, *zBare; double rGoal; } aStep[] = {
    { "INSERT of a task",
      "INSERT INTO tasks (job_id, name, type) VALUES (1, 'a', 'blender')",
      "INSERT INTO tasks (created_at, job_id, name, type) VALUES"
      " ('', 1, 'a', 'blender')", 0.3 },
    { "UPDATE of its status",
      "UPDATE tasks SET status = 'completed' WHERE id = ?1",
      "UPDATE tasks SET status = 'completed' WHERE id = ?1", 0.5 },
    { "claim", "INSERT INTO task_claims (worker_uuid) VALUES (?2)",
      "UPDATE tasks SET worker_id = 1, status = 'active' WHERE id = ?1", 0.55 },
  };
  sqlite3 *ap[3] = { 0, 0, 0 };
  char z[64], zPath[BENCH_PATH], zUuid[37];
  int nRound = bench.bQuick ? 200 : 800;
  sqlite3_snprintf(sizeof(zPath), zPath,
      "%s/28be558/build/tablao.sql", bench.zDir);
  char *zOld = fileRead(zPath);
  fixtureFarm(bench.aSize[0]);
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", bench.aSize[0]);
  ap[BARE] = fixtureOpen(z, "work-anew-bare.db");
  for(int i=NEW; i<=OLD; i++){
    char *zScript = zOld;
    if( i==NEW ){
      sqlite3_snprintf(sizeof(zPath), zPath, "%s/tablao.sql", bench.zBuild);
      zScript = fileRead(zPath);
    }
    if( zScript==0 ) continue;
    pathOf(zPath, i==NEW ? "work-anew.db" : "work-anew-old.db");
    fileRemove(zPath);
    ap[i] = dbOpen(zPath);
    exec(ap[i], "%s", zScript);
    if( i==NEW ) sqlite3_free(zScript);
    exec(ap[i], "INSERT INTO jobs (id, name, job_type, status)"
        " VALUES (1, 'j', 't', 'active')");
    exec(ap[i], "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
        " WHERE i < %d) INSERT INTO tasks (job_id, name, type) SELECT 1, 'a', 'blender' FROM n",
        nRound*3 + 100);
    for(int k=1; k<=10; k++){
      workerUuid(k, zUuid);
      exec(ap[i], "INSERT INTO workers (uuid, name, status, supported_task_types)"
          " VALUES (%Q, 'w', 'awake', 'blender')", zUuid);
    }
  }
  note("statements prepared anew%s", zOld ? "" : " (no build of 28be558)");
  for(int k=-10; k<nRound; k++){
    workerUuid(1 + (k+10)%10, zUuid);
    for(int i=NEW; i<=BARE; i++){
      if( ap[i]==0 ) continue;
      for(int s=0; s<3; s++){
        /* The claimed task is completed in the next round of the worker, so
        ** that each claim hands out one. */
        i64 iId = 1 + k + 10;
        if( s==1 && i!=BARE ) iId = nRound*2 + 50 - k;
        double r = timeAnew(ap[i], i==BARE ? aStep[s].zBare : aStep[s].zSql,
            iId, zUuid);
        if( k>=0 ) seriesAdd(series("anew %d %d", s, i), r);
      }
      if( i!=BARE ){
        exec(ap[i], "UPDATE tasks SET status = 'completed' WHERE status = 'active'");
      }
    }
  }
  for(int i=NEW; i<=BARE; i++) if( ap[i] ) dbClose(ap[i]);
  sqlite3_free(zOld);
  for(int s=0; s<3; s++){
    char zWhat[96];
    sqlite3_snprintf(sizeof(zWhat), zWhat, "%s, prepared anew", aStep[s].zWhat);
    if( series("anew %d %d", s, OLD)->n ){
      goal(zWhat, series("anew %d %d", s, NEW), "the same, build of 28be558",
          series("anew %d %d", s, OLD), '<', aStep[s].rGoal);
    }
    goal(zWhat, series("anew %d %d", s, NEW), s==2
        ? "bare UPDATE, prepared anew" : "the same bare, prepared anew",
        series("anew %d %d", s, BARE), 0, 0);
  }
}

/* A claim behind tasks that the worker may not take -----------------------*/

void caseHold(void){
  static const struct { const char *zName, *zWhat; double rGoal; } aKind[] = {
    { "none", 0, 0 },
    { "type", "another type", 1.5 },
    { "tag", "another tag", 1.5 },
    { "deps", "unfinished dependencies", 1.5 },
    { "block", "a blocked job", 10 },
    { "fail", "all failed already", 10 },
    { "blocks", "100 blocked jobs", 0 },
    { "fails", "100 jobs, all failed", 0 },
  };
  enum { N = sizeof(aKind)/sizeof(aKind[0]) };
  static Farm aFarm[N];
  char z[64];
  int nRound = bench.bQuick ? 100 : 400;
  fixtureHold();
  for(int i=0; i<N; i++){
    sqlite3_snprintf(sizeof(z), z, "hold-%s.db", aKind[i].zName);
    farmOpen(&aFarm[i], z);
  }
  note("claims behind tasks that are in the way");
  for(int k=-10; k<nRound; k++){
    for(int i=0; i<N; i++){
      /* A claim that takes long is no less sure for fewer samples. */
      Series *p = series("claim hold %s", aKind[i].zName);
      if( k>50 && seriesMedian(p)>5000 ) continue;
      sqlite3_snprintf(sizeof(z), z, "hold %s", aKind[i].zName);
      farmCycle(&aFarm[i], 1, 2, k>=0 ? z : 0);
    }
  }
  for(int i=0; i<N; i++) dbClose(aFarm[i].db);
  for(int i=1; i<N; i++){
    char zWhat[96];
    sqlite3_snprintf(sizeof(zWhat), zWhat, "claim behind %d tasks: %s",
        bench.nHold, aKind[i].zWhat);
    goal(zWhat, series("claim hold %s", aKind[i].zName), "none in the way",
        series("claim hold none"), aKind[i].rGoal>0 ? '<' : 0, aKind[i].rGoal);
  }
}

/* Rows of a job for bare tables -------------------------------------------*/

/* The values of all rows of a query. */
typedef struct Rows Rows;
struct Rows {
  int nRow;
  int nCol;
  sqlite3_value **ap;
};

static void rowsRead(Rows *p, sqlite3 *db, const char *zSql, i64 iJob){
  int nAlloc = 0;
  sqlite3_stmt *pStmt = prep(db, zSql);
  bindInt(pStmt, 1, iJob);
  p->nCol = sqlite3_column_count(pStmt);
  p->nRow = 0;
  p->ap = 0;
  while( sqlite3_step(pStmt)==SQLITE_ROW ){
    if( p->nRow==nAlloc ){
      nAlloc = nAlloc*2 + 16;
      p->ap = realloc(p->ap, sizeof(*p->ap)*nAlloc*p->nCol);
      if( p->ap==0 ) die("out of memory");
    }
    for(int i=0; i<p->nCol; i++){
      p->ap[p->nRow*p->nCol+i] =
          sqlite3_value_dup(sqlite3_column_value(pStmt, i));
    }
    p->nRow++;
  }
  unprep(pStmt);
}

/* Inserts the rows by a prepared statement. */
static void rowsInsert(Rows *p, sqlite3_stmt *pStmt){
  for(int i=0; i<p->nRow; i++){
    for(int k=0; k<p->nCol; k++){
      sqlite3_bind_value(pStmt, k+1, p->ap[i*p->nCol+k]);
    }
    run(pStmt);
  }
}

static void rowsFree(Rows *p){
  for(int i=0; i<p->nRow*p->nCol; i++) sqlite3_value_free(p->ap[i]);
  free(p->ap);
}

#define JOB_COLUMNS \
  "id, created_at, updated_at, uuid, name, job_type, priority, status," \
  " activity, settings, metadata, delete_requested_at," \
  " storage_shaman_checkout_id, worker_tag_id, steps_completed, steps_total"
#define TASK_COLUMNS \
  "id, created_at, updated_at, uuid, name, type, job_id, index_in_job," \
  " priority, status, worker_id, last_touched_at, commands, activity," \
  " steps_completed, steps_total"
#define SIXTEEN \
  "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16"

/*
** Storing a compiled job, by the function and by the door, against inserting
** the same rows, already apart, into bare tables that hold as much.
*/
static void storeFile(
  sqlite3 *db,
  sqlite3 *pBare,
  const char *zFile,
  const char *zWhat
){
  char zPath[BENCH_PATH], zTitle[96];
  sqlite3_snprintf(sizeof(zPath), zPath, "%s/%s.json",
      bench.zJobs, zFile);
  char *zDocument = fileRead(zPath);
  if( zDocument==0 ) die("%s: cannot read", zPath);
  Rows job, tasks, deps;
  sqlite3_stmt *apStore[2];
  apStore[0] = prep(db, "SELECT store_authored_job(?1)");
  apStore[1] = prep(db, "INSERT INTO authored_jobs (document) VALUES (?1)");
  sqlite3_stmt *pBegin = prep(pBare, "BEGIN");
  sqlite3_stmt *pCommit = prep(pBare, "COMMIT");
  sqlite3_stmt *pJob = prep(pBare,
      "INSERT INTO jobs (" JOB_COLUMNS ") VALUES (" SIXTEEN ")");
  sqlite3_stmt *pTask = prep(pBare,
      "INSERT INTO tasks (" TASK_COLUMNS ") VALUES (" SIXTEEN ")");
  sqlite3_stmt *pDep = prep(pBare,
      "INSERT INTO task_dependencies (task_id, dependency_id) VALUES (?1, ?2)");
  bindText(apStore[0], 1, zDocument);
  bindText(apStore[1], 1, zDocument);
  run(apStore[0]);
  i64 iJob = queryInt(db, "SELECT max(id) FROM jobs");
  rowsRead(&job, db, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?1", iJob);
  rowsRead(&tasks, db, "SELECT " TASK_COLUMNS
      " FROM tasks WHERE job_id = ?1 ORDER BY id", iJob);
  rowsRead(&deps, db, "SELECT d.task_id, d.dependency_id"
      " FROM tasks t JOIN task_dependencies d ON d.task_id = t.id"
      " WHERE t.job_id = ?1 ORDER BY d.rowid", iJob);
  exec(db, "DELETE FROM jobs WHERE id = %lld", iJob);
  int nRound = bench.bQuick ? 9 : 31;
  for(int k=-2; k<nRound; k++){
    for(int i=0; i<2; i++){
      double r = timeRun(apStore[i]);
      if( k>=0 ) seriesAdd(series("store %d %s", i, zFile), r);
      exec(db, "DELETE FROM jobs WHERE id = %lld", iJob);
      checkpoint(db);
    }
    double r = nowUs();
    run(pBegin);
    rowsInsert(&job, pJob);
    rowsInsert(&tasks, pTask);
    rowsInsert(&deps, pDep);
    run(pCommit);
    r = nowUs() - r;
    if( k>=0 ) seriesAdd(series("insert %s", zFile), r);
    exec(pBare, "DELETE FROM task_dependencies WHERE task_id IN"
        " (SELECT id FROM tasks WHERE job_id = %lld);"
        "DELETE FROM tasks WHERE job_id = %lld;"
        "DELETE FROM jobs WHERE id = %lld", iJob, iJob, iJob);
    checkpoint(pBare);
  }
  sqlite3_snprintf(sizeof(zTitle), zTitle, "store %s: store_authored_job()",
      zWhat);
  goal(zTitle, series("store 0 %s", zFile), "bare prepared inserts",
      series("insert %s", zFile), '<', 3.5);
  sqlite3_snprintf(sizeof(zTitle), zTitle,
      "store %s: INSERT INTO authored_jobs", zWhat);
  goal(zTitle, series("store 1 %s", zFile), "bare prepared inserts",
      series("insert %s", zFile), 0, 0);
  rowsFree(&job);
  rowsFree(&tasks);
  rowsFree(&deps);
  sqlite3_free(zDocument);
}

void caseStore(void){
  char z[64];
  fixtureFarm(bench.aSize[1]);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", bench.aSize[1]);
  sqlite3 *db = fixtureOpen(z, "work-store.db");
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", bench.aSize[1]);
  sqlite3 *pBare = fixtureOpen(z, "work-store-bare.db");
  checkpointByHand(db);
  checkpointByHand(pBare);
  note("storing jobs");
  storeFile(db, pBare, "simple_blender_render_large", "2,501 tasks");
  storeFile(db, pBare, "dag_diamond_300", "20,000 dependencies");
  dbClose(db);
  dbClose(pBare);
}

/* A completion that many wait for -----------------------------------------*/

/*
** The first task of a job is completed and requeued; all others depend on it.
** A bare transaction updates as many rows, one by one. Both samples are per
** waiting task.
*/
void caseDependents(void){
  enum { N = 1000 };
  char z[64];
  Floor f;
  fixtureFarm(bench.aSize[1]);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", bench.aSize[1]);
  sqlite3 *db = fixtureOpen(z, "work-deps.db");
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", bench.aSize[1]);
  floorOpen(&f, z, "unused floor");
  note("a completion that %d tasks wait for", N);
  exec(db, "INSERT INTO jobs (name, status, priority) VALUES"
      " ('fan out', 'queued', 1)");
  i64 iJob = sqlite3_last_insert_rowid(db);
  exec(db, "BEGIN");
  for(int i=0; i<=N; i++){
    exec(db, "INSERT INTO tasks (name, type, job_id) VALUES"
        " ('task', 'blender', %lld)", iJob);
  }
  /* Rows as large as those of the bare table. */
  exec(db, "UPDATE tasks SET commands ="
      " (SELECT commands FROM tasks WHERE id = 1) WHERE job_id = %lld", iJob);
  i64 iTask = queryInt(db, "SELECT min(id) FROM tasks WHERE job_id = %lld",
      iJob);
  exec(db, "INSERT INTO task_dependencies (task_id, dependency_id)"
      " SELECT id, %lld FROM tasks WHERE job_id = %lld AND id > %lld",
      iTask, iJob, iTask);
  exec(db, "COMMIT");
  sqlite3_stmt *pDone = prep(db,
      "UPDATE tasks SET status = 'completed' WHERE id = ?1");
  sqlite3_stmt *pAgain = prep(db,
      "UPDATE tasks SET status = 'queued' WHERE id = ?1");
  checkpointByHand(db);
  checkpointByHand(f.db);
  bindInt(pDone, 1, iTask);
  bindInt(pAgain, 1, iTask);
  sqlite3_stmt *pBegin = prep(f.db, "BEGIN");
  sqlite3_stmt *pCommit = prep(f.db, "COMMIT");
  i64 iBare = queryInt(f.db, "SELECT max(id)-%d FROM tasks", N);
  for(int k=-3; k<(bench.bQuick ? 40 : 150); k++){
    double rDone = timeRun(pDone)/N;
    double rAgain = timeRun(pAgain)/N;
    checkpoint(db);
    double r = nowUs();
    run(pBegin);
    for(int i=0; i<N; i++){
      bindInt(f.pStmt, 1, iBare+i);
      bindText(f.pStmt, 2, k%2 ? "queued" : "active");
      run(f.pStmt);
    }
    run(pCommit);
    r = (nowUs()-r)/N;
    checkpoint(f.db);
    if( k<0 ) continue;
    seriesAdd(series("complete for many"), rDone);
    seriesAdd(series("requeue for many"), rAgain);
    seriesAdd(series("bare update in a batch"), r);
  }
  dbClose(db);
  dbClose(f.db);
  goal("completion that 1,000 tasks wait for, per waiting task",
      series("complete for many"), "one-row UPDATE in a batch",
      series("bare update in a batch"), '<', 4);
  goal("requeueing it, per waiting task", series("requeue for many"),
      "one-row UPDATE in a batch", series("bare update in a batch"), 0, 0);
}

/* Operations on a large job -----------------------------------------------*/

/* Cancelling, pausing and requeueing; and a user's UPDATE of many tasks. */
void caseMass(void){
  static const struct {
    const char *zWhat;      /* NULL: needed to get on, not measured */
    const char *zStatus;    /* of the job */
    const char *zTask;      /* what its tasks get */
    int bSteps;             /* their steps are cleared, too */
  } aStep[] = {
    { "cancelling", "cancel-requested", "canceled", 0 },
    { "requeueing", "requeueing", "queued", 1 },
    { "pausing", "pause-requested", "paused", 0 },
    { 0, "requeueing", "queued", 1 },
  };
  static const struct { const char *zStatus; int bGoal; } aOwn[] = {
    { "paused", 1 }, { "queued", 1 }, { "soft-failed", 1 }, { "completed", 1 }
  };
  int nRound = bench.bQuick ? 3 : 5;
  fixtureHold();
  sqlite3 *db = fixtureOpen("hold-type.db", "work-mass.db");
  sqlite3 *pBare = fixtureOpen("hold-bare.db", "work-mass-bare.db");
  checkpointByHand(db);
  checkpointByHand(pBare);
  note("changing many tasks");
  for(int k=-1; k<nRound; k++){
    for(size_t i=0; i<sizeof(aStep)/sizeof(aStep[0]); i++){
      double r = timeExec(db,
          "UPDATE jobs SET status = %Q WHERE id = 2", aStep[i].zStatus);
      if( queryInt(db, "SELECT count(*) FROM tasks"
          " WHERE job_id = 2 AND status = %Q", aStep[i].zTask)!=bench.nHold ){
        die("%s did not get to all tasks", aStep[i].zStatus);
      }
      double rBare = timeExec(pBare, "UPDATE tasks SET status = %Q,"
          " activity = 'Task changed to %s: its job changed to %s',"
          " updated_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f+00:00')%s"
          " WHERE job_id = 2", aStep[i].zTask, aStep[i].zTask,
          aStep[i].zStatus, aStep[i].bSteps ? ", steps_completed = 0" : "");
      checkpoint(db);
      checkpoint(pBare);
      if( k<0 || aStep[i].zWhat==0 ) continue;
      seriesAdd(series("mass %s", aStep[i].zWhat), r/1000);
      seriesAdd(series("mass bare %s", aStep[i].zWhat), rBare/1000);
    }
    for(size_t i=0; i<sizeof(aOwn)/sizeof(aOwn[0]); i++){
      int n = bench.nHold/10;
      double r = timeExec(db, "UPDATE tasks SET status = %Q"
          " WHERE job_id = 3", aOwn[i].zStatus);
      double rBare = timeExec(pBare, "UPDATE tasks SET status = %Q, updated_at"
          " = strftime('%%Y-%%m-%%d %%H:%%M:%%f+00:00') WHERE job_id = 3",
          aOwn[i].zStatus);
      checkpoint(db);
      checkpoint(pBare);
      if( k<0 ) continue;
      seriesAdd(series("own %s", aOwn[i].zStatus), r/n);
      seriesAdd(series("own bare %s", aOwn[i].zStatus), rBare/n);
    }
    exec(db, "UPDATE jobs SET status = 'requeueing' WHERE id = 3");
  }
  dbClose(db);
  dbClose(pBare);
  reportUnit("ms");
  for(int i=0; i<3; i++){
    char zWhat[96];
    sqlite3_snprintf(sizeof(zWhat), zWhat, "%s a job of %d tasks",
        aStep[i].zWhat, bench.nHold);
    goal(zWhat, series("mass %s", aStep[i].zWhat), "bare UPDATE of the rows",
        series("mass bare %s", aStep[i].zWhat), '<', 2.5);
  }
  reportUnit("us");
  for(size_t i=0; i<sizeof(aOwn)/sizeof(aOwn[0]); i++){
    char zWhat[96];
    sqlite3_snprintf(sizeof(zWhat), zWhat, "UPDATE tasks SET status = '%s'"
        " over %d tasks, per task", aOwn[i].zStatus, bench.nHold/10);
    goal(zWhat, series("own %s", aOwn[i].zStatus), "the same bare",
        series("own bare %s", aOwn[i].zStatus), '<', 8);
  }
}

/* Changing what decides the turn of a job with many queued tasks. */
void caseJob(void){
  static const char *const aStep[][2] = {
    { "priority", "UPDATE jobs SET priority = 60 + ?1 WHERE id = 2" },
    { "tag", "UPDATE jobs SET worker_tag_id = nullif(?1, 0) WHERE id = 2" },
    { "deletion request", "UPDATE jobs SET delete_requested_at ="
      " CASE ?1 WHEN 1 THEN '2026-01-02 03:04:05.678+00:00' END WHERE id = 2" },
  };
  sqlite3_stmt *apStmt[3];
  Floor f;
  fixtureHold();
  sqlite3 *db = fixtureOpen("hold-type.db", "work-job.db");
  floorOpen(&f, "hold-bare.db", "floor job");
  note("changing a job of many tasks");
  for(int i=0; i<3; i++) apStmt[i] = prep(db, aStep[i][1]);
  for(int k=-10; k<(bench.bQuick ? 200 : 1000); k++){
    for(int i=0; i<3; i++){
      bindInt(apStmt[i], 1, k&1);
      double r = timeRun(apStmt[i]);
      if( k>=0 ) seriesAdd(series("job %s", aStep[i][0]), r);
    }
    floorSample(&f, k>=0);
  }
  dbClose(db);
  dbClose(f.db);
  for(int i=0; i<3; i++){
    char zWhat[96];
    sqlite3_snprintf(sizeof(zWhat), zWhat, "changing the %s of a job with %d"
        " queued tasks", aStep[i][0], bench.nHold);
    goal(zWhat, series("job %s", aStep[i][0]), "one-row UPDATE commit",
        series("floor job"), '<', 10);
  }
}

/* Deleting a large job and one of a tenth of the size, per task. */
void caseDelete(void){
  fixtureHold();
  note("deleting jobs");
  for(int k=0; k<(bench.bQuick ? 4 : 8); k++){
    sqlite3 *db = fixtureOpen("hold-type.db", "work-delete.db");
    /* Both jobs into the cache. */
    queryInt(db, "SELECT sum(length(commands)) FROM tasks");
    queryInt(db, "SELECT count(DISTINCT uuid) FROM tasks");
    checkpointByHand(db);
    /* Either is first in turn: the WAL file grows then. */
    for(int i=0; i<2; i++){
      int iJob = (i^k)&1 ? 2 : 3;
      double r = timeExec(db, "DELETE FROM jobs WHERE id = %d", iJob);
      seriesAdd(series("delete %d", iJob),
          r/(iJob==2 ? bench.nHold : bench.nHold/10));
      checkpoint(db);
    }
    dbClose(db);
  }
  char zWhat[96], zPeer[96];
  sqlite3_snprintf(sizeof(zWhat), zWhat, "deleting a job of %d tasks, per task",
      bench.nHold);
  sqlite3_snprintf(sizeof(zPeer), zPeer, "a job of %d tasks", bench.nHold/10);
  goal(zWhat, series("delete 2"), zPeer, series("delete 3"), '<', 1.3);
}

/* Reading -----------------------------------------------------------------*/

/* task_summaries against the join that it stands for. */
void caseSummaries(void){
  static const char *const aStep[][2] = {
    { "all", "SELECT id, uuid, name, index_in_job, priority, status, type,"
      " updated_at, steps_completed, steps_total, worker_uuid, worker_name"
      " FROM task_summaries WHERE job_uuid = ?1 ORDER BY index_in_job" },
    { "all join", "SELECT t.id, t.uuid, t.name, t.index_in_job, t.priority,"
      " t.status, t.type, t.updated_at, t.steps_completed, t.steps_total,"
      " w.uuid, w.name FROM jobs j JOIN tasks t ON t.job_id = j.id"
      " LEFT JOIN workers w ON w.id = t.worker_id"
      " WHERE j.uuid = ?1 ORDER BY t.index_in_job" },
    { "two", "SELECT name, status"
      " FROM task_summaries WHERE job_uuid = ?1 ORDER BY index_in_job" },
    { "two join", "SELECT t.name, t.status"
      " FROM jobs j JOIN tasks t ON t.job_id = j.id"
      " WHERE j.uuid = ?1 ORDER BY t.index_in_job" },
  };
  sqlite3_stmt *apStmt[4];
  char z[64], zWhat[96], zPeer[96];
  int nMax = bench.aSize[BENCH_N_SIZE-1];
  fixtureHold();
  fixtureFarm(nMax);
  sqlite3 *db = fixtureOpen("hold-type.db", "work-summaries.db");
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", nMax);
  sqlite3 *pFarm = fixtureOpen(z, "work-limit.db");
  /* Of the 10,000 tasks, most have had one of 1,000 workers. */
  exec(db, "UPDATE tasks SET status = CASE id %% 3 WHEN 0 THEN 'active'"
      " WHEN 1 THEN 'completed' ELSE 'queued' END,"
      " worker_id = CASE WHEN id %% 5 THEN 1 + id %% %d END"
      " WHERE job_id = 3", bench.nWorker);
  char *zJob = queryText(db, "SELECT uuid FROM jobs WHERE id = 3");
  for(int i=0; i<4; i++){
    apStmt[i] = prep(db, aStep[i][1]);
    bindText(apStmt[i], 1, zJob);
  }
  char *azJob[2];
  azJob[0] = queryText(pFarm, "SELECT uuid FROM jobs WHERE id = 1");
  azJob[1] = queryText(pFarm, "SELECT uuid FROM jobs WHERE id = 3");
  i64 n0 = queryInt(pFarm, "SELECT count(*) FROM tasks WHERE job_id = 1");
  i64 n1 = queryInt(pFarm, "SELECT count(*) FROM tasks WHERE job_id = 3");
  sqlite3_stmt *pLimit = prep(pFarm,
      "SELECT * FROM task_summaries(?1) LIMIT 20");
  note("task_summaries");
  for(int k=-3; k<(bench.bQuick ? 60 : 200); k++){
    for(int i=0; i<4; i++){
      double r = timeRun(apStmt[i]);
      if( k>=0 ) seriesAdd(series("summaries %s", aStep[i][0]), r);
    }
    for(int i=0; i<10; i++){
      bindText(pLimit, 1, azJob[i&1]);
      double r = timeRun(pLimit);
      if( k>=0 ) seriesAdd(series("summaries limit %d", i&1), r);
    }
  }
  dbClose(db);
  dbClose(pFarm);
  sqlite3_free(zJob);
  sqlite3_free(azJob[0]);
  sqlite3_free(azJob[1]);
  sqlite3_snprintf(sizeof(zWhat), zWhat,
      "task_summaries of a %d-task job, all columns", bench.nHold/10);
  goal(zWhat, series("summaries all"), "the equivalent join",
      series("summaries all join"), '<', 1.25);
  sqlite3_snprintf(sizeof(zWhat), zWhat,
      "task_summaries of a %d-task job, two columns", bench.nHold/10);
  goal(zWhat, series("summaries two"), "the equivalent join",
      series("summaries two join"), '<', 1.15);
  sqlite3_snprintf(sizeof(zWhat), zWhat, "task_summaries(...) LIMIT 20 of a"
      " %lld-task job", n0);
  sqlite3_snprintf(sizeof(zPeer), zPeer, "of a %lld-task job", n1);
  /* "Independent of the size": no more than noise. */
  goal(zWhat, series("summaries limit 0"), zPeer, series("summaries limit 1"),
      '<', 1.1);
}

/* A tick with nothing due, half of the workers at work. */
void caseTick(void){
  char z[64];
  Farm farm;
  Floor f;
  int nMax = bench.aSize[BENCH_N_SIZE-1];
  fixtureFarm(nMax);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", nMax);
  farmOpen(&farm, z);
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", nMax);
  floorOpen(&f, z, "floor tick");
  note("ticks");
  for(int i=1; i<=bench.nWorker; i+=2){
    char zUuid[37];
    workerUuid(i, zUuid);
    bindText(farm.pClaim, 1, zUuid);
    run(farm.pClaim);
  }
  /* What the age of the kept farm made due. */
  exec(farm.db, "INSERT INTO farm_ticks DEFAULT VALUES");
  exec(farm.db,
      "UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock)");
  if( queryInt(farm.db, "SELECT timed_out_tasks + timed_out_workers +"
      " sleep_schedules + stuck_jobs FROM farm_ticks") ){
    die("something is due");
  }
  sqlite3_stmt *apTick[2];
  apTick[0] = prep(farm.db, "INSERT INTO farm_ticks DEFAULT VALUES");
  apTick[1] = prep(farm.db, "SELECT farm_tick()");
  for(int k=-10; k<(bench.bQuick ? 300 : 1000); k++){
    for(int i=0; i<2; i++){
      double r = timeRun(apTick[i]);
      if( k>=0 ) seriesAdd(series("tick %d", i), r);
    }
    floorSample(&f, k>=0);
  }
  dbClose(farm.db);
  dbClose(f.db);
  goal("tick with nothing due (INSERT INTO farm_ticks)", series("tick 0"),
      "one-row UPDATE commit", series("floor tick"), '<', 5);
  goal("tick with nothing due (SELECT farm_tick())", series("tick 1"),
      "one-row UPDATE commit", series("floor tick"), 0, 0);
}

/* Size of the databases as they grew, no VACUUM. */
void caseSize(void){
  char z[64], zPath[BENCH_PATH];
  int nMax = bench.aSize[BENCH_N_SIZE-1];
  fixtureFarm(nMax);
  sqlite3_snprintf(sizeof(z), z, "farm-%d.db", nMax);
  pathOf(zPath, z);
  seriesAdd(series("size"), fileSize(zPath)/1e6);
  sqlite3_snprintf(sizeof(z), z, "bare-%d.db", nMax);
  pathOf(zPath, z);
  seriesAdd(series("size bare"), fileSize(zPath)/1e6);
  char zWhat[96];
  sqlite3_snprintf(sizeof(zWhat), zWhat, "database of %d tasks", nMax);
  reportUnit("MB");
  goal(zWhat, series("size"), "bare tables", series("size bare"), '<', 1.5);
  reportUnit("us");
}
