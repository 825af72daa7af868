/*
** Functions without side effects.
**
**   SELECT tablao_version();                  -- '0.2.0'
**   SELECT job_status_valid('active');        -- 1
**   SELECT task_status_valid('active ');      -- 0
**   SELECT worker_status_valid('');           -- 1: never signed on
**   SELECT worker_status_valid(NULL);         -- NULL
**
** The lists of statuses are those of the triggers in sql/, from which the
** build takes them. As there, a status is text, compared byte by byte: a BLOB
** or a number is none.
*/
#include "tablao.h"

/* tablao_version(): the version of the extension, text like '0.1.0'. */
void tablaoVersionFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  sqlite3_result_text(ctx, tablaoVersion(), -1, SQLITE_STATIC);
}

/* The validators' result for pValue: 1, 0, or NULL for NULL. */
static void funcStatusValid(
  sqlite3_context *ctx,
  int eKind,
  sqlite3_value *pValue
){
  int eType = sqlite3_value_type(pValue);
  int bValid = 0;
  if( eType==SQLITE_NULL ) return;
  if( eType==SQLITE_TEXT ){
    const char *z = (const char*)sqlite3_value_text(pValue);
    size_t n = (size_t)sqlite3_value_bytes(pValue);
    const char *const *az = tablaoStatuses(eKind);
    if( z==0 ){
      sqlite3_result_error_nomem(ctx);
      return;
    }
    /* The length tells 'active' from what goes on behind a NUL character. */
    for(int i=0; az[i] && !bValid; i++){
      bValid = strlen(az[i])==n && memcmp(az[i], z, n)==0;
    }
  }
  sqlite3_result_int(ctx, bValid);
}

/*
** job_status_valid(x): 1 if x is a status of jobs, else 0 (a number or a BLOB
** is none); NULL for NULL. Never an error.
*/
void tablaoJobStatusValidFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  UNUSED_PARAMETER(argc);
  funcStatusValid(ctx, TABLAO_STATUS_JOB, argv[0]);
}

/*
** task_status_valid(x): 1 if x is a status of tasks, else 0 (a number or a BLOB
** is none); NULL for NULL. Never an error.
*/
void tablaoTaskStatusValidFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  UNUSED_PARAMETER(argc);
  funcStatusValid(ctx, TABLAO_STATUS_TASK, argv[0]);
}

/*
** worker_status_valid(x): 1 if x is a status of workers, '' among them, else
** 0 (a number or a BLOB is none); NULL for NULL. Never an error.
*/
void tablaoWorkerStatusValidFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  UNUSED_PARAMETER(argc);
  funcStatusValid(ctx, TABLAO_STATUS_WORKER, argv[0]);
}
