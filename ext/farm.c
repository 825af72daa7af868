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

/* The task that a worker has, as JSON. Everything stored may be anything:
** a BLOB is no JSON, so what is text there is made text here. */
#define FARM_TASK_JSON \
  "SELECT json_object(" \
    "'uuid', CAST(t.uuid AS TEXT)," \
    "'name', CAST(t.name AS TEXT)," \
    "'type', CAST(t.type AS TEXT)," \
    "'status', CAST(t.status AS TEXT)," \
    "'priority', CAST(t.priority AS INTEGER)," \
    "'job_uuid', CAST(j.uuid AS TEXT)," \
    "'job_priority', CAST(j.priority AS INTEGER)," \
    "'job_type', CAST(j.job_type AS TEXT)," \
    "'steps_total', CAST(t.steps_total AS INTEGER)," \
    "'steps_completed', CAST(t.steps_completed AS INTEGER)," \
    "'commands', CASE WHEN json_valid(CAST(t.commands AS TEXT)) " \
      "THEN json(CAST(t.commands AS TEXT)) ELSE json('[]') END) " \
  "FROM main.tablao_current_tasks c " \
  "JOIN main.tasks t ON t.id=c.task_id " \
  "JOIN main.jobs j ON j.id=t.job_id " \
  "WHERE c.worker_uuid=?1"

/*
** schedule_task(worker_uuid): claims a task for the worker, and returns it as
** JSON; NULL when there is none.
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
** farm_tick(): does all that is due, and returns how much that was, as JSON.
**
** The counts are read before, so something else must take the write lock.
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
