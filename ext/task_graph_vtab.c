/*
** task_graph: how the tasks of a job wait for each other; without a job, the
** tasks of all jobs. level is the longest path from a task that waits for
** nothing, which has level 0; is_critical is 1 on a longest path of the job,
** else 0. Both are NULL on a circle of dependencies and behind it. A uuid that
** no job has is an error.
**
**   CREATE TABLE task_graph(
**     uuid, name, status,       -- of the task
**     level,                    -- longest path from a root; 0 for a root
**     num_dependencies,         -- tasks that it waits for
**     num_dependents,           -- tasks that wait for it
**     is_critical,              -- 1 on a longest path of the job, else 0
**     job_uuid HIDDEN,
**     schema HIDDEN             -- the database; main unless it is named
**   );
**
**   SELECT name, level FROM task_graph('JOB UUID') WHERE is_critical;
**   SELECT level, count(*) FROM task_graph('JOB UUID') GROUP BY level;
**   SELECT j.name, max(g.level)+1 FROM jobs j, task_graph(j.uuid) g
**    GROUP BY j.id;
**   SELECT name FROM task_graph('JOB UUID') WHERE level IS NULL;
**
** The last one finds tasks on a cycle, or behind one: level and is_critical
** are NULL for these, and no path goes through them. store_authored_job()
** lets no cycle in, but a client that inserts rows may.
**
** Rows come in the order of index_in_job. Without a job: all jobs, one after
** the other. With uuid = ? only the job of that task is looked at, and in it
** only that task. A uuid that no job has is an error, since a mistyped one
** would look like a job without tasks; NULL has no rows.
**
** HOW IT WORKS: for each job, xFilter and xNext read all task ids and all
** dependencies, sort them (graph.c), and find for each task the longest path
** to it (level) and from it. A task is critical when the two add up to the
** longest path of all. This is linear in the number of tasks and of
** dependencies, of which it keeps four integers each. Names are not kept: a
** second run of the statement delivers them, or with uuid = ? one that finds
** the task.
**
** A join that asks for one task after the other would measure the job each
** time. So the cursor keeps what it measured, and uses it again if the next
** task is of the same job and nothing has been written: sqlite3_total_changes()
** tells that of this connection, and what others write is not seen while a
** statement that has been begun (pHold) is not ended.
**
** It reads nothing but plain tables of the main database, yet is not
** INNOCUOUS: a trigger in an attached file could copy rows of main through
** it, which that file cannot do by itself. So views and triggers may use it
** only where the application trusts the schema.
*/
#include "tablao.h"
#include <limits.h>

#define GRAPH_DECLARE \
  "CREATE TABLE x(uuid TEXT, name TEXT, status TEXT, level INTEGER, " \
  "num_dependencies INTEGER, num_dependents INTEGER, is_critical INTEGER, " \
  "job_uuid TEXT HIDDEN, schema TEXT HIDDEN)"

#define GRAPH_COL_UUID             0
#define GRAPH_COL_NAME             1
#define GRAPH_COL_STATUS           2
#define GRAPH_COL_LEVEL            3
#define GRAPH_COL_NUM_DEPENDENCIES 4
#define GRAPH_COL_NUM_DEPENDENTS   5
#define GRAPH_COL_IS_CRITICAL      6
#define GRAPH_COL_JOB_UUID         7
#define GRAPH_COL_SCHEMA           8

/* Bits of idxNum, in the order of argv. Without the first two: all jobs. */
#define GRAPH_IDX_JOB    1  /* job_uuid = ? */
#define GRAPH_IDX_TASK   4  /* uuid = ? */
#define GRAPH_IDX_SCHEMA 2  /* schema = ? */

/* What is known of one task. */
typedef struct GraphNode GraphNode;
struct GraphNode {
  sqlite3_int64 id;
  int nDependency;
  int nDependent;
  int iLevel;               /* longest path to it */
  int nBelow;               /* longest path from it */
};

typedef struct GraphCursor GraphCursor;
struct GraphCursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *pJobs;      /* the jobs to show: id, uuid */
  sqlite3_stmt *pTasks;     /* the tasks of one: id, uuid, name, status */
  sqlite3_stmt *pTask;      /* one of these, likewise; NULL: all are shown */
  sqlite3_stmt *pEdges;     /* the dependencies of one */
  sqlite3_stmt *pHold;      /* keeps what others write from being seen */
  char *zSchema;            /* NULL: main */
  sqlite3_int64 iJob;       /* id of the job that was measured */
  int nChange;              /* sqlite3_total_changes() by then */
  TablaoGraph graph;        /* of that job; node i is aNode[i] */
  GraphNode *aNode;         /* by index_in_job */
  int *aHash;               /* node number + 1 of an id; 0 is free */
  int nHash;                /* a power of two */
  int nLongest;             /* the longest path of the job */
  int iNode;                /* the node of the current row */
  int bFound;               /* a job was found */
  int bInJob;               /* its tasks are being shown; else EOF */
};

static int graphConnect(
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
  return tablaoVtabConnect(pAux, GRAPH_DECLARE, ppVtab);
}

static int graphOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UNUSED_PARAMETER(pVtab);
  return tablaoVtabOpen(sizeof(GraphCursor), ppCursor);
}

/* Forgets the job that was measured. */
static void graphForget(GraphCursor *pCur){
  tablaoDone(((TablaoVtab*)pCur->base.pVtab)->p, pCur->pHold);
  pCur->pHold = 0;
  tablaoGraphClear(&pCur->graph);
  sqlite3_free(pCur->aNode);
  sqlite3_free(pCur->aHash);
  pCur->aNode = 0;
  pCur->aHash = 0;
}

/* Puts the cursor back into its state at xOpen, but keeps what was measured in
** main. */
static void graphCursorReset(GraphCursor *pCur){
  TablaoDb *p = ((TablaoVtab*)pCur->base.pVtab)->p;
  if( pCur->zSchema ) graphForget(pCur);
  tablaoDone(p, pCur->pJobs);
  tablaoDone(p, pCur->pTasks);
  tablaoDone(p, pCur->pTask);
  tablaoDone(p, pCur->pEdges);
  sqlite3_free(pCur->zSchema);
  pCur->zSchema = 0;
  pCur->pJobs = pCur->pTasks = pCur->pTask = pCur->pEdges = 0;
}

static int graphClose(sqlite3_vtab_cursor *pBase){
  graphCursorReset((GraphCursor*)pBase);
  graphForget((GraphCursor*)pBase);
  sqlite3_free(pBase);
  return SQLITE_OK;
}

/* The place in aHash of an id, or the free one where it belongs. */
static int *graphHashSlot(GraphCursor *pCur, sqlite3_int64 id){
  sqlite3_uint64 h = (sqlite3_uint64)id * 0x9E3779B97F4A7C15u;
  int i = (int)(h>>33) & (pCur->nHash-1);
  while( pCur->aHash[i] && pCur->aNode[pCur->aHash[i]-1].id!=id ){
    i = (i+1) & (pCur->nHash-1);
  }
  return &pCur->aHash[i];
}

/* Reads the ids of the job's tasks into aNode. */
static void graphReadNodes(GraphCursor *pCur, TablaoOp *pOp){
  int nNode = 0;
  int nAlloc = 0;
  while( tablaoStep(pOp, pCur->pTasks) ){
    if( nNode==nAlloc ){
      int nNew = nAlloc>INT_MAX/8 ? 0 : nAlloc*2 + 64;
      GraphNode *aNew = nNew==0 ? 0 : sqlite3_realloc64(pCur->aNode,
          (sqlite3_uint64)nNew*sizeof(GraphNode));
      if( aNew==0 ){
        pOp->rc = SQLITE_NOMEM;
        break;
      }
      pCur->aNode = aNew;
      nAlloc = nNew;
    }
    memset(&pCur->aNode[nNode], 0, sizeof(GraphNode));
    pCur->aNode[nNode++].id = sqlite3_column_int64(pCur->pTasks, 0);
  }
  sqlite3_reset(pCur->pTasks);
  tablaoGraphInit(&pCur->graph, nNode);

  for(pCur->nHash=64; pCur->nHash<2*nNode; pCur->nHash*=2){}
  sqlite3_uint64 nByte = (sqlite3_uint64)pCur->nHash*sizeof(int);
  pCur->aHash = sqlite3_malloc64(nByte);
  if( pCur->aHash==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  memset(pCur->aHash, 0, (size_t)nByte);
  for(int i=0; i<nNode; i++){
    *graphHashSlot(pCur, pCur->aNode[i].id) = i+1;
  }
}

/* Reads the job's dependencies. One that leaves the job is not shown. */
static void graphReadEdges(GraphCursor *pCur, TablaoOp *pOp){
  while( tablaoStep(pOp, pCur->pEdges) ){
    int iTo = *graphHashSlot(pCur, sqlite3_column_int64(pCur->pEdges, 0)) - 1;
    int iFrom = *graphHashSlot(pCur, sqlite3_column_int64(pCur->pEdges, 1)) - 1;
    if( iFrom<0 || iTo<0 ) continue;
    pCur->aNode[iFrom].nDependent++;
    pCur->aNode[iTo].nDependency++;
    if( tablaoGraphEdge(&pCur->graph, iFrom, iTo) ) pOp->rc = SQLITE_NOMEM;
  }
  sqlite3_reset(pCur->pEdges);
}

/* Sorts the job's tasks and measures the paths through them. */
static void graphMeasure(GraphCursor *pCur, TablaoOp *pOp){
  TablaoGraph *pGraph = &pCur->graph;
  GraphNode *aNode = pCur->aNode;
  if( pOp->rc ) return;
  if( tablaoGraphSort(pGraph) ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  pCur->nLongest = 0;
  for(int i=0; i<pGraph->nSorted; i++){
    int iFrom = pGraph->aOrder[i];
    int iLevel = aNode[iFrom].iLevel + 1;
    for(int j=pGraph->aFirst[iFrom]; j<pGraph->aFirst[iFrom+1]; j++){
      GraphNode *pTo = &aNode[pGraph->aTo[j]];
      if( pTo->iLevel<iLevel ) pTo->iLevel = iLevel;
    }
    if( pCur->nLongest<iLevel-1 ) pCur->nLongest = iLevel-1;
  }
  for(int i=pGraph->nSorted-1; i>=0; i--){
    int iFrom = pGraph->aOrder[i];
    for(int j=pGraph->aFirst[iFrom]; j<pGraph->aFirst[iFrom+1]; j++){
      int iTo = pGraph->aTo[j];
      if( pGraph->aWait[iTo]==0 && aNode[iFrom].nBelow<=aNode[iTo].nBelow ){
        aNode[iFrom].nBelow = aNode[iTo].nBelow + 1;
      }
    }
  }
}

/*
** Begins the job of pJobs: measures it, unless it was the last one that was
** measured and nothing has been written since.
*/
static void graphEnter(GraphCursor *pCur, TablaoOp *pOp){
  sqlite3_value *pId = sqlite3_column_value(pCur->pJobs, 0);
  sqlite3_int64 iJob = sqlite3_column_int64(pCur->pJobs, 0);
  int nChange = sqlite3_total_changes(pOp->db);
  pCur->bFound = pCur->bInJob = 1;
  sqlite3_reset(pCur->pTasks);
  tablaoBind(pOp, pCur->pTasks, 1, pId);
  if( pCur->pTask ){
    sqlite3_reset(pCur->pTask);
    tablaoBind(pOp, pCur->pTask, 2, pId);
  }
  /* In a file of ours every id is an integer. */
  if( pCur->aHash && iJob==pCur->iJob && nChange==pCur->nChange
   && sqlite3_column_type(pCur->pJobs, 0)==SQLITE_INTEGER
  ){
    return;
  }
  graphForget(pCur);
  pCur->iJob = iJob;
  pCur->nChange = nChange;
  pCur->pHold = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB,
      "SELECT 1 FROM main.jobs");
  tablaoStep(pOp, pCur->pHold);
  tablaoBind(pOp, pCur->pEdges, 1, pId);
  graphReadNodes(pCur, pOp);
  if( pOp->rc==SQLITE_OK ) graphReadEdges(pCur, pOp);
  graphMeasure(pCur, pOp);
}

/*
** Goes on to the next task, in the next job if need be. A task that came to
** the job after it was measured is passed over: the statement that uses the
** cursor inserted it.
*/
static void graphAdvance(GraphCursor *pCur, TablaoOp *pOp){
  sqlite3_stmt *pRow = pCur->pTask ? pCur->pTask : pCur->pTasks;
  while( pOp->rc==SQLITE_OK ){
    if( pCur->bInJob && tablaoStep(pOp, pRow) ){
      pCur->iNode = *graphHashSlot(pCur, sqlite3_column_int64(pRow, 0)) - 1;
      if( pCur->iNode>=0 ) return;
    }else{
      pCur->bInJob = 0;
      if( !tablaoStep(pOp, pCur->pJobs) ) break;
      graphEnter(pCur, pOp);
    }
  }
  /* After an error there may be half a graph. */
  pCur->bInJob = 0;
  if( pOp->rc ) graphForget(pCur);
}

static int graphNext(sqlite3_vtab_cursor *pBase){
  TablaoOp op;
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "task_graph");
  op.zSchema = ((GraphCursor*)pBase)->zSchema;
  graphAdvance((GraphCursor*)pBase, &op);
  return tablaoVtabError(pBase->pVtab, &op);
}

static int graphEof(sqlite3_vtab_cursor *pBase){
  return !((GraphCursor*)pBase)->bInJob;
}

static int graphRowid(sqlite3_vtab_cursor *pBase, sqlite3_int64 *piRowid){
  GraphCursor *pCur = (GraphCursor*)pBase;
  *piRowid = pCur->aNode[pCur->iNode].id;
  return SQLITE_OK;
}

static int graphColumn(
  sqlite3_vtab_cursor *pBase,
  sqlite3_context *ctx,
  int iCol
){
  GraphCursor *pCur = (GraphCursor*)pBase;
  const GraphNode *pNode = &pCur->aNode[pCur->iNode];
  int bSorted = pCur->graph.aWait[pCur->iNode]==0;
  switch( iCol ){
    case GRAPH_COL_UUID:
    case GRAPH_COL_NAME:
    case GRAPH_COL_STATUS:
      sqlite3_result_value(ctx, sqlite3_column_value(
          pCur->pTask ? pCur->pTask : pCur->pTasks, iCol+1));
      break;
    case GRAPH_COL_LEVEL:
      if( bSorted ) sqlite3_result_int(ctx, pNode->iLevel);
      break;
    case GRAPH_COL_NUM_DEPENDENCIES:
      sqlite3_result_int(ctx, pNode->nDependency);
      break;
    case GRAPH_COL_NUM_DEPENDENTS:
      sqlite3_result_int(ctx, pNode->nDependent);
      break;
    case GRAPH_COL_IS_CRITICAL:
      if( bSorted ){
        sqlite3_result_int(ctx,
            pNode->iLevel + pNode->nBelow==pCur->nLongest);
      }
      break;
    case GRAPH_COL_SCHEMA:
      sqlite3_result_text(ctx, pCur->zSchema ? pCur->zSchema : "main", -1,
          SQLITE_TRANSIENT);
      break;
    default:
      sqlite3_result_value(ctx, sqlite3_column_value(pCur->pJobs, 1));
      break;
  }
  return SQLITE_OK;
}

/*
** The operation fails, since no job has that uuid. A BLOB, as which some
** drivers bind a uuid, is shown as one: its bytes could look like that of a
** job.
*/
static void graphRefuse(TablaoOp *pOp, sqlite3_value *pUuid){
  sqlite3_stmt *pShow = tablaoPrepare(pOp, "SELECT CASE typeof(?1) "
      "WHEN 'blob' THEN quote(?1) ELSE ?1 END");
  tablaoBind(pOp, pShow, 1, pUuid);
  if( tablaoStep(pOp, pShow) ){
    char *zShort = tablaoShorten(tablaoColumnText(pOp, pShow, 0));
    if( zShort==0 ) pOp->rc = SQLITE_NOMEM;
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: no job has the uuid %s",
        pOp->zWho, zShort);
    sqlite3_free(zShort);
  }
  sqlite3_finalize(pShow);
}

static int graphFilter(
  sqlite3_vtab_cursor *pBase,
  int idxNum,
  const char *idxStr,
  int argc,
  sqlite3_value **argv
){
  GraphCursor *pCur = (GraphCursor*)pBase;
  TablaoOp op;
  UNUSED_PARAMETER(idxStr);
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "task_graph");
  graphCursorReset(pCur);
  int bJob = (idxNum & GRAPH_IDX_JOB)!=0;
  int bTask = (idxNum & GRAPH_IDX_TASK)!=0;
  if( idxNum & GRAPH_IDX_SCHEMA ){
    pCur->zSchema = tablaoSchema(&op, argv[bJob+bTask]);
    graphForget(pCur);
  }
  /* NO_VTAB: a view that takes the place of a table cannot call us again. */
  pCur->pJobs = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
      bJob
      ? "SELECT id, uuid FROM main.jobs WHERE uuid=?1"
      : bTask
      ? "SELECT id, uuid FROM main.jobs "
        "WHERE id=(SELECT job_id FROM main.tasks WHERE uuid=?1)"
      : "SELECT id, uuid FROM main.jobs ORDER BY id");
  pCur->pTasks = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
      "SELECT id, uuid, name, status FROM main.tasks "
      "WHERE likelihood(job_id=?1, 1e-5) ORDER BY index_in_job");
  pCur->pEdges = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
      "SELECT d.task_id, d.dependency_id FROM main.tasks t "
      "CROSS JOIN main.task_dependencies d ON likelihood(d.task_id=t.id, 1e-5) "
      "WHERE likelihood(t.job_id=?1, 1e-5)");
  if( bJob || bTask ) tablaoBind(&op, pCur->pJobs, 1, argv[0]);
  if( bTask ){
    pCur->pTask = tablaoCached(&op, SQLITE_PREPARE_NO_VTAB,
        "SELECT id, uuid, name, status FROM main.tasks "
        "WHERE uuid=?1 AND +job_id=?2");
    tablaoBind(&op, pCur->pTask, 1, argv[bJob]);
  }
  pCur->bFound = pCur->bInJob = 0;
  graphAdvance(pCur, &op);
  if( bJob && !pCur->bFound && op.rc==SQLITE_OK
   && sqlite3_value_type(argv[0])!=SQLITE_NULL
  ){
    graphRefuse(&op, argv[0]);
  }
  return tablaoVtabError(pBase->pVtab, &op);
}

static int graphBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  UNUSED_PARAMETER(pVtab);
  int iJob = -1;
  int iTask = -1;
  int iSchema = -1;
  pInfo->estimatedCost = 1e8;
  pInfo->estimatedRows = 1000000;
  int rc = tablaoVtabSchema(pInfo, GRAPH_COL_SCHEMA, &iSchema);
  if( rc ) return rc;
  for(int i=0; i<pInfo->nConstraint; i++){
    if( pInfo->aConstraint[i].op==SQLITE_INDEX_CONSTRAINT_EQ
     && pInfo->aConstraint[i].usable
     && sqlite3_stricmp(sqlite3_vtab_collation(pInfo, i), "BINARY")==0
    ){
      if( pInfo->aConstraint[i].iColumn==GRAPH_COL_JOB_UUID ) iJob = i;
      if( pInfo->aConstraint[i].iColumn==GRAPH_COL_UUID ) iTask = i;
    }
  }
  int nArg = 0;
  pInfo->idxNum = 0;
  if( iJob>=0 || iTask>=0 ){
    pInfo->estimatedCost = 1e4;
    pInfo->estimatedRows = iTask>=0 ? 1 : 1000;
  }
  tablaoVtabUse(pInfo, iJob, GRAPH_IDX_JOB, 1, &nArg);
  tablaoVtabUse(pInfo, iTask, GRAPH_IDX_TASK, 0, &nArg);
  tablaoVtabUse(pInfo, iSchema, GRAPH_IDX_SCHEMA, 1, &nArg);
  return SQLITE_OK;
}

const sqlite3_module tablaoTaskGraphModule = {
  .iVersion = 0,
  .xCreate = 0,             /* eponymous only */
  .xConnect = graphConnect,
  .xBestIndex = graphBestIndex,
  .xDisconnect = tablaoVtabDisconnect,
  .xOpen = graphOpen,
  .xClose = graphClose,
  .xFilter = graphFilter,
  .xNext = graphNext,
  .xEof = graphEof,
  .xColumn = graphColumn,
  .xRowid = graphRowid,
};
