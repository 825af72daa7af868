/*
** The model: a farm in memory, to compare a database with and to ask its
** rules; and the guard, by which SQL text that stands in a database is run if
** it is a schema statement, and not if it is anything else.
**
** The model is an own farm. Its tables are made in the order in which an
** observed farm that is taken over gets them: those of both kinds first.
** sql/adopt/schema.sql adds temporary tables, into which the database's schema
** is copied, and views that compare the two.
**
** The guard has a connection of its own, in memory, with an authorizer that
** allows the one CREATE that is expected and SQLite's own harmless functions.
** A statement that passes there is then run in the database. The authorizer is
** not set on the caller's connection, which may have one of its own: that could
** not be put back.
*/
#include "tablao.h"

/* --- The model ------------------------------------------------------------*/

/* Opens a database in memory, and an operation on it. The caller closes both,
** even after an error. */
static void modelOpenMemory(TablaoOp *pOp, TablaoDb *pDb, TablaoOp *pMemory){
  tablaoOpenMemory(pOp, &pDb->db);
  tablaoOpInit(pMemory, pDb, pOp->zWho);
  pMemory->bNeedsNoFarm = 1;
  /* The text of the error is with pOp. */
  pMemory->rc = pOp->rc;
}

/* Gives the model the encoding of the database: it decides what text a BLOB
** is, and so whether it is JSON. */
static void modelEncode(TablaoOp *pOp, TablaoOp *pMemory){
  char *z = tablaoText(pOp, "PRAGMA main.encoding");
  if( z && strcmp(z, "UTF-8")!=0 ){
    tablaoExec(pMemory, strcmp(z, "UTF-16be")==0
        ? "PRAGMA encoding='UTF-16be'" : "PRAGMA encoding='UTF-16le'");
  }
  sqlite3_free(z);
}

/* Runs zInsert in pTo for each row of zSelect in pFrom. */
void tablaoModelCopy(
  TablaoOp *pFrom,
  const char *zSelect,
  TablaoOp *pTo,
  const char *zInsert
){
  sqlite3_stmt *pSelect = tablaoPrepare(pFrom, zSelect);
  sqlite3_stmt *pInsert = tablaoPrepare(pTo, zInsert);
  while( pTo->rc==SQLITE_OK && tablaoStep(pFrom, pSelect) ){
    for(int i=0; i<sqlite3_column_count(pSelect); i++){
      tablaoBind(pTo, pInsert, i+1, sqlite3_column_value(pSelect, i));
    }
    while( tablaoStep(pTo, pInsert) ){}
    sqlite3_reset(pInsert);
  }
  sqlite3_finalize(pSelect);
  sqlite3_finalize(pInsert);
}

/*
** Makes a model, with its rules if bRules, and notes in it what the database
** has. To be closed even after an error.
*/
void tablaoModelOpen(TablaoOp *pOp, TablaoModel *pModel, int bRules){
  TablaoSource source;
  memset(pModel, 0, sizeof(*pModel));
  if( pOp->rc ) return;
  modelOpenMemory(pOp, &pModel->db, &pModel->op);
  modelEncode(pOp, &pModel->op);
  tablaoInstallTables(&pModel->op, 0, TABLAO_BOTH);
  tablaoExec(&pModel->op, tablaoScript("adopt_schema"));
  tablaoExec(&pModel->op, "INSERT INTO temp.our_tables "
      "SELECT name FROM main.sqlite_schema "
      "WHERE type='table' AND name NOT GLOB 'sqlite_*'");
  tablaoInstallTables(&pModel->op, 0, TABLAO_OWN);
  if( bRules ){
    tablaoInstallObjects(&pModel->op, TABLAO_OWN, "view");
    tablaoInstallObjects(&pModel->op, TABLAO_OWN, "trigger");
  }
  sqlite3_stmt *pStmt = tablaoPrepare(&pModel->op,
      "INSERT INTO temp.our_objects VALUES(?1)");
  for(int i=0; tablaoSource(TABLAO_OBSERVED, &i, &source); ){
    if( pModel->op.rc ) break;
    tablaoBindText(&pModel->op, pStmt, 1, source.zName);
    while( tablaoStep(&pModel->op, pStmt) ){}
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
  int bFarm = tablaoInt(pOp, TABLAO_SQL_HAS_FARM, 0)!=0;
  if( bFarm ) tablaoExec(&pModel->op, "INSERT INTO temp.farms VALUES(1)");
  tablaoModelCopy(pOp, bFarm
      ? "SELECT type, name, tbl_name, sql, "
        "name IN (SELECT name FROM main.tablao_objects) FROM main.sqlite_schema"
      : "SELECT type, name, tbl_name, sql, 0 FROM main.sqlite_schema",
      &pModel->op,
      "INSERT INTO temp.their_objects VALUES(?1, ?2, ?3, ?4, ?5)");
  /* The module of a virtual table might be missing. */
  tablaoModelCopy(pOp,
      "SELECT s.name, x.name FROM main.sqlite_schema s "
      "JOIN pragma_table_xinfo(s.name, 'main') x "
      "WHERE s.type='table' AND s.sql NOT LIKE 'CREATE VIRTUAL%'",
      &pModel->op,
      "INSERT INTO temp.their_columns VALUES(?1, ?2)");
  tablaoTakeError(pOp, &pModel->op);
}

/* Closes a model. */
void tablaoModelClose(TablaoModel *pModel){
  sqlite3_free(pModel->op.zErr);
  sqlite3_close(pModel->db.db);
  memset(pModel, 0, sizeof(*pModel));
}

/*
** Fails, naming what is missing, and which of the two programs is too old. A
** database that lacks something may lack its version, too: then it counts as 0.
*/
void tablaoModelLacks(TablaoOp *pOp, const char *zWhat){
  TablaoOp look;
  tablaoOpInit(&look, pOp->p, pOp->zWho);
  sqlite3_int64 iVersion = tablaoInt(&look, TABLAO_SQL_FLAMENCO_VERSION, 0);
  sqlite3_free(look.zErr);
  if( look.rc==SQLITE_NOMEM ){
    pOp->rc = look.rc;
  }else if( iVersion>TABLAO_FLAMENCO_VERSION ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: this database of Flamenco's "
        "lacks %s: its migration %lld is newer than this Tablao, so a newer "
        "Tablao is needed", pOp->zWho, zWhat, iVersion);
  }else{
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: this database of Flamenco's "
        "lacks %s: start Flamenco 3.9 or newer once, then try again",
        pOp->zWho, zWhat);
  }
}

/*
** Fails if the database lacks a table or column of Flamenco 3.9's, or has
** something of a name that an observed farm needs.
*/
void tablaoModelRefuse(TablaoOp *pOp, TablaoModel *pModel){
  char *z = tablaoText(&pModel->op,
      "SELECT group_concat(object, ', ') FROM temp.schema_problems "
      "WHERE is_missing");
  tablaoTakeError(pOp, &pModel->op);
  if( z ) tablaoModelLacks(pOp, z);
  sqlite3_free(z);
  z = tablaoText(&pModel->op,
      "SELECT object || ': ' || message FROM temp.schema_problems "
      "WHERE prevents='both'");
  tablaoTakeError(pOp, &pModel->op);
  if( z ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s; rename it first",
        pOp->zWho, z);
  }
  sqlite3_free(z);
}

/* --- The guard ------------------------------------------------------------*/

/* Opens a guard. To be closed even after an error. */
void tablaoGuardOpen(TablaoOp *pOp, TablaoGuard *p){
  memset(p, 0, sizeof(*p));
  if( pOp->rc ) return;
  modelOpenMemory(pOp, &p->db, &p->op);
  /* SQLite's own functions that are innocuous, and those of JSON, which some
  ** versions do not count among them. */
  sqlite3_stmt *pStmt = tablaoPrepare(&p->op,
      "SELECT DISTINCT name FROM pragma_function_list "
      "WHERE builtin AND (flags & 0x200000 OR name GLOB 'json*' "
      "OR name IN ('->', '->>'))");
  while( tablaoStep(&p->op, pStmt) ){
    tablaoListAdd(&p->op, &p->function,
        sqlite3_mprintf("%s", tablaoColumnText(&p->op, pStmt, 0)));
  }
  sqlite3_finalize(pStmt);
  /* Out of memory, SQLite may have given no connection at all. */
  if( p->db.db ){
    sqlite3_db_config(p->db.db, SQLITE_DBCONFIG_DQS_DDL, 1, (int*)0);
  }
}

void tablaoGuardClose(TablaoGuard *p){
  tablaoListClear(&p->function);
  sqlite3_free(p->op.zErr);
  sqlite3_close(p->db.db);
  memset(p, 0, sizeof(*p));
}

/* The authorizer: what the statement that is being prepared may do. */
static int guardAuthorize(
  void *pArg,
  int eAction,
  const char *z1,
  const char *z2,
  const char *zDb,
  const char *zInner
){
  TablaoGuard *p = pArg;
  UNUSED_PARAMETER(zInner);
  switch( eAction ){
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
      if( zDb==0 || strcmp(zDb, "main")!=0 ) return SQLITE_DENY;
      /* Comes with AUTOINCREMENT. */
      if( sqlite3_stricmp(z1, "sqlite_sequence")==0 ) return SQLITE_OK;
      if( eAction!=p->eAction || sqlite3_stricmp(z1, p->zName)!=0 ){
        /* The index of a key. */
        return eAction==SQLITE_CREATE_INDEX
            && sqlite3_strnicmp(z1, "sqlite_autoindex_", 17)==0
            ? SQLITE_OK : SQLITE_DENY;
      }
      p->bSeen = 1;
      return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
      return sqlite3_stricmp(z1, "sqlite_master")==0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_READ:
    case SQLITE_REINDEX:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      for(int i=0; i<p->function.n; i++){
        if( sqlite3_stricmp(z2, p->function.az[i])==0 ) return SQLITE_OK;
      }
      return SQLITE_DENY;
  }
  return SQLITE_DENY;
}

/* Whether there are authorizers: not in a SQLite that was built with
** SQLITE_OMIT_AUTHORIZATION, to which a program that has us linked in cannot be linked. */
#ifdef SQLITE_CORE
#define guardIsPossible() 1
#else
#define guardIsPossible() (sqlite3_api->set_authorizer!=0)
#endif

/* Prepares zSql in the guard's database, under its authorizer. */
static int guardPrepare(TablaoGuard *p, const char *zSql, sqlite3_stmt **ppStmt){
  sqlite3_set_authorizer(p->db.db, guardAuthorize, p);
  int rc = sqlite3_prepare_v2(p->db.db, zSql, -1, ppStmt, 0);
  sqlite3_set_authorizer(p->db.db, 0, 0);
  return rc;
}

/*
** Runs zSql in the guard's database, if it is the statement that creates a
** table, index or trigger (zType) of that name; else the operation fails. Only
** the first statement of zSql counts, here and where it is run later.
*/
static void guardTry(
  TablaoOp *pOp,
  TablaoGuard *p,
  const char *zType,
  const char *zName,
  const char *zSql
){
  sqlite3_stmt *pStmt = 0;
  const char *zWhy = 0;
  p->eAction = strcmp(zType, "table")==0 ? SQLITE_CREATE_TABLE
             : strcmp(zType, "index")==0 ? SQLITE_CREATE_INDEX
             : SQLITE_CREATE_TRIGGER;
  p->zName = zName;
  p->bSeen = 0;
  int rc = SQLITE_OK;
  if( !guardIsPossible() ){
    zWhy = "since this SQLite was built without authorizers (SQLITE_OMIT_AUTHORIZATION)";
  }else if( (rc = guardPrepare(p, zSql, &pStmt))==SQLITE_OK
         && (!p->bSeen || sqlite3_stmt_isexplain(pStmt))
  ){
    zWhy = "since its statement is not one that creates it";
  }else{
    if( rc==SQLITE_OK ){
      sqlite3_step(pStmt);
      rc = sqlite3_reset(pStmt);
    }
    if( rc ) zWhy = sqlite3_errmsg(p->db.db);
  }
  if( rc==SQLITE_NOMEM ){
    pOp->rc = rc;
  }else if( zWhy ){
    char *z = tablaoShorten(zSql);
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the %s %s cannot be made anew, "
        "%s: %s", pOp->zWho, zType, zName, zWhy, z ? z : "");
    sqlite3_free(z);
  }
  sqlite3_finalize(pStmt);
}

/* Adds the statements that a query gives, as (type, name, sql), to the list. */
void tablaoGuardFind(TablaoOp *pOp, TablaoList *pList, const char *zSelect){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp, zSelect);
  while( tablaoStep(pOp, pStmt) ){
    for(int i=0; i<3; i++){
      const char *z = tablaoColumnText(pOp, pStmt, i);
      tablaoListAdd(pOp, pList, sqlite3_mprintf("%s", z));
    }
  }
  sqlite3_finalize(pStmt);
}

/* Runs the statements of such a list, each if the guard lets it through, and
** empties the list. */
void tablaoGuardRun(TablaoOp *pOp, TablaoGuard *p, TablaoList *pList){
  for(int i=0; pOp->rc==SQLITE_OK && p->op.rc==SQLITE_OK && i<pList->n; i+=3){
    guardTry(pOp, p, pList->az[i], pList->az[i+1], pList->az[i+2]);
    tablaoRun(pOp, tablaoPrepare(pOp, pList->az[i+2]));
  }
  tablaoTakeError(pOp, &p->op);
  tablaoListClear(pList);
}
