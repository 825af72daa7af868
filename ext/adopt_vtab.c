/*
** tablao_adopt_problems: why a database of Flamenco's cannot be taken over: one
** row per problem; none if tablao_take_over() would succeed, or in an own farm.
** The kinds are in docs/flamenco.md, "Take over".
**
**   CREATE TABLE tablao_adopt_problems(kind, object, message);
**
**   SELECT * FROM tablao_adopt_problems;
**   SELECT kind, count(*) FROM tablao_adopt_problems GROUP BY kind;
**
** It may be asked before the database is observed, and after. object is a
** table and the id of a row in it, or a uuid, or the name of a table, column or
** other object. The kinds:
**
**   version            not a database of Flamenco's
**   table, column      missing, or one too many
**   name               something has a name that a farm needs
**   id, duplicate      a key that is no number, or not unique
**   orphan, dependency, index, last rendered, cycle
**                      as in the view farm_problems
**   value              what the rules of an own farm would not let in
**
** HOW IT WORKS: the sources are looked at one after the other, row by row.
** The first compares schemas, in a model; where something is missing, the
** others cannot be run. Then come the statements of sql/adopt/problems.sql,
** the SELECT of the view tablao_row_problems, and last the rows themselves:
** each statement of sql/adopt/copy.sql is taken apart into the SELECT, which
** is run here, and the INSERT, which is run in the model in a savepoint that
** is rolled back. The message is what the model's rules say. The model does
** not have the rows that a row refers to, so each reference is replaced by one
** to a stand-in. In a table of nothing but references, such as
** task_dependencies, all rows then look the same, and one is tried for all.
**
** It is DIRECTONLY, as tablao_check is, and for the same reason.
*/
#include "tablao.h"

#define ADOPT_DECLARE "CREATE TABLE x(kind TEXT, object TEXT, message TEXT)"

#define ADOPT_COL_KIND    0
#define ADOPT_COL_OBJECT  1

/* Sources, in this order. */
#define ADOPT_FROM_VERSION 0
#define ADOPT_FROM_SCHEMA  1
#define ADOPT_FROM_SCRIPT  2
#define ADOPT_FROM_VIEW    3
#define ADOPT_FROM_ROWS    4
#define ADOPT_FROM_END     5

/* What copy.sql calls a table of Flamenco's. */
#define ADOPT_OLD "tablao_old_"

/* The model's stand-ins, and the columns that refer to them. */
#define ADOPT_STAND_INS \
  "INSERT INTO main.worker_tags(id, name) VALUES(4611686018427387901, '-');" \
  "INSERT INTO main.workers(id) VALUES(4611686018427387901);" \
  "INSERT INTO main.jobs(id) VALUES(4611686018427387901);" \
  "INSERT INTO main.tasks(id, job_id, name, type) VALUES" \
  "(4611686018427387901, 4611686018427387901, '-', '-')," \
  "(4611686018427387902, 4611686018427387901, '-', '-');"
#define ADOPT_ID ((sqlite3_int64)4611686018427387901)
static const struct {
  const char *zColumn;
  sqlite3_int64 iValue;
} aStandIn[] = {
  { "job_id", ADOPT_ID },
  { "worker_id", ADOPT_ID },
  { "worker_tag_id", ADOPT_ID },
  { "task_id", ADOPT_ID },
  { "dependency_id", ADOPT_ID+1 },
  { "index_in_job", 0 },             /* the next one of that job */
};

/* What begins an attempt in the model, and what undoes it. */
#define ADOPT_N_TRY 3
static const char *const azTry[ADOPT_N_TRY] = {
  "SAVEPOINT tablao", "ROLLBACK TO tablao", "RELEASE tablao"
};

/* A walk through all problems. */
typedef struct AdoptScan AdoptScan;
struct AdoptScan {
  TablaoModel model;
  int iFrom;                /* the source */
  int bMissing;             /* a table or column is missing */
  int bNoRows;              /* stops before the rows */
  const char *zTail;        /* the statements of the script to come */
  sqlite3_stmt *pScan;      /* NULL: not yet prepared */
  sqlite3_stmt *pInsert;    /* the INSERT of the rows of pScan */
  sqlite3_stmt *apTry[ADOPT_N_TRY];  /* the savepoint around it; of the model */
  int bOnlyReferences;      /* every column of pScan has a stand-in */
  int bAccepted;            /* and a row of them without NULL was let in */
  char *zTable;             /* whose rows they are */
  int nKey;                 /* the columns that name a row */
  char *zKind;              /* the current row */
  char *zObject;
  char *zMessage;
};

typedef struct AdoptCursor AdoptCursor;
struct AdoptCursor {
  sqlite3_vtab_cursor base;
  AdoptScan scan;
  int bEof;
  sqlite3_int64 iRowid;
};

/* --- The walk -------------------------------------------------------------*/

/* Forgets the current row. */
static void adoptRowClear(AdoptScan *p){
  sqlite3_free(p->zKind);
  sqlite3_free(p->zObject);
  sqlite3_free(p->zMessage);
  p->zKind = p->zObject = p->zMessage = 0;
}

/* Ends the current statement. */
static void adoptScanClear(AdoptScan *p){
  sqlite3_finalize(p->pScan);
  sqlite3_finalize(p->pInsert);
  sqlite3_free(p->zTable);
  p->pScan = p->pInsert = 0;
  p->zTable = 0;
  p->bOnlyReferences = p->bAccepted = 0;
}

/* Ends a walk. */
static void adoptScanClose(AdoptScan *p){
  adoptRowClear(p);
  adoptScanClear(p);
  for(int i=0; i<ADOPT_N_TRY; i++) sqlite3_finalize(p->apTry[i]);
  tablaoModelClose(&p->model);
  memset(p, 0, sizeof(*p));
}

/* Makes (zKind, zObject, zMessage) the current row. */
static void adoptRow(
  AdoptScan *p,
  TablaoOp *pOp,
  const char *zKind,
  const char *zObject,
  const char *zMessage
){
  adoptRowClear(p);
  p->zKind = sqlite3_mprintf("%s", zKind);
  p->zObject = tablaoReadable(sqlite3_mprintf("%s", zObject));
  p->zMessage = tablaoReadable(sqlite3_mprintf("%s", zMessage));
  if( p->zKind==0 || p->zObject==0 || p->zMessage==0 ) pOp->rc = SQLITE_NOMEM;
}

/*
** The SELECT of tablao_row_problems, without the statuses, which the model
** explains better. It names `main`, which a view cannot, so that no temporary
** table is read in a table's place. OUT: caller frees; NULL when out of memory.
*/
static char *adoptViewSelect(void){
  TablaoSource source;
  sqlite3_str *pSql = sqlite3_str_new(0);
  tablaoFindSource(TABLAO_OBSERVED, "tablao_row_problems", &source);
  sqlite3_str_appendall(pSql, "SELECT * FROM (SELECT 0 AS kind, 0, 0 WHERE 0 "
      "UNION ALL ");
  for(const char *z=strstr(source.zSql, " AS\n")+4; z[0]; z++){
    if( z[0]>='a' && z[0]<='z'
     && (strncmp(z-5, "FROM ", 5)==0 || strncmp(z-5, "JOIN ", 5)==0)
    ){
      sqlite3_str_appendall(pSql, "main.");
    }
    sqlite3_str_appendchar(pSql, 1, z[0]);
  }
  sqlite3_str_appendall(pSql, ") WHERE kind<>'status'");
  return sqlite3_str_finish(pSql);
}

/*
** The next statement of copy.sql: prepares its SELECT on Flamenco's table
** itself, and its INSERT, in the model, with parameters. False if there is
** no more. The form is that of the script: INSERT INTO main.TABLE ( ... )
** SELECT ... FROM main.tablao_old_TABLE;
*/
static int adoptPrepareRows(AdoptScan *p, TablaoOp *pOp){
  const char *zInsert = strstr(p->zTail, "INSERT INTO main.");
  if( zInsert==0 ) return 0;
  const char *zName = zInsert + 17;
  const char *zSelect = strstr(zInsert, "\nSELECT") + 1;
  const char *zOld = strstr(zSelect, ADOPT_OLD);
  const char *zEnd = strchr(zOld, ';');
  p->zTail = zEnd + 1;
  p->zTable = sqlite3_mprintf("%.*s", (int)strcspn(zName, " "), zName);
  char *zScan = sqlite3_mprintf("%.*s%.*s", (int)(zOld-zSelect), zSelect,
      (int)(zEnd-zOld)-(int)strlen(ADOPT_OLD), zOld+strlen(ADOPT_OLD));
  char *zDoor = sqlite3_mprintf("%.*sVALUES(", (int)(zSelect-zInsert), zInsert);
  if( p->zTable==0 || zScan==0 ) pOp->rc = SQLITE_NOMEM;
  if( pOp->rc==SQLITE_OK ) p->pScan = tablaoPrepare(pOp, zScan);
  int n = p->pScan ? sqlite3_column_count(p->pScan) : 0;
  p->bOnlyReferences = 1;
  for(int i=0; i<n && zDoor; i++){
    /* A NULL stays NULL; anything else becomes the stand-in. The names are those
    ** of Flamenco's table, which may be in upper case. */
    const char *zColumn = tablaoColumnName(p->pScan, i);
    int k = (int)(sizeof(aStandIn)/sizeof(aStandIn[0]));
    if( zColumn==0 ) pOp->rc = SQLITE_NOMEM;
    while( k>0 && (zColumn==0
           || sqlite3_stricmp(zColumn, aStandIn[k-1].zColumn)!=0) ){
      k--;
    }
    zDoor = k ? sqlite3_mprintf("%z%sCASE WHEN ?%d NOTNULL THEN %lld END",
                    zDoor, i ? ", " : "", i+1, aStandIn[k-1].iValue)
              : sqlite3_mprintf("%z%s?%d", zDoor, i ? ", " : "", i+1);
    if( k==0 ) p->bOnlyReferences = 0;
  }
  if( zDoor ) zDoor = sqlite3_mprintf("%z)", zDoor);
  if( zDoor==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else if( n ){
    p->pInsert = tablaoPrepare(&p->model.op, zDoor);
    const char *zFirst = tablaoColumnName(p->pScan, 0);
    if( zFirst==0 ) pOp->rc = SQLITE_NOMEM;
    p->nKey = zFirst && sqlite3_stricmp(zFirst, "id")==0 ? 1 : 2;
  }
  sqlite3_free(zScan);
  sqlite3_free(zDoor);
  return 1;
}

/* Runs one of the statements around an attempt, which are kept. */
static void adoptTry(AdoptScan *p, int i){
  if( p->apTry[i]==0 ) p->apTry[i] = tablaoPrepare(&p->model.op, azTry[i]);
  tablaoStep(&p->model.op, p->apTry[i]);
  sqlite3_reset(p->apTry[i]);
}

/* The model has refused the row of pScan: makes that the current row. */
static void adoptRefusedRow(AdoptScan *p, TablaoOp *pOp){
  const char *zMsg = sqlite3_errmsg(p->model.db.db);
  char *zObject = sqlite3_mprintf("%s", p->zTable);
  for(int i=0; i<p->nKey && zObject; i++){
    const char *z = (const char*)sqlite3_column_text(p->pScan, i);
    zObject = sqlite3_mprintf("%z %s", zObject, z ? z : "-");
  }
  int bOurs = strncmp(zMsg, "tablao: ", 8)==0;
  char *zMessage = bOurs ? sqlite3_mprintf("%s", zMsg+8)
                         : sqlite3_mprintf("%s: %s", p->zTable, zMsg);
  if( zObject==0 || zMessage==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    adoptRow(p, pOp, "value", zObject, zMessage);
  }
  sqlite3_free(zObject);
  sqlite3_free(zMessage);
}

/*
** Tries the row of pScan on the rules of the model. True if they refuse it;
** then it is the current row.
*/
static int adoptRefused(AdoptScan *p, TablaoOp *pOp){
  TablaoOp *pModel = &p->model.op;
  int bRefused = 0;
  int bWhole = p->bOnlyReferences;
  for(int i=0; bWhole && i<sqlite3_column_count(p->pScan); i++){
    if( sqlite3_column_type(p->pScan, i)==SQLITE_NULL ) bWhole = 0;
  }
  if( bWhole && p->bAccepted ) return 0;
  adoptTry(p, 0);
  for(int i=0; i<sqlite3_column_count(p->pScan); i++){
    tablaoBind(pModel, p->pInsert, i+1, sqlite3_column_value(p->pScan, i));
  }
  int rc = pModel->rc ? SQLITE_DONE : sqlite3_step(p->pInsert);
  if( (rc & 0xff)==SQLITE_CONSTRAINT || rc==SQLITE_ERROR
   || rc==SQLITE_MISMATCH      /* An id that is no number */
  ){
    adoptRefusedRow(p, pOp);
    bRefused = 1;
  }else if( rc!=SQLITE_DONE ){
    tablaoSqlError(pModel, rc);
  }
  if( bWhole && !bRefused ) p->bAccepted = 1;
  sqlite3_reset(p->pInsert);
  adoptTry(p, 1);
  adoptTry(p, 2);
  tablaoTakeError(pOp, &p->model.op);
  return bRefused;
}

/* Prepares the statement of the source p->iFrom, if there is one. */
static void adoptPrepare(AdoptScan *p, TablaoOp *pOp){
  if( p->iFrom==ADOPT_FROM_SCHEMA ){
    tablaoModelOpen(pOp, &p->model, 1);
    if( pOp->rc ) return;
    tablaoExec(&p->model.op, ADOPT_STAND_INS);
    p->bMissing = tablaoInt(&p->model.op,
        "SELECT 1 FROM temp.schema_problems WHERE is_missing", 0)!=0;
    p->pScan = tablaoPrepare(&p->model.op,
        "SELECT kind, object, message FROM temp.schema_problems");
    p->zTail = tablaoScript("adopt_problems");
  }else if( p->iFrom==ADOPT_FROM_SCRIPT ){
    int rc = sqlite3_prepare_v2(pOp->db, p->zTail, -1, &p->pScan, &p->zTail);
    if( rc ) tablaoSqlError(pOp, rc);
  }else if( p->iFrom==ADOPT_FROM_VIEW ){
    char *z = adoptViewSelect();
    if( z==0 ) pOp->rc = SQLITE_NOMEM;
    p->pScan = tablaoPrepare(pOp, z);
    sqlite3_free(z);
    p->zTail = tablaoScript("adopt_copy");
  }else{
    adoptPrepareRows(p, pOp);
  }
  tablaoTakeError(pOp, &p->model.op);
}

/* The first source, which has no statement. True if there is a row. */
static int adoptLookAtVersion(AdoptScan *p, TablaoOp *pOp){
  p->iFrom = ADOPT_FROM_END;
  if( tablaoKind(pOp)==TABLAO_OWN ) return 0;
  if( tablaoInt(pOp, TABLAO_SQL_IS_FLAMENCO, 0)==0 ){
    if( pOp->rc==SQLITE_OK ){
      adoptRow(p, pOp, "version", "goose_db_version", "the table is missing: "
          "this is no database of Flamenco's");
    }
    return pOp->rc==SQLITE_OK;
  }
  p->iFrom = ADOPT_FROM_SCHEMA;
  return 0;
}

/* Goes on to the next row. False at the end and after an error. */
static int adoptScanNext(AdoptScan *p, TablaoOp *pOp){
  if( p->iFrom==ADOPT_FROM_VERSION && adoptLookAtVersion(p, pOp) ) return 1;
  while( p->iFrom<ADOPT_FROM_END && pOp->rc==SQLITE_OK ){
    TablaoOp *pOf = p->iFrom==ADOPT_FROM_SCHEMA ? &p->model.op : pOp;
    if( p->pScan==0 ) adoptPrepare(p, pOp);
    if( p->pScan && pOp->rc==SQLITE_OK && tablaoStep(pOf, p->pScan) ){
      if( p->iFrom==ADOPT_FROM_ROWS ){
        if( adoptRefused(p, pOp) ) return pOp->rc==SQLITE_OK;
      }else{
        adoptRow(p, pOp, tablaoColumnText(pOp, p->pScan, 0),
            tablaoColumnText(pOp, p->pScan, 1),
            tablaoColumnText(pOp, p->pScan, 2));
        return pOp->rc==SQLITE_OK;
      }
      continue;
    }
    tablaoTakeError(pOp, &p->model.op);
    int bMore = p->pScan!=0
        && (p->iFrom==ADOPT_FROM_SCRIPT || p->iFrom==ADOPT_FROM_ROWS);
    adoptScanClear(p);
    if( p->iFrom==ADOPT_FROM_SCHEMA && p->bMissing ){
      p->iFrom = ADOPT_FROM_END;
    }else if( !bMore ){
      p->iFrom++;
    }
    if( p->iFrom==ADOPT_FROM_ROWS && p->bNoRows ) p->iFrom = ADOPT_FROM_END;
  }
  return 0;
}

/*
** The number of problems; without bRows, of those that are found without the
** rules looking at each row. OUT: the first of them, as text that the caller
** frees with sqlite3_free().
*/
sqlite3_int64 tablaoAdoptProblems(TablaoOp *pOp, int bRows, char **pzFirst){
  AdoptScan scan;
  sqlite3_int64 n = 0;
  *pzFirst = 0;
  if( pOp->rc ) return 0;
  memset(&scan, 0, sizeof(scan));
  scan.bNoRows = !bRows;
  while( adoptScanNext(&scan, pOp) ){
    if( n++==0 ){
      *pzFirst = sqlite3_mprintf("%s %s: %s",
          scan.zKind, scan.zObject, scan.zMessage);
      if( *pzFirst==0 ) pOp->rc = SQLITE_NOMEM;
    }
  }
  adoptScanClose(&scan);
  return n;
}

/* --- The virtual table ----------------------------------------------------*/

static int adoptConnect(
  sqlite3 *db,
  void *pAux,
  int argc,
  const char *const *argv,
  sqlite3_vtab **ppVtab,
  char **pzErr
){
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  UNUSED_PARAMETER(pzErr);
  int rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  return rc ? rc : tablaoVtabConnect(pAux, ADOPT_DECLARE, ppVtab);
}

static int adoptOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UNUSED_PARAMETER(pVtab);
  return tablaoVtabOpen(sizeof(AdoptCursor), ppCursor);
}

static int adoptClose(sqlite3_vtab_cursor *pBase){
  adoptScanClose(&((AdoptCursor*)pBase)->scan);
  sqlite3_free(pBase);
  return SQLITE_OK;
}

static int adoptNext(sqlite3_vtab_cursor *pBase){
  AdoptCursor *pCur = (AdoptCursor*)pBase;
  TablaoOp op;
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "tablao_adopt_problems");
  op.bNeedsNoFarm = 1;
  pCur->iRowid++;
  pCur->bEof = !adoptScanNext(&pCur->scan, &op);
  return tablaoVtabError(pBase->pVtab, &op);
}

static int adoptEof(sqlite3_vtab_cursor *pBase){
  return ((AdoptCursor*)pBase)->bEof;
}

static int adoptRowid(sqlite3_vtab_cursor *pBase, sqlite3_int64 *piRowid){
  *piRowid = ((AdoptCursor*)pBase)->iRowid;
  return SQLITE_OK;
}

static int adoptColumn(
  sqlite3_vtab_cursor *pBase,
  sqlite3_context *ctx,
  int iCol
){
  AdoptScan *p = &((AdoptCursor*)pBase)->scan;
  const char *z = iCol==ADOPT_COL_KIND ? p->zKind
                : iCol==ADOPT_COL_OBJECT ? p->zObject : p->zMessage;
  sqlite3_result_text(ctx, z, -1, SQLITE_TRANSIENT);
  return SQLITE_OK;
}

static int adoptFilter(
  sqlite3_vtab_cursor *pBase,
  int idxNum,
  const char *idxStr,
  int argc,
  sqlite3_value **argv
){
  AdoptCursor *pCur = (AdoptCursor*)pBase;
  UNUSED_PARAMETER(idxNum);
  UNUSED_PARAMETER(idxStr);
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  adoptScanClose(&pCur->scan);
  pCur->iRowid = 0;
  return adoptNext(pBase);
}

static int adoptBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  UNUSED_PARAMETER(pVtab);
  pInfo->estimatedCost = 1e9;
  return SQLITE_OK;
}

const sqlite3_module tablaoAdoptProblemsModule = {
  .iVersion = 0,
  .xCreate = 0,             /* eponymous only */
  .xConnect = adoptConnect,
  .xBestIndex = adoptBestIndex,
  .xDisconnect = tablaoVtabDisconnect,
  .xOpen = adoptOpen,
  .xClose = adoptClose,
  .xFilter = adoptFilter,
  .xNext = adoptNext,
  .xEof = adoptEof,
  .xColumn = adoptColumn,
  .xRowid = adoptRowid,
};
