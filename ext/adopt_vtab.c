/*
** tablao_adopt_problems: why a database of Flamenco's cannot become a farm.
**
**   CREATE TABLE tablao_adopt_problems(kind, object, message);
**
**   SELECT * FROM tablao_adopt_problems;
**   SELECT kind, count(*) FROM tablao_adopt_problems GROUP BY kind;
**
** One row per problem; none if tablao_migrate() would adopt the database, or
** if it is a farm already. object is a table and the id of a row in it, or a
** uuid, or the name of a table, column or other object. The kinds:
**
**   version            not at Flamenco 3.9; nothing else is looked at then
**   table, column      missing, or one too many
**   name               something has a name that a farm needs
**   null, id           NULL, or an id that is no number
**   duplicate          a key that is not unique
**   orphan, dependency, status, index, last rendered
**                      as in the view farm_problems
**   json, number, types, schedule
**                      what the farm's triggers would not let in
**
** HOW IT WORKS: the sources are looked at one after the other, row by row.
** The first compares schemas, in a model; where it finds something, the
** others cannot be run. Then come the statements of sql/adopt/problems.sql,
** the SELECT of the view tablao_row_problems, and last the doors: the values
** of each row are handed to a door of the model that refuses them if they
** break a rule (views/tablao_asserts.sql), and its refusal is the message.
**
** It is DIRECTONLY, as tablao_check is, and for the same reason.
*/
#include "tablao.h"

#define ADOPT_DECLARE "CREATE TABLE x(kind TEXT, object TEXT, message TEXT)"

#define ADOPT_COL_KIND    0
#define ADOPT_COL_OBJECT  1

/* Sources, in this order; the doors are numbered from ADOPT_FROM_DOORS. */
#define ADOPT_FROM_VERSION 0
#define ADOPT_FROM_SCHEMA  1
#define ADOPT_FROM_SCRIPT  2
#define ADOPT_FROM_VIEW    3
#define ADOPT_FROM_DOORS   4

/*
** The doors. zScan gives the object, the column to name where the refusal
** does not, and the values for zDoor. What adopt/copy.sql fills in for NULL
** is filled in here.
*/
static const struct {
  const char *zKind;
  const char *zScan;
  const char *zDoor;
} aAdoptDoor[] = {
  { "json",
    "SELECT 'jobs ' || id, 'jobs.settings', 'settings', settings, 'object' "
    "FROM main.jobs",
    "INSERT INTO tablao_assert_json(column_name, value, root_type) "
    "VALUES(?1, ?2, ?3)" },
  { "json",
    "SELECT 'jobs ' || id, 'jobs.metadata', 'metadata', metadata, 'object' "
    "FROM main.jobs",
    "INSERT INTO tablao_assert_json(column_name, value, root_type) "
    "VALUES(?1, ?2, ?3)" },
  { "json",
    "SELECT 'tasks ' || id, 'tasks.commands', 'commands', commands, 'array' "
    "FROM main.tasks",
    "INSERT INTO tablao_assert_json(column_name, value, root_type) "
    "VALUES(?1, ?2, ?3)" },
  { "number",
    "SELECT 'jobs ' || id, 'jobs.priority', priority FROM main.jobs",
    "INSERT INTO tablao_assert_job_priority(priority) VALUES(?1)" },
  { "number",
    "SELECT 'tasks ' || id, 'tasks', priority, coalesce(steps_completed, 0), "
    "coalesce(steps_total, 0) FROM main.tasks",
    "INSERT INTO tablao_assert_task(priority, index_in_job, "
    "steps_completed, steps_total, worker_id) VALUES(?1, 1, ?2, ?3, NULL)" },
  { "types",
    "SELECT 'workers ' || id, 'workers.supported_task_types', "
    "coalesce(supported_task_types, '') FROM main.workers",
    "INSERT INTO tablao_assert_task_types(supported_task_types) VALUES(?1)" },
  { "schedule",
    "SELECT 'sleep_schedules ' || id, 'sleep_schedules', "
    "coalesce(days_of_week, ''), coalesce(start_time, ''), "
    "coalesce(end_time, '') FROM main.sleep_schedules",
    "INSERT INTO tablao_assert_sleep_schedule(worker_id, days_of_week, "
    "start_time, end_time) VALUES(1, ?1, ?2, ?3)" },
};
#define ADOPT_N_DOOR ((int)(sizeof(aAdoptDoor)/sizeof(aAdoptDoor[0])))
#define ADOPT_FROM_END (ADOPT_FROM_DOORS+ADOPT_N_DOOR)

/* A walk through all problems. */
typedef struct AdoptScan AdoptScan;
struct AdoptScan {
  TablaoModel model;
  int iFrom;                /* the source */
  int bBad;                 /* it has had a row */
  const char *zTail;        /* the statements of the script to come */
  sqlite3_stmt *pScan;      /* NULL: not yet prepared */
  sqlite3_stmt *pDoor;
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

/* The current row is no more. */
static void adoptRowClear(AdoptScan *p){
  sqlite3_free(p->zKind);
  sqlite3_free(p->zObject);
  sqlite3_free(p->zMessage);
  p->zKind = p->zObject = p->zMessage = 0;
}

/* Ends a walk. */
static void adoptScanClose(AdoptScan *p){
  adoptRowClear(p);
  sqlite3_finalize(p->pScan);
  sqlite3_finalize(p->pDoor);
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
  p->zObject = sqlite3_mprintf("%s", zObject);
  p->zMessage = sqlite3_mprintf("%s", zMessage);
  p->bBad = 1;
  if( p->zKind==0 || p->zObject==0 || p->zMessage==0 ) pOp->rc = SQLITE_NOMEM;
}

/* The SELECT of a view of ours. */
static const char *adoptViewSelect(const char *zName){
  TablaoSource source;
  int i = 0;
  do{ tablaoSource(i++, &source); }while( strcmp(source.zName, zName)!=0 );
  return strstr(source.zSql, " AS\n")+4;
}

/*
** Hands the row of pScan to the door. True if it is refused, which is then
** the current row.
*/
static int adoptRefused(AdoptScan *p, TablaoOp *pOp){
  sqlite3 *db = p->model.db.db;
  int nValue = sqlite3_column_count(p->pScan) - 2;
  int rc = SQLITE_OK;
  for(int i=0; rc==SQLITE_OK && i<nValue; i++){
    rc = sqlite3_bind_value(p->pDoor, i+1, sqlite3_column_value(p->pScan, i+2));
  }
  if( rc==SQLITE_OK ) rc = sqlite3_step(p->pDoor);
  if( rc==SQLITE_CONSTRAINT || rc==SQLITE_ERROR ){
    const char *zMsg = sqlite3_errmsg(db);
    const char *zObject = tablaoColumnText(pOp, p->pScan, 0);
    const char *zColumn = tablaoColumnText(pOp, p->pScan, 1);
    const char *zKind = aAdoptDoor[p->iFrom-ADOPT_FROM_DOORS].zKind;
    if( strncmp(zMsg, "tablao: ", 8)==0 ){
      adoptRow(p, pOp, zKind, zObject, zMsg+8);
    }else{
      char *z = sqlite3_mprintf("%s: %s", zColumn, zMsg);
      if( z==0 ) pOp->rc = SQLITE_NOMEM;
      adoptRow(p, pOp, zKind, zObject, z ? z : "");
      sqlite3_free(z);
    }
  }else if( rc!=SQLITE_DONE && pOp->rc==SQLITE_OK ){
    pOp->rc = rc;
    pOp->zErr = sqlite3_mprintf("tablao: %s: %s", pOp->zWho,
        sqlite3_errmsg(db));
  }
  sqlite3_reset(p->pDoor);
  return rc!=SQLITE_DONE;
}

/* Prepares the statement of the source p->iFrom. */
static void adoptPrepare(AdoptScan *p, TablaoOp *pOp){
  if( p->iFrom==ADOPT_FROM_SCHEMA ){
    tablaoModelOpen(pOp, &p->model);
    if( pOp->rc ) return;
    /* For the door of sleep schedules, to have a worker to speak of. */
    tablaoExec(&p->model.op, "INSERT INTO workers(id) VALUES(1)");
    p->pScan = tablaoPrepare(&p->model.op,
        "SELECT kind, object, message FROM temp.schema_problems");
    p->zTail = tablaoScript("adopt_problems");
  }else if( p->iFrom==ADOPT_FROM_SCRIPT ){
    int rc = sqlite3_prepare_v2(pOp->db, p->zTail, -1, &p->pScan, &p->zTail);
    if( rc ) tablaoSqlError(pOp, rc);
  }else if( p->iFrom==ADOPT_FROM_VIEW ){
    p->pScan = tablaoPrepare(pOp, adoptViewSelect("tablao_row_problems"));
  }else{
    int i = p->iFrom - ADOPT_FROM_DOORS;
    p->pScan = tablaoPrepare(pOp, aAdoptDoor[i].zScan);
    p->pDoor = tablaoPrepare(&p->model.op, aAdoptDoor[i].zDoor);
  }
  tablaoModelError(pOp, &p->model);
}

/* The first source, which has no statement. True if there is a row. */
static int adoptLookAtVersion(AdoptScan *p, TablaoOp *pOp){
  p->iFrom = ADOPT_FROM_END;
  if( tablaoInt(pOp, TABLAO_SQL_HAS_FARM, 0) ) return 0;
  if( !tablaoAdoptIsFlamenco(pOp) ){
    adoptRow(p, pOp, "version", "goose_db_version", "the table is missing: "
        "this is no database of Flamenco 3.9");
    return 1;
  }
  char *z = tablaoAdoptVersion(pOp);
  if( z ){
    adoptRow(p, pOp, "version", "goose_db_version", z);
    sqlite3_free(z);
    return 1;
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
    if( p->pScan && tablaoStep(pOf, p->pScan) ){
      if( p->iFrom>=ADOPT_FROM_DOORS ){
        if( adoptRefused(p, pOp) ) return pOp->rc==SQLITE_OK;
      }else{
        adoptRow(p, pOp, tablaoColumnText(pOp, p->pScan, 0),
            tablaoColumnText(pOp, p->pScan, 1),
            tablaoColumnText(pOp, p->pScan, 2));
        return pOp->rc==SQLITE_OK;
      }
      continue;
    }
    tablaoModelError(pOp, &p->model);
    int bMore = p->iFrom==ADOPT_FROM_SCRIPT && p->pScan!=0;
    sqlite3_finalize(p->pScan);
    sqlite3_finalize(p->pDoor);
    p->pScan = p->pDoor = 0;
    if( p->iFrom==ADOPT_FROM_SCHEMA && p->bBad ){
      p->iFrom = ADOPT_FROM_END;
    }else if( !bMore ){
      p->iFrom++;
    }
  }
  return 0;
}

/*
** The number of problems. OUT: the first of them, as text that the caller
** frees with sqlite3_free().
*/
sqlite3_int64 tablaoAdoptProblems(TablaoOp *pOp, char **pzFirst){
  AdoptScan scan;
  sqlite3_int64 n = 0;
  *pzFirst = 0;
  if( pOp->rc ) return 0;
  memset(&scan, 0, sizeof(scan));
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
