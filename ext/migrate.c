/*
** Bringing a database to the schema of this extension.
**
**   SELECT tablao_migrate();          -- makes or upgrades a farm: its version
**   SELECT tablao_schema_version();   -- the version, or NULL where no farm is
**
** A database is current when tablao_migrations lists just the migrations
** that are embedded, with their checksums, and the indexes, views and triggers
** of ours are just the embedded ones, in the same order: the order of creation
** decides in which order triggers fire. Then tablao_migrate() writes nothing,
** and works on a read-only file.
**
** Otherwise it takes the write lock in a savepoint, looks again, since
** another process may have done the work while this one waited, drops all
** views and triggers of ours, runs the migrations that are missing, and makes
** the views and triggers anew. Whatever fails, nothing has changed.
**
** A database of Flamenco's becomes an observed farm: what is ours is added,
** and nothing that is there is changed. It stays one until
** tablao_take_over(), see adopt.c. Any other database without a farm becomes
** an own farm. If a view or table in it has a name of ours, it is refused, and
** the message says which.
*/
#include "tablao.h"

/*
** Starts a read: until the caller finalizes the statement, all reads see the
** same state of the file, and no other process can remove the farm in between.
*/
static sqlite3_stmt *migrateMoment(TablaoOp *pOp){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp, "SELECT 1 FROM main.sqlite_schema");
  tablaoStep(pOp, pStmt);
  return pStmt;
}

/*
** Refuses an observed farm, new or existing, that lacks something of
** Flamenco's. An existing one may: a table can be dropped while all of ours
** stays.
*/
static void migrateRefuse(TablaoOp *pOp, int eKind){
  TablaoModel model;
  if( eKind!=TABLAO_OBSERVED ) return;
  tablaoModelOpen(pOp, &model, 0);
  tablaoModelRefuse(pOp, &model);
  tablaoModelClose(&model);
}

/* True if there is nothing to do. */
static int migrateIsCurrent(TablaoOp *pOp){
  sqlite3_stmt *pMoment = migrateMoment(pOp);
  int eKind = tablaoKind(pOp);
  int bCurrent = eKind
      && tablaoCompareApplied(pOp)==tablaoLatest()
      && !tablaoObjectsDiffer(pOp, eKind);
  if( bCurrent ) migrateRefuse(pOp, eKind);
  sqlite3_finalize(pMoment);
  return bCurrent;
}

/* Makes the user's triggers on our views anew. */
static void migrateKeep(TablaoOp *pOp, int eKind, TablaoList *pKeep){
  TablaoGuard guard;
  if( pKeep->n==0 || pOp->rc ) return;
  tablaoGuardOpen(pOp, &guard);
  tablaoInstallObjects(&guard.op, eKind, "view");
  tablaoGuardRun(pOp, &guard, pKeep);
  tablaoGuardClose(&guard);
}

/* Adds advice to the error if something of the user's has a name of ours, or if
** a table of ours has another name. */
static void migrateAdvise(TablaoOp *pOp){
  if( pOp->rc!=SQLITE_ERROR || pOp->zErr==0 ) return;
  int bTaken = strstr(pOp->zErr, "already exists")
            || strstr(pOp->zErr, "there is already a");
  if( !bTaken && strstr(pOp->zErr, ": no such table: main.")==0 ) return;
  char *z = pOp->zErr;
  pOp->zErr = 0;
  pOp->rc = SQLITE_OK;
  if( bTaken ){
    tablaoFail(pOp, SQLITE_ERROR, "%s, and is none of Tablao's; rename it first, "
        "or give the farm a file of its own", z);
  }else{
    tablaoFail(pOp, SQLITE_ERROR, "%s; tablao_check tells of tables that are "
        "missing", z);
  }
  sqlite3_free(z);
}

/*
** Refuses to upgrade a farm in which a view or trigger that is not ours has a
** name that this version needs: whatever has such a name would be dropped.
** Names that begin with tablao_ are ours in any case.
*/
static void migrateSpare(TablaoOp *pOp, int eKind){
  TablaoSource source;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT type, name FROM main.sqlite_schema "
      "WHERE type IN ('view', 'trigger') AND lower(name) NOT GLOB 'tablao_*' "
      "AND name NOT IN (SELECT name FROM main.tablao_objects) "
      /* Without the list of our names nobody can tell. */
      "AND EXISTS(SELECT 1 FROM main.tablao_objects)");
  while( tablaoStep(pOp, pStmt) ){
    const char *zName = tablaoColumnText(pOp, pStmt, 1);
    if( tablaoFindSource(eKind, zName, &source) ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s %s already exists",
          pOp->zWho, tablaoColumnText(pOp, pStmt, 0), zName);
    }
  }
  sqlite3_finalize(pStmt);
}

/*
** Prepares a query of each view: CREATE VIEW does not notice that a column was
** renamed. For own farms only: in an observed one migrateRefuse() has looked
** for missing columns, and the tables may be declared differently from ours.
*/
static void migrateTryViews(TablaoOp *pOp, int eKind){
  TablaoSource source;
  for(int i=0; pOp->rc==SQLITE_OK && tablaoSource(eKind, &i, &source); ){
    if( strcmp(source.zType, "view")!=0 ) continue;
    char *zSql = sqlite3_mprintf("SELECT 1 FROM main.\"%w\"", source.zName);
    if( zSql==0 ){
      pOp->rc = SQLITE_NOMEM;
    }else{
      sqlite3_finalize(tablaoPrepare(pOp, zSql));
      sqlite3_free(zSql);
    }
    if( pOp->rc==SQLITE_ERROR && pOp->zErr ){
      char *z = pOp->zErr;
      pOp->zErr = 0;
      pOp->rc = SQLITE_OK;
      tablaoFail(pOp, SQLITE_ERROR, "%s, which the view %s reads; "
          "tablao_check tells of columns that are missing", z, source.zName);
      sqlite3_free(z);
    }
  }
}

/*
** Runs the missing migrations, with triggers switched off: a trigger of the
** user's may read views, and those have just been dropped. Temporary ones,
** which SQLite does not switch off, have been refused.
*/
static void migrateTables(TablaoOp *pOp, int iHave, int mPiece){
  int bOn = 0;
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &bOn);
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int*)0);
  tablaoInstallTables(pOp, iHave, mPiece);
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, bOn, (int*)0);
}

/* Brings the database from schema version iHave of a kind of farm to ours;
** eKind is 0 where there is no farm. */
static void migrateWork(TablaoOp *pOp, int eKind, int iHave){
  TablaoList keep = {0, 0};
  int bNew = eKind==0;
  if( bNew ){
    eKind = tablaoInt(pOp, TABLAO_SQL_IS_FLAMENCO, 0)
          ? TABLAO_OBSERVED : TABLAO_OWN;
    if( eKind==TABLAO_OWN && tablaoInt(pOp, TABLAO_SQL_IS_OLD_FLAMENCO, 0) ){
      tablaoModelLacks(pOp, "goose_db_version");
    }
  }
  migrateRefuse(pOp, eKind);
  int mPiece = eKind==TABLAO_OWN ? TABLAO_OWN|TABLAO_BOTH : TABLAO_BOTH;
  if( !bNew && iHave<tablaoLatest() ){
    tablaoRefuseTemporary(pOp, mPiece);
    migrateSpare(pOp, eKind);
  }
  if( !bNew ) tablaoDropObjects(pOp, eKind, &keep);
  migrateTables(pOp, iHave, mPiece);
  if( bNew && eKind==TABLAO_OBSERVED ){
    tablaoExec(pOp, tablaoScript("adopt_observe"));
  }
  tablaoInstallObjects(pOp, eKind, "index");
  tablaoInstallObjects(pOp, eKind, "view");
  tablaoInstallObjects(pOp, eKind, "trigger");
  migrateAdvise(pOp);
  if( !bNew && eKind==TABLAO_OBSERVED ){
    tablaoExec(pOp, tablaoScript("adopt_recount"));
  }
  if( eKind==TABLAO_OWN ) migrateTryViews(pOp, eKind);
  migrateKeep(pOp, eKind, &keep);
  tablaoListClear(&keep);
  tablaoRecord(pOp, eKind, iHave);
}

/*
** Takes the write lock. In a new database there is no table to write to, so a
** view is made and dropped. Which of the two it is, is found by preparing the
** UPDATE: a transaction that has read something cannot wait for the lock.
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
** all or nothing, and returns that version, an integer. Without a farm it makes
** one; a database of Flamenco's becomes an observed farm. An error for one that
** is newer, has other migrations, or tables of somebody else's with our names.
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
        "and not at schema version %d: open it for writing", op.zWho,
        tablaoLatest());
  }
  if( op.rc==SQLITE_OK && !bCurrent ){
    tablaoBegin(&op);
    migrateLock(&op);
    if( op.rc==SQLITE_OK ){
      int eKind = tablaoKind(&op);
      int iHave = eKind ? tablaoCompareApplied(&op) : 0;
      if( eKind==0 || iHave<tablaoLatest() || tablaoObjectsDiffer(&op, eKind) ){
        migrateWork(&op, eKind, iHave);
        tablaoBlameTemporary(&op);
      }else{
        migrateRefuse(&op, eKind);
      }
    }
    tablaoEnd(&op);
  }
  if( op.rc==SQLITE_OK ) sqlite3_result_int(ctx, tablaoLatest());
  tablaoReturn(ctx, &op);
}

/*
** tablao_schema_version(): the database's schema version, an integer; NULL
** when it has none.
*/
void tablaoSchemaVersionFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_schema_version");
  sqlite3_stmt *pMoment = migrateMoment(&op);
  if( tablaoInt(&op, TABLAO_SQL_HAS_FARM, 0)!=0 ){
    sqlite3_int64 i = tablaoInt(&op,
        "SELECT max(version) FROM main.tablao_migrations", 0);
    if( i>0 ) sqlite3_result_int64(ctx, i);
  }
  sqlite3_finalize(pMoment);
  tablaoReturn(ctx, &op);
}
