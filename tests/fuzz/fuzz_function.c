/*
** Fuzzes the arguments of all functions, doors and tables: the input is a
** series of statements of the table below, with a value for each parameter.
** All is done in a savepoint, at whose end the farm must be sound.
*/
#include "fuzz.h"

static const char *const azStmt[] = {
  "SELECT store_authored_job(?1)",
  "SELECT store_authored_tasks(?1, ?2)",
  "SELECT schedule_task(?1)",
  "SELECT farm_tick()",
  "SELECT job_status_valid(?1), task_status_valid(?1), worker_status_valid(?1)",
  "SELECT tablao_collect(?1, ?2)",
  "SELECT tablao_schema_version(), tablao_version()",
  "SELECT * FROM task_summaries(?1)",
  "SELECT * FROM task_graph(?1)",
  "SELECT * FROM job_query(?1)",
  "SELECT * FROM waiting_tasks WHERE job_uuid=?1",
  "SELECT * FROM job_times WHERE job_uuid=?1",
  "SELECT * FROM worker_statistics",
  "INSERT INTO task_claims(worker_uuid) VALUES(?1)",
  "INSERT INTO task_updates(task_uuid, worker_uuid, status, activity, "
    "steps_completed) VALUES(?1, ?2, ?3, ?4, ?5)",
  "INSERT INTO task_updates(task_uuid, worker_uuid, status) "
    "VALUES('t4', 'w1', ?1)",
  "INSERT INTO authored_jobs(document) VALUES(?1)",
  "INSERT INTO farm_ticks DEFAULT VALUES",
  "UPDATE timed_out_tasks SET status=?1",
  "UPDATE timed_out_workers SET status=?1",
  "DELETE FROM farm_problems",
  "UPDATE farm_settings SET value=?1 WHERE name=?2",
  "UPDATE tasks SET status=?1 WHERE id=abs(coalesce(?2, 1))%9",
  "UPDATE tasks SET worker_id=?1 WHERE id=?2",
  "UPDATE tasks SET steps_completed=?1, steps_total=?2",
  "UPDATE tasks SET priority=?1, type=?2, last_touched_at=?3 WHERE job_id=1",
  "UPDATE jobs SET status=?1 WHERE id=?2",
  "UPDATE jobs SET status=?1, activity=?2",
  "UPDATE jobs SET settings=?1, metadata=?2, worker_tag_id=?3",
  "UPDATE jobs SET priority=?1, updated_at=?2, delete_requested_at=?3",
  "UPDATE workers SET status=?1 WHERE id=1",
  "UPDATE workers SET status_requested=?1, lazy_status_request=?2, "
    "can_restart=?3",
  "UPDATE workers SET deleted_at=?1, last_seen_at=?2 WHERE id=3",
  "UPDATE workers SET supported_task_types=?1",
  "UPDATE sleep_schedules SET days_of_week=?1, start_time=?2, end_time=?3",
  "UPDATE sleep_schedules SET next_check=?1, is_active=?2",
  "INSERT OR REPLACE INTO tasks(uuid, job_id, index_in_job, type, status) "
    "VALUES(?1, ?2, ?3, ?4, ?5)",
  "INSERT OR IGNORE INTO jobs(uuid, name, status) VALUES(?1, ?2, ?3)",
  "INSERT INTO task_dependencies VALUES(?1, ?2)",
  "INSERT OR REPLACE INTO task_failures(task_id, worker_id) VALUES(?1, ?2)",
  "INSERT INTO last_rendereds(job_id) VALUES(?1)",
  "DELETE FROM tasks WHERE id=?1",
  "DELETE FROM jobs WHERE id=?1",
  "DELETE FROM workers WHERE id=?1",
};

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  static sqlite3 *db;
  static sqlite3_stmt *apStmt[N_OF(azStmt)];
  Input in = { a, n };
  if( n>1000 ) return -1;
  if( db==0 ){
    db = openFarm();
    for(size_t i=0; i<N_OF(azStmt); i++){
      if( sqlite3_prepare_v2(db, azStmt[i], -1, &apStmt[i], 0) ){
        finding("%s: %s", azStmt[i], sqlite3_errmsg(db));
      }
    }
  }
  must(db, "SAVEPOINT f");
  for(int nStmt=0; in.n>0 && nStmt<20; nStmt++){
    unsigned iStmt = inOne(&in, N_OF(azStmt));
    sqlite3_stmt *pStmt = apStmt[iStmt];
    int rc;
    for(int i=1; i<=sqlite3_bind_parameter_count(pStmt); i++){
      inBind(&in, pStmt, i);
    }
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
      for(int i=0; i<sqlite3_column_count(pStmt); i++){
        sqlite3_column_text(pStmt, i);
      }
    }
    /* Of the doors, SQLite words some refusals: malformed JSON, say. */
    if( azStmt[iStmt][0]=='S' ) checkMessage(db, rc, azStmt[iStmt]);
    sqlite3_reset(pStmt);
    if( sqlite3_get_autocommit(db) ) finding("%s ended the transaction",
        azStmt[iStmt]);
  }
  checkSound(db);
  must(db, "ROLLBACK TO f; RELEASE f");
  return 0;
}
