/*
** task_summaries: the tasks of a job as a list shows them, by index_in_job;
** without a job, the tasks of all jobs. worker_uuid and worker_name are NULL
** where there is no worker. A uuid that no job has, or NULL, has no rows.
**
**   CREATE TABLE task_summaries(
**     id, uuid, name, index_in_job, priority, status, type, updated_at,
**     steps_completed, steps_total,
**     worker_uuid, worker_name,      -- NULL where there is no worker
**     job_uuid HIDDEN,
**     schema HIDDEN                  -- the database; main unless it is named
**   );
**
**   SELECT * FROM task_summaries('JOB UUID') ORDER BY index_in_job LIMIT 20;
**   SELECT name FROM task_summaries
**    WHERE job_uuid='JOB UUID' AND status IN ('failed', 'soft-failed');
**   SELECT j.name, s.name FROM jobs j, task_summaries(j.uuid) s;
**
** With uuid = ? or id = ? only the job of that task is looked at, and in it
** only that task. With job_uuid = ? and index_in_job = ? it is one task, too.
**
** HOW IT WORKS: a cursor runs a statement over the jobs and, for each, reads
** its tasks in batches (collect.c), small ones first so that a LIMIT stops the
** work early. Only the columns that the query uses (colUsed) are read.
** Statements are kept between queries (util.c).
**
** A batch is read by one of two statements. The first goes by the index of
** (job_id, index_in_job), on from where the batch before it ended. But most
** jobs were stored at once, and their tasks lie one behind the other in the
** table. So if id and index_in_job both count up by one at the end of a batch,
** the next batch is read by a range of ids, which saves looking up each task.
** Of it, rows are taken as long as index_in_job counts up by one: it is unique
** in a job, so no task in between can be elsewhere. After the first gap the
** next batch is read by the index again.
**
** Workers are not joined. A farm has few, so the last ones seen are kept in
** the cursor, and most tasks cost no look-up.
**
** The order by index_in_job is that of the index of (job_id, index_in_job);
** for all jobs also (job_uuid, index_in_job), the jobs then coming by uuid.
** Both are given in either direction. With status = ? or, in SQLite 3.38 and
** later, status IN (...), the values become parameters of the statement.
**
** It reads nothing but plain tables of the main database, yet is not
** INNOCUOUS: a trigger in an attached file could copy rows of main through
** it, which that file cannot do by itself. So views and triggers may use it
** only where the application trusts the schema.
*/
#include "tablao.h"
#include <math.h>
#include <stdlib.h>

#define SUMMARIES_DECLARE \
  "CREATE TABLE x(id INTEGER, uuid TEXT, name TEXT, index_in_job INTEGER, " \
  "priority INTEGER, status TEXT, type TEXT, updated_at TEXT, " \
  "steps_completed INTEGER, steps_total INTEGER, worker_uuid TEXT, " \
  "worker_name TEXT, job_uuid TEXT HIDDEN, schema TEXT HIDDEN)"

#define SUMMARIES_COL_ROWID       (-1)
#define SUMMARIES_COL_ID            0
#define SUMMARIES_COL_UUID          1
#define SUMMARIES_COL_INDEX_IN_JOB  3
#define SUMMARIES_COL_STATUS        5
#define SUMMARIES_COL_WORKER_UUID  10
#define SUMMARIES_COL_WORKER_NAME  11
#define SUMMARIES_COL_JOB_UUID     12
#define SUMMARIES_COL_SCHEMA       13

/* The columns that come from tasks, in their order. */
static const char *const azSummariesColumn[] = {
  "id", "uuid", "name", "index_in_job", "priority", "status", "type",
  "updated_at", "steps_completed", "steps_total"
};
#define SUMMARIES_N_STORED 10

/* Columns of a batch: the id, the index, the worker if asked for, others. */
#define SUMMARIES_CELL_ID     0
#define SUMMARIES_CELL_INDEX  1
#define SUMMARIES_CELL_WORKER 2

/* Parameters of the statements that read a batch. */
#define SUMMARIES_VAR_JOB    1  /* the job's id */
#define SUMMARIES_VAR_FROM   2  /* index: the one before; range: first id */
#define SUMMARIES_VAR_TO     3  /* index: number of rows; range: last id */
#define SUMMARIES_VAR_STATUS 4  /* and up: statuses */
#define SUMMARIES_VAR_KEY   12  /* the task's uuid, id or index */

/* Between this and its negative, adding or subtracting a batch cannot
** overflow. */
#define SUMMARIES_LARGE ((sqlite3_int64)1<<62)

/* Rows in the first batch of a job, and in the largest. */
#define SUMMARIES_BATCH_MIN 32
#define SUMMARIES_BATCH_MAX 512

/* Bits of idxNum. argv has those that are given of the schema, the job, the key
** and the status, in this order. The key is one of a task's uuid, id and index.
** idxStr is colUsed, in hexadecimal. */
#define SUMMARIES_IDX_JOB         0x01  /* job_uuid = ? */
#define SUMMARIES_IDX_STATUS      0x02  /* status = ? */
#define SUMMARIES_IDX_STATUS_IN   0x04  /* status IN (...), all in one value */
#define SUMMARIES_IDX_INDEX_DESC  0x08  /* index_in_job counts down */
#define SUMMARIES_IDX_BY_JOB      0x10  /* jobs by uuid, not by id */
#define SUMMARIES_IDX_JOB_DESC    0x20  /* and those count down */
#define SUMMARIES_IDX_SCHEMA      0x40  /* schema = ?: the first of argv */
#define SUMMARIES_IDX_UUID        0x80  /* uuid = ? */
#define SUMMARIES_IDX_ID         0x100  /* id = ? */
#define SUMMARIES_IDX_INDEX      0x200  /* index_in_job = ?, of a job */
#define SUMMARIES_IDX_KEY \
  (SUMMARIES_IDX_UUID|SUMMARIES_IDX_ID|SUMMARIES_IDX_INDEX)

/* Values of an IN that become parameters. With more, SQLite filters. */
#define SUMMARIES_N_STATUS 8

/* Workers kept by a cursor; a power of two. Farms have a thousand. */
#define SUMMARIES_N_WORKER 1024

typedef struct SummariesWorker SummariesWorker;
struct SummariesWorker {
  sqlite3_int64 id;
  sqlite3_value *pUuid;     /* NULL: nothing is kept here */
  sqlite3_value *pName;
};

typedef struct SummariesCursor SummariesCursor;
struct SummariesCursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *pJobs;      /* the jobs to show: id, uuid */
  sqlite3_stmt *pPage;      /* a batch of one, by index */
  sqlite3_stmt *pRange;     /* a batch by id; NULL where it may not be used */
  char *zSchema;            /* NULL: main */
  sqlite3_stmt *pWorker;    /* one worker: uuid, name; prepared when needed */
  TablaoBatch batch;
  int iRow;                 /* the current row of the batch */
  const TablaoCell *aCell;  /* its cells */
  int nWant;                /* rows in a full batch */
  int bMore;                /* the job may have rows behind the batch */
  int bDesc;                /* index_in_job counts down */
  int bEof;
  int aiCell[SUMMARIES_N_STORED];  /* where the batch has a column */
  SummariesWorker *aWorker; /* by the low bits of id; NULL until needed */
};

static int summariesConnect(
  sqlite3 *db,
  void *pAux,
  int argc,
  const char *const *argv,
  sqlite3_vtab **ppVtab,
  char **pzErr
){
  UNUSED_PARAMETER(db);
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  UNUSED_PARAMETER(pzErr);
  return tablaoVtabConnect(pAux, SUMMARIES_DECLARE, ppVtab);
}

static int summariesOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UNUSED_PARAMETER(pVtab);
  return tablaoVtabOpen(sizeof(SummariesCursor), ppCursor);
}

/* Puts the cursor back into its state at xOpen. */
static void summariesCursorReset(SummariesCursor *pCur){
  TablaoDb *p = ((TablaoVtab*)pCur->base.pVtab)->p;
  tablaoDone(p, pCur->pJobs);
  tablaoDone(p, pCur->pPage);
  tablaoDone(p, pCur->pRange);
  tablaoDone(p, pCur->pWorker);
  pCur->pJobs = pCur->pPage = pCur->pRange = pCur->pWorker = 0;
  tablaoBatchClear(&pCur->batch);
  for(int i=0; pCur->aWorker && i<SUMMARIES_N_WORKER; i++){
    sqlite3_value_free(pCur->aWorker[i].pUuid);
    sqlite3_value_free(pCur->aWorker[i].pName);
  }
  sqlite3_free(pCur->aWorker);
  pCur->aWorker = 0;
  sqlite3_free(pCur->zSchema);
  pCur->zSchema = 0;
}

static int summariesClose(sqlite3_vtab_cursor *pBase){
  summariesCursorReset((SummariesCursor*)pBase);
  sqlite3_free(pBase);
  return SQLITE_OK;
}

/* --- Batches --------------------------------------------------------------*/

/*
** Reads the next batch by id, if both numbers count up at the end of this one.
** Returns whether it has rows.
*/
static int summariesReadRange(SummariesCursor *pCur, TablaoOp *pOp){
  TablaoBatch *p = &pCur->batch;
  if( pCur->pRange==0 || p->nRow<2 ) return 0;
  const TablaoCell *aLast = &p->aCell[(ptrdiff_t)(p->nRow-1)*p->nCol];
  const TablaoCell *aPrev = aLast - p->nCol;
  sqlite3_int64 id = aLast[SUMMARIES_CELL_ID].u.i;
  sqlite3_int64 iIndex = aLast[SUMMARIES_CELL_INDEX].u.i;
  if( id<-SUMMARIES_LARGE || id>SUMMARIES_LARGE
   || iIndex<-SUMMARIES_LARGE || iIndex>SUMMARIES_LARGE
   || id-1!=aPrev[SUMMARIES_CELL_ID].u.i
   || iIndex-1!=aPrev[SUMMARIES_CELL_INDEX].u.i
  ){
    return 0;
  }
  p->bExpect = 1;
  p->iExpectCol = SUMMARIES_CELL_INDEX;
  p->iExpect = iIndex+1;
  tablaoBind(pOp, pCur->pRange, SUMMARIES_VAR_JOB,
      sqlite3_column_value(pCur->pJobs, 0));
  tablaoBindInt(pOp, pCur->pRange, SUMMARIES_VAR_FROM, id+1);
  tablaoBindInt(pOp, pCur->pRange, SUMMARIES_VAR_TO, id+pCur->nWant);
  tablaoBatchFill(pOp, p, pCur->pRange);
  p->bExpect = 0;
  return p->nRow>0;
}

/*
** Reads the next batch by index: the rows after iAfter, or with bFirst from the
** first on. Minus infinity sorts before all numbers, and an empty BLOB after
** all numbers and texts.
*/
static void summariesReadPage(
  SummariesCursor *pCur,
  TablaoOp *pOp,
  int bFirst,
  sqlite3_int64 iAfter
){
  sqlite3_stmt *pStmt = pCur->pPage;
  tablaoBind(pOp, pStmt, SUMMARIES_VAR_JOB,
      sqlite3_column_value(pCur->pJobs, 0));
  if( !bFirst ){
    tablaoBindInt(pOp, pStmt, SUMMARIES_VAR_FROM, iAfter);
  }else if( pCur->bDesc ){
    sqlite3_bind_zeroblob(pStmt, SUMMARIES_VAR_FROM, 0);
  }else{
    sqlite3_bind_double(pStmt, SUMMARIES_VAR_FROM, -HUGE_VAL);
  }
  tablaoBindInt(pOp, pStmt, SUMMARIES_VAR_TO, pCur->nWant);
  tablaoBatchFill(pOp, &pCur->batch, pStmt);
  pCur->bMore = pCur->batch.nRow==pCur->nWant;
}

/*
** Reads the next batch of the job. Returns whether it has rows. An index that
** is not an integer, which our triggers do not let in, is an error: iAfter is
** one.
*/
static int summariesReadNext(SummariesCursor *pCur, TablaoOp *pOp){
  TablaoBatch *p = &pCur->batch;
  if( !pCur->bMore ) return 0;
  const TablaoCell *aLast = &p->aCell[(ptrdiff_t)(p->nRow-1)*p->nCol];
  sqlite3_int64 iAfter = aLast[SUMMARIES_CELL_INDEX].u.i;
  if( aLast[SUMMARIES_CELL_INDEX].eType!=SQLITE_INTEGER ){
    tablaoFail(pOp, SQLITE_CORRUPT_VTAB, "tablao: %s: tasks.index_in_job is "
        "no integer in task %lld", pOp->zWho, aLast[SUMMARIES_CELL_ID].u.i);
    return 0;
  }
  if( pCur->nWant<SUMMARIES_BATCH_MAX ) pCur->nWant *= 4;
  if( !summariesReadRange(pCur, pOp) ){
    summariesReadPage(pCur, pOp, 0, iAfter);
  }
  pCur->iRow = 0;
  pCur->aCell = p->aCell;
  return p->nRow>0;
}

/* Goes on to the next job that has tasks, and its first task; or to EOF. */
static int summariesNextJob(SummariesCursor *pCur, TablaoOp *pOp){
  pCur->bEof = 1;
  while( pCur->bEof && tablaoStep(pOp, pCur->pJobs) ){
    pCur->nWant = SUMMARIES_BATCH_MIN;
    summariesReadPage(pCur, pOp, 1, 0);
    pCur->iRow = 0;
    pCur->aCell = pCur->batch.aCell;
    if( pCur->batch.nRow>0 ) pCur->bEof = 0;
  }
  if( pOp->rc ) pCur->bEof = 1;
  return tablaoVtabError(pCur->base.pVtab, pOp);
}

static int summariesNext(sqlite3_vtab_cursor *pBase){
  SummariesCursor *pCur = (SummariesCursor*)pBase;
  pCur->aCell += pCur->batch.nCol;
  if( ++pCur->iRow<pCur->batch.nRow ) return SQLITE_OK;
  TablaoOp op;
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "task_summaries");
  op.zSchema = pCur->zSchema;
  if( summariesReadNext(pCur, &op) && op.rc==SQLITE_OK ) return SQLITE_OK;
  return summariesNextJob(pCur, &op);
}

static int summariesEof(sqlite3_vtab_cursor *pBase){
  return ((SummariesCursor*)pBase)->bEof;
}

/* --- Columns --------------------------------------------------------------*/

static int summariesRowid(sqlite3_vtab_cursor *pBase, sqlite3_int64 *piRowid){
  *piRowid = ((SummariesCursor*)pBase)->aCell[SUMMARIES_CELL_ID].u.i;
  return SQLITE_OK;
}

/* Result: the uuid or name of the worker of the current task. */
static int summariesWorker(
  SummariesCursor *pCur,
  sqlite3_context *ctx,
  int bName
){
  const TablaoCell *pCell = &pCur->aCell[SUMMARIES_CELL_WORKER];
  if( pCell->eType!=SQLITE_INTEGER ) return SQLITE_OK;
  sqlite3_int64 id = pCell->u.i;
  if( pCur->aWorker==0 ){
    sqlite3_uint64 nByte = SUMMARIES_N_WORKER*sizeof(SummariesWorker);
    pCur->aWorker = sqlite3_malloc64(nByte);
    if( pCur->aWorker==0 ) return SQLITE_NOMEM;
    memset(pCur->aWorker, 0, (size_t)nByte);
  }
  SummariesWorker *pWorker = &pCur->aWorker[id & (SUMMARIES_N_WORKER-1)];
  if( pWorker->pUuid==0 || pWorker->id!=id ){
    TablaoOp op;
    tablaoOpInit(&op, ((TablaoVtab*)pCur->base.pVtab)->p, "task_summaries");
    op.zSchema = pCur->zSchema;
    sqlite3_value_free(pWorker->pUuid);
    sqlite3_value_free(pWorker->pName);
    pWorker->pUuid = pWorker->pName = 0;
    if( pCur->pWorker==0 ){
      pCur->pWorker = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
          "SELECT w.uuid, w.name FROM (SELECT 1) "
          "LEFT JOIN main.workers w ON w.id=?1");
    }
    tablaoBindInt(&op, pCur->pWorker, 1, id);
    if( tablaoStep(&op, pCur->pWorker) ){
      pWorker->id = id;
      pWorker->pUuid = sqlite3_value_dup(sqlite3_column_value(pCur->pWorker,0));
      pWorker->pName = sqlite3_value_dup(sqlite3_column_value(pCur->pWorker,1));
      if( pWorker->pUuid==0 || pWorker->pName==0 ) op.rc = SQLITE_NOMEM;
    }
    sqlite3_reset(pCur->pWorker);
    if( op.rc ) return tablaoVtabError(pCur->base.pVtab, &op);
  }
  tablaoResultValue(ctx, bName ? pWorker->pName : pWorker->pUuid);
  return SQLITE_OK;
}

static int summariesColumn(
  sqlite3_vtab_cursor *pBase,
  sqlite3_context *ctx,
  int iCol
){
  SummariesCursor *pCur = (SummariesCursor*)pBase;
  if( iCol<SUMMARIES_N_STORED ){
    tablaoBatchResult(ctx, &pCur->batch, &pCur->aCell[pCur->aiCell[iCol]]);
  }else if( iCol==SUMMARIES_COL_JOB_UUID ){
    sqlite3_result_value(ctx, sqlite3_column_value(pCur->pJobs, 1));
  }else if( iCol==SUMMARIES_COL_SCHEMA ){
    sqlite3_result_text(ctx, pCur->zSchema ? pCur->zSchema : "main", -1,
        SQLITE_TRANSIENT);
  }else{
    return summariesWorker(pCur, ctx, iCol==SUMMARIES_COL_WORKER_NAME);
  }
  return SQLITE_OK;
}

/*
** Prepares what reads batches: the id, the index, and of the columns those
** whose bit is in mUsed.
*/
static void summariesPrepare(
  SummariesCursor *pCur,
  TablaoOp *pOp,
  int idxNum,
  unsigned int mUsed
){
  static const unsigned int mWorker = 1u<<SUMMARIES_COL_WORKER_UUID
                                    | 1u<<SUMMARIES_COL_WORKER_NAME;
  int nCell = 2;
  int bStatus = (idxNum & (SUMMARIES_IDX_STATUS|SUMMARIES_IDX_STATUS_IN))!=0;
  int bKey = (idxNum & SUMMARIES_IDX_KEY)!=0;
  sqlite3_str *pSql = sqlite3_str_new(0);
  sqlite3_str_appendall(pSql, "id, index_in_job");
  if( mUsed & mWorker ){
    sqlite3_str_appendall(pSql, ", worker_id");
    nCell++;
  }
  for(int i=0; i<SUMMARIES_N_STORED; i++){
    if( i==SUMMARIES_COL_ID ){
      pCur->aiCell[i] = SUMMARIES_CELL_ID;
    }else if( i==SUMMARIES_COL_INDEX_IN_JOB ){
      pCur->aiCell[i] = SUMMARIES_CELL_INDEX;
    }else if( mUsed>>i & 1 ){
      sqlite3_str_appendf(pSql, ", %s", azSummariesColumn[i]);
      pCur->aiCell[i] = nCell++;
    }
  }
  char *zColumns = sqlite3_str_finish(pSql);
  /* NO_VTAB: a view in the place of tasks cannot call us again. */
  char *zPage = zColumns==0 ? 0 : sqlite3_mprintf(
      "SELECT tablao_collect(%s) FROM (SELECT %s FROM main.tasks "
      "WHERE likelihood(job_id=?1, 1e-5) AND index_in_job%s?2%s%s "
      "ORDER BY index_in_job%s LIMIT ?3)",
      zColumns, zColumns, pCur->bDesc ? "<" : ">",
      (idxNum & SUMMARIES_IDX_UUID) ? " AND uuid=?12"
          : (idxNum & SUMMARIES_IDX_ID) ? " AND id=?12"
          : bKey ? " AND index_in_job=?12" : "",
      !bStatus ? "" : (idxNum & SUMMARIES_IDX_STATUS) ? " AND status=?4"
          : " AND status IN (?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      pCur->bDesc ? " DESC" : "");
  /* The + keeps SQLite from going by the index of job_id. */
  char *zRange = zColumns==0 ? 0 : sqlite3_mprintf(
      "SELECT tablao_collect(%s) FROM main.tasks "
      "WHERE id BETWEEN ?2 AND ?3 AND +job_id=?1", zColumns);
  if( zPage==0 || zRange==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    pCur->batch.nCol = nCell;
    pCur->pPage = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB, zPage);
    if( !bStatus && !bKey && !pCur->bDesc ){
      pCur->pRange = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB, zRange);
    }
  }
  sqlite3_free(zColumns);
  sqlite3_free(zPage);
  sqlite3_free(zRange);
}

/*
** The values of a status IN (...), as many as there is room for in apValue.
** OUT: *pnValue is their number, or -1 if there are too many.
*/
static int summariesInList(
  sqlite3_value *pList,
  sqlite3_value **apValue,
  int *pnValue
){
#if SQLITE_VERSION_NUMBER>=3038000
  sqlite3_value *pValue = 0;
  int n = 0;
  int rc;
  for(rc=sqlite3_vtab_in_first(pList, &pValue); rc==SQLITE_OK && pValue;
      rc=sqlite3_vtab_in_next(pList, &pValue)){
    if( n==SUMMARIES_N_STATUS ){
      *pnValue = -1;
      return SQLITE_OK;
    }
    apValue[n] = sqlite3_value_dup(pValue);
    if( apValue[n]==0 ) return SQLITE_NOMEM;
    *pnValue = ++n;
  }
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
#else
  UNUSED_PARAMETER(pList);
  UNUSED_PARAMETER(apValue);
  UNUSED_PARAMETER(pnValue);
  return SQLITE_ERROR;
#endif
}

static int summariesFilter(
  sqlite3_vtab_cursor *pBase,
  int idxNum,
  const char *idxStr,
  int argc,
  sqlite3_value **argv
){
  SummariesCursor *pCur = (SummariesCursor*)pBase;
  sqlite3_value *apStatus[SUMMARIES_N_STATUS] = {0};
  int nStatus = 0;
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "task_summaries");
  summariesCursorReset(pCur);
  pCur->bEof = 1;
  if( idxNum & SUMMARIES_IDX_SCHEMA ){
    pCur->zSchema = tablaoSchema(&op, *argv++);
  }

  static const char *const azJobs[] = {
    "SELECT id, uuid FROM main.jobs ORDER BY id",
    "SELECT id, uuid FROM main.jobs ORDER BY uuid",
    "SELECT id, uuid FROM main.jobs ORDER BY uuid DESC",
    "SELECT id, uuid FROM main.jobs WHERE uuid=?1",
    "SELECT id, uuid FROM main.jobs "
        "WHERE id=(SELECT job_id FROM main.tasks WHERE uuid=?1)",
    "SELECT id, uuid FROM main.jobs "
        "WHERE id=(SELECT job_id FROM main.tasks WHERE id=?1)",
  };
  int iJobs = (idxNum & SUMMARIES_IDX_JOB) ? 3
            : (idxNum & SUMMARIES_IDX_UUID) ? 4
            : (idxNum & SUMMARIES_IDX_ID) ? 5
            : (idxNum & SUMMARIES_IDX_BY_JOB)==0 ? 0
            : (idxNum & SUMMARIES_IDX_JOB_DESC)==0 ? 1 : 2;
  pCur->pJobs = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB, azJobs[iJobs]);
  if( iJobs>=3 ) tablaoBind(&op, pCur->pJobs, 1, argv[0]);
  if( iJobs==3 ) argv++;
  sqlite3_value *pKey = 0;
  if( idxNum & SUMMARIES_IDX_KEY ) pKey = *argv++;

  if( idxNum & SUMMARIES_IDX_STATUS_IN ){
    op.rc = op.rc ? op.rc : summariesInList(argv[0], apStatus, &nStatus);
    if( nStatus<0 ) idxNum &= ~SUMMARIES_IDX_STATUS_IN;
  }
  pCur->bDesc = (idxNum & SUMMARIES_IDX_INDEX_DESC)!=0;
  if( op.rc==SQLITE_OK ){
    summariesPrepare(pCur, &op, idxNum, (unsigned int)strtoul(idxStr, 0, 16));
  }
  if( pKey ) tablaoBind(&op, pCur->pPage, SUMMARIES_VAR_KEY, pKey);
  if( idxNum & SUMMARIES_IDX_STATUS ){
    tablaoBind(&op, pCur->pPage, SUMMARIES_VAR_STATUS, argv[0]);
  }
  for(int i=0; i<SUMMARIES_N_STATUS; i++){
    if( i<nStatus ){
      tablaoBind(&op, pCur->pPage, SUMMARIES_VAR_STATUS+i, apStatus[i]);
    }
    sqlite3_value_free(apStatus[i]);
  }
  return summariesNextJob(pCur, &op);
}

/* True if the plan can give the rows in the order that is wanted; idxNum then
** says which. */
static int summariesOrdered(sqlite3_index_info *pInfo){
  int i = 0;
  int n = pInfo->nOrderBy;
  if( i<n && pInfo->aOrderBy[i].iColumn==SUMMARIES_COL_JOB_UUID ){
    /* One job only: it is in any order. */
    pInfo->idxNum |= SUMMARIES_IDX_BY_JOB;
    if( pInfo->aOrderBy[i].desc ) pInfo->idxNum |= SUMMARIES_IDX_JOB_DESC;
    i++;
  }else if( (pInfo->idxNum & SUMMARIES_IDX_JOB)==0 ){
    return 0;
  }
  if( i<n && pInfo->aOrderBy[i].iColumn==SUMMARIES_COL_INDEX_IN_JOB ){
    if( pInfo->aOrderBy[i].desc ) pInfo->idxNum |= SUMMARIES_IDX_INDEX_DESC;
    i++;
  }
  return i==n;
}

/* Uses the constraint on the status. An IN that does not come as a whole comes
** value by value, as an =. */
static void summariesUseStatus(
  sqlite3_index_info *pInfo,
  int iStatus,
  int *pnArg
){
  int mBit = SUMMARIES_IDX_STATUS;
#if SQLITE_VERSION_NUMBER>=3038000
  if( sqlite3_libversion_number()>=3038000
   && sqlite3_vtab_in(pInfo, iStatus, 1)
  ){
    mBit = SUMMARIES_IDX_STATUS_IN;
  }
#endif
  /* SQLite compares an IN once more: it may have more values than we take. */
  tablaoVtabUse(pInfo, iStatus, mBit, mBit==SUMMARIES_IDX_STATUS, pnArg);
  pInfo->estimatedCost /= 2;
  pInfo->estimatedRows = pInfo->estimatedRows/4 + 1;
}

static int summariesBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  int iJob = -1;
  int iStatus = -1;
  int iSchema = -1;
  int iUuid = -1;
  int iId = -1;
  int iIndex = -1;
  int nArg = 0;
  UNUSED_PARAMETER(pVtab);
  int rc = tablaoVtabSchema(pInfo, SUMMARIES_COL_SCHEMA, &iSchema);
  if( rc ) return rc;
  for(int i=0; i<pInfo->nConstraint; i++){
    if( pInfo->aConstraint[i].op!=SQLITE_INDEX_CONSTRAINT_EQ
     || !pInfo->aConstraint[i].usable
     || sqlite3_stricmp(sqlite3_vtab_collation(pInfo, i), "BINARY")
    ){
      continue;
    }
    switch( pInfo->aConstraint[i].iColumn ){
      case SUMMARIES_COL_JOB_UUID:     iJob = i;    break;
      case SUMMARIES_COL_STATUS:       iStatus = i; break;
      case SUMMARIES_COL_UUID:         iUuid = i;   break;
      case SUMMARIES_COL_INDEX_IN_JOB: iIndex = i;  break;
      case SUMMARIES_COL_ROWID:
      case SUMMARIES_COL_ID:           iId = i;     break;
      default:                                      break;
    }
  }
  int iKey = iUuid>=0 ? iUuid : iId>=0 ? iId : iJob>=0 ? iIndex : -1;
  int mKey = iUuid>=0 ? SUMMARIES_IDX_UUID
           : iId>=0 ? SUMMARIES_IDX_ID : SUMMARIES_IDX_INDEX;
  pInfo->idxNum = 0;
  pInfo->estimatedCost = iKey>=0 ? 10 : iJob>=0 ? 1e4 : 1e7;
  pInfo->estimatedRows = iKey>=0 ? 1 : iJob>=0 ? 1000 : 1000000;
  if( iKey>=0 ) pInfo->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
  tablaoVtabUse(pInfo, iSchema, SUMMARIES_IDX_SCHEMA, 1, &nArg);
  tablaoVtabUse(pInfo, iJob, SUMMARIES_IDX_JOB, 1, &nArg);
  tablaoVtabUse(pInfo, iKey, mKey, 0, &nArg);
  if( iStatus>=0 ) summariesUseStatus(pInfo, iStatus, &nArg);
  pInfo->orderByConsumed = summariesOrdered(pInfo);
  pInfo->idxStr = sqlite3_mprintf("%x", (unsigned int)pInfo->colUsed);
  pInfo->needToFreeIdxStr = 1;
  return pInfo->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

const sqlite3_module tablaoTaskSummariesModule = {
  .iVersion = 0,
  .xCreate = 0,             /* eponymous only */
  .xConnect = summariesConnect,
  .xBestIndex = summariesBestIndex,
  .xDisconnect = tablaoVtabDisconnect,
  .xOpen = summariesOpen,
  .xClose = summariesClose,
  .xFilter = summariesFilter,
  .xNext = summariesNext,
  .xEof = summariesEof,
  .xColumn = summariesColumn,
  .xRowid = summariesRowid,
};
