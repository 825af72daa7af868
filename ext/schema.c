/*
** The schema: what is embedded when the extension is built, and what a
** database has of it.
**
** There are two kinds of farm, see tools/mksql.tcl. An own farm has all
** tables and the rules; an observed one, in a database that Flamenco's
** Manager drives, has those tables that are marked `@both`, and indexes,
** views and triggers of its own beside those that both have.
**
** A view or trigger is ours if it has the name of an embedded one, if its name
** begins with `tablao_`, or if it is listed in the table tablao_objects. There
** each version leaves the names of what it made, so that a later version drops
** what it no longer has. An index that is no part of a migration is ours if it
** is embedded or listed there. A trigger of the user's own on a view of ours is
** made anew with the view.
*/
#include "tablao.h"
#include "tablao_sql.h"

/* --- What is embedded -----------------------------------------------------*/

/* The version of the extension. */
const char *tablaoVersion(void){
  return TABLAO_VERSION;
}

/* The statuses of a kind (TABLAO_STATUS_xxx); NULL behind the last. */
const char *const *tablaoStatuses(int eKind){
  static const char *const *const aaz[] = {
    azTablaoJobStatus, azTablaoTaskStatus, azTablaoWorkerStatus
  };
  return aaz[eKind];
}

/* The schema version of the extension: the number of its last migration. */
int tablaoLatest(void){
  return TABLAO_N_MIGRATION;
}

/*
** OUT: the next index, view or trigger of a kind of farm, in the order of
** creation; *pi is 0 at first. Returns 0 if there are no more.
*/
int tablaoSource(int eKind, int *pi, TablaoSource *pSource){
  while( *pi<TABLAO_N_OBJECT ){
    const struct TablaoObject *p = &aTablaoObject[(*pi)++];
    if( (p->mKind & eKind)==0 ) continue;
    pSource->iPlace = *pi;
    pSource->bBoth = (p->mKind & TABLAO_BOTH)!=0;
    pSource->zType = p->zType;
    pSource->zName = p->zName;
    pSource->zSql = p->zSql;
    return 1;
  }
  return 0;
}

/* OUT: the index, view or trigger of this name. Returns 0 if there is none. */
int tablaoFindSource(int eKind, const char *zName, TablaoSource *pSource){
  for(int i=0; tablaoSource(eKind, &i, pSource); ){
    if( sqlite3_stricmp(zName, pSource->zName)==0 ) return 1;
  }
  return 0;
}

/* The text of a script: "adopt_copy" is sql/adopt/copy.sql. */
const char *tablaoScript(const char *zName){
  int i = 0;
  while( strcmp(aTablaoScript[i].zName, zName)!=0 ) i++;
  return aTablaoScript[i].zSql;
}

/* True if a view or trigger of this name is ours in a kind of farm. */
int tablaoIsOurs(int eKind, const char *zName){
  TablaoSource source;
  return sqlite3_strnicmp(zName, "tablao_", 7)==0
      || tablaoFindSource(eKind, zName, &source);
}

/* --- What the database has ------------------------------------------------*/

/*
** TABLAO_OWN, TABLAO_OBSERVED, or 0 where there is no farm.
*/
int tablaoKind(TablaoOp *pOp){
  if( tablaoInt(pOp, TABLAO_SQL_HAS_FARM, 0)==0 ) return 0;
  return tablaoInt(pOp, TABLAO_SQL_IS_FLAMENCO, 0)!=0
      && tablaoInt(pOp, TABLAO_SQL_IS_OWN, 0)==0
      ? TABLAO_OBSERVED : TABLAO_OWN;
}

/*
** The schema version of the database, which has a farm. Fails where the
** migrations that were applied are not the first ones of ours. One statement,
** so that a process that migrates meanwhile is not seen half way.
*/
int tablaoCompareApplied(TablaoOp *pOp){
  int iVersion = 0;
  sqlite3_int64 iExpect = 1;         /* the row to come; 0 for none */
  int bOdd = 0;                      /* a row came that must not be there */
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT version, name, checksum FROM main.tablao_migrations "
      "ORDER BY version DESC");
  while( tablaoStep(pOp, pStmt) ){
    sqlite3_int64 iRow = sqlite3_column_int64(pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    const char *zSum = tablaoColumnText(pOp, pStmt, 2);
    if( iRow>TABLAO_N_MIGRATION ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the database has schema "
          "version %lld, this extension only %d; use a newer tablao",
          pOp->zWho, iRow, TABLAO_N_MIGRATION);
      break;
    }
    bOdd = iRow<1;
    if( bOdd ) iExpect = iRow;
    if( bOdd || (iVersion>0 && iRow!=iExpect) ) break;
    const struct TablaoMigration *pOurs = &aTablaoMigration[iRow-1];
    if( strcmp(zName, pOurs->zName)!=0
     || strcmp(zSum, pOurs->zChecksum)!=0
    ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: migration %d of the database "
          "is %.60s, checksum %.12s; that of this extension is %s, %.12s; use "
          "the extension that made it",
          pOp->zWho, pOurs->iVersion, zName, zSum,
          pOurs->zName, pOurs->zChecksum);
      break;
    }
    if( iVersion==0 ) iVersion = pOurs->iVersion;
    iExpect = iRow - 1;
  }
  sqlite3_finalize(pStmt);
  if( bOdd || iExpect>0 ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: tablao_migrations should %shave "
        "a row of version %lld", pOp->zWho, bOdd ? "not " : "", iExpect);
  }
  return iVersion;
}

/* SQL: true if X is the name of something that some version of ours has made
** in this farm. */
#define SCHEMA_MADE(X) \
  "EXISTS(SELECT 1 FROM main.tablao_objects WHERE name=" X ")"

/* True if zName is ours; column iMade of pStmt is the SCHEMA_MADE of it. */
static int schemaIsOurs(
  int eKind,
  sqlite3_stmt *pStmt,
  int iMade,
  const char *zName
){
  return sqlite3_column_int(pStmt, iMade) || tablaoIsOurs(eKind, zName);
}

/* How many indexes, views and triggers a kind of farm has; 0 for no kind. */
static int schemaCount(int eKind){
  TablaoSource source;
  int n = 0;
  for(int i=0; tablaoSource(eKind, &i, &source); n++){}
  return n;
}

/*
** Returns how many of our indexes are not as this kind of farm wants them; for
** kind 0, which wants none, how many there are. With bMend it puts them right.
** An index that is right is left alone: to make one takes time.
*/
static int schemaIndexes(TablaoOp *pOp, int eKind, int bMend){
  TablaoList mend = {0, 0};
  TablaoSource source;
  int nDiffer = 0;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT name, sql, " SCHEMA_MADE("s.name")
      " FROM main.sqlite_schema s WHERE type='index' AND sql IS NOT NULL");
  while( tablaoStep(pOp, pStmt) ){
    const char *zName = tablaoColumnText(pOp, pStmt, 0);
    const char *zSql = tablaoColumnText(pOp, pStmt, 1);
    int bWanted = tablaoFindSource(eKind, zName, &source)
               && strcmp(source.zType, "index")==0;
    if( !bWanted && !sqlite3_column_int(pStmt, 2) ) continue;
    if( bWanted && strcmp(source.zSql, zSql)==0 ) continue;
    nDiffer++;
    tablaoListAdd(pOp, &mend,
        sqlite3_mprintf("DROP INDEX main.\"%w\"", zName));
  }
  sqlite3_finalize(pStmt);
  if( bMend ) tablaoListDrop(pOp, &mend);
  pStmt = tablaoPrepare(pOp, "SELECT 1 FROM main.sqlite_schema "
      "WHERE type='index' AND name=?1");
  for(int i=0; tablaoSource(eKind, &i, &source) && pOp->rc==SQLITE_OK; ){
    if( strcmp(source.zType, "index")!=0 ) continue;
    tablaoBindText(pOp, pStmt, 1, source.zName);
    if( !tablaoStep(pOp, pStmt) ){
      nDiffer++;
      tablaoListAdd(pOp, &mend, sqlite3_mprintf("%s", source.zSql));
    }
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
  if( bMend ) tablaoListRun(pOp, &mend);
  tablaoListClear(&mend);
  return nDiffer;
}

/*
** True if the indexes, views and triggers of ours, or what is noted of them,
** are not exactly those of the kind of farm.
*/
int tablaoObjectsDiffer(TablaoOp *pOp, int eKind){
  int bDiffer = tablaoInt(pOp, "SELECT count(*) FROM main.tablao_objects", 0)
                  != schemaCount(eKind)
             || schemaIndexes(pOp, eKind, 0)>0;
  TablaoSource source;
  int i = 0;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT type, name, sql, " SCHEMA_MADE("s.name")
      " FROM main.sqlite_schema s "
      "WHERE type IN ('view', 'trigger') ORDER BY rowid");
  while( !bDiffer && tablaoStep(pOp, pStmt) ){
    const char *zType = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    const char *zSql = tablaoColumnText(pOp, pStmt, 2);
    if( !schemaIsOurs(eKind, pStmt, 3, zName) ) continue;
    int bMore;
    while( (bMore = tablaoSource(eKind, &i, &source))!=0
        && strcmp(source.zType, "index")==0
    ){}
    bDiffer = !bMore
           || strcmp(zType, source.zType)!=0
           || strcmp(zName, source.zName)!=0
           || strcmp(zSql, source.zSql)!=0;
  }
  sqlite3_finalize(pStmt);
  return bDiffer || tablaoSource(eKind, &i, &source);
}

/* --- The work -------------------------------------------------------------*/

/*
** Drops all views and triggers of a kind of farm. OUT: pKeep gets the user's
** triggers on our views, which go with the views, for tablaoGuardRun() to make
** anew.
*/
void tablaoDropObjects(TablaoOp *pOp, int eKind, TablaoList *pKeep){
  TablaoList drop = {0, 0};
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT o.type, o.name, o.sql, coalesce(t.name, ''), "
      SCHEMA_MADE("o.name") ", " SCHEMA_MADE("t.name")
      " FROM main.sqlite_schema o LEFT JOIN main.sqlite_schema t "
      "ON o.type='trigger' AND t.type='view' "
      "AND lower(t.name)=lower(o.tbl_name) "
      "WHERE o.type IN ('view', 'trigger') ORDER BY o.rowid");
  while( tablaoStep(pOp, pStmt) ){
    const char *zType = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    const char *zSql = tablaoColumnText(pOp, pStmt, 2);
    const char *zView = tablaoColumnText(pOp, pStmt, 3);
    if( schemaIsOurs(eKind, pStmt, 4, zName) ){
      /* A view may have taken its triggers along. */
      tablaoListAdd(pOp, &drop, sqlite3_mprintf("DROP %s IF EXISTS main.\"%w\"",
          zType, zName));
    }else if( zView[0] && schemaIsOurs(eKind, pStmt, 5, zView) ){
      tablaoListAdd(pOp, pKeep, sqlite3_mprintf("%s", zType));
      tablaoListAdd(pOp, pKeep, sqlite3_mprintf("%s", zName));
      tablaoListAdd(pOp, pKeep, sqlite3_mprintf("%s", zSql));
    }
  }
  sqlite3_finalize(pStmt);
  tablaoListRun(pOp, &drop);
}

/* Drops all indexes of ours that are no part of a migration. */
void tablaoDropIndexes(TablaoOp *pOp){
  schemaIndexes(pOp, 0, 1);
}

/*
** Makes tables and their indexes: of the migrations after version iHave it runs
** the pieces that only an own farm has (TABLAO_OWN), that both kinds have
** (TABLAO_BOTH), or all. Its errors name the migration.
*/
void tablaoInstallTables(TablaoOp *pOp, int iHave, int mPiece){
  const char *zWho = pOp->zWho;
  for(int i=0; i<TABLAO_N_PIECE && pOp->rc==SQLITE_OK; i++){
    const struct TablaoPiece *p = &aTablaoPiece[i];
    if( p->iVersion<=iHave ) continue;
    if( (mPiece & (p->bBoth ? TABLAO_BOTH : TABLAO_OWN))==0 ) continue;
    char *zStep = sqlite3_mprintf("%s: migration %d (%s)", zWho,
        p->iVersion, aTablaoMigration[p->iVersion-1].zName);
    if( zStep==0 ){
      pOp->rc = SQLITE_NOMEM;
    }else{
      pOp->zWho = zStep;
      tablaoExec(pOp, p->zSql);
      pOp->zWho = zWho;
      sqlite3_free(zStep);
    }
  }
}

/* Makes the views, or the triggers, of a kind of farm; or what is missing of
** its indexes. */
void tablaoInstallObjects(TablaoOp *pOp, int eKind, const char *zType){
  TablaoSource source;
  if( strcmp(zType, "index")==0 ){
    schemaIndexes(pOp, eKind, 1);
    return;
  }
  for(int i=0; tablaoSource(eKind, &i, &source); ){
    if( strcmp(source.zType, zType)==0 ){
      tablaoRun(pOp, tablaoPrepare(pOp, source.zSql));
    }
  }
}

/*
** Notes that the migrations after version iHave have been run, and which
** indexes, views and triggers there are.
*/
void tablaoRecord(TablaoOp *pOp, int eKind, int iHave){
  TablaoSource source;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "INSERT INTO main.tablao_migrations(version, name, checksum, applied_at) "
      "VALUES(?1, ?2, ?3, coalesce((SELECT now FROM main.farm_clock), ''))");
  for(int i=iHave; i<TABLAO_N_MIGRATION && pOp->rc==SQLITE_OK; i++){
    const struct TablaoMigration *p = &aTablaoMigration[i];
    sqlite3_bind_int(pStmt, 1, p->iVersion);
    tablaoBindText(pOp, pStmt, 2, p->zName);
    tablaoBindText(pOp, pStmt, 3, p->zChecksum);
    while( tablaoStep(pOp, pStmt) ){}
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
  tablaoExec(pOp, "DELETE FROM main.tablao_objects");
  pStmt = tablaoPrepare(pOp, "INSERT INTO main.tablao_objects VALUES(?1)");
  for(int i=0; tablaoSource(eKind, &i, &source) && pOp->rc==SQLITE_OK; ){
    tablaoBindText(pOp, pStmt, 1, source.zName);
    while( tablaoStep(pOp, pStmt) ){}
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
  if( pOp->rc==SQLITE_OK && tablaoObjectsDiffer(pOp, eKind) ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: views and triggers did not "
        "become what they should be", pOp->zWho);
    pOp->bUnexpected = 1;
  }
}

/* True if a piece of these kinds (TABLAO_OWN, TABLAO_BOTH) makes a table of this
** name, which is in lower case. */
static int schemaMakes(TablaoOp *pOp, int mPiece, const char *zName){
  int bMakes = 0;
  char *zCreate = sqlite3_mprintf("CREATE TABLE %s (", zName);
  if( zCreate==0 ) pOp->rc = SQLITE_NOMEM;
  for(int i=0; zCreate && !bMakes && i<TABLAO_N_PIECE; i++){
    const struct TablaoPiece *p = &aTablaoPiece[i];
    bMakes = (mPiece & (p->bBoth ? TABLAO_BOTH : TABLAO_OWN))!=0
          && strstr(p->zSql, zCreate)!=0;
  }
  sqlite3_free(zCreate);
  return bMakes;
}

/* True if the farm needs a table, view or trigger of this name, which is in
** lower case. */
static int schemaNeeds(TablaoOp *pOp, const char *zName){
  return tablaoIsOurs(TABLAO_OWN|TABLAO_OBSERVED, zName)
      || schemaMakes(pOp, TABLAO_OWN|TABLAO_BOTH, zName);
}

/*
** Refuses if this connection has a temporary trigger on a table that pieces of
** these kinds make: SQLite fires it even where triggers are switched off, and so
** it would run amid a migration, without our rules and views.
*/
void tablaoRefuseTemporary(TablaoOp *pOp, int mPiece){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT lower(m.name), t.name FROM sqlite_temp_schema t "
      "JOIN main.sqlite_schema m ON lower(m.name)=lower(t.tbl_name) "
      "WHERE t.type='trigger' AND m.type='table'");
  while( tablaoStep(pOp, pStmt) ){
    const char *zTable = tablaoColumnText(pOp, pStmt, 0);
    if( !schemaMakes(pOp, mPiece, zTable) ) continue;
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the temporary trigger %s is on %s "
        "and would run amid the upgrade; drop it first",
        pOp->zWho, tablaoColumnText(pOp, pStmt, 1), zTable);
  }
  sqlite3_finalize(pStmt);
}

/*
** If a temporary table or view has a name that the farm needs, adds that to an
** error of SQLite's: CREATE TRIGGER, for one, takes it for the farm's.
*/
void tablaoBlameTemporary(TablaoOp *pOp){
  if( pOp->rc!=SQLITE_ERROR || pOp->zErr==0 || !pOp->bUnexpected ) return;
  TablaoOp look;
  char *zWhat = 0;
  tablaoOpInit(&look, pOp->p, pOp->zWho);
  sqlite3_stmt *pStmt = tablaoPrepare(&look,
      "SELECT lower(t.name), t.type || ' ' || t.name FROM sqlite_temp_schema t "
      "JOIN main.sqlite_schema m ON lower(m.name)=lower(t.name) "
      "WHERE t.type IN ('table', 'view') AND m.type IN ('table', 'view')");
  while( zWhat==0 && tablaoStep(&look, pStmt) ){
    if( schemaNeeds(&look, tablaoColumnText(&look, pStmt, 0)) ){
      zWhat = sqlite3_mprintf("%s", tablaoColumnText(&look, pStmt, 1));
      if( zWhat==0 ) look.rc = SQLITE_NOMEM;
    }
  }
  sqlite3_finalize(pStmt);
  char *z = zWhat ? sqlite3_mprintf("%s; the temporary %s is in the way: drop it "
      "first", pOp->zErr, zWhat) : 0;
  if( z ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = tablaoReadable(z);
  }else if( zWhat || look.rc==SQLITE_NOMEM ){
    pOp->rc = SQLITE_NOMEM;
  }
  sqlite3_free(zWhat);
  sqlite3_free(look.zErr);
}
