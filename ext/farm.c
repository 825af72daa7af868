/*
** The two operations of a running farm that give something back.
**
**   SELECT schedule_task('WORKER UUID');
**     -- {"uuid":..., "name":..., "type":..., "status":"active", ...}
**     -- or NULL when there is nothing for this worker
**   SELECT farm_tick();
**     -- {"timed_out_tasks":0,"timed_out_workers":1,...}
**
** Each is an INSERT through the door of its name in SQL, where the rules are,
** and a SELECT of what came of it, in one savepoint. They work inside the
** caller's transaction too. To wait for a lock as long as the busy timeout
** says, the transaction must not have read anything yet (BEGIN IMMEDIATE).
*/
#include "tablao.h"

/* The task that a worker has, as JSON. A stored value may be of any type, and
** json_object() refuses a BLOB, hence the CASTs. Nothing is joined: SQLite would
** look through tables of which ANALYZE has found a row or two. */
#define FARM_TASK_JSON \
  "SELECT json_object(" \
    "'uuid', CAST(t.uuid AS TEXT)," \
    "'name', CAST(t.name AS TEXT)," \
    "'type', CAST(t.type AS TEXT)," \
    "'status', CAST(t.status AS TEXT)," \
    "'priority', CAST(t.priority AS INTEGER)," \
    "'job_uuid', (SELECT CAST(j.uuid AS TEXT) FROM main.jobs j WHERE j.id=t.job_id)," \
    "'job_priority', (SELECT CAST(j.priority AS INTEGER) FROM main.jobs j WHERE j.id=t.job_id)," \
    "'job_type', (SELECT CAST(j.job_type AS TEXT) FROM main.jobs j WHERE j.id=t.job_id)," \
    "'steps_total', CAST(t.steps_total AS INTEGER)," \
    "'steps_completed', CAST(t.steps_completed AS INTEGER)," \
    "'commands', CASE WHEN json_valid(CAST(t.commands AS TEXT)) " \
      "THEN json(CAST(t.commands AS TEXT)) ELSE json('[]') END) " \
  "FROM main.tasks t WHERE t.id=(" \
    "SELECT c.task_id FROM main.tablao_current_tasks c WHERE c.worker_uuid=?1)"

/*
** Adds the worker's name to the message of a refused claim; or, if no worker
** has this uuid, the value itself, which may be the name of one.
*/
static void farmNameWorker(TablaoOp *pOp, sqlite3_value *pWorker){
  if( pOp->zErr==0 || (pOp->rc & 0xff)!=SQLITE_CONSTRAINT ) return;
  TablaoOp look;
  tablaoOpInit(&look, pOp->p, pOp->zWho);
  sqlite3_stmt *pStmt = tablaoPrepare(&look,
      "SELECT (SELECT name FROM main.workers WHERE uuid=?1), "
      "quote(CASE WHEN instr(?1, char(0)) THEN CAST(?1 AS BLOB) ELSE ?1 END), "
      "(SELECT uuid FROM main.workers WHERE name=?1 ORDER BY id LIMIT 1)");
  tablaoBind(&look, pStmt, 1, pWorker);
  if( tablaoStep(&look, pStmt) ){
    int bKnown = sqlite3_column_type(pStmt, 0)!=SQLITE_NULL;
    int bName = sqlite3_column_type(pStmt, 2)!=SQLITE_NULL;
    char *zValue = tablaoShorten(
        tablaoColumnText(&look, pStmt, bKnown ? 0 : 1));
    char *zUuid = tablaoShorten(tablaoColumnText(&look, pStmt, 2));
    char *zErr = zValue==0 || zUuid==0 ? 0
        : bKnown ? sqlite3_mprintf("%s; this is %s", pOp->zErr, zValue)
        : bName ? sqlite3_mprintf("%s; %s is the name of the worker %s",
              pOp->zErr, zValue, zUuid)
        : sqlite3_mprintf("%s; %s is none", pOp->zErr, zValue);
    sqlite3_free(zValue);
    sqlite3_free(zUuid);
    if( zErr ){
      sqlite3_free(pOp->zErr);
      pOp->zErr = zErr;
    }else{
      look.rc = SQLITE_NOMEM;
    }
  }
  sqlite3_finalize(pStmt);
  /* The refusal stands even if the lookup failed. */
  if( look.rc==SQLITE_NOMEM ) pOp->rc = look.rc;
  sqlite3_free(look.zErr);
}

/*
** schedule_task(worker_uuid): claims a task for the worker, whose uuid is text,
** and returns it as JSON, an object with uuid, name, type, status, priority,
** job_uuid, job_priority, job_type, steps_total, steps_completed, commands;
** NULL when there is none. An error for a worker that is unknown, soft-deleted,
** not awake, or asked to change its status.
*/
void tablaoScheduleTaskFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "schedule_task");
  tablaoBegin(&op);
  sqlite3_stmt *pStmt = tablaoCached(&op, 0,
      "INSERT INTO main.task_claims(worker_uuid) VALUES(?1)");
  tablaoBind(&op, pStmt, 1, argv[0]);
  tablaoRun(&op, pStmt);
  farmNameWorker(&op, argv[0]);

  pStmt = tablaoCached(&op, 0, FARM_TASK_JSON);
  tablaoBind(&op, pStmt, 1, argv[0]);
  if( tablaoStep(&op, pStmt) ){
    sqlite3_result_value(ctx, sqlite3_column_value(pStmt, 0));
  }
  tablaoDone(op.p, pStmt);
  tablaoEnd(&op);
  tablaoReturn(ctx, &op);
}

/*
** farm_tick(): does all that is due, and returns how much that was, as JSON: an
** object with the numbers timed_out_tasks, timed_out_workers, sleep_schedules,
** stuck_jobs.
**
** The counts are read before the tick, so another statement has to take the
** write lock first.
*/
void tablaoFarmTickFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "farm_tick");
  tablaoBegin(&op);
  tablaoRun(&op, tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
      "UPDATE main.tablao_migrations SET version=version WHERE 0"));
  sqlite3_stmt *pStmt = tablaoCached(&op, 0,
      "SELECT json_object("
        "'timed_out_tasks', timed_out_tasks,"
        "'timed_out_workers', timed_out_workers,"
        "'sleep_schedules', sleep_schedules,"
        "'stuck_jobs', stuck_jobs) FROM main.farm_ticks");
  if( tablaoStep(&op, pStmt) ){
    sqlite3_result_value(ctx, sqlite3_column_value(pStmt, 0));
  }
  tablaoDone(op.p, pStmt);
  tablaoRun(&op, tablaoCached(&op, 0,
      "INSERT INTO main.farm_ticks DEFAULT VALUES"));
  tablaoEnd(&op);
  tablaoReturn(ctx, &op);
}
