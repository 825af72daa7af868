/*
** Databases of Flamenco's Manager: adopting one, and letting it go again.
**
**   SELECT * FROM tablao_adopt_problems;  -- what stands in the way? (no rows)
**   SELECT tablao_migrate();              -- the database becomes a farm
**   SELECT tablao_detach();               -- and is Flamenco's again: 8
**
** A database of Flamenco 3.9 has the tables of ours with fewer columns, other
** defaults and weaker keys, and the table goose_db_version, which says at
** which of its own migrations it is.
**
** HOW ADOPTION WORKS, between the savepoint that migrate.c opens and closes:
** look for problems, and refuse if there is one; note the statements that
** made the tables and indexes (tablao_adopted); rename the old tables out of
** the way; run the migrations, which make the new ones, and make our views;
** copy (sql/adopt_copy.sql); drop the old tables, children first; make our
** triggers, then those of the user's, and the indexes that ours do not
** replace; check.
**
** Meanwhile foreign_keys is off, so that dropping a table deletes nothing
** elsewhere, and legacy_alter_table is on, so that renaming one changes what
** is said about it nowhere: references, views and triggers go on naming the
** table that then has the name. DQS_DDL is on as well, since Flamenco's
** defaults stand in double quotes. These are flags of the connection, which
** sqlite3_db_config() changes even inside a transaction, where the pragma
** would not. They are put back whatever happens.
**
** Detaching does the same the other way round.
**
** What a farm has is read off a model: one in memory, see TablaoModel.
*/
#include "tablao.h"

/* The version of goose_db_version that Flamenco 3.9 leaves. */
#define ADOPT_GOOSE_VERSION 8

/* Columns, collations and directions of the index X.name. */
#define ADOPT_COLUMNS(X) \
  "(SELECT group_concat(c, ',') FROM (SELECT " \
  "x.name || ' ' || x.coll || ' ' || x.\"desc\" AS c " \
  "FROM pragma_index_xinfo(" X ".name, 'main') x WHERE x.key ORDER BY x.seqno))"

/* --- The model ------------------------------------------------------------*/

/* Makes the model's error that of the operation. */
void tablaoModelError(TablaoOp *pOp, TablaoModel *pModel){
  TablaoOp *pFrom = &pModel->op;
  if( pFrom->rc && pOp->rc==SQLITE_OK ){
    pOp->rc = pFrom->rc;
    pOp->zErr = pFrom->zErr;
  }else{
    sqlite3_free(pFrom->zErr);
  }
  pFrom->rc = SQLITE_OK;
  pFrom->zErr = 0;
}

/* Runs zInsert, in another connection, for each row of zSelect. */
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
** Makes a model, with what sql/adopt_schema.sql adds to it, and notes in it
** what the database has. To be closed even after an error.
*/
void tablaoModelOpen(TablaoOp *pOp, TablaoModel *pModel){
  memset(pModel, 0, sizeof(*pModel));
  if( pOp->rc ) return;
  tablaoOpenMemory(pOp, &pModel->db.db);
  tablaoOpInit(&pModel->op, &pModel->db, pOp->zWho);
  if( pOp->rc ) return;
  pModel->op.bNeedsNoFarm = 1;
  tablaoInstallTables(&pModel->op);
  tablaoInstallObjects(&pModel->op, "view");
  tablaoInstallObjects(&pModel->op, "trigger");
  tablaoExec(&pModel->op, tablaoScript("adopt_schema"));
  tablaoModelCopy(pOp,
      "SELECT type, name, tbl_name, sql FROM main.sqlite_schema",
      &pModel->op,
      "INSERT INTO temp.their_objects VALUES(?1, ?2, ?3, ?4)");
  /* The module of a virtual table might be missing. */
  tablaoModelCopy(pOp,
      "SELECT s.name, x.name FROM main.sqlite_schema s "
      "JOIN pragma_table_xinfo(s.name, 'main') x "
      "WHERE s.type='table' AND s.sql NOT LIKE 'CREATE VIRTUAL%'",
      &pModel->op,
      "INSERT INTO temp.their_columns VALUES(?1, ?2)");
  tablaoModelError(pOp, pModel);
}

/* Closes a model. */
void tablaoModelClose(TablaoModel *pModel){
  sqlite3_free(pModel->op.zErr);
  sqlite3_close(pModel->db.db);
  memset(pModel, 0, sizeof(*pModel));
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

/* --- What adopting and detaching share ------------------------------------*/

/* Sets the flags of the connection as said above. */
static void adoptSetFlags(TablaoOp *pOp, TablaoAdoption *p){
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

/* Ends an adoption, successful or not, when its savepoint is closed. */
void tablaoAdoptEnd(TablaoOp *pOp, TablaoAdoption *p){
  for(int i=0; p->bFlag && i<3; i++){
    sqlite3_db_config(pOp->db, p->aFlag[i].op, p->aFlag[i].bOn, (int*)0);
  }
  tablaoListClear(&p->drop);
  tablaoListClear(&p->trigger);
}

/* Renames the tables that we share with Flamenco out of the way. */
static void adoptRename(TablaoOp *pOp, TablaoModel *pModel, TablaoAdoption *p){
  TablaoList rename = {0, 0};
  adoptList(&pModel->op, &rename,
      "SELECT printf('ALTER TABLE main.\"%w\" RENAME TO \"tablao_old_%w\"', "
      "name, name) FROM temp.flamenco_tables ORDER BY position");
  adoptList(&pModel->op, &p->drop,
      "SELECT printf('DROP TABLE main.\"tablao_old_%w\"', name) "
      "FROM temp.flamenco_tables ORDER BY position DESC");
  tablaoModelError(pOp, pModel);
  tablaoListRun(pOp, &rename);
}

/*
** The last look, at the farm (bFarm) and at the file. The integrity check has
** no number for its argument: newer SQLites take it for a table's name.
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

/* --- Adopting -------------------------------------------------------------*/

/* True if this is a database of Flamenco's (or of its migration tool). */
int tablaoAdoptIsFlamenco(TablaoOp *pOp){
  return tablaoInt(pOp, "SELECT 1 FROM main.sqlite_schema "
      "WHERE type='table' AND name='goose_db_version'", 0)!=0;
}

/*
** What is wrong with the version of a database of Flamenco's; NULL if
** nothing. Of a version that was applied, taken back and applied again the
** last row counts. OUT: caller frees with sqlite3_free().
*/
char *tablaoAdoptVersion(TablaoOp *pOp){
  char *z = 0;
  sqlite3_int64 i = tablaoInt(pOp,
      "SELECT max(g.version_id) FROM main.goose_db_version g "
      "WHERE g.is_applied AND NOT EXISTS("
      "SELECT 1 FROM main.goose_db_version h "
      "WHERE h.version_id=g.version_id AND h.id>g.id)", 0);
  if( pOp->rc || i==ADOPT_GOOSE_VERSION ) return 0;
  if( i<ADOPT_GOOSE_VERSION ){
    z = sqlite3_mprintf("the database is at version %lld of Flamenco's "
        "migrations, Flamenco 3.9 has %d: start Flamenco 3.9 once first",
        i, ADOPT_GOOSE_VERSION);
  }else{
    z = sqlite3_mprintf("the database is at version %lld of Flamenco's "
        "migrations, this tablao knows those up to %d (Flamenco 3.9): use a "
        "newer tablao", i, ADOPT_GOOSE_VERSION);
  }
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  return z;
}

/* Up to where the migrations can run: refuses, notes, renames. */
void tablaoAdoptBegin(TablaoOp *pOp, TablaoAdoption *p){
  TablaoModel model;
  TablaoList drop = {0, 0};
  char *z = tablaoAdoptVersion(pOp);
  if( z ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: %s", pOp->zWho, z);
    sqlite3_free(z);
    z = 0;
  }
  sqlite3_int64 nProblem = tablaoAdoptProblems(pOp, &z);
  if( nProblem>0 ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: this database of Flamenco's "
        "has %lld problem%s, so nothing was changed; SELECT * FROM "
        "tablao_adopt_problems shows %s: %s", pOp->zWho, nProblem,
        nProblem==1 ? "" : "s", nProblem==1 ? "it" : "them, the first", z);
  }
  sqlite3_free(z);
  adoptSetFlags(pOp, p);
  tablaoModelOpen(pOp, &model);
  if( pOp->rc==SQLITE_OK ){
    tablaoExec(pOp, tablaoScript("adopt_keep"));
    tablaoModelCopy(&model.op,
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
    /* An index of theirs may have the name of one of ours. */
    adoptList(pOp, &drop, "SELECT printf('DROP INDEX main.\"%w\"', name) "
        "FROM main.tablao_adopted WHERE type='index'");
    tablaoListRun(pOp, &drop);
    adoptList(&model.op, &p->trigger,
        "SELECT sql FROM temp.foreign_objects WHERE type='trigger'");
    tablaoModelError(pOp, &model);
    adoptRename(pOp, &model, p);
  }
  tablaoModelClose(&model);
}

/* The new tables and the views are there: copies, and drops the old tables. */
void tablaoAdoptFill(TablaoOp *pOp, TablaoAdoption *p){
  tablaoExec(pOp, tablaoScript("adopt_copy"));
  tablaoListRun(pOp, &p->drop);
}

/* All of ours is there: brings back what was the user's, and checks. */
void tablaoAdoptFinish(TablaoOp *pOp, TablaoAdoption *p){
  TablaoList index = {0, 0};
  adoptList(pOp, &index,
      "SELECT a.sql FROM main.tablao_adopted a WHERE a.type='index' "
      "AND NOT EXISTS("
      "SELECT 1 FROM main.sqlite_schema s WHERE lower(s.name)=lower(a.name)) "
      "AND NOT EXISTS("
      "SELECT 1 FROM pragma_index_list(a.tbl_name, 'main') l "
      "WHERE l.partial=0 AND l.\"unique\">=a.is_unique "
      "AND " ADOPT_COLUMNS("l") "=a.columns) ORDER BY a.id");
  tablaoListRun(pOp, &index);
  tablaoListRun(pOp, &p->trigger);
  adoptVerify(pOp, 1);
}

/* --- Detaching ------------------------------------------------------------*/

/*
** Makes sure that every view and trigger can be compiled. ALTER TABLE looks at
** all of them, and Flamenco's migrations will rename tables.
*/
static void detachProbe(TablaoOp *pOp){
  const char *zWho = pOp->zWho;
  if( pOp->rc ) return;
  sqlite3_db_config(pOp->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 0, (int*)0);
  pOp->zWho = "tablao_detach: a view or trigger that is not Tablao's needs "
              "it; drop it first";
  tablaoExec(pOp, "CREATE TABLE main.tablao_probe(x);"
                  "ALTER TABLE main.tablao_probe RENAME TO tablao_probed;"
                  "DROP TABLE main.tablao_probed");
  pOp->zWho = zWho;
}

/* The work; the savepoint is open. */
static void detachWork(TablaoOp *pOp, TablaoAdoption *p){
  TablaoModel model;
  TablaoList keep = {0, 0};      /* triggers on views of ours */
  TablaoList make = {0, 0};      /* Flamenco's tables, and their rows */
  TablaoList index = {0, 0};
  TablaoList ours = {0, 0};      /* drops our own tables */

  adoptSetFlags(pOp, p);
  tablaoModelOpen(pOp, &model);
  if( pOp->rc==SQLITE_OK ){
    char *z = tablaoText(&model.op, "SELECT name FROM temp.foreign_columns");
    if( z ){
      tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: the column %s would be lost; "
          "drop it first", pOp->zWho, z);
    }
    sqlite3_free(z);
  }
  tablaoDropObjects(pOp, &keep);
  if( keep.n>0 ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: a trigger on a view of "
        "Tablao's would be lost; drop it first: %.60s", pOp->zWho, keep.az[0]);
  }
  tablaoListClear(&keep);
  tablaoExec(pOp, tablaoScript("adopt_detach"));
  if( pOp->rc==SQLITE_OK ){
    adoptList(pOp, &make, "SELECT sql FROM main.tablao_adopted "
        "WHERE type='table' ORDER BY id");
    adoptList(&model.op, &make,
        "SELECT printf('INSERT INTO main.\"%w\"(%s) "
        "SELECT %s FROM main.\"tablao_old_%w\" NOT INDEXED', "
        "t.name, c.list, c.list, t.name) "
        "FROM temp.flamenco_tables t JOIN ("
        "SELECT table_name, group_concat('\"' || name || '\"') AS list "
        "FROM temp.flamenco_columns GROUP BY table_name) c "
        "ON c.table_name=t.name ORDER BY t.position");
    if( tablaoInt(pOp, "SELECT 1 FROM main.tablao_adopted "
                       "WHERE last_id IS NOT NULL", 0) ){
      tablaoListAdd(pOp, &make, sqlite3_mprintf("%s",
          "UPDATE main.sqlite_sequence SET seq=max(seq, ("
          "SELECT a.last_id FROM main.tablao_adopted a "
          "WHERE a.type='table' AND a.name=sqlite_sequence.name)) "
          "WHERE name IN (SELECT name FROM main.tablao_adopted "
          "WHERE last_id IS NOT NULL)"));
      tablaoListAdd(pOp, &make, sqlite3_mprintf("%s",
          "INSERT INTO main.sqlite_sequence(name, seq) "
          "SELECT name, last_id FROM main.tablao_adopted "
          "WHERE last_id IS NOT NULL "
          "AND name NOT IN (SELECT name FROM main.sqlite_sequence)"));
    }
    adoptList(pOp, &index, "SELECT sql FROM main.tablao_adopted "
        "WHERE type='index' ORDER BY id");
    tablaoModelCopy(pOp,
        "SELECT name FROM main.tablao_adopted WHERE type='index'",
        &model.op,
        "DELETE FROM temp.their_objects WHERE type='index' AND name=?1");
    adoptList(&model.op, &index,
        "SELECT sql FROM temp.foreign_objects ORDER BY type");
    adoptList(&model.op, &ours,
        "SELECT printf('DROP TABLE main.\"%w\"', name) "
        "FROM main.sqlite_schema WHERE type='table' "
        "AND name NOT IN (SELECT name FROM temp.flamenco_tables)");
    tablaoModelError(pOp, &model);
    adoptRename(pOp, &model, p);
  }
  tablaoListRun(pOp, &make);
  tablaoListRun(pOp, &p->drop);
  tablaoListRun(pOp, &ours);
  /* From here on there is no farm, and that is no error. */
  pOp->bNeedsNoFarm = 1;
  tablaoExec(pOp, "DROP TABLE main.tablao_adopted");
  tablaoListRun(pOp, &index);
  detachProbe(pOp);
  adoptVerify(pOp, 0);
  tablaoModelError(pOp, &model);
  tablaoModelClose(&model);
}

/*
** tablao_detach(): makes an adopted database one of Flamenco's again, all or
** nothing, with the rows as they are now. Returns the version of Flamenco's
** migrations that it is at.
*/
void tablaoDetachFunc(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoOp op;
  TablaoAdoption detach;
  UNUSED_PARAMETER(argc);
  UNUSED_PARAMETER(argv);
  memset(&detach, 0, sizeof(detach));
  tablaoOpInit(&op, sqlite3_user_data(ctx), "tablao_detach");
  tablaoBegin(&op);
  /* The write lock, before anything is read. */
  tablaoExec(&op, "UPDATE main.tablao_migrations SET version=version WHERE 0");
  if( tablaoInt(&op, "SELECT 1 FROM main.sqlite_schema WHERE type='table' "
                     "AND name='tablao_adopted'", 0)==0 ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: this farm was not adopted from "
        "a database of Flamenco's, so there is nothing to go back to",
        op.zWho);
  }
  if( tablaoCompareApplied(&op)<tablaoLatest() ){
    tablaoFail(&op, SQLITE_ERROR, "tablao: %s: the farm is not at schema "
        "version %d; SELECT tablao_migrate() first", op.zWho, tablaoLatest());
  }
  if( op.rc==SQLITE_OK ) detachWork(&op, &detach);
  tablaoEnd(&op);
  tablaoAdoptEnd(&op, &detach);
  if( op.rc==SQLITE_OK ) sqlite3_result_int(ctx, ADOPT_GOOSE_VERSION);
  tablaoReturn(ctx, &op);
}
