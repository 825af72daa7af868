/*
** job_query: jobs, found by a filter, a JSON object with status_in, metadata,
** settings, order_by, limit, offset: docs/interfaces.md. Without one, all jobs,
** the newest first. Anything else in the filter is an error that names it.
**
**   CREATE TABLE job_query(
**     id, created_at, updated_at, uuid, name, job_type, priority, status,
**     activity, settings, metadata, delete_requested_at,
**     storage_shaman_checkout_id, worker_tag_id, steps_completed, steps_total,
**     filter HIDDEN,
**     schema HIDDEN             -- the database; main unless it is named
**   );
**
**   SELECT name, status FROM job_query('{
**     "status_in": ["active", "queued"],
**     "metadata": {"project": "Sprite%", "user.email": "me@studio.example"},
**     "settings": {"fps": 24},
**     "order_by": ["-priority", "created_at"],
**     "limit": 20, "offset": 40}');
**
** All members may be left out, or null. The columns are those of jobs, with
** settings and metadata as TEXT.
**
**   status_in  statuses, of which the job has one; [] finds nothing
**   metadata   members that the job's metadata must have, with these values:
**              strings, numbers, true, false or null. A string with a % is a
**              pattern of LIKE, as in Flamenco
**   settings   likewise, of the job's settings, without patterns
**   order_by   columns; -x is descending, +x or x ascending. Times are
**              compared by their leading 23 characters. Last, and without
**              order_by: the newest job (highest id) first
**   limit      at most so many jobs
**   offset     leave out so many before that
**
** A filter of NULL is none.
**
** HOW IT WORKS: the filter is read by SQLite's JSON functions, once to be
** checked and once more as a parameter of the statement that is built for
** it. Only texts of this file become part of that statement. Members are
** compared by key, not by path, so a key may have dots and quotes in it. A
** job whose settings are not JSON (written behind the triggers) has none.
**
** It reads nothing but the table jobs of the main database, yet is not
** INNOCUOUS: a trigger in an attached file could copy rows of main through
** it, which that file cannot do by itself. So views and triggers may use it
** only where the application trusts the schema.
*/
#include "tablao.h"

#define QUERY_DECLARE \
  "CREATE TABLE x(id INTEGER, created_at DATETIME, updated_at DATETIME, " \
  "uuid TEXT, name TEXT, job_type TEXT, priority INTEGER, status TEXT, " \
  "activity TEXT, settings TEXT, metadata TEXT, " \
  "delete_requested_at DATETIME, storage_shaman_checkout_id TEXT, " \
  "worker_tag_id INTEGER, steps_completed INTEGER, steps_total INTEGER, " \
  "filter HIDDEN, schema TEXT HIDDEN)"

#define QUERY_SELECT \
  "SELECT id, created_at, updated_at, uuid, name, job_type, priority, " \
  "status, activity, CAST(settings AS TEXT), CAST(metadata AS TEXT), " \
  "delete_requested_at, storage_shaman_checkout_id, worker_tag_id, " \
  "steps_completed, steps_total FROM main.jobs AS j WHERE 1"

#define QUERY_COL_FILTER 16
#define QUERY_COL_SCHEMA 17

/* Bits of idxNum, in the order of argv. */
#define QUERY_IDX_FILTER 1  /* filter = ? */
#define QUERY_IDX_SCHEMA 2  /* schema = ? */

/* What order_by may name. */
static const struct {
  const char *zName;
  const char *zExpr;
} aQueryOrder[] = {
  { "id", "j.id" },
  { "created_at", "substr(j.created_at, 1, 23)" },
  { "updated_at", "substr(j.updated_at, 1, 23)" },
  { "uuid", "j.uuid" },
  { "name", "j.name" },
  { "job_type", "j.job_type" },
  { "priority", "j.priority" },
  { "status", "j.status" },
  { "activity", "j.activity" },
  { "settings", "CAST(j.settings AS TEXT)" },
  { "metadata", "CAST(j.metadata AS TEXT)" },
  { "delete_requested_at", "substr(j.delete_requested_at, 1, 23)" },
  { "storage_shaman_checkout_id", "j.storage_shaman_checkout_id" },
  { "worker_tag_id", "j.worker_tag_id" },
  { "steps_completed", "j.steps_completed" },
  { "steps_total", "j.steps_total" },
};
#define QUERY_N_ORDER ((int)(sizeof(aQueryOrder)/sizeof(aQueryOrder[0])))

/* SQL: a member of the filter, found by its name: a path would miss one that is
** written with escapes. If there are several, the first that is not null. */
#define QUERY_MEMBER(NAME) "(SELECT value FROM json_each(?1) " \
  "WHERE key='" NAME "' AND type<>'null' LIMIT 1)"

/*
** The members of the filter: the type each must have, and what it adds to
** the WHERE clause. ?1 is the filter.
**
** No member of metadata or settings may be missing in the job's, hence the two
** NOT EXISTS. json_each fails on what is not JSON, hence the CASE. true and
** false have the atoms 1 and 0, so the type tells them apart; 24 and 24.0 are
** the same number.
*/
#define QUERY_LIMIT 4
static const struct {
  const char *zName;
  const char *zType;        /* as json_each gives it */
  const char *zMust;        /* what it must be, for the message */
  const char *zItems;       /* the types that its own members may have */
  const char *zMustItem;
  const char *zWhere;
} aQueryMember[] = {
  { "status_in", "array", "an array of job statuses",
    "'text'", "a job status",
    " AND j.status IN (SELECT value FROM json_each("
      QUERY_MEMBER("status_in") "))" },
  { "metadata", "object", "an object",
    "'text','integer','real','true','false','null'",
    "a string, a number, true, false or null",
    " AND NOT EXISTS ("
      "SELECT 1 FROM json_each(" QUERY_MEMBER("metadata") ") AS f "
      "WHERE NOT EXISTS ("
        "SELECT 1 FROM json_each(CASE WHEN json_valid(CAST(j.metadata AS TEXT))"
          " THEN CAST(j.metadata AS TEXT) ELSE '{}' END) AS h "
        "WHERE h.key=f.key AND CASE f.type "
          "WHEN 'text' THEN h.type='text' AND CASE WHEN h.atom=f.atom THEN 1 "
            "WHEN instr(f.atom, '%') THEN h.atom LIKE f.atom END "
          "WHEN 'integer' THEN h.type IN ('integer', 'real') AND h.atom=f.atom "
          "WHEN 'real' THEN h.type IN ('integer', 'real') AND h.atom=f.atom "
          "ELSE h.type=f.type END))" },
  { "settings", "object", "an object",
    "'text','integer','real','true','false','null'",
    "a string, a number, true, false or null",
    " AND NOT EXISTS ("
      "SELECT 1 FROM json_each(" QUERY_MEMBER("settings") ") AS f "
      "WHERE NOT EXISTS ("
        "SELECT 1 FROM json_each(CASE WHEN json_valid(CAST(j.settings AS TEXT))"
          " THEN CAST(j.settings AS TEXT) ELSE '{}' END) AS h "
        "WHERE h.key=f.key AND CASE f.type "
          "WHEN 'text' THEN h.type='text' AND h.atom=f.atom "
          "WHEN 'integer' THEN h.type IN ('integer', 'real') AND h.atom=f.atom "
          "WHEN 'real' THEN h.type IN ('integer', 'real') AND h.atom=f.atom "
          "ELSE h.type=f.type END))" },
  { "order_by", "array", "an array of columns of jobs",
    "'text'", "a column of jobs", "" },
  { "limit", "integer", "an integer of 0 or more", 0, 0, "" },
  { "offset", "integer", "an integer of 0 or more", 0, 0, "" },
};
#define QUERY_N_MEMBER ((int)(sizeof(aQueryMember)/sizeof(aQueryMember[0])))
#define QUERY_STATUS_IN 0
#define QUERY_ORDER_BY  3

typedef struct QueryCursor QueryCursor;
struct QueryCursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *pJobs;
  char *zSchema;            /* NULL: main */
  int bEof;
};

static int queryConnect(
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
  return tablaoVtabConnect(pAux, QUERY_DECLARE, ppVtab);
}

static int queryOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UNUSED_PARAMETER(pVtab);
  return tablaoVtabOpen(sizeof(QueryCursor), ppCursor);
}

/* Puts the cursor back into its state at xOpen. */
static void queryCursorReset(QueryCursor *pCur){
  sqlite3_finalize(pCur->pJobs);
  pCur->pJobs = 0;
  sqlite3_free(pCur->zSchema);
  pCur->zSchema = 0;
  pCur->bEof = 1;
}

static int queryClose(sqlite3_vtab_cursor *pBase){
  queryCursorReset((QueryCursor*)pBase);
  sqlite3_free(pBase);
  return SQLITE_OK;
}

/*
** Steps to the next job. Meanwhile the table is busy: in a hostile file jobs
** may be a view that calls us again.
*/
static int queryStep(QueryCursor *pCur, TablaoOp *pOp){
  TablaoVtab *pTab = (TablaoVtab*)pCur->base.pVtab;
  pTab->bBusy = 1;
  pCur->bEof = !tablaoStep(pOp, pCur->pJobs);
  pTab->bBusy = 0;
  return tablaoVtabError(&pTab->base, pOp);
}

static int queryNext(sqlite3_vtab_cursor *pBase){
  TablaoOp op;
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "job_query");
  op.zSchema = ((QueryCursor*)pBase)->zSchema;
  return queryStep((QueryCursor*)pBase, &op);
}

static int queryEof(sqlite3_vtab_cursor *pBase){
  return ((QueryCursor*)pBase)->bEof;
}

static int queryRowid(sqlite3_vtab_cursor *pBase, sqlite3_int64 *piRowid){
  *piRowid = sqlite3_column_int64(((QueryCursor*)pBase)->pJobs, 0);
  return SQLITE_OK;
}

static int queryColumn(
  sqlite3_vtab_cursor *pBase,
  sqlite3_context *ctx,
  int iCol
){
  /* The filter is not kept: the caller knows it. */
  QueryCursor *pCur = (QueryCursor*)pBase;
  if( iCol==QUERY_COL_SCHEMA ){
    sqlite3_result_text(ctx, pCur->zSchema ? pCur->zSchema : "main", -1,
        SQLITE_TRANSIENT);
  }else if( iCol!=QUERY_COL_FILTER ){
    sqlite3_result_value(ctx, sqlite3_column_value(pCur->pJobs, iCol));
  }
  return SQLITE_OK;
}

/* --- The filter -----------------------------------------------------------*/

/* The operation fails: "tablao: job_query: WHAT, not VALUE". */
static void queryRefuse(TablaoOp *pOp, const char *zWhat, const char *zValue){
  char *zShort = tablaoShorten(zValue);
  if( zShort==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s, not %s",
        pOp->zWho, zWhat, zShort);
  }
  sqlite3_free(zShort);
}

/* The number of a member of the filter; -1 if there is none of that name. */
static int queryMember(const char *zName){
  for(int i=0; i<QUERY_N_MEMBER; i++){
    if( strcmp(zName, aQueryMember[i].zName)==0 ) return i;
  }
  return -1;
}

/*
** Reads the filter's members. OUT: bit i of *pmMember for aQueryMember[i].
** The first row is the filter itself.
*/
static void queryReadMembers(
  TablaoOp *pOp,
  const char *zFilter,
  unsigned int *pmMember
){
  sqlite3_stmt *pStmt = tablaoCached(pOp, 0,
      "SELECT NULL, json_type(?1), ?1 UNION ALL "
      "SELECT key, CASE WHEN type='integer' AND typeof(value)='real' "
        "THEN 'real' ELSE type END, CASE WHEN type='text' "
        "THEN json_quote(value) "
        "WHEN type IN ('true', 'false') THEN type ELSE value END "
      "FROM json_each(?1) WHERE type<>'null'");
  tablaoBindText(pOp, pStmt, 1, zFilter);
  while( tablaoStep(pOp, pStmt) ){
    const char *zName = tablaoColumnText(pOp, pStmt, 0);
    const char *zType = tablaoColumnText(pOp, pStmt, 1);
    const char *zValue = tablaoColumnText(pOp, pStmt, 2);
    if( pOp->rc ) break;
    if( sqlite3_column_type(pStmt, 0)==SQLITE_NULL ){
      if( strcmp(zType, "object")!=0 ){
        queryRefuse(pOp, "the filter must be a JSON object", zValue);
      }
      continue;
    }
    int i = queryMember(zName);
    if( i<0 ){
      queryRefuse(pOp, "a filter has status_in, metadata, settings, order_by, "
          "limit and offset", zName);
    }else if( strcmp(zType, aQueryMember[i].zType)!=0
           || (i>=QUERY_LIMIT && sqlite3_column_int64(pStmt, 2)<0) ){
      char *zWhat = sqlite3_mprintf("%s must be %s", zName,
          aQueryMember[i].zMust);
      if( zWhat==0 ) pOp->rc = SQLITE_NOMEM;
      if( zWhat ) queryRefuse(pOp, zWhat, zValue);
      sqlite3_free(zWhat);
    }else{
      *pmMember |= 1u<<i;
    }
  }
  tablaoDone(pOp->p, pStmt);
  /* This is SQLite's message, not ours about a member of that name. */
  size_t nWho = strlen("tablao: ") + strlen(pOp->zWho);
  if( pOp->zErr && strlen(pOp->zErr)>nWho
   && strcmp(pOp->zErr+nWho, ": malformed JSON")==0
  ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
    queryRefuse(pOp, "the filter must be JSON", zFilter);
  }
}

/*
** Adds a column of order_by to the statement, or refuses it. zName has its
** sign, if any.
*/
static void queryOrderBy(TablaoOp *pOp, sqlite3_str *pSql, const char *zName){
  const char *z = zName + (zName[0]=='-' || zName[0]=='+');
  for(int i=0; i<QUERY_N_ORDER; i++){
    if( strcmp(z, aQueryOrder[i].zName)==0 ){
      sqlite3_str_appendf(pSql, "%s%s, ", aQueryOrder[i].zExpr,
          zName[0]=='-' ? " DESC" : "");
      return;
    }
  }
  queryRefuse(pOp, "order_by must be columns of jobs", zName);
}

/* Refuses zStatus unless it is a status of jobs. */
static void queryStatus(TablaoOp *pOp, const char *zStatus){
  const char *const *az = tablaoStatuses(TABLAO_STATUS_JOB);
  for(int i=0; az[i]; i++){
    if( strcmp(az[i], zStatus)==0 ) return;
  }
  queryRefuse(pOp, "status_in must be job statuses", zStatus);
}

/*
** Looks into the i-th member, an array or object: its items must be of the
** types it allows. Those of order_by go into pSql.
*/
static void queryReadItems(
  TablaoOp *pOp,
  const char *zFilter,
  int i,
  sqlite3_str *pSql
){
  char *zSql = sqlite3_mprintf("SELECT type IN (%s), "
      "CASE WHEN type IN ('true', 'false', 'null') THEN type ELSE value END "
      "FROM json_each(" QUERY_MEMBER("%s") ")",
      aQueryMember[i].zItems, aQueryMember[i].zName);
  if( zSql==0 ) pOp->rc = SQLITE_NOMEM;
  sqlite3_stmt *pStmt = zSql ? tablaoCached(pOp, 0, zSql) : 0;
  sqlite3_free(zSql);
  tablaoBindText(pOp, pStmt, 1, zFilter);
  while( tablaoStep(pOp, pStmt) ){
    const char *zValue = tablaoColumnText(pOp, pStmt, 1);
    if( pOp->rc ) break;
    if( !sqlite3_column_int(pStmt, 0) ){
      char *zWhat = sqlite3_mprintf("what is in %s must be %s",
          aQueryMember[i].zName, aQueryMember[i].zMustItem);
      if( zWhat==0 ) pOp->rc = SQLITE_NOMEM;
      if( zWhat ) queryRefuse(pOp, zWhat, zValue);
      sqlite3_free(zWhat);
    }else if( i==QUERY_ORDER_BY ){
      queryOrderBy(pOp, pSql, zValue);
    }else if( i==QUERY_STATUS_IN ){
      queryStatus(pOp, zValue);
    }
  }
  tablaoDone(pOp->p, pStmt);
}

/*
** True if there is a zero byte in the n bytes of z, raw or escaped, JSON5's
** escapes included. For some versions of SQLite a text ends there, and what is
** a longer name for others would be one of ours for them.
*/
static int queryHasZero(const char *z, int n){
  for(int i=0; i<n; i++){
    if( z[i]==0 ) return 1;
    if( z[i]!='\\' ) continue;
    i++;
    if( z[i]=='0' || strncmp(z+i, "x00", 3)==0
     || strncmp(z+i, "u0000", 5)==0
    ){
      return 1;
    }
  }
  return 0;
}

/* The statement for a filter, which is NULL for all jobs. */
static sqlite3_stmt *queryPrepare(TablaoOp *pOp, sqlite3_value *pFilter){
  unsigned int mMember = 0;
  const char *zFilter = 0;
  sqlite3_stmt *pStmt = 0;
  sqlite3_str *pSql = sqlite3_str_new(0);
  sqlite3_str_appendall(pSql, QUERY_SELECT);
  if( pFilter && sqlite3_value_type(pFilter)!=SQLITE_NULL ){
    zFilter = (const char*)sqlite3_value_text(pFilter);
    /* Without a filter this would be the statement for all jobs. */
    if( zFilter==0 && pOp->rc==SQLITE_OK ) pOp->rc = SQLITE_NOMEM;
    /* One that begins with it is no JSON to any version. */
    if( zFilter && zFilter[0]
     && queryHasZero(zFilter, sqlite3_value_bytes(pFilter))
    ){
      queryRefuse(pOp, "the filter must be JSON without a zero byte", zFilter);
    }
    /* A byte order mark is no JSON to SQLite, and is dropped elsewhere, too. */
    if( zFilter && strncmp(zFilter, "\xef\xbb\xbf", 3)==0 ) zFilter += 3;
    queryReadMembers(pOp, zFilter, &mMember);
  }
  for(int i=0; i<QUERY_N_MEMBER; i++){
    if( mMember>>i & 1 ) sqlite3_str_appendall(pSql, aQueryMember[i].zWhere);
  }
  sqlite3_str_appendall(pSql, " ORDER BY ");
  for(int i=0; i<QUERY_LIMIT; i++){
    if( mMember>>i & 1 ) queryReadItems(pOp, zFilter, i, pSql);
  }
  sqlite3_str_appendall(pSql, "j.id DESC "
      "LIMIT coalesce(" QUERY_MEMBER("limit") ", -1) "
      "OFFSET coalesce(" QUERY_MEMBER("offset") ", 0)");
  char *zSql = sqlite3_str_finish(pSql);
  if( zSql==0 ){
    if( pOp->rc==SQLITE_OK ) pOp->rc = SQLITE_NOMEM;
  }else{
    pStmt = tablaoPrepare(pOp, zSql);
    if( pStmt ){
      /* A copy: an argument of xFilter is not there for xNext to use. */
      int rc = sqlite3_bind_text(pStmt, 1, zFilter, -1, SQLITE_TRANSIENT);
      if( rc ) tablaoSqlError(pOp, rc);
    }
  }
  sqlite3_free(zSql);
  return pStmt;
}

static int queryFilter(
  sqlite3_vtab_cursor *pBase,
  int idxNum,
  const char *idxStr,
  int argc,
  sqlite3_value **argv
){
  QueryCursor *pCur = (QueryCursor*)pBase;
  TablaoVtab *pTab = (TablaoVtab*)pBase->pVtab;
  TablaoOp op;
  UNUSED_PARAMETER(idxStr);
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, pTab->p, "job_query");
  queryCursorReset(pCur);
  if( pTab->bBusy ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: what stands for the table jobs "
        "is made of job_query itself", op.zWho);
    return tablaoVtabError(pBase->pVtab, &op);
  }
  int bFilter = (idxNum & QUERY_IDX_FILTER)!=0;
  if( idxNum & QUERY_IDX_SCHEMA ){
    pCur->zSchema = tablaoSchema(&op, argv[bFilter]);
  }
  pCur->pJobs = queryPrepare(&op, bFilter ? argv[0] : 0);
  return queryStep(pCur, &op);
}

static int queryBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  UNUSED_PARAMETER(pVtab);
  int iFilter = -1;
  int iSchema = -1;
  int nArg = 0;
  pInfo->idxNum = 0;
  pInfo->estimatedCost = 1e6;
  pInfo->estimatedRows = 10000;
  int rc = tablaoVtabSchema(pInfo, QUERY_COL_SCHEMA, &iSchema);
  if( rc ) return rc;
  for(int i=0; i<pInfo->nConstraint; i++){
    if( !tablaoVtabNames(pInfo, i, QUERY_COL_FILTER) ) continue;
    /* Without its filter, the table has other rows. */
    if( !pInfo->aConstraint[i].usable ) return SQLITE_CONSTRAINT;
    if( iFilter<0 ) iFilter = i;
  }
  if( iFilter>=0 ){
    pInfo->estimatedCost = 1e4;
    pInfo->estimatedRows = 100;
  }
  tablaoVtabUse(pInfo, iFilter, QUERY_IDX_FILTER, 1, &nArg);
  tablaoVtabUse(pInfo, iSchema, QUERY_IDX_SCHEMA, 1, &nArg);
  return SQLITE_OK;
}

const sqlite3_module tablaoJobQueryModule = {
  .iVersion = 0,
  .xCreate = 0,             /* eponymous only */
  .xConnect = queryConnect,
  .xBestIndex = queryBestIndex,
  .xDisconnect = tablaoVtabDisconnect,
  .xOpen = queryOpen,
  .xClose = queryClose,
  .xFilter = queryFilter,
  .xNext = queryNext,
  .xEof = queryEof,
  .xColumn = queryColumn,
  .xRowid = queryRowid,
};
