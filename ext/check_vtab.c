/*
** tablao_check: one row for each thing that is wrong with the database.
** severity is error (what is promised does not hold), warning (it holds, but
** something is not as it should be) or info (advice). What to do about each
** message is in docs/operations.md, "When tablao_check says".
**
**   CREATE TABLE tablao_check(severity, object, message, schema HIDDEN);
**
**   SELECT * FROM tablao_check;
**   SELECT count(*)=0 FROM tablao_check WHERE severity='error';
**   SELECT * FROM tablao_check WHERE schema='NAME OF AN ATTACHED DATABASE';
**
** object is the table, view, trigger, index or pragma that the row is about, or
** the row of a table, as farm_problems names it. Where it looks:
**
**   schema             no farm; another schema version; other migrations; a
**                      table, index, view or trigger that is missing or
**                      altered; triggers of a table in another order than
**                      ours; one named tablao_* that is not known; a
**                      table of rules whose rows are not ours.
**                      SELECT tablao_migrate() makes views and triggers anew
**   connection         triggers or views switched off; journal_mode,
**                      synchronous, busy_timeout, foreign_keys, and pragmas
**                      that take rules away. What concerns writers only is
**                      left out where the database is read-only
**   clock              a clock that is pinned far from the real time
**   farm_ticks         a farm with work that does not tick
**   sqlite_stat1       statistics of when a table had few rows
**   texts              texts that are not UTF-8: some clients cannot read a
**                      table that has one; uuids that are BLOBs
**   farm_problems      rows that disagree with what they derive from or with
**                      a rule; DELETE FROM farm_problems repairs what it can
**   foreign_key_check  rows without their parent
**   integrity_check    the file itself
**
** HOW IT WORKS: the last three are statements, whose rows are passed on one by
** one; all else is collected when the query begins. A statement that cannot be
** run, since something is missing or the file is damaged, is itself a row. To
** tell what tables and indexes should look like, the migrations are run in a
** database in memory, and the texts are compared without blanks, comments and
** quotes, which ALTER TABLE may change. Columns that the user added with ALTER
** TABLE are no difference; if a column of ours is missing, the message names
** the column that is in its place.
**
** It is DIRECTONLY: it reads all there is and is slow on purpose, so no
** view or trigger may set it off.
*/
#include "tablao.h"
#include <stdarg.h>

#define CHECK_DECLARE \
  "CREATE TABLE x(severity TEXT, object TEXT, message TEXT, " \
  "schema TEXT HIDDEN)"

/* Rows about texts that are not UTF-8; there may be as many as texts. */
#define CHECK_MAX_TEXTS 100

/* How few rows there were at ANALYZE, and how many there are now. */
#define CHECK_FEW_ROWS  20
#define CHECK_MANY_ROWS 1000

#define CHECK_COL_SEVERITY 0
#define CHECK_COL_OBJECT   1
#define CHECK_COL_SCHEMA   3

/* Values of idxNum. */
#define CHECK_IDX_MAIN   0  /* no argument */
#define CHECK_IDX_SCHEMA 1  /* schema = argv[0] */

/* One row of those that are collected. */
typedef struct CheckRow CheckRow;
struct CheckRow {
  const char *zSeverity;    /* static */
  char *zObject;
  char *zMessage;
};

/* The statements, in the order of their rows: (object, message). */
static const struct {
  const char *zObject;      /* to say if the statement cannot be run */
  const char *zSql;
} aCheckScan[] = {
  { "farm_problems",
    "SELECT object, kind || ': ' || message FROM main.farm_problems" },
  { "foreign_key_check", "PRAGMA main.foreign_key_check" },
  { "integrity_check", "PRAGMA main.integrity_check" },
};
#define CHECK_N_SCAN 3
#define CHECK_SCAN_PROBLEMS    0
#define CHECK_SCAN_FOREIGN_KEY 1
#define CHECK_SCAN_INTEGRITY   2

typedef struct CheckCursor CheckCursor;
struct CheckCursor {
  sqlite3_vtab_cursor base;
  CheckRow *aRow;           /* rows that were collected */
  int nRow;
  int iRow;                 /* the current one; nRow when they are through */
  int iScan;                /* the statement being run; CHECK_N_SCAN at EOF */
  char *zSchema;            /* NULL: main */
  int bHasFarm;
  int bCurrent;             /* and it is of this extension's version */
  sqlite3_stmt *pScan;      /* NULL: not yet prepared */
  CheckRow row;             /* the current row of a statement */
  sqlite3_int64 iRowid;
};

static int checkConnect(
  sqlite3 *db,
  void *pAux,
  int argc,
  const char *const *argv,
  sqlite3_vtab **ppVtab,
  char **pzErr
){
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(pzErr);
  int rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  if( rc==SQLITE_OK ) rc = tablaoVtabConnect(pAux, CHECK_DECLARE, ppVtab);
  /* Only this one: a file may have a table of another name that uses this
  ** module, and statements that are kept could use that table. */
  if( rc==SQLITE_OK && strcmp(argv[1], "main")==0
   && strcmp(argv[2], "tablao_check")==0
  ){
    tablaoVtabAnchor(*ppVtab);
  }
  return rc;
}

static int checkOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UNUSED_PARAMETER(pVtab);
  return tablaoVtabOpen(sizeof(CheckCursor), ppCursor);
}

static void checkRowClear(CheckRow *pRow){
  sqlite3_free(pRow->zObject);
  sqlite3_free(pRow->zMessage);
  memset(pRow, 0, sizeof(*pRow));
}

/* Puts the cursor back into its state at xOpen. */
static void checkCursorReset(CheckCursor *pCur){
  sqlite3_finalize(pCur->pScan);
  for(int i=0; i<pCur->nRow; i++) checkRowClear(&pCur->aRow[i]);
  sqlite3_free(pCur->aRow);
  checkRowClear(&pCur->row);
  sqlite3_free(pCur->zSchema);
  sqlite3_vtab_cursor base = pCur->base;
  memset(pCur, 0, sizeof(*pCur));
  pCur->base = base;
}

static int checkClose(sqlite3_vtab_cursor *pBase){
  checkCursorReset((CheckCursor*)pBase);
  sqlite3_free(pBase);
  return SQLITE_OK;
}

/* --- What is collected ----------------------------------------------------*/

/* Adds a row. */
static void checkAdd(
  CheckCursor *pCur,
  TablaoOp *pOp,
  const char *zSeverity,
  const char *zObject,
  const char *zMessage
){
  if( pOp->rc ) return;
  CheckRow *aNew = sqlite3_realloc64(pCur->aRow,
      ((sqlite3_uint64)pCur->nRow+1)*sizeof(CheckRow));
  if( aNew==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  pCur->aRow = aNew;
  CheckRow *pRow = &aNew[pCur->nRow++];
  pRow->zSeverity = zSeverity;
  pRow->zObject = tablaoReadable(sqlite3_mprintf("%s", zObject));
  pRow->zMessage = tablaoReadable(sqlite3_mprintf("%s", zMessage));
  if( pRow->zObject==0 || pRow->zMessage==0 ) pOp->rc = SQLITE_NOMEM;
}

/* Adds a row whose message is formatted. */
static void checkAddf(
  CheckCursor *pCur,
  TablaoOp *pOp,
  const char *zSeverity,
  const char *zObject,
  const char *zFormat,
  ...
){
  va_list ap;
  va_start(ap, zFormat);
  char *zMessage = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  if( zMessage ){
    checkAdd(pCur, pOp, zSeverity, zObject, zMessage);
  }else if( pOp->rc==SQLITE_OK ){
    pOp->rc = SQLITE_NOMEM;
  }
  sqlite3_free(zMessage);
}

/* What follows "SELECT tablao_migrate() ..." in a message: it works in main. */
static const char *checkWhere(const CheckCursor *pCur){
  return pCur->zSchema ? ", where this database is main" : "";
}

/*
** True if an error says something about the database, which is then a row,
** and not about the attempt to look at it.
*/
static int checkIsFinding(int rc){
  rc &= 0xff;
  return rc==SQLITE_ERROR || rc==SQLITE_CORRUPT || rc==SQLITE_CONSTRAINT
      || rc==SQLITE_MISMATCH || rc==SQLITE_NOTADB || rc==SQLITE_TOOBIG;
}

/*
** Turns the error of pSub into a row about zObject, if it is a finding, else
** into that of pOp. Its text begins with "tablao: tablao_check: ".
*/
static void checkAddError(
  CheckCursor *pCur,
  TablaoOp *pOp,
  TablaoOp *pSub,
  const char *zSeverity,
  const char *zObject
){
  static const char zPrefix[] = "tablao: tablao_check: ";
  if( checkIsFinding(pSub->rc) && pSub->zErr ){
    const char *z = pSub->zErr;
    if( strncmp(z, zPrefix, sizeof(zPrefix)-1)==0 ) z += sizeof(zPrefix)-1;
    checkAdd(pCur, pOp, zSeverity, zObject, z);
    sqlite3_free(pSub->zErr);
  }else{
    tablaoTakeError(pOp, pSub);
  }
}

/* The next character of SQL that counts: blanks, comments and quotes do not,
** nor does the case of letters. 0 at the end. */
static int checkNextChar(const char **pz){
  const char *z = *pz;
  for(;;){
    if( z[0]=='-' && z[1]=='-' ){
      while( z[0] && z[0]!='\n' ) z++;
    }else if( z[0]=='/' && z[1]=='*' ){
      for(z+=2; z[0] && (z[0]!='*' || z[1]!='/'); z++){}
      if( z[0] ) z += 2;
    }else if( z[0] && strchr(" \t\r\n\f\"`[]", z[0]) ){
      z++;
    }else{
      break;
    }
  }
  *pz = z[0] ? z+1 : z;
  return z[0]>='A' && z[0]<='Z' ? z[0]+('a'-'A') : z[0];
}

/* True if two statements are the same but for what ALTER TABLE may change. */
static int checkSameSql(const char *zA, const char *zB){
  for(;;){
    int a = checkNextChar(&zA);
    if( a!=checkNextChar(&zB) ) return 0;
    if( a==0 ) return 1;
  }
}

/* A statement as it is compared. OUT: caller frees; NULL: out of memory. */
static char *checkBareSql(const char *z){
  char *zBare = sqlite3_malloc64(strlen(z)+1);
  char *zTo = zBare;
  while( zBare && (*zTo = (char)checkNextChar(&z))!=0 ) zTo++;
  return zBare;
}

/*
** True if zHave is zWant plus columns that ALTER TABLE ADD COLUMN has added:
** one more piece, which begins with a comma.
*/
static int checkOnlyAdded(TablaoOp *pOp, const char *zHave, const char *zWant){
  char *zH = checkBareSql(zHave);
  char *zW = checkBareSql(zWant);
  int bOnly = 0;
  if( zH==0 || zW==0 ){
    if( pOp->rc==SQLITE_OK ) pOp->rc = SQLITE_NOMEM;
  }else if( strlen(zH)>strlen(zW) ){
    size_t nMore = strlen(zH) - strlen(zW);
    size_t i = 0;
    while( zW[i] && zH[i]==zW[i] ) i++;
    if( strcmp(zH+i+nMore, zW+i)==0 ){
      /* It may begin further left, where the text before it ends as it does. */
      while( i>0 && zH[i]!=',' && zH[i-1]==zH[i-1+nMore] ) i--;
      bOnly = zH[i]==',';
    }
  }
  sqlite3_free(zH);
  sqlite3_free(zW);
  return bOnly;
}

/*
** Compares the columns of a table with those of the model's. Returns how many
** rows it added. A missing column is named, and with it the column that has its
** place, unless that is another one of the model's.
*/
static int checkColumns(
  CheckCursor *pCur,
  TablaoOp *pOp,
  TablaoOp *pModel,
  const char *zTable
){
  static const char zSql[] = "SELECT name, cid, upper(type) || ' ' || "
      "\"notnull\" || ' ' || coalesce(dflt_value, '') || ' ' || pk "
      "FROM pragma_table_xinfo(?1, 'main') "
      "WHERE ?2 IS NULL OR name=?2 COLLATE NOCASE OR cid=?3 "
      "ORDER BY ?2 IS NULL OR name=?2 COLLATE NOCASE DESC, cid";
  int nRow = pCur->nRow;
  sqlite3_stmt *pWant = tablaoPrepare(pModel, zSql);
  sqlite3_stmt *pHave = tablaoPrepare(pOp, zSql);
  sqlite3_stmt *pKnown = tablaoPrepare(pModel, "SELECT 1 "
      "FROM pragma_table_xinfo(?1, 'main') WHERE name=?2 COLLATE NOCASE");
  tablaoBindText(pModel, pKnown, 1, zTable);
  tablaoBindText(pModel, pWant, 1, zTable);
  while( pOp->rc==SQLITE_OK && tablaoStep(pModel, pWant) ){
    const char *zName = tablaoColumnText(pModel, pWant, 0);
    const char *zWant = tablaoColumnText(pModel, pWant, 2);
    tablaoBindText(pOp, pHave, 1, zTable);
    tablaoBindText(pOp, pHave, 2, zName);
    tablaoBindInt(pOp, pHave, 3, sqlite3_column_int(pWant, 1));
    const char *zThere = 0;
    if( tablaoStep(pOp, pHave) ) zThere = tablaoColumnText(pOp, pHave, 0);
    if( zThere && sqlite3_stricmp(zThere, zName) ){
      tablaoBindText(pModel, pKnown, 2, zThere);
      if( tablaoStep(pModel, pKnown) ) zThere = 0;
      sqlite3_reset(pKnown);
    }
    if( zThere==0 ){
      checkAddf(pCur, pOp, "error", zTable, "column %s is missing", zName);
    }else if( sqlite3_stricmp(zThere, zName) ){
      checkAddf(pCur, pOp, "error", zTable,
          "column %s is missing; if it was renamed: "
          "ALTER TABLE %s RENAME COLUMN \"%w\" TO %s", zName, zTable,
          zThere, zName);
    }else if( strcmp(tablaoColumnText(pOp, pHave, 2), zWant)!=0 ){
      checkAddf(pCur, pOp, "error", zTable,
          "column %s is not as this extension would make it", zName);
    }
    sqlite3_reset(pHave);
  }
  sqlite3_finalize(pWant);
  sqlite3_finalize(pHave);
  sqlite3_finalize(pKnown);
  return pCur->nRow - nRow;
}

/*
** Adds the row for a table that is missing. If there is one with its columns, in
** their order, and a name that the model does not have, it may have been renamed.
** The module of a virtual table might be missing.
*/
static void checkMissingTable(
  CheckCursor *pCur,
  TablaoOp *pOp,
  TablaoOp *pModel,
  const char *zTable
){
  sqlite3_stmt *pWant = tablaoPrepare(pModel, "SELECT group_concat(lower(name)) "
      "|| ',' FROM pragma_table_info(?1, 'main')");
  sqlite3_stmt *pKnown = tablaoPrepare(pModel,
      "SELECT 1 FROM main.sqlite_schema WHERE name=?1 COLLATE NOCASE");
  sqlite3_stmt *pHave = tablaoPrepare(pOp, "SELECT s.name "
      "FROM main.sqlite_schema s WHERE s.type='table' "
      "AND s.sql NOT LIKE 'CREATE VIRTUAL%' AND substr((SELECT "
      "group_concat(lower(c.name)) || ',' FROM pragma_table_info(s.name, 'main') "
      "c), 1, length(?1))=?1");
  int bSaid = 0;
  tablaoBindText(pModel, pWant, 1, zTable);
  if( tablaoStep(pModel, pWant) ){
    tablaoBindText(pOp, pHave, 1, tablaoColumnText(pModel, pWant, 0));
  }
  while( !bSaid && pModel->rc==SQLITE_OK && tablaoStep(pOp, pHave) ){
    const char *zName = tablaoColumnText(pOp, pHave, 0);
    tablaoBindText(pModel, pKnown, 1, zName);
    bSaid = !tablaoStep(pModel, pKnown);
    sqlite3_reset(pKnown);
    if( bSaid ){
      checkAddf(pCur, pOp, "error", zTable, "table is missing; if it was "
          "renamed: ALTER TABLE \"%w\" RENAME TO %s", zName, zTable);
    }
  }
  if( !bSaid ) checkAdd(pCur, pOp, "error", zTable, "table is missing");
  sqlite3_finalize(pWant);
  sqlite3_finalize(pKnown);
  sqlite3_finalize(pHave);
}

/*
** Compares one object with what the database has under its name. pFind is
** SELECT sql ... WHERE type=?1 AND name=?2. pModel is NULL where
** tablao_migrate() makes it anew; else it has what a migration has made.
*/
static void checkObject(
  CheckCursor *pCur,
  TablaoOp *pOp,
  sqlite3_stmt *pFind,
  const char *zType,
  const char *zName,
  const char *zSql,
  TablaoOp *pModel
){
  int bAnew = pModel==0;
  int bIndex = strcmp(zType, "index")==0;
  const char *zWhat = 0;
  tablaoBindText(pOp, pFind, 1, zType);
  tablaoBindText(pOp, pFind, 2, zName);
  if( !tablaoStep(pOp, pFind) ){
    if( pModel && strcmp(zType, "table")==0 ){
      checkMissingTable(pCur, pOp, pModel, zName);
    }else{
      zWhat = "is missing";
    }
  }else{
    const char *zHave = tablaoColumnText(pOp, pFind, 0);
    if( bAnew ? strcmp(zHave, zSql)!=0 : !checkSameSql(zHave, zSql) ){
      int bTable = strcmp(zType, "table")==0;
      /* A row for each column, or one for the table. */
      if( (!bTable || checkColumns(pCur, pOp, pModel, zName)==0)
       && !(bTable && checkOnlyAdded(pOp, zHave, zSql))
      ){
        zWhat = "is not as this extension would make it";
      }
    }
  }
  sqlite3_reset(pFind);
  if( zWhat && bAnew ){
    checkAddf(pCur, pOp, "error", zName,
        "%s %s; SELECT tablao_migrate() restores it%s",
        zType, zWhat, checkWhere(pCur));
  }else if( zWhat ){
    checkAddf(pCur, pOp, "error", zName, "%s %s%s%s", zType, zWhat,
        bIndex ? "; it was made by " : "", bIndex ? zSql : "");
  }
}

/*
** Compares rows that the migrations have made, and that nothing removes, with
** those of the model: rules that are rows, and single rows that triggers write
** to. Without them a statement would do less, and not fail.
*/
static void checkRows(CheckCursor *pCur, TablaoOp *pOp, TablaoOp *pModel){
  static const struct {
    const char *zTable;
    const char *zSql;
  } aRows[] = {
    /* The default of state_machine is that of the kind of farm. */
    { "tablao_setting_defaults",
      "SELECT name, minimum, maximum, value FROM main.tablao_setting_defaults "
      "WHERE name<>'state_machine' ORDER BY 1" },
    { "tablao_sweep_rules",
      "SELECT * FROM main.tablao_sweep_rules ORDER BY 1, 2, 3, 4" },
    { "tablao_job_rules", "SELECT * FROM main.tablao_job_rules ORDER BY 1, 2" },
    { "tablao_task_rules",
      "SELECT * FROM main.tablao_task_rules ORDER BY 1, 2" },
    { "tablao_scratch", "SELECT key FROM main.tablao_scratch ORDER BY 1" },
    { "tablao_written_times",
      "SELECT n FROM main.tablao_written_times ORDER BY 1" },
    { "tablao_deleted_events", "SELECT key FROM main.tablao_deleted_events" },
  };
  sqlite3_stmt *pFind = tablaoPrepare(pModel,
      "SELECT 1 FROM main.sqlite_schema WHERE type='table' AND name=?1");
  for(int i=0; i<(int)(sizeof(aRows)/sizeof(aRows[0])); i++){
    TablaoOp op;
    if( pOp->rc || pModel->rc ) break;
    /* An observed farm has fewer tables. */
    tablaoBindText(pModel, pFind, 1, aRows[i].zTable);
    int bHas = tablaoStep(pModel, pFind);
    sqlite3_reset(pFind);
    if( !bHas ) continue;
    tablaoOpInit(&op, pOp->p, "tablao_check");
    op.zSchema = pCur->zSchema;
    sqlite3_stmt *pWant = tablaoPrepare(pModel, aRows[i].zSql);
    sqlite3_stmt *pHave = tablaoPrepare(&op, aRows[i].zSql);
    int bSame = 1;
    int bMore = 1;
    while( bSame && bMore && op.rc==SQLITE_OK && pModel->rc==SQLITE_OK ){
      bMore = tablaoStep(pModel, pWant);
      bSame = tablaoStep(&op, pHave)==bMore;
      /* The user may have added columns. */
      for(int j=0; bSame && bMore && j<sqlite3_column_count(pWant); j++){
        bSame = sqlite3_column_type(pHave, j)==sqlite3_column_type(pWant, j)
             && strcmp(tablaoColumnText(&op, pHave, j),
                       tablaoColumnText(pModel, pWant, j))==0;
      }
    }
    sqlite3_finalize(pWant);
    sqlite3_finalize(pHave);
    if( checkIsFinding(op.rc) ){
      /* A table or column that is missing is a row of its own. */
      sqlite3_free(op.zErr);
    }else if( op.rc ){
      tablaoTakeError(pOp, &op);
    }else if( !bSame && pModel->rc==SQLITE_OK ){
      checkAdd(pCur, pOp, "error", aRows[i].zTable,
          "its rows are not those that the migrations made");
    }
  }
  sqlite3_finalize(pFind);
}

/*
** Compares tables and indexes, and the rows that belong to them, with those
** that the migrations make in a database of their own. Where none can be
** opened, that is a row.
*/
static void checkTables(
  CheckCursor *pCur,
  TablaoOp *pOp,
  int eKind,
  sqlite3_stmt *pFind
){
  TablaoDb model;
  TablaoOp op;
  memset(&model, 0, sizeof(model));
  if( pOp->rc ) return;
  tablaoOpInit(&op, pOp->p, "tablao_check");
  op.zSchema = pCur->zSchema;
  tablaoOpenMemory(&op, &model.db);
  if( op.rc ){
    checkAddError(pCur, pOp, &op, "warning", "tables");
  }else{
    tablaoOpInit(&op, &model, "tablao_check");
    op.bNeedsNoFarm = 1;
    tablaoInstallTables(&op, 0,
        eKind==TABLAO_OWN ? TABLAO_OWN|TABLAO_BOTH : TABLAO_BOTH);
    sqlite3_stmt *pStmt = tablaoPrepare(&op,
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
    while( pOp->rc==SQLITE_OK && tablaoStep(&op, pStmt) ){
      const char *zType = tablaoColumnText(&op, pStmt, 0);
      const char *zName = tablaoColumnText(&op, pStmt, 1);
      const char *zSql = tablaoColumnText(&op, pStmt, 2);
      if( op.rc==SQLITE_OK ) {
        checkObject(pCur, pOp, pFind, zType, zName, zSql, &op);
      }
    }
    sqlite3_finalize(pStmt);
    checkRows(pCur, pOp, &op);
    tablaoTakeError(pOp, &op);
  }
  sqlite3_close(model.db);
}

/* What an observed farm lacks of Flamenco's tables and columns. */
static void checkFlamenco(CheckCursor *pCur, TablaoOp *pOp){
  TablaoModel model;
  tablaoModelOpen(pOp, &model, 0);
  sqlite3_stmt *pStmt = tablaoPrepare(&model.op,
      "SELECT object, message FROM temp.schema_problems WHERE is_missing");
  while( pOp->rc==SQLITE_OK && tablaoStep(&model.op, pStmt) ){
    const char *zObject = tablaoColumnText(&model.op, pStmt, 0);
    const char *zMessage = tablaoColumnText(&model.op, pStmt, 1);
    checkAdd(pCur, pOp, "error", zObject, zMessage);
  }
  sqlite3_finalize(pStmt);
  tablaoTakeError(pOp, &model.op);
  tablaoModelClose(&model);
}

/* Views and triggers named tablao_* that are none of ours. */
static void checkUnknown(CheckCursor *pCur, TablaoOp *pOp, int eKind){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT type, name FROM main.sqlite_schema "
      "WHERE type IN ('view', 'trigger') ORDER BY rowid");
  while( tablaoStep(pOp, pStmt) ){
    const char *zType = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    TablaoSource source;
    if( tablaoIsOurs(eKind, zName)
     && !tablaoFindSource(eKind, zName, &source)
    ){
      checkAddf(pCur, pOp, "warning", zName,
          "%s is not known to this extension; "
          "SELECT tablao_migrate() drops it%s", zType, checkWhere(pCur));
    }
  }
  sqlite3_finalize(pStmt);
}

/* What fires a trigger of ours, as a number below CHECK_N_EVENT. */
#define CHECK_N_EVENT 9
static int checkEvent(const TablaoSource *pSource){
  /* CREATE TRIGGER NAME AFTER UPDATE OF ..., or BEFORE, or INSTEAD OF. */
  const char *z = pSource->zSql + strlen("CREATE TRIGGER  ")
                + strlen(pSource->zName);
  int iTime = z[0]=='A' ? 0 : z[0]=='B' ? 1 : 2;
  z += strlen(iTime==0 ? "AFTER " : iTime==1 ? "BEFORE " : "INSTEAD OF ");
  return 3*iTime + (z[0]=='I' ? 0 : z[0]=='U' ? 1 : 2);
}

/*
** The tables and views whose triggers do not fire in the order in which this
** extension makes them. Among those of one event, one that counts has to come
** before one that reads the count: where a tool has made them again in another
** order, nothing is missing and nothing altered, and rules may be lost.
*/
static void checkOrder(CheckCursor *pCur, TablaoOp *pOp, int eKind){
  char *zTable = 0;         /* the table of the last row */
  int bSaid = 0;            /* and it has its row */
  int aLast[CHECK_N_EVENT]; /* where its last one is among the embedded ones */
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT lower(tbl_name), name, tbl_name FROM main.sqlite_schema "
      "WHERE type='trigger' ORDER BY 1, rowid");
  while( tablaoStep(pOp, pStmt) ){
    const char *zThis = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    TablaoSource source;
    if( pOp->rc ) break;
    if( zTable==0 || strcmp(zThis, zTable)!=0 ){
      sqlite3_free(zTable);
      zTable = sqlite3_mprintf("%s", zThis);
      if( zTable==0 ) pOp->rc = SQLITE_NOMEM;
      memset(aLast, 0, sizeof(aLast));
      bSaid = 0;
    }
    /* A user's trigger may have the name of a view of ours. */
    if( bSaid
     || !tablaoFindSource(eKind, zName, &source)
     || strcmp(source.zType, "trigger")!=0
    ){
      continue;
    }
    int *pLast = &aLast[checkEvent(&source)];
    bSaid = source.iPlace<*pLast;
    if( bSaid ){
      checkAddf(pCur, pOp, "error", tablaoColumnText(pOp, pStmt, 2),
          "its triggers fire in another order than Tablao makes them; "
          "SELECT tablao_migrate() restores it%s", checkWhere(pCur));
    }
    *pLast = source.iPlace;
  }
  sqlite3_finalize(pStmt);
  sqlite3_free(zTable);
}

/* Whether there is a farm, and whether it is that of this extension. */
static void checkSchema(CheckCursor *pCur, TablaoOp *pOp){
  pCur->bHasFarm = tablaoInt(pOp, TABLAO_SQL_HAS_FARM, 0)!=0;
  if( !pCur->bHasFarm ){
    checkAdd(pCur, pOp, "error", "tablao_migrations", tablaoNoFarm(pOp));
    return;
  }
  TablaoOp op;
  tablaoOpInit(&op, pOp->p, "tablao_check");
  op.zSchema = pCur->zSchema;
  int iVersion = tablaoCompareApplied(&op);
  int bApplied = op.rc==SQLITE_OK;
  checkAddError(pCur, pOp, &op, "error", "tablao_migrations");
  if( !bApplied ) return;
  if( iVersion!=tablaoLatest() ){
    checkAddf(pCur, pOp, "warning", "tablao_migrations",
        "schema version %d, where this extension "
        "has %d; SELECT tablao_migrate() upgrades it%s",
        iVersion, tablaoLatest(), checkWhere(pCur));
    return;
  }
  pCur->bCurrent = 1;
  TablaoSource source;
  int eKind = tablaoKind(pOp);
  sqlite3_stmt *pFind = tablaoPrepare(pOp,
      "SELECT sql FROM main.sqlite_schema WHERE type=?1 AND name=?2");
  if( eKind==TABLAO_OBSERVED ) checkFlamenco(pCur, pOp);
  checkTables(pCur, pOp, eKind, pFind);
  for(int i=0; tablaoSource(eKind, &i, &source) && pOp->rc==SQLITE_OK; ){
    checkObject(pCur, pOp, pFind, source.zType, source.zName, source.zSql, 0);
  }
  sqlite3_finalize(pFind);
  checkOrder(pCur, pOp, eKind);
  checkUnknown(pCur, pOp, eKind);
}

/* Values of pragmas that tablao_check reports. */
static const struct {
  const char *zPragma;
  int bIfFile;            /* only where the database is a file */
  int bIfWritten;         /* only where this connection can write */
  int iBad;               /* the value that is reported */
  const char *zSeverity;
  const char *zMessage;
  const char *zObserved;  /* the message in an observed farm; 0: the same */
} aCheckPragma[] = {
  { "synchronous", 1, 1, 0, "warning",
    "OFF: a power failure may damage the file; NORMAL or more is safe", 0 },
  { "busy_timeout", 1, 1, 0, "warning",
    "0: a statement fails at once when another process is writing", 0 },
  { "foreign_keys", 0, 1, 0, "info",
    "OFF: the triggers keep references all the same; ON is a second net",
    "OFF: what this connection deletes leaves references behind; "
    "Flamenco's Manager has it ON" },
  { "ignore_check_constraints", 0, 1, 1, "warning",
    "ON: a rule of the user's own tables may not hold", 0 },
  { "writable_schema", 0, 1, 1, "error",
    "ON: any statement may take the rules out of the file", 0 },
};

/* What can be switched off in a connection, and takes all rules away. */
static const struct {
  int op;
  const char *zObject;
  const char *zMessage;
} aCheckConfig[] = {
  { SQLITE_DBCONFIG_ENABLE_TRIGGER, "triggers",
    "switched off in this connection: no rule holds" },
  { SQLITE_DBCONFIG_ENABLE_VIEW, "views",
    "switched off in this connection: no rule holds" },
};

/* Settings of this connection that take rules away, or that it should have. */
static void checkConnection(CheckCursor *pCur, TablaoOp *pOp){
  const char *zFile = sqlite3_db_filename(pOp->db, tablaoSchemaName(pOp));
  /* What dqlite keeps is synced and locked by dqlite. */
  int bFile = zFile && zFile[0] && !tablaoIsDqlite(pOp->db);
  int bWritten = sqlite3_db_readonly(pOp->db, tablaoSchemaName(pOp))!=1;

  for(size_t i=0; i<sizeof(aCheckConfig)/sizeof(aCheckConfig[0]); i++){
    int bOn = 1;
    sqlite3_db_config(pOp->db, aCheckConfig[i].op, -1, &bOn);
    if( !bOn ){
      checkAdd(pCur, pOp, "error", aCheckConfig[i].zObject,
          aCheckConfig[i].zMessage);
    }
  }
  char *zMode = tablaoText(pOp, "PRAGMA main.journal_mode");
  if( bFile && bWritten && zMode && sqlite3_stricmp(zMode, "wal") ){
    checkAdd(pCur, pOp, "warning", "journal_mode",
        "not WAL: readers and writers wait for each other");
  }
  sqlite3_free(zMode);
  for(size_t i=0; i<sizeof(aCheckPragma)/sizeof(aCheckPragma[0]); i++){
    char zSql[64];
    sqlite3_snprintf(sizeof(zSql), zSql, "PRAGMA main.%s",
        aCheckPragma[i].zPragma);
    if( aCheckPragma[i].bIfFile && !bFile ) continue;
    if( aCheckPragma[i].bIfWritten && !bWritten ) continue;
    if( tablaoInt(pOp, zSql, -1)!=aCheckPragma[i].iBad ) continue;
    const char *zMessage = aCheckPragma[i].zMessage;
    if( aCheckPragma[i].zObserved && pCur->bCurrent
     && tablaoKind(pOp)==TABLAO_OBSERVED
    ){
      zMessage = aCheckPragma[i].zObserved;
    }
    checkAdd(pCur, pOp, aCheckPragma[i].zSeverity, aCheckPragma[i].zPragma,
        zMessage);
  }
}

/* Whether the clock is pinned far from the real time, and when an own farm
** with work last ticked. */
static void checkTimes(CheckCursor *pCur, TablaoOp *pOp, int eKind){
  char *zMessage = tablaoText(pOp,
      "SELECT 'pinned at ' || value || ', ' || "
      "CAST(round(abs(julianday(value) - julianday('now'))) AS INTEGER) || "
      "CASE WHEN julianday(value)<julianday('now') THEN ' days ago' "
        "ELSE ' days from now' END || "
      "'; UPDATE farm_settings SET value=NULL WHERE name=''clock'' lets it go' "
      "FROM main.farm_settings WHERE name='clock' "
      "AND abs(julianday(value) - julianday('now'))>1");
  if( zMessage ) checkAdd(pCur, pOp, "warning", "clock", zMessage);
  sqlite3_free(zMessage);
  if( eKind!=TABLAO_OWN ) return;
  /* A copy does not tick: where this connection cannot write, it is advice. */
  int bReadOnly = sqlite3_db_readonly(pOp->db, tablaoSchemaName(pOp))==1;
  zMessage = tablaoText(pOp,
      "SELECT CASE WHEN t.value IS NULL THEN 'the farm has never ticked' "
        "ELSE 'the farm last ticked at ' || t.value END || "
      "': INSERT INTO farm_ticks DEFAULT VALUES, once a minute, finds what "
        "timed out' "
      "FROM main.tablao_written_times t WHERE t.n=4 AND (t.value IS NULL "
        "OR julianday(t.value)<julianday(coalesce((SELECT value "
          "FROM main.farm_settings WHERE name='clock'), 'now')) - 10.0/1440) "
      "AND EXISTS(SELECT 1 FROM main.jobs "
        "WHERE status IN ('queued', 'active'))");
  if( zMessage ){
    checkAdd(pCur, pOp, bReadOnly ? "info" : "warning", "farm_ticks", zMessage);
  }
  sqlite3_free(zMessage);
}

/*
** Whether ANALYZE ran when a table had few rows, and it has many now. With up
** to CHECK_FEW_ROWS SQLite takes a look through the whole table for cheaper
** than a lookup, in the cascades of foreign keys, too, which no statement of
** ours can help. One table is named: the remedy is for all.
*/
static void checkStatistics(CheckCursor *pCur, TablaoOp *pOp){
  if( !tablaoInt(pOp, "SELECT 1 FROM main.sqlite_schema "
          "WHERE name='sqlite_stat1'", 0)
  ){
    return;
  }
  /* A virtual table has no root page; whatever it is, it is not asked. */
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT m.name, max(CAST(s.stat AS INTEGER)) "
      "FROM main.sqlite_stat1 s "
      "JOIN main.sqlite_schema m ON m.name=s.tbl AND m.type='table' "
      "WHERE m.rootpage>0 GROUP BY 1 HAVING max(CAST(s.stat AS INTEGER))<=?1");
  if( pStmt ) sqlite3_bind_int(pStmt, 1, CHECK_FEW_ROWS);
  while( tablaoStep(pOp, pStmt) ){
    const char *zTable = tablaoColumnText(pOp, pStmt, 0);
    sqlite3_int64 nThen = sqlite3_column_int64(pStmt, 1);
    char *zSql = sqlite3_mprintf(
        "SELECT count(*) FROM (SELECT 1 FROM main.\"%w\" LIMIT %d)",
        zTable, CHECK_MANY_ROWS + 1);
    if( zSql==0 ) pOp->rc = SQLITE_NOMEM;
    if( zSql && tablaoInt(pOp, zSql, 0)>CHECK_MANY_ROWS ){
      checkAddf(pCur, pOp, "warning", "sqlite_stat1",
          "ANALYZE found %lld row(s) in %s, which has over %d now: some "
          "statements look through all of them; DROP TABLE sqlite_stat1",
          nThen, zTable, CHECK_MANY_ROWS);
      sqlite3_free(zSql);
      break;
    }
    sqlite3_free(zSql);
  }
  sqlite3_finalize(pStmt);
}

/*
** Looks at one value of a table: column j of pScan, whose column 0 says which
** row this is. Adds a row if it is a text that is not UTF-8 (JSON that came as
** a BLOB counts as text), or a uuid that is a BLOB. False after CHECK_MAX_TEXTS
** of them. In a UTF-16 database SQLite makes UTF-8 of whatever is there.
*/
static int checkText(
  CheckCursor *pCur,
  TablaoOp *pOp,
  const char *zTable,
  sqlite3_stmt *pScan,
  int j,
  int *pnFound
){
  const char *zColumn = tablaoColumnName(pScan, j);
  int eType = sqlite3_column_type(pScan, j);
  const char *zFormat = 0;
  if( zColumn==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else if( eType==SQLITE_BLOB && sqlite3_stricmp(zColumn, "uuid")==0 ){
    zFormat = "column %s of row %s is a BLOB: no text finds it";
  }else if( eType==SQLITE_TEXT
         || (eType==SQLITE_BLOB && (sqlite3_stricmp(zColumn, "settings")==0
             || sqlite3_stricmp(zColumn, "metadata")==0
             || sqlite3_stricmp(zColumn, "commands")==0))
  ){
    const unsigned char *z = sqlite3_column_text(pScan, j);
    int n = sqlite3_column_bytes(pScan, j);
    /* An empty BLOB has no text. */
    if( z==0 && n>0 ) pOp->rc = SQLITE_NOMEM;
    if( z && !tablaoIsUtf8(z, n) ){
      zFormat = "column %s of row %s is not UTF-8: "
          "some clients cannot read the table";
    }
  }
  if( zFormat==0 ) return 1;
  if( ++*pnFound>CHECK_MAX_TEXTS ){
    checkAdd(pCur, pOp, "error", zTable, "more texts are not UTF-8");
    return 0;
  }
  checkAddf(pCur, pOp, "error", zTable, zFormat, zColumn,
      tablaoColumnText(pOp, pScan, 0));
  return 1;
}

/* Looks at all values of the tables in which people write. */
static void checkTexts(CheckCursor *pCur, TablaoOp *pOp){
  static const struct {
    const char *zTable;
    const char *zKey;       /* SQL: what tells a row from the others */
  } aTable[] = {
    { "jobs", "id" }, { "tasks", "id" },
    { "task_dependencies", "task_id || ', ' || dependency_id" },
    { "task_failures", "task_id || ', ' || worker_id" },
    { "job_blocks", "id" }, { "last_rendereds", "id" }, { "workers", "id" },
    { "worker_tags", "id" },
    { "worker_tag_membership", "worker_tag_id || ', ' || worker_id" },
    { "sleep_schedules", "id" }, { "farm_settings", "name" },
    { "task_attempts", "id" }, { "archived_jobs", "id" },
    { "farm_events", "id" },
  };
  int nFound = 0;
  sqlite3_stmt *pFind = tablaoPrepare(pOp, "SELECT 1 FROM main.sqlite_schema "
      "WHERE type='table' AND name=?1 COLLATE NOCASE");
  for(size_t i=0; i<sizeof(aTable)/sizeof(aTable[0]) && pOp->rc==SQLITE_OK;
      i++){
    const char *zTable = aTable[i].zTable;
    tablaoBindText(pOp, pFind, 1, zTable);
    int bThere = tablaoStep(pOp, pFind);
    sqlite3_reset(pFind);
    if( !bThere ) continue;
    char *zSql = sqlite3_mprintf("SELECT %s, * FROM main.\"%w\"",
        aTable[i].zKey, zTable);
    if( zSql==0 ) pOp->rc = SQLITE_NOMEM;
    TablaoOp op;
    tablaoOpInit(&op, pOp->p, "tablao_check");
    op.zSchema = pCur->zSchema;
    sqlite3_stmt *pScan = zSql ? tablaoPrepare(&op, zSql) : 0;
    sqlite3_free(zSql);
    while( pScan && pOp->rc==SQLITE_OK && nFound<=CHECK_MAX_TEXTS
        && tablaoStep(&op, pScan)
    ){
      int n = sqlite3_column_count(pScan);
      int j = 1;
      while( j<n && checkText(pCur, pOp, zTable, pScan, j, &nFound) ) j++;
    }
    sqlite3_finalize(pScan);
    checkAddError(pCur, pOp, &op, "error", zTable);
  }
  sqlite3_finalize(pFind);
}

/* --- What is passed on ----------------------------------------------------*/

/* Makes the current row of the statement pCur->row. */
static void checkScanRow(CheckCursor *pCur, TablaoOp *pOp){
  CheckRow *pRow = &pCur->row;
  sqlite3_stmt *pScan = pCur->pScan;
  const char *zFirst = tablaoColumnText(pOp, pScan, 0);
  checkRowClear(pRow);
  pRow->zSeverity = "error";
  if( pCur->iScan==CHECK_SCAN_INTEGRITY ){
    pRow->zObject = sqlite3_mprintf("integrity_check");
    pRow->zMessage = sqlite3_mprintf("%s", zFirst);
  }else if( pCur->iScan==CHECK_SCAN_FOREIGN_KEY ){
    /* The table, the row's id (NULL if it is WITHOUT ROWID), the parent. */
    const char *zParent = tablaoColumnText(pOp, pScan, 2);
    pRow->zObject = sqlite3_mprintf("%s", zFirst);
    pRow->zMessage = sqlite3_column_type(pScan, 1)==SQLITE_NULL
        ? sqlite3_mprintf("foreign_key_check: a row refers to no row of %s",
            zParent)
        : sqlite3_mprintf("foreign_key_check: row %lld refers to no row of %s",
            sqlite3_column_int64(pScan, 1), zParent);
  }else{
    pRow->zObject = sqlite3_mprintf("%s", zFirst);
    pRow->zMessage = sqlite3_mprintf("%s", tablaoColumnText(pOp, pScan, 1));
  }
  tablaoReadable(pRow->zObject);
  tablaoReadable(pRow->zMessage);
  if( pRow->zObject==0 || pRow->zMessage==0 ) pOp->rc = SQLITE_NOMEM;
}

/*
** Goes on to the next row of the statements. One that fails is ended; its
** error, if it is a finding, becomes its last row.
*/
static void checkScan(CheckCursor *pCur, TablaoOp *pOp){
  while( pCur->iScan<CHECK_N_SCAN && pOp->rc==SQLITE_OK ){
    TablaoOp op;
    tablaoOpInit(&op, pOp->p, "tablao_check");
    op.zSchema = pCur->zSchema;
    op.bNeedsNoFarm = 1;
    if( pCur->iScan==CHECK_SCAN_PROBLEMS && !pCur->bHasFarm ){
      pCur->iScan++;
      continue;
    }
    if( pCur->pScan==0 ){
      pCur->pScan = tablaoPrepare(&op, aCheckScan[pCur->iScan].zSql);
    }
    if( tablaoStep(&op, pCur->pScan) ){
      checkScanRow(pCur, pOp);
      if( pCur->iScan!=CHECK_SCAN_INTEGRITY || pOp->rc
       || strcmp(pCur->row.zMessage, "ok")!=0
      ){
        return;
      }
      continue;
    }
    sqlite3_finalize(pCur->pScan);
    pCur->pScan = 0;
    int nRow = pCur->nRow;
    checkAddError(pCur, pOp, &op, "error",
        aCheckScan[pCur->iScan].zObject);
    pCur->iScan++;
    if( pCur->nRow>nRow ) return;
  }
}

static int checkNext(sqlite3_vtab_cursor *pBase){
  CheckCursor *pCur = (CheckCursor*)pBase;
  TablaoOp op;
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "tablao_check");
  op.zSchema = pCur->zSchema;
  pCur->iRowid++;
  if( pCur->iRow<pCur->nRow ) pCur->iRow++;
  if( pCur->iRow==pCur->nRow ) checkScan(pCur, &op);
  return tablaoVtabError(pBase->pVtab, &op);
}

static int checkEof(sqlite3_vtab_cursor *pBase){
  CheckCursor *pCur = (CheckCursor*)pBase;
  return pCur->iRow==pCur->nRow && pCur->iScan==CHECK_N_SCAN;
}

static int checkRowid(sqlite3_vtab_cursor *pBase, sqlite3_int64 *piRowid){
  *piRowid = ((CheckCursor*)pBase)->iRowid;
  return SQLITE_OK;
}

static int checkColumn(
  sqlite3_vtab_cursor *pBase,
  sqlite3_context *ctx,
  int iCol
){
  CheckCursor *pCur = (CheckCursor*)pBase;
  if( iCol==CHECK_COL_SCHEMA ){
    sqlite3_result_text(ctx, pCur->zSchema ? pCur->zSchema : "main", -1,
        SQLITE_TRANSIENT);
    return SQLITE_OK;
  }
  const CheckRow *pRow = pCur->iRow<pCur->nRow
                       ? &pCur->aRow[pCur->iRow] : &pCur->row;
  const char *z = iCol==CHECK_COL_SEVERITY ? pRow->zSeverity
                : iCol==CHECK_COL_OBJECT ? pRow->zObject : pRow->zMessage;
  sqlite3_result_text(ctx, z, -1, SQLITE_TRANSIENT);
  return SQLITE_OK;
}

static int checkFilter(
  sqlite3_vtab_cursor *pBase,
  int idxNum,
  const char *idxStr,
  int argc,
  sqlite3_value **argv
){
  CheckCursor *pCur = (CheckCursor*)pBase;
  TablaoOp op;
  UNUSED_PARAMETER(idxStr);
  UNUSED_PARAMETER(argc);
  tablaoOpInit(&op, ((TablaoVtab*)pBase->pVtab)->p, "tablao_check");
  op.bNeedsNoFarm = 1;
  checkCursorReset(pCur);
  if( idxNum==CHECK_IDX_SCHEMA ) pCur->zSchema = tablaoSchema(&op, argv[0]);
  checkSchema(pCur, &op);
  checkConnection(pCur, &op);
  if( pCur->bCurrent ){
    TablaoOp sub;
    tablaoOpInit(&sub, op.p, "tablao_check");
    sub.zSchema = pCur->zSchema;
    if( op.rc==SQLITE_OK ) checkTimes(pCur, &sub, tablaoKind(&sub));
    checkAddError(pCur, &op, &sub, "error", "farm_settings");
  }
  if( pCur->bHasFarm && op.rc==SQLITE_OK ){
    TablaoOp sub;
    tablaoOpInit(&sub, op.p, "tablao_check");
    sub.zSchema = pCur->zSchema;
    checkStatistics(pCur, &sub);
    checkAddError(pCur, &op, &sub, "error", "sqlite_stat1");
  }
  if( pCur->bHasFarm ) checkTexts(pCur, &op);
  if( op.rc==SQLITE_OK && pCur->nRow==0 ) checkScan(pCur, &op);
  return tablaoVtabError(pBase->pVtab, &op);
}

static int checkBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  UNUSED_PARAMETER(pVtab);
  pInfo->idxNum = CHECK_IDX_MAIN;
  pInfo->estimatedCost = 1e9;
  int iSchema = -1;
  int nArg = 0;
  int rc = tablaoVtabSchema(pInfo, CHECK_COL_SCHEMA, &iSchema);
  tablaoVtabUse(pInfo, iSchema, CHECK_IDX_SCHEMA, 1, &nArg);
  return rc;
}

const sqlite3_module tablaoCheckModule = {
  .iVersion = 0,
  .xCreate = 0,             /* eponymous only */
  .xConnect = checkConnect,
  .xBestIndex = checkBestIndex,
  .xDisconnect = tablaoVtabDisconnect,
  .xOpen = checkOpen,
  .xClose = checkClose,
  .xFilter = checkFilter,
  .xNext = checkNext,
  .xEof = checkEof,
  .xColumn = checkColumn,
  .xRowid = checkRowid,
};
