/*
** Storing what a job compiler made.
**
**   SELECT store_authored_job('{"name":"shot 1", "job_type":"render",
**     "tasks":[{"uuid":"a", "name":"1-10", "type":"blender"},
**              {"name":"video", "type":"ffmpeg", "dependencies":["a"]}]}');
**     -- the job's uuid
**   SELECT store_authored_tasks('JOB UUID', '[{"name":"11-20", ...}]');
**     -- how many tasks were added
**
** The rules are those of the door authored_jobs, in SQL, and are written
** there. A document takes the same two steps here, in one savepoint: it is
** unpacked into scratch tables (tablao_unpack), and then moved into the tables,
** or refused if something is wrong with it (tablao_store). In between, this
** file refuses dependencies in a circle; and it adds to a message the value
** that is to blame (the offender, from tablao_authoring_problems).
*/
#include "tablao.h"

/* The operation fails: "tablao: MESSAGE: OFFENDER", the latter shortened. */
static void storeRefuse(
  TablaoOp *pOp,
  const char *zMessage,
  const char *zOffender
){
  char *zShort = tablaoShorten(zOffender);
  if( zShort==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    tablaoFail(pOp, SQLITE_CONSTRAINT, "tablao: %s: %s", zMessage, zShort);
  }
  sqlite3_free(zShort);
}

/*
** Step 1: unpacks the document (pJob is NULL) or the tasks for a stored job.
** This is the savepoint's first statement and takes the write lock. What is
** not JSON at all is refused by SQLite, whose message names no offender.
*/
static void storeUnpack(
  TablaoOp *pOp,
  sqlite3_value *pJob,
  sqlite3_value *pDocument
){
  sqlite3_stmt *pStmt = tablaoCached(pOp, 0, pJob
      ? "INSERT INTO main.tablao_unpack(document, job_uuid) VALUES(?1, ?2)"
      : "INSERT INTO main.tablao_unpack(document) VALUES(?1)");
  tablaoBind(pOp, pStmt, 1, pDocument);
  if( pJob ) tablaoBind(pOp, pStmt, 2, pJob);
  tablaoRun(pOp, pStmt);
  if( pOp->zErr && strstr(pOp->zErr, "malformed JSON") ){
    const char *z = (const char*)sqlite3_value_text(pDocument);
    char *zWhat = sqlite3_mprintf("%s: malformed JSON", pOp->zWho);
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = z && zWhat ? SQLITE_OK : SQLITE_NOMEM;
    if( pOp->rc==SQLITE_OK ) storeRefuse(pOp, zWhat, z);
    sqlite3_free(zWhat);
  }
}

/* Adds z, shortened, to the message of a refusal; NULL: there was no memory. */
static void storeName(TablaoOp *pOp, const char *z){
  char *zShort = z ? tablaoShorten(z) : 0;
  char *zErr = zShort ? sqlite3_mprintf("%s: %s", pOp->zErr, zShort) : 0;
  if( zErr ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = zErr;
  }else{
    pOp->rc = SQLITE_NOMEM;
  }
  sqlite3_free(zShort);
}

/* Adds the value that zSelect finds, if any, to the message of a refusal. */
static void storeNameOffender(TablaoOp *pOp, const char *zSelect){
  if( pOp->zErr==0 || (pOp->rc & 0xff)!=SQLITE_CONSTRAINT ) return;
  TablaoOp look;
  tablaoOpInit(&look, pOp->p, pOp->zWho);
  char *z = tablaoText(&look, zSelect);
  if( look.rc || (z && z[0]) ) storeName(pOp, z);
  sqlite3_free(z);
  sqlite3_free(look.zErr);
}

/*
** Fails, naming a task on a cycle of the document's dependencies. If something
** else is wrong with the document, step 2 says that instead.
*/
static void storeRefuseCycle(TablaoOp *pOp, int iNumber){
  sqlite3_stmt *pStmt = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB,
      "SELECT coalesce(name, '') || coalesce(' (' || uuid || ')', '') "
      "FROM main.tablao_authored_tasks WHERE number=?1 "
      "AND NOT EXISTS (SELECT 1 FROM main.tablao_authoring_problems)");
  tablaoBindInt(pOp, pStmt, 1, iNumber);
  if( tablaoStep(pOp, pStmt) ){
    storeRefuse(pOp, "authored_jobs.document: a task must not depend on "
        "itself through others", tablaoColumnText(pOp, pStmt, 0));
  }
  tablaoDone(pOp->p, pStmt);
}

/*
** Refuses dependencies in a circle. Only tasks of the document can be on one:
** tasks that were stored before do not depend on them.
*/
static void storeCheckCycles(TablaoOp *pOp){
  TablaoGraph graph;
  int nNode = 0;
  int iNode = -1;
  int rc = SQLITE_OK;
  sqlite3_stmt *pStmt = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB,
      "SELECT CASE min(number) WHEN 0 THEN count(*) END "
      "FROM main.tablao_authored_tasks");
  if( tablaoStep(pOp, pStmt) ) nNode = sqlite3_column_int(pStmt, 0);
  tablaoDone(pOp->p, pStmt);
  /* Without number 0 the farm has another schema version: see storeResult(). */
  if( nNode==0 ) return;

  /* Tasks are numbered from 1. Number 0 is the job, which stays alone. */
  tablaoGraphInit(&graph, nNode);
  pStmt = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB,
      "SELECT dependency_number, number "
      "FROM main.tablao_authored_dependencies "
      "WHERE dependency_number IS NOT NULL");
  while( rc==SQLITE_OK && tablaoStep(pOp, pStmt) ){
    sqlite3_int64 iFrom = sqlite3_column_int64(pStmt, 0);
    sqlite3_int64 iTo = sqlite3_column_int64(pStmt, 1);
    if( iFrom<1 || iFrom>=nNode || iTo<1 || iTo>=nNode ) continue;
    rc = tablaoGraphEdge(&graph, (int)iFrom, (int)iTo);
  }
  tablaoDone(pOp->p, pStmt);
  if( rc==SQLITE_OK ) rc = tablaoGraphSort(&graph);
  if( rc==SQLITE_OK ) rc = tablaoGraphOnCycle(&graph, &iNode);
  tablaoGraphClear(&graph);
  if( rc ) tablaoFail(pOp, rc, "tablao: %s: out of memory", pOp->zWho);
  if( iNode>=0 ) storeRefuseCycle(pOp, iNode);
}

/* Everything before step 2. The unpacked document can be read afterwards. */
static void storePrepare(
  TablaoOp *pOp,
  sqlite3_value *pJob,
  sqlite3_value *pDocument
){
  tablaoBegin(pOp);
  storeUnpack(pOp, pJob, pDocument);
  storeCheckCycles(pOp);
}

/*
** The value that zSelect finds is the function's result. If there is none, the
** farm has another schema version, which unpacks into other tables.
*/
static void storeResult(
  sqlite3_context *ctx,
  TablaoOp *pOp,
  const char *zSelect
){
  sqlite3_stmt *pStmt = tablaoCached(pOp, SQLITE_PREPARE_NO_VTAB, zSelect);
  if( tablaoStep(pOp, pStmt)
   && sqlite3_column_type(pStmt, 0)!=SQLITE_NULL
  ){
    sqlite3_result_value(ctx, sqlite3_column_value(pStmt, 0));
  }else{
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the farm is not at schema "
        "version %d; SELECT tablao_migrate() first", pOp->zWho,
        tablaoLatest());
  }
  tablaoDone(pOp->p, pStmt);
}

/*
** Step 2, and the end of the savepoint. If a value is to blame, it is added to
** the message. It is not always among tablao_authoring_problems: a job's status
** is checked by the rules of the table only, and a document that is not an
** object, or not an array, was not kept.
*/
static void storeFinish(TablaoOp *pOp, sqlite3_value *pDocument){
  int rc = pOp->rc;
  tablaoRun(pOp, tablaoCached(pOp, 0,
      "INSERT INTO main.tablao_store(job_id) VALUES(NULL)"));
  if( rc==SQLITE_OK && pOp->zErr ){
    if( strstr(pOp->zErr, " must be a JSON ") ){
      storeName(pOp, (const char*)sqlite3_value_text(pDocument));
    }else{
      storeNameOffender(pOp,
          strstr(pOp->zErr, "jobs.status ")
          ? "SELECT CASE status WHEN '' THEN '''''' ELSE status END "
            "FROM main.tablao_authored_tasks WHERE number=0"
          : strstr(pOp->zErr, "job uuid ")
          /* A BLOB's bytes could look like the uuid of a job. */
          ? "SELECT CASE WHEN typeof(uuid)='blob' THEN quote(uuid) "
            "WHEN uuid='' THEN '''''' ELSE uuid END "
            "FROM main.tablao_authored_tasks WHERE number=0"
          /* A fault that ends at its blank has no value to show: of a task it is
          ** the place that finds it among thousands. */
          : "SELECT CASE WHEN p.offender<>'' THEN p.offender "
            "WHEN p.problem='dependency ' THEN '''''' "
            "ELSE (SELECT 'task ' || min(a.number) "
            "FROM main.tablao_authored_tasks a "
            "WHERE a.fault=p.problem AND a.number>0) END "
            "FROM main.tablao_authoring_problems p LIMIT 1");
    }
  }
  tablaoEnd(pOp);
}

/*
** The operation fails unless pValue may hold JSON: text, or a BLOB, which is
** taken for text.
*/
static void storeCheckType(
  TablaoOp *pOp,
  sqlite3_value *pValue,
  const char *zWhat
){
  int eType = sqlite3_value_type(pValue);
  if( eType==SQLITE_NULL ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s, not NULL",
        pOp->zWho, zWhat);
  }else if( eType!=SQLITE_TEXT && eType!=SQLITE_BLOB ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s, not a number: %s",
        pOp->zWho, zWhat, sqlite3_value_text(pValue));
  }
}

/*
** store_authored_job(document): stores a job with its tasks, from a JSON object
** as text or as a BLOB of UTF-8; returns the job's uuid, as text. Whatever
** docs/documents.md does not allow, dependencies in a circle included, is an
** error that names it, and nothing is stored.
*/
void tablaoStoreJobFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "store_authored_job");
  storeCheckType(&op, argv[0], "the document must be a JSON object");
  storePrepare(&op, 0, argv[0]);
  storeResult(ctx, &op,
      "SELECT uuid FROM main.tablao_authored_tasks WHERE number=0");
  storeFinish(&op, argv[0]);
  tablaoReturn(ctx, &op);
}

/*
** store_authored_tasks(job_uuid, tasks): adds tasks to a stored job, from a
** JSON array like the `tasks` of a document; returns how many, an integer. They
** may depend on tasks that the job already has. A job that does not exist, and
** whatever store_authored_job() refuses, is an error, and nothing is stored.
*/
void tablaoStoreTasksFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "store_authored_tasks");
  storeCheckType(&op, argv[1], "the tasks must be a JSON array");
  if( sqlite3_value_type(argv[0])==SQLITE_NULL ){
    tablaoFail(&op, SQLITE_CONSTRAINT, "tablao: %s: the job uuid must be that "
        "of a stored job, not NULL", op.zWho);
  }
  storePrepare(&op, argv[0], argv[1]);
  storeResult(ctx, &op, "SELECT max(number) FROM main.tablao_authored_tasks");
  storeFinish(&op, argv[1]);
  tablaoReturn(ctx, &op);
}
