/*
** The schema: its numbered migrations, views and triggers, embedded when the
** extension is built, and the functions that bring a database to them.
**
**   SELECT tablao_migrate();          -- 1: makes a farm, or upgrades it
**   SELECT tablao_schema_version();   -- 1, or NULL where no farm is
**
** A database is current when tablao_migrations lists just the migrations
** that are embedded here, with their checksums, and the views and triggers of
** ours are just the embedded ones, in that order (triggers on one event fire
** in an order that follows from that of their creation). Then tablao_migrate()
** writes nothing, and works on a read-only file.
**
** Otherwise it takes the write lock in a savepoint, looks again, since
** another process may have done the work while this one waited, drops all
** views and triggers of ours, runs the migrations that are missing, and makes
** the views and triggers anew. Whatever fails, nothing has changed.
**
** "Ours" is a view or trigger that has the name of an embedded one, whose
** name begins with `tablao_`, or that is listed in the table tablao_objects,
** where each version leaves the names of those that it made: so one that a
** later version no longer has goes away by itself. A trigger of the user's
** own on a view of ours is made anew with the view. In a database without a
** farm nothing is ours: a view or table that has one of our names is named
** and left alone, and the farm refused.
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

/* OUT: the i-th view or trigger. Returns 0 if there are no more. */
int tablaoSource(int i, TablaoSource *pSource){
  if( i>=TABLAO_N_OBJECT ) return 0;
  pSource->zType = aTablaoObject[i].zType;
  pSource->zName = aTablaoObject[i].zName;
  pSource->zSql = aTablaoObject[i].zSql;
  return 1;
}

/* The text of sql/NAME.sql, for adopt.c. */
const char *tablaoScript(const char *zName){
  int i = 0;
  while( strcmp(aTablaoScript[i].zName, zName)!=0 ) i++;
  return aTablaoScript[i].zSql;
}

/* True if a view or trigger of this name is ours. */
int tablaoIsOurs(const char *zName){
  if( sqlite3_strnicmp(zName, "tablao_", 7)==0 ) return 1;
  for(int i=0; i<TABLAO_N_OBJECT; i++){
    if( sqlite3_stricmp(zName, aTablaoObject[i].zName)==0 ) return 1;
  }
  return 0;
}

/* --- What the database has ------------------------------------------------*/

/* True if there is a farm. */
static int migrateHasFarm(TablaoOp *pOp){
  return tablaoInt(pOp, TABLAO_SQL_HAS_FARM, 0)!=0;
}

/*
** The schema version of the database, which has a farm. Fails where the
** migrations that were applied are not the first ones of ours. One statement,
** so that a process that migrates meanwhile is not seen half way.
*/
int tablaoCompareApplied(TablaoOp *pOp){
  int iVersion = 0;
  sqlite3_int64 iExpect = 0;         /* the row to come; 0 for none */
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
          "is %.60s, checksum %.12s; that of this extension is %s, %.12s",
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

/* SQL: true if X is the name of a view or trigger that a version of ours, this
** or another, has made in this farm. */
#define MIGRATE_MADE(X) \
  "EXISTS(SELECT 1 FROM main.tablao_objects WHERE name=" X ")"

/* True if zName is ours; column iMade of pStmt is the MIGRATE_MADE of it. */
static int migrateIsOurs(sqlite3_stmt *pStmt, int iMade, const char *zName){
  return sqlite3_column_int(pStmt, iMade) || tablaoIsOurs(zName);
}

/*
** True if the views and triggers of ours, or what is noted of them, are not
** exactly the embedded ones.
*/
static int migrateObjectsDiffer(TablaoOp *pOp){
  int bDiffer = tablaoInt(pOp, "SELECT count(*) FROM main.tablao_objects", 0)
                  != TABLAO_N_OBJECT;
  int i = 0;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT type, name, sql, " MIGRATE_MADE("s.name")
      " FROM main.sqlite_schema s "
      "WHERE type IN ('view', 'trigger') ORDER BY rowid");
  while( !bDiffer && tablaoStep(pOp, pStmt) ){
    const char *zType = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    const char *zSql = tablaoColumnText(pOp, pStmt, 2);
    if( !migrateIsOurs(pStmt, 3, zName) ) continue;
    bDiffer = i==TABLAO_N_OBJECT
           || strcmp(zType, aTablaoObject[i].zType)!=0
           || strcmp(zName, aTablaoObject[i].zName)!=0
           || strcmp(zSql, aTablaoObject[i].zSql)!=0;
    i++;
  }
  sqlite3_finalize(pStmt);
  return bDiffer || i<TABLAO_N_OBJECT;
}

/* True if there is nothing to do. */
static int migrateIsCurrent(TablaoOp *pOp){
  return migrateHasFarm(pOp)
      && tablaoCompareApplied(pOp)==TABLAO_N_MIGRATION
      && !migrateObjectsDiffer(pOp);
}

/* --- The work -------------------------------------------------------------*/

/*
** Drops all views and triggers of ours. OUT: pKeep gets the user's triggers
** on our views, which go with the views, to be made anew.
*/
void tablaoDropObjects(TablaoOp *pOp, TablaoList *pKeep){
  TablaoList drop = {0, 0};
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT o.type, o.name, o.sql, coalesce(t.name, ''), "
      MIGRATE_MADE("o.name") ", " MIGRATE_MADE("t.name")
      " FROM main.sqlite_schema o LEFT JOIN main.sqlite_schema t "
      "ON o.type='trigger' AND t.type='view' AND t.name=o.tbl_name "
      "WHERE o.type IN ('view', 'trigger') ORDER BY o.rowid");
  while( tablaoStep(pOp, pStmt) ){
    const char *zType = tablaoColumnText(pOp, pStmt, 0);
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    const char *zSql = tablaoColumnText(pOp, pStmt, 2);
    const char *zView = tablaoColumnText(pOp, pStmt, 3);
    if( migrateIsOurs(pStmt, 4, zName) ){
      /* A view may have taken its triggers along. */
      tablaoListAdd(pOp, &drop, sqlite3_mprintf("DROP %s IF EXISTS main.\"%w\"",
          zType, zName));
    }else if( migrateIsOurs(pStmt, 5, zView)
           && sqlite3_strnicmp(zSql, "CREATE TRIGGER ", 15)==0 ){
      tablaoListAdd(pOp, pKeep, sqlite3_mprintf("%s", zSql));
    }
  }
  sqlite3_finalize(pStmt);
  tablaoListRun(pOp, &drop);
}

/* Runs the migrations behind version iHave. Its errors name the migration. */
static void migrateRunPending(TablaoOp *pOp, int iHave){
  const char *zWho = pOp->zWho;
  for(int i=iHave; i<TABLAO_N_MIGRATION && pOp->rc==SQLITE_OK; i++){
    char *zStep = sqlite3_mprintf("%s: migration %d (%s)", zWho,
        aTablaoMigration[i].iVersion, aTablaoMigration[i].zName);
    if( zStep==0 ){
      pOp->rc = SQLITE_NOMEM;
    }else{
      pOp->zWho = zStep;
      tablaoExec(pOp, aTablaoMigration[i].zSql);
      pOp->zWho = zWho;
      sqlite3_free(zStep);
    }
  }
}

/*
** Makes the tables and indexes in a database that has none. For tablao_check,
** which compares them with those of the farm.
*/
void tablaoInstallTables(TablaoOp *pOp){
  migrateRunPending(pOp, 0);
}

/*
** Notes that the migrations behind version iHave have been run, and which
** views and triggers there are.
*/
static void migrateRecord(TablaoOp *pOp, int iHave){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "INSERT INTO main.tablao_migrations(version, name, checksum, applied_at) "
      "VALUES(?1, ?2, ?3, (SELECT now FROM main.farm_clock))");
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
  for(int i=0; i<TABLAO_N_OBJECT && pOp->rc==SQLITE_OK; i++){
    tablaoBindText(pOp, pStmt, 1, aTablaoObject[i].zName);
    while( tablaoStep(pOp, pStmt) ){}
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
}

/* Makes the views, or the triggers, of ours. */
void tablaoInstallObjects(TablaoOp *pOp, const char *zType){
  for(int i=0; i<TABLAO_N_OBJECT; i++){
    if( strcmp(aTablaoObject[i].zType, zType)==0 ){
      tablaoRun(pOp, tablaoPrepare(pOp, aTablaoObject[i].zSql));
    }
  }
}

/*
** Brings the database from schema version iHave (0: no farm) to ours. A
** database of Flamenco's is adopted: see adopt.c. What else has tables of our
** names is left to the migration's own CREATE TABLE, which names them.
*/
static void migrateWork(TablaoOp *pOp, int iHave, TablaoAdoption *pAdopt){
  TablaoList keep = {0, 0};
  int bAdopt = iHave==0 && tablaoAdoptIsFlamenco(pOp);
  if( bAdopt ){
    tablaoUnhold(pOp);   /* Adoption drops tables. */
    tablaoAdoptBegin(pOp, pAdopt);
  }else if( iHave>0 ){
    tablaoDropObjects(pOp, &keep);
  }
  migrateRunPending(pOp, iHave);
  tablaoInstallObjects(pOp, "view");
  if( bAdopt ) tablaoAdoptFill(pOp, pAdopt);
  tablaoInstallObjects(pOp, "trigger");
  tablaoListRun(pOp, &keep);
  migrateRecord(pOp, iHave);
  if( bAdopt ) tablaoAdoptFinish(pOp, pAdopt);
  if( pOp->rc==SQLITE_OK && migrateObjectsDiffer(pOp) ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: views and triggers did not "
        "become what they should be; does a temporary table have the name of "
        "one of the farm's?", pOp->zWho);
  }
}

/*
** Takes the write lock. In a new database there is nothing to write to, so a
** view is made and dropped. Whether there is something may only be tried,
** since a transaction that has read cannot wait for the lock.
*/
static void migrateLock(TablaoOp *pOp){
  sqlite3_stmt *pStmt = 0;
  if( pOp->rc ) return;
  sqlite3_prepare_v2(pOp->db, "UPDATE main.tablao_migrations "
      "SET version=version WHERE 0", -1, &pStmt, 0);
  if( pStmt ){
    tablaoRun(pOp, pStmt);
  }else{
    tablaoExec(pOp, "CREATE VIEW main.tablao_migrating AS SELECT 1;"
                    "DROP VIEW main.tablao_migrating");
  }
  tablaoHold(pOp);
}

/*
** tablao_migrate(): brings the database to the extension's schema version,
** all or nothing, and returns that version.
**
** Looking before locking lets the usual call, with nothing to do, run beside
** a writer. It is not done inside a transaction that has not yet read: there
** it would cost the ability to wait for the lock.
*/
void tablaoMigrateFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_migrate");
  op.bNeedsNoFarm = 1;
  int bReadOnly = sqlite3_db_readonly(op.db, "main")==1;
  int bCurrent = 0;
  if( bReadOnly
   || sqlite3_get_autocommit(op.db)
   || sqlite3_txn_state(op.db, "main")!=SQLITE_TXN_NONE
  ){
    bCurrent = migrateIsCurrent(&op);
  }
  if( bReadOnly && !bCurrent ){
    tablaoFail(&op, SQLITE_READONLY, "tablao: %s: the database is read-only "
        "and not at schema version %d", op.zWho, TABLAO_N_MIGRATION);
  }
  if( op.rc==SQLITE_OK && !bCurrent ){
    TablaoAdoption adopt;
    memset(&adopt, 0, sizeof(adopt));
    tablaoBegin(&op);
    migrateLock(&op);
    if( op.rc==SQLITE_OK ){
      int iHave = migrateHasFarm(&op) ? tablaoCompareApplied(&op) : 0;
      if( iHave<TABLAO_N_MIGRATION || migrateObjectsDiffer(&op) ){
        migrateWork(&op, iHave, &adopt);
      }
    }
    tablaoEnd(&op);
    tablaoAdoptEnd(&op, &adopt);
  }
  if( op.rc==SQLITE_OK ) sqlite3_result_int(ctx, TABLAO_N_MIGRATION);
  tablaoReturn(ctx, &op);
}

/* tablao_schema_version(): the database's schema version, or NULL. */
void tablaoSchemaVersionFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_schema_version");
  if( migrateHasFarm(&op) ){
    sqlite3_int64 i = tablaoInt(&op,
        "SELECT max(version) FROM main.tablao_migrations", 0);
    if( i>0 ) sqlite3_result_int64(ctx, i);
  }
  tablaoReturn(ctx, &op);
}
