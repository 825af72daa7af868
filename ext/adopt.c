/*
** Databases of Flamenco's Manager: taking one over, and giving it back.
** Observing one, which comes first, is in migrate.c.
**
**   SELECT * FROM tablao_adopt_problems;  -- what stands in the way? (no rows)
**   SELECT tablao_take_over();            -- 1: it is an own farm now
**   SELECT tablao_detach();               -- 8: and Flamenco's again
**
** A database of Flamenco 3.9 has the tables of ours with fewer columns, other
** defaults and weaker keys, and the table goose_db_version, which says at
** which of its own migrations it is.
**
** HOW TAKING OVER WORKS, all in one savepoint:
**
**   1. drop the observed farm's indexes, views and triggers;
**   2. note the statements that made its tables and indexes (tablao_adopted);
**   3. rename the old tables out of the way;
**   4. make the tables of an own farm, its views, and its rules except those
**      of the history;
**   5. copy the rows (sql/adopt/copy.sql), so that the rules see each of them;
**   6. drop the old tables, children first;
**   7. make all of our triggers, then the user's on tables and views of ours,
**      and those of the old indexes that ours do not replace;
**   8. check.
**
** If a rule refuses a row, nothing has changed, and tablao_adopt_problems is
** asked which row it is.
**
** Meanwhile foreign_keys is off, so that dropping a table deletes nothing
** elsewhere. legacy_alter_table is on, so that a rename changes no reference:
** foreign keys, views and triggers go on naming the new table of that name.
** DQS_DDL is on, since Flamenco's defaults stand in double quotes. These are
** flags of the connection, which sqlite3_db_config() changes even inside a
** transaction, where the pragma would not. They are put back whatever happens.
**
** Detaching does the same the other way round, or, where the farm is an
** observed one, just drops what is ours.
**
** What a farm should have is read from a model, and statements found in the
** database are run through a guard: see model.c.
*/
#include "tablao.h"

/* Columns, collations and directions of the index X.name. */
#define ADOPT_COLUMNS(X) \
  "(SELECT group_concat(c, ',') FROM (SELECT " \
  "x.name || ' ' || x.coll || ' ' || x.\"desc\" AS c " \
  "FROM pragma_index_xinfo(" X ".name, 'main') x WHERE x.key ORDER BY x.seqno))"

/* What an operation carries from one of its steps to the next. */
typedef struct AdoptWork AdoptWork;
struct AdoptWork {
  struct {
    int op;                 /* SQLITE_DBCONFIG_xxx */
    int bOn;
  } aFlag[3];               /* of the connection, as the caller has them */
  int bFlag;                /* they were changed */
  int bAsk;                 /* the problems will say why it failed */
  TablaoModel model;
  TablaoGuard guard;
  TablaoList drop;          /* to drop the old tables */
};

/* --- What both ways share -------------------------------------------------*/

/* Sets the flags of the connection as said above. */
static void adoptSetFlags(TablaoOp *pOp, AdoptWork *p){
  static const struct { int op; int bOn; } aFlag[] = {
    { SQLITE_DBCONFIG_ENABLE_FKEY, 0 },
    { SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1 },
    { SQLITE_DBCONFIG_DQS_DDL, 1 },
  };
  if( pOp->rc ) return;
  for(int i=0; i<3; i++){
    p->aFlag[i].op = aFlag[i].op;
    sqlite3_db_config(pOp->db, aFlag[i].op, -1, &p->aFlag[i].bOn);
    sqlite3_db_config(pOp->db, aFlag[i].op, aFlag[i].bOn, (int*)0);
  }
  p->bFlag = 1;
}

/* Begins: takes the write lock, before anything is read. */
static void adoptBegin(TablaoOp *pOp, AdoptWork *p){
  memset(p, 0, sizeof(*p));
  tablaoBegin(pOp);
  tablaoExec(pOp, "UPDATE main.tablao_migrations SET version=version WHERE 0");
  if( tablaoCompareApplied(pOp)<tablaoLatest() ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the farm is not at schema "
        "version %d; SELECT tablao_migrate() first", pOp->zWho, tablaoLatest());
  }
  /* From here on no error means that there was no farm, or one of the wrong
  ** kind, though midway there may be none. */
  pOp->bNeedsNoFarm |= pOp->rc==SQLITE_OK;
  adoptSetFlags(pOp, p);
  tablaoHold(pOp);
  tablaoModelOpen(pOp, &p->model, 0);
  tablaoGuardOpen(pOp, &p->guard);
}

/* Ends, successful or not. */
static void adoptEnd(TablaoOp *pOp, AdoptWork *p){
  tablaoTakeError(pOp, &p->model.op);
  tablaoEnd(pOp);
  for(int i=0; p->bFlag && i<3; i++){
    sqlite3_db_config(pOp->db, p->aFlag[i].op, p->aFlag[i].bOn, (int*)0);
  }
  tablaoModelClose(&p->model);
  tablaoGuardClose(&p->guard);
  tablaoListClear(&p->drop);
}

/* Adds the statements that a query gives to the list. */
static void adoptList(TablaoOp *pOp, TablaoList *pList, const char *zSelect){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp, zSelect);
  while( tablaoStep(pOp, pStmt) ){
    const char *z = tablaoColumnText(pOp, pStmt, 0);
    tablaoListAdd(pOp, pList, sqlite3_mprintf("%s", z));
  }
  sqlite3_finalize(pStmt);
}

/* Renames the tables that we share with Flamenco out of the way. */
static void adoptRename(TablaoOp *pOp, AdoptWork *p){
  TablaoList rename = {0, 0};
  adoptList(&p->model.op, &rename,
      "SELECT printf('ALTER TABLE main.\"%w\" RENAME TO \"tablao_old_%w\"', "
      "name, name) FROM temp.flamenco_tables ORDER BY position");
  adoptList(&p->model.op, &p->drop,
      "SELECT printf('DROP TABLE main.\"tablao_old_%w\"', name) "
      "FROM temp.flamenco_tables ORDER BY position DESC");
  tablaoTakeError(pOp, &p->model.op);
  tablaoListRun(pOp, &rename);
}

/* Drops our views and triggers, if no trigger of the user's is on one. */
static void adoptDropObjects(TablaoOp *pOp, int eKind){
  TablaoList keep = {0, 0};
  tablaoDropObjects(pOp, eKind, &keep);
  /* If memory has run out, the list may lack the trigger's name. */
  if( keep.n>0 && pOp->rc==SQLITE_OK ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the trigger %s is on a view of "
        "Tablao's and would be lost; drop it first", pOp->zWho, keep.az[1]);
  }
  tablaoListClear(&keep);
}

/*
** The last look, at the farm (bFarm) and at the file. The integrity check is
** given no number: newer SQLites would take it for the name of a table.
*/
static void adoptVerify(TablaoOp *pOp, int bFarm){
  static const char *const azSql[] = {
    "SELECT kind || ' ' || object || ': ' || message FROM main.farm_problems",
    "SELECT 'foreign_key_check: ' || \"table\" || ' ' || coalesce(rowid, '') "
    "FROM pragma_foreign_key_check(NULL, 'main')",
    "SELECT 'integrity_check: ' || integrity_check "
    "FROM pragma_integrity_check(NULL, 'main') WHERE integrity_check<>'ok'",
  };
  for(int i=!bFarm; i<3; i++){
    char *z = tablaoText(pOp, azSql[i]);
    if( z ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the database would not be "
          "sound afterwards, so nothing was changed: %s", pOp->zWho, z);
    }
    sqlite3_free(z);
  }
}

/* --- Taking over ----------------------------------------------------------*/

/* Notes the tables and indexes that are about to be replaced. */
static void takeOverNote(TablaoOp *pOp, AdoptWork *p){
  tablaoExec(pOp, tablaoScript("adopt_keep"));
  tablaoModelCopy(&p->model.op,
      "SELECT name FROM temp.flamenco_tables ORDER BY position",
      pOp,
      "INSERT INTO main.tablao_adopted"
      "(type, name, tbl_name, sql, is_unique, columns) "
      "SELECT s.type, s.name, s.tbl_name, s.sql, l.\"unique\", "
      "CASE WHEN l.partial=0 AND NOT EXISTS("
      "SELECT 1 FROM pragma_index_info(s.name, 'main') WHERE cid<0) "
      "THEN " ADOPT_COLUMNS("s") " END "
      "FROM main.sqlite_schema s "
      "LEFT JOIN pragma_index_list(s.tbl_name, 'main') l ON l.name=s.name "
      "WHERE lower(s.tbl_name)=?1 AND s.type IN ('table', 'index') "
      "AND s.sql IS NOT NULL ORDER BY s.rowid");
  if( tablaoInt(pOp, "SELECT 1 FROM main.sqlite_schema "
                     "WHERE name='sqlite_sequence'", 0) ){
    tablaoExec(pOp, "UPDATE main.tablao_adopted SET last_id=("
        "SELECT q.seq FROM main.sqlite_sequence q WHERE q.name="
        "tablao_adopted.name) WHERE type='table'");
  }
}

/* Makes all rules except those of the history: copying a row is no event. */
static void takeOverRules(TablaoOp *pOp){
  TablaoSource source;
  tablaoInstallObjects(pOp, TABLAO_OWN, "view");
  for(int i=0; tablaoSource(TABLAO_OWN, &i, &source); ){
    if( !source.bBoth && strcmp(source.zType, "trigger")==0 ){
      tablaoRun(pOp, tablaoPrepare(pOp, source.zSql));
    }
  }
}

/* Adds the old indexes that none of ours replaces to the list. */
static void takeOverIndexes(TablaoOp *pOp, TablaoList *pIndex){
  tablaoGuardFind(pOp, pIndex,
      "SELECT a.type, a.name, a.sql FROM main.tablao_adopted a "
      "WHERE a.type='index' AND NOT EXISTS("
      "SELECT 1 FROM main.sqlite_schema s WHERE lower(s.name)=lower(a.name)) "
      "AND NOT EXISTS("
      "SELECT 1 FROM pragma_index_list(a.tbl_name, 'main') l "
      "WHERE l.partial=0 AND l.\"unique\">=a.is_unique "
      "AND " ADOPT_COLUMNS("l") "=a.columns) ORDER BY a.id");
}

/* The work; the savepoint is open. */
static void takeOverWork(TablaoOp *pOp, AdoptWork *p){
  TablaoList drop = {0, 0};
  TablaoList index = {0, 0};
  TablaoList trigger = {0, 0};
  TablaoList keep = {0, 0};
  int bOn = 1;
  char *z = 0;
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &bOn);
  if( !bOn ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: triggers are switched off in "
        "this connection, so no rule would look at the rows: switch them on "
        "(SQLITE_DBCONFIG_ENABLE_TRIGGER)", pOp->zWho);
  }
  if( tablaoAdoptProblems(pOp, 0, &z) ){
    p->bAsk = 1;
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s", pOp->zWho, z);
  }
  sqlite3_free(z);
  tablaoGuardFind(&p->model.op, &trigger, "SELECT type, name, sql "
      "FROM temp.foreign_objects WHERE type='trigger' "
      "UNION ALL SELECT 'trigger', name, sql FROM temp.kept_triggers");
  adoptList(&p->model.op, &drop, "SELECT printf('DROP TRIGGER main.\"%w\"', "
      "name) FROM temp.kept_triggers");
  tablaoTakeError(pOp, &p->model.op);
  tablaoDropObjects(pOp, TABLAO_OBSERVED, &keep);
  tablaoDropIndexes(pOp);
  takeOverNote(pOp, p);
  /* An index of theirs may have the name of one of ours. */
  adoptList(pOp, &drop, "SELECT printf('DROP INDEX main.\"%w\"', name) "
      "FROM main.tablao_adopted WHERE type='index'");
  tablaoListDrop(pOp, &drop);
  adoptRename(pOp, p);
  tablaoInstallTables(pOp, 0, TABLAO_OWN);
  takeOverRules(pOp);
  if( pOp->rc==SQLITE_OK ){
    tablaoExec(pOp, tablaoScript("adopt_copy"));
    p->bAsk = pOp->rc!=SQLITE_OK;
  }
  /* The triggers may have been lost, with a table that was made anew. */
  tablaoExec(pOp, tablaoScript("adopt_recount"));
  tablaoExec(pOp, tablaoScript("adopt_settle"));
  tablaoListDrop(pOp, &p->drop);
  tablaoExec(pOp, "UPDATE main.farm_settings SET value='on' "
      "WHERE name='state_machine'");
  adoptDropObjects(pOp, TABLAO_OWN);
  tablaoInstallObjects(pOp, TABLAO_OWN, "view");
  tablaoInstallObjects(pOp, TABLAO_OWN, "trigger");
  tablaoRecord(pOp, TABLAO_OWN, tablaoLatest());
  tablaoInstallTables(&p->guard.op, 0, TABLAO_OWN|TABLAO_BOTH);
  takeOverIndexes(pOp, &index);
  tablaoGuardRun(pOp, &p->guard, &index);
  tablaoGuardRun(pOp, &p->guard, &trigger);
  if( keep.n>0 ) tablaoInstallObjects(&p->guard.op, TABLAO_OWN, "view");
  tablaoGuardRun(pOp, &p->guard, &keep);
  adoptVerify(pOp, 1);
}

/*
** tablao_take_over(): makes an observed farm an own one, all or nothing.
** Returns the schema version, an integer. An error where it is an own farm, or
** where tablao_adopt_problems has a row.
*/
void tablaoTakeOverFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  AdoptWork work;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_take_over");
  adoptBegin(&op, &work);
  if( op.rc==SQLITE_OK && tablaoKind(&op)!=TABLAO_OBSERVED ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: this is an own farm, not one "
        "that Flamenco's Manager drives: there is nothing to take over",
        op.zWho);
  }
  if( op.rc==SQLITE_OK ){
    takeOverWork(&op, &work);
    if( !work.bAsk ) tablaoBlameTemporary(&op);
  }
  adoptEnd(&op, &work);
  if( work.bAsk && op.rc!=SQLITE_NOMEM && op.rc!=SQLITE_INTERRUPT ){
    TablaoOp ask;
    char *z = 0;
    tablaoOpInit(&ask, op.p, op.zWho);
    sqlite3_int64 n = tablaoAdoptProblems(&ask, 1, &z);
    if( n>0 && ask.rc==SQLITE_OK ){
      sqlite3_free(op.zErr);
      op.zErr = 0;
      op.rc = SQLITE_OK;
      tablaoFail(&op, SQLITE_ERROR, "tablao: %s: this database of Flamenco's "
          "has %lld problem%s, so nothing was changed; SELECT * FROM "
          "tablao_adopt_problems shows %s: %s", op.zWho, n,
          n==1 ? "" : "s", n==1 ? "it" : "them, the first", z);
    }
    sqlite3_free(ask.zErr);
    sqlite3_free(z);
  }
  if( op.rc==SQLITE_OK ) sqlite3_result_int(ctx, tablaoLatest());
  tablaoReturn(ctx, &op);
}

/* --- Detaching ------------------------------------------------------------*/

/* Opens or releases a savepoint, for which the hold pauses. */
static void detachSavepoint(TablaoOp *pOp, const char *zSql){
  tablaoPause(pOp);
  tablaoExec(pOp, zSql);
  tablaoHold(pOp);
}

/*
** SQLite's error if some view or trigger cannot be compiled, else NULL. ALTER
** TABLE compiles all of them, and Flamenco's migrations will rename tables.
** What the statements of pBroken drop is left out. OUT: caller frees with
** sqlite3_free().
*/
static char *detachProbe(TablaoOp *pOp, const TablaoList *pBroken){
  TablaoOp probe;
  TablaoList drop = {0, 0};
  int bLegacy = 0;
  if( pOp->rc ) return 0;
  tablaoOpInit(&probe, pOp->p, pOp->zWho);
  probe.bNeedsNoFarm = 1;
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, -1, &bLegacy);
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 0, (int*)0);
  if( pBroken->n>0 ) detachSavepoint(pOp, "SAVEPOINT tablao_probing");
  for(int i=0; i<pBroken->n; i++) tablaoExec(pOp, pBroken->az[i]);
  tablaoExec(pOp, "CREATE TABLE main.tablao_probe(x)");
  tablaoExec(&probe, "ALTER TABLE main.tablao_probe RENAME TO tablao_probed");
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, bLegacy,
      (int*)0);
  if( probe.rc==SQLITE_NOMEM || probe.rc==SQLITE_INTERRUPT ){
    /* This says nothing about a view or trigger. */
    tablaoTakeError(pOp, &probe);
  }
  tablaoListAdd(pOp, &drop, sqlite3_mprintf("DROP TABLE main.tablao_probe%s",
      probe.rc ? "" : "d"));
  tablaoListDrop(pOp, &drop);
  if( pBroken->n>0 ){
    tablaoExec(pOp, "ROLLBACK TO tablao_probing");
    detachSavepoint(pOp, "RELEASE tablao_probing");
  }
  return probe.zErr;
}

/*
** Adds a statement to pBroken that drops the view or trigger which, as zErr
** says, cannot be compiled. False if none has that name, or it is there
** already.
*/
static int detachAddBroken(
  TablaoOp *pOp,
  TablaoList *pBroken,
  const char *zErr
){
  char *zDrop = 0;
  /* The message begins with the name; of two that fit, it is the longer. */
  sqlite3_stmt *pStmt = tablaoPrepare(pOp,
      "SELECT printf('DROP %s IF EXISTS %s.\"%w\"', type, place, name) "
      "FROM (SELECT 'main' AS place, type, name FROM main.sqlite_schema "
      "UNION ALL SELECT 'temp', type, name FROM sqlite_temp_schema) "
      "WHERE type IN ('view', 'trigger') "
      "AND instr(?1, 'error in ' || type || ' ' || name) "
      "ORDER BY instr(?1, 'error in ' || type || ' ' || name), "
      "length(name) DESC");
  tablaoBindText(pOp, pStmt, 1, zErr);
  while( zDrop==0 && tablaoStep(pOp, pStmt) ){
    const char *z = tablaoColumnText(pOp, pStmt, 0);
    int i = 0;
    while( i<pBroken->n && strcmp(z, pBroken->az[i])!=0 ) i++;
    if( i<pBroken->n ) continue;
    zDrop = sqlite3_mprintf("%s", z);
    tablaoListAdd(pOp, pBroken, zDrop);
    if( pOp->rc ) break;
  }
  sqlite3_finalize(pStmt);
  return zDrop!=0 && pOp->rc==SQLITE_OK;
}

/* Fails, naming it, if something that the user has added would not survive. */
static void detachRefuse(TablaoOp *pOp, AdoptWork *p){
  /* The module of a virtual table might be missing. */
  tablaoModelCopy(pOp,
      "SELECT s.name, f.\"table\" FROM main.sqlite_schema s "
      "JOIN pragma_foreign_key_list(s.name, 'main') f "
      "WHERE s.type='table' AND s.sql NOT LIKE 'CREATE VIRTUAL%'",
      &p->model.op, "INSERT INTO temp.their_references VALUES(?1, ?2)");
  sqlite3_stmt *pStmt = tablaoPrepare(&p->model.op,
      "SELECT type='table', name, tbl_name FROM temp.lost_objects");
  if( tablaoStep(&p->model.op, pStmt) ){
    int bTable = sqlite3_column_int(pStmt, 0);
    const char *zName = tablaoColumnText(&p->model.op, pStmt, 1);
    const char *zOurs = tablaoColumnText(&p->model.op, pStmt, 2);
    if( bTable ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the table %s refers to %s, a "
          "table of Tablao's; drop it first", pOp->zWho, zName, zOurs);
    }else{
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the trigger %s is on %s, a "
          "table of Tablao's, and would be lost; drop it first", pOp->zWho,
          zName, zOurs);
    }
  }
  sqlite3_finalize(pStmt);
  tablaoTakeError(pOp, &p->model.op);
}

/* Lets an observed farm go. */
static void detachObserved(TablaoOp *pOp, AdoptWork *p){
  TablaoList ours = {0, 0};
  adoptList(&p->model.op, &ours,
      "SELECT printf('DROP TABLE IF EXISTS main.\"%w\"', name) "
      "FROM temp.our_tables ORDER BY rowid DESC");
  tablaoTakeError(pOp, &p->model.op);
  adoptDropObjects(pOp, TABLAO_OBSERVED);
  tablaoDropIndexes(pOp);
  tablaoListDrop(pOp, &ours);
}

/* Adds the statements that fill Flamenco's tables and put back the highest ids
** that AUTOINCREMENT has given. */
static void detachFill(TablaoOp *pOp, AdoptWork *p, TablaoList *pFill){
  adoptList(&p->model.op, pFill,
      "SELECT printf('INSERT INTO main.\"%w\"(%s) "
      "SELECT %s FROM main.\"tablao_old_%w\" ORDER BY rowid', "
      "t.name, c.list, c.list, t.name) "
      "FROM temp.flamenco_tables t JOIN ("
      "SELECT table_name, group_concat('\"' || name || '\"') AS list "
      "FROM temp.flamenco_columns GROUP BY table_name) c "
      "ON c.table_name=t.name ORDER BY t.position");
  if( tablaoInt(pOp, "SELECT 1 FROM main.tablao_adopted "
                     "WHERE last_id IS NOT NULL", 0) ){
    tablaoListAdd(pOp, pFill, sqlite3_mprintf("%s",
        "UPDATE main.sqlite_sequence SET seq=max(seq, ("
        "SELECT a.last_id FROM main.tablao_adopted a "
        "WHERE a.type='table' AND a.name=sqlite_sequence.name)) "
        "WHERE name IN (SELECT name FROM main.tablao_adopted "
        "WHERE last_id IS NOT NULL)"));
    tablaoListAdd(pOp, pFill, sqlite3_mprintf("%s",
        "INSERT INTO main.sqlite_sequence(name, seq) "
        "SELECT name, last_id FROM main.tablao_adopted "
        "WHERE last_id IS NOT NULL "
        "AND name NOT IN (SELECT name FROM main.sqlite_sequence)"));
  }
}

/* Makes Flamenco's tables again, in a farm that was taken over. */
static void detachOwn(TablaoOp *pOp, AdoptWork *p){
  TablaoList make = {0, 0};      /* Flamenco's tables */
  TablaoList fill = {0, 0};      /* their rows */
  TablaoList index = {0, 0};
  TablaoList ours = {0, 0};      /* drops our own tables */

  char *z = tablaoText(&p->model.op, "SELECT name FROM temp.foreign_columns");
  if( z ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the column %s would be lost; "
        "drop it first", pOp->zWho, z);
  }
  sqlite3_free(z);
  tablaoGuardFind(pOp, &make, "SELECT type, name, sql "
      "FROM main.tablao_adopted WHERE type='table' ORDER BY id");
  detachFill(pOp, p, &fill);
  tablaoGuardFind(pOp, &index, "SELECT type, name, sql "
      "FROM main.tablao_adopted WHERE type='index' ORDER BY id");
  tablaoModelCopy(pOp,
      "SELECT name FROM main.tablao_adopted WHERE type='index'",
      &p->model.op,
      "DELETE FROM temp.their_objects WHERE type='index' AND name=?1");
  tablaoGuardFind(&p->model.op, &index,
      "SELECT type, name, sql FROM temp.foreign_objects ORDER BY type");
  adoptList(&p->model.op, &ours,
      "SELECT printf('DROP TABLE main.\"%w\"', name) "
      "FROM main.sqlite_schema WHERE type='table' "
      "AND name NOT GLOB 'sqlite_*' "
      "AND name NOT IN (SELECT name FROM temp.flamenco_tables) "
      "ORDER BY rowid DESC");
  tablaoListAdd(pOp, &ours,
      sqlite3_mprintf("DROP TABLE main.tablao_adopted"));
  tablaoTakeError(pOp, &p->model.op);
  adoptDropObjects(pOp, TABLAO_OWN);
  adoptRename(pOp, p);
  tablaoGuardRun(pOp, &p->guard, &make);
  tablaoListRun(pOp, &fill);
  tablaoListDrop(pOp, &p->drop);
  tablaoExec(pOp, tablaoScript("adopt_detach"));
  tablaoListDrop(pOp, &ours);
  tablaoGuardRun(pOp, &p->guard, &index);
  adoptVerify(pOp, 0);
}

/*
** tablao_detach(): gives Flamenco its database back, all or nothing, with the
** rows as they are now. Returns the version of Flamenco's migrations that it
** is at, an integer. An error for a farm that never was Flamenco's, and where
** something of the user's needs what would go.
**
** A version may have been applied, undone and applied again: its last row
** counts.
*/
void tablaoDetachFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  AdoptWork work;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_detach");
  adoptBegin(&op, &work);
  int eKind = tablaoKind(&op);
  if( eKind==TABLAO_OWN
   && tablaoInt(&op, "SELECT 1 FROM main.sqlite_schema WHERE type='table' "
                     "AND name='tablao_adopted'", 0)==0
  ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: this farm was never Flamenco's, "
        "so there is nothing to go back to", op.zWho);
  }
  if( op.rc==SQLITE_OK ) detachRefuse(&op, &work);
  /* What could not be compiled before is not for us to mend. */
  TablaoList broken = {0, 0};
  char *zBefore = detachProbe(&op, &broken);
  while( zBefore && detachAddBroken(&op, &broken, zBefore) ){
    sqlite3_free(zBefore);
    zBefore = detachProbe(&op, &broken);
  }
  if( op.rc==SQLITE_OK ){
    if( eKind==TABLAO_OBSERVED ){
      detachObserved(&op, &work);
    }else{
      detachOwn(&op, &work);
    }
    tablaoBlameTemporary(&op);
  }
  char *zAfter = detachProbe(&op, &broken);
  if( zAfter && zBefore==0 ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: a view or trigger that is not "
        "Tablao's needs it; drop it first%s", op.zWho,
        zAfter + strlen("tablao: ") + strlen(op.zWho));
  }
  sqlite3_free(zBefore);
  sqlite3_free(zAfter);
  tablaoListClear(&broken);
  sqlite3_int64 iVersion = tablaoInt(&op, TABLAO_SQL_FLAMENCO_VERSION, 0);
  adoptEnd(&op, &work);
  if( op.rc==SQLITE_OK ) sqlite3_result_int64(ctx, iVersion);
  tablaoReturn(ctx, &op);
}
