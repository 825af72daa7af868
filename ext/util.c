/*
** What all functions and virtual tables of Tablao are made of: operations
** (TablaoOp) with one place for their error, prepared statements that are
** kept, savepoints, and the ends that virtual tables have in common.
**
** A function that writes looks like this:
**
**   TablaoOp op;
**   tablaoOpInit(&op, sqlite3_user_data(ctx), "schedule_task");
**   tablaoBegin(&op);
**   sqlite3_stmt *pStmt = tablaoCached(&op, 0, "INSERT INTO main.t ...");
**   tablaoBind(&op, pStmt, 1, argv[0]);
**   tablaoRun(&op, pStmt);
**   tablaoEnd(&op);                       -- keeps it all, or nothing
**   tablaoReturn(ctx, &op);               -- reports the error, if any
**
** Error texts begin with "tablao: ". Those that our triggers raise do so
** already and are passed on as they are; SQLite's own are given the name of
** the operation to stand behind.
*/
#include "tablao.h"
#include <stdarg.h>

/* Places in TablaoOp.apTxn. */
#define TABLAO_TXN_OPEN     0
#define TABLAO_TXN_RELEASE  1
#define TABLAO_TXN_UNDO     2  /* back to the savepoint, which stays */
#define TABLAO_TXN_ROLLBACK 3  /* the whole transaction */
#define TABLAO_TXN_HOLD     4  /* see tablaoHold() */
#define UTIL_HOLD "PRAGMA main.journal_mode"

/* Tells whether statements that are kept are out of date: see utilRefresh(). */
#define UTIL_LOOK "SELECT 1"

/* A progress handler that has stopped one attempt may let another pass. */
#define UTIL_ATTEMPTS 100

/* What connects the anchor (see TablaoDb), so that statements are kept. */
#define UTIL_ANCHOR "SELECT 1 FROM tablao_check"

/* --- Connections ----------------------------------------------------------*/

/* A new object with one reference, or NULL when out of memory. */
TablaoDb *tablaoDbNew(sqlite3 *db){
  TablaoDb *p = sqlite3_malloc64(sizeof(*p));
  if( p ){
    memset(p, 0, sizeof(*p));
    p->db = db;
    p->nRef = 1;
  }
  return p;
}

/* One more reference to p. Returns p. */
TablaoDb *tablaoDbRef(TablaoDb *p){
  p->nRef++;
  return p;
}

/*
** One reference less. The argument is a TablaoDb; void so that it can be the
** destructor of functions and modules. No statement is left by then, for
** SQLite disconnects virtual tables before it drops their module.
*/
void tablaoDbUnref(void *pArg){
  TablaoDb *p = pArg;
  if( --p->nRef==0 ) sqlite3_free(p);
}

/* --- Operations -----------------------------------------------------------*/

/* Begins an operation called zWho. Unless it fails, nothing has to be freed. */
void tablaoOpInit(TablaoOp *pOp, TablaoDb *p, const char *zWho){
  memset(pOp, 0, sizeof(*pOp));
  pOp->p = p;
  pOp->db = p->db;
  pOp->zWho = zWho;
}

/*
** The operation fails with code rc and the given text, which begins with
** "tablao: ". An error that came before stays.
*/
void tablaoFail(TablaoOp *pOp, int rc, const char *zFormat, ...){
  if( pOp->rc ) return;
  va_list ap;
  va_start(ap, zFormat);
  pOp->zErr = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  tablaoReadable(pOp->zErr);
  pOp->rc = pOp->zErr ? rc : SQLITE_NOMEM;
}

/*
** Makes the operation work on the database of the connection that the value
** names. An unknown name is an error, and not an empty table. OUT: the name,
** which the caller frees after the operation; NULL for main and after an error.
*/
char *tablaoSchema(TablaoOp *pOp, sqlite3_value *pValue){
  if( pOp->rc ) return 0;
  const char *z = (const char*)sqlite3_value_text(pValue);
  if( z && strlen(z)==(size_t)sqlite3_value_bytes(pValue)
   && sqlite3_txn_state(pOp->db, z)>=0
  ){
    if( sqlite3_stricmp(z, "main")==0 ) return 0;
    char *zSchema = sqlite3_mprintf("%s", z);
    if( zSchema==0 ) pOp->rc = SQLITE_NOMEM;
    pOp->zSchema = zSchema;
    return zSchema;
  }
  char *zShort = tablaoShorten(z ? z : "NULL");
  if( zShort==0 || (z==0 && sqlite3_value_type(pValue)!=SQLITE_NULL
                    && sqlite3_value_bytes(pValue)>0) ){
    pOp->rc = SQLITE_NOMEM;
  }
  tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: schema must be the name of a "
      "database of this connection: PRAGMA database_list lists them; %s is "
      "none", pOp->zWho, zShort);
  sqlite3_free(zShort);
  return 0;
}

/* The name of the database that the operation is about. */
const char *tablaoSchemaName(const TablaoOp *pOp){
  return pOp->zSchema ? pOp->zSchema : "main";
}

/*
** What to say if the operation's database has no farm. tablao_migrate() would
** make one in main, and this may be another database.
*/
const char *tablaoNoFarm(const TablaoOp *pOp){
  const char *zWhy = "no farm in this database; SELECT tablao_migrate() makes "
      "one";
  if( pOp->zSchema ){
    zWhy = "no farm in this database; SELECT tablao_migrate() makes one, where "
        "it is main";
  }
  return zWhy;
}

/*
** The statement with the operation's database in place of main: where `main.`
** stands before a name, and where 'main' is a text. OUT: caller frees; NULL
** when out of memory.
*/
static char *utilInSchema(const TablaoOp *pOp, const char *zSql){
  sqlite3_str *pSql = sqlite3_str_new(0);
  for(const char *z=zSql; z[0]; z++){
    if( strncmp(z, "main.", 5)==0
     && (z==zSql || z[-1]==' ' || z[-1]=='(' || z[-1]==',')
    ){
      sqlite3_str_appendf(pSql, "\"%w\".", pOp->zSchema);
      z += 4;
    }else if( strncmp(z, "'main'", 6)==0 ){
      sqlite3_str_appendf(pSql, "%Q", pOp->zSchema);
      z += 5;
    }else{
      sqlite3_str_appendchar(pSql, 1, z[0]);
    }
  }
  return sqlite3_str_finish(pSql);
}

/* Prepares a statement of the operation's database. */
static int utilPrepare(
  const TablaoOp *pOp,
  const char *zSql,
  unsigned int flags,
  sqlite3_stmt **ppStmt
){
  if( pOp->zSchema==0 ){
    return sqlite3_prepare_v3(pOp->db, zSql, -1, flags, ppStmt, 0);
  }
  char *z = utilInSchema(pOp, zSql);
  if( z==0 ) return SQLITE_NOMEM;
  int rc = sqlite3_prepare_v3(pOp->db, z, -1, flags, ppStmt, 0);
  sqlite3_free(z);
  return rc;
}

/* True if this query has no row, and no error either. */
static int utilNone(const TablaoOp *pOp, const char *zSql){
  sqlite3_stmt *pStmt = 0;
  int rc = utilPrepare(pOp, zSql, 0, &pStmt);
  if( rc==SQLITE_OK ) rc = sqlite3_step(pStmt);
  sqlite3_finalize(pStmt);
  return rc==SQLITE_DONE;
}

/* True if zErr says that a door, or a table behind the doors, is not there. */
static int utilNoDoor(const char *zErr){
  return strstr(zErr, "because it is a view")!=0
      || strstr(zErr, "no such table: main.tablao_")!=0;
}

/*
** Why no door opens, if this connection has switched off what doors are made of
** and the error zErr can be due to that; else 0.
*/
static const char *utilSwitchedOff(sqlite3 *db, const char *zErr){
  const char *zWhy = 0;
  int bOn = 1;
  if( strstr(zErr, "because it is a view") ){
    zWhy = "triggers are switched off in this connection: switch them on "
        "(SQLITE_DBCONFIG_ENABLE_TRIGGER)";
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &bOn);
  }else if( strstr(zErr, "access to view ") ){
    zWhy = "views are switched off in this connection: switch them on "
        "(SQLITE_DBCONFIG_ENABLE_VIEW)";
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, -1, &bOn);
  }
  return bOn ? 0 : zWhy;
}

/*
** True if zMsg is what ALTER TABLE says if it is interrupted while it reads a
** view or trigger: "error in view x: interrupted", with the code of any error.
*/
static int utilInterrupted(const char *zMsg){
  static const char zEnd[] = ": interrupted";
  size_t n = strlen(zMsg);
  return n>=sizeof(zEnd) && strncmp(zMsg, "error in ", 9)==0
      && strcmp(zMsg+n-(sizeof(zEnd)-1), zEnd)==0;
}

/*
** The operation fails with code rc, which an interface of SQLite's has just
** returned, and the text that belongs to it. If there is no farm, or no such
** door, the text says that, and not which table was missed first.
*/
void tablaoSqlError(TablaoOp *pOp, int rc){
  if( pOp->rc ) return;
  int rcExt = sqlite3_extended_errcode(pOp->db);
  if( (rcExt & 0xff)==(rc & 0xff) ) rc = rcExt;
  if( rc==SQLITE_NOMEM ){
    pOp->rc = rc;
    return;
  }
  const char *zMsg = sqlite3_errmsg(pOp->db);
  if( rc==SQLITE_ERROR && utilInterrupted(zMsg) ){
    tablaoFail(pOp, SQLITE_INTERRUPT, "tablao: %s: interrupted", pOp->zWho);
  }else if( strncmp(zMsg, "tablao: ", 8)==0 ){
    tablaoFail(pOp, rc, "%s", zMsg);
  }else if( rc==SQLITE_LOCKED ){
    tablaoFail(pOp, rc, "tablao: %s: %s: a statement of this connection is "
        "reading it; end that, and call this in a SELECT of its own",
        pOp->zWho, zMsg);
  }else{
    tablaoFail(pOp, rc, "tablao: %s: %s", pOp->zWho, zMsg);
    pOp->bUnexpected = 1;
  }
  if( pOp->rc!=SQLITE_ERROR || pOp->bNeedsNoFarm ) return;
  const char *zWhy = 0;
  if( utilNone(pOp, TABLAO_SQL_HAS_FARM) ){
    zWhy = tablaoNoFarm(pOp);
  }else if( utilNoDoor(pOp->zErr)
         && !utilNone(pOp, TABLAO_SQL_IS_FLAMENCO)
         && utilNone(pOp, TABLAO_SQL_IS_OWN)
  ){
    zWhy = "this farm is observed: its Manager does that";
  }else{
    zWhy = utilSwitchedOff(pOp->db, pOp->zErr);
  }
  if( zWhy ){
    sqlite3_free(pOp->zErr);
    pOp->rc = SQLITE_OK;
    tablaoFail(pOp, rc, "tablao: %s: %s", pOp->zWho, zWhy);
  }
}

/*
** Moves the error of another operation to pOp, unless that has one already. The
** other has none afterwards.
*/
void tablaoTakeError(TablaoOp *pOp, TablaoOp *pFrom){
  if( pFrom->rc && pOp->rc==SQLITE_OK ){
    pOp->rc = pFrom->rc;
    pOp->zErr = pFrom->zErr;
  }else{
    sqlite3_free(pFrom->zErr);
  }
  pFrom->rc = SQLITE_OK;
  pFrom->zErr = 0;
}

/* Ends a function: the operation's error, if any, becomes its result. */
void tablaoReturn(sqlite3_context *ctx, TablaoOp *pOp){
  if( pOp->rc==SQLITE_NOMEM ){
    sqlite3_result_error_nomem(ctx);
  }else if( pOp->rc ){
    /* The other order would set the code back to SQLITE_ERROR. */
    sqlite3_result_error(ctx, pOp->zErr, -1);
    sqlite3_result_error_code(ctx, pOp->rc);
  }
  sqlite3_free(pOp->zErr);
}

/*
** Result: pValue. A text without a NUL in it is passed on with its
** terminator, so that the caller's sqlite3_column_text() need not copy it.
*/
void tablaoResultValue(sqlite3_context *ctx, sqlite3_value *pValue){
  const char *z = 0;
  if( sqlite3_value_type(pValue)==SQLITE_TEXT ){
    z = (const char*)sqlite3_value_text(pValue);
  }
  if( z && memchr(z, 0, (size_t)sqlite3_value_bytes(pValue))==0 ){
    sqlite3_result_text(ctx, z, -1, SQLITE_TRANSIENT);
  }else{
    sqlite3_result_value(ctx, pValue);
  }
}

/*
** Opens a database in memory; whatever comes of it, the caller closes *pDb.
** An auto-extension of the program's may make this fail with any code, even
** SQLITE_DONE. That is not handed on: from a virtual table it would mean the
** end of the rows.
*/
void tablaoOpenMemory(TablaoOp *pOp, sqlite3 **pDb){
  *pDb = 0;
  if( pOp->rc ) return;
  int rc = sqlite3_open_v2(":memory:", pDb,
      SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE|SQLITE_OPEN_MEMORY, 0);
  if( rc==SQLITE_NOMEM || (rc && *pDb==0) ){
    pOp->rc = SQLITE_NOMEM;
  }else if( rc ){
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: cannot open a database in "
        "memory: %s", pOp->zWho, sqlite3_errmsg(*pDb));
  }
}

/* --- Statements -----------------------------------------------------------*/

/* Prepares a statement of one use; NULL if that fails. */
sqlite3_stmt *tablaoPrepare(TablaoOp *pOp, const char *zSql){
  sqlite3_stmt *pStmt = 0;
  if( pOp->rc==SQLITE_OK ){
    int rc = utilPrepare(pOp, zSql, 0, &pStmt);
    if( rc ) tablaoSqlError(pOp, rc);
  }
  return pStmt;
}

/* The slot to keep a new statement in; -1 when all are in use. */
static int utilFreeSlot(TablaoDb *p){
  for(int i=0; i<TABLAO_N_STMT; i++){
    if( p->aSlot[i].pStmt==0 ) return i;
  }
  for(int i=0; i<TABLAO_N_STMT; i++){
    int iSlot = p->iEvict;
    p->iEvict = (p->iEvict+1) % TABLAO_N_STMT;
    if( !p->aSlot[iSlot].bOut ){
      sqlite3_finalize(p->aSlot[iSlot].pStmt);
      p->aSlot[iSlot].pStmt = 0;
      return iSlot;
    }
  }
  return -1;
}

/*
** Hands out the statement zSql, prepared with the given flags
** (SQLITE_PREPARE_xxx, the same each time); NULL if that fails. It is kept
** for the next time if it can be. Give it back with tablaoDone().
*/
sqlite3_stmt *tablaoCached(
  TablaoOp *pOp,
  unsigned int flags,
  const char *zSql
){
  TablaoDb *p = pOp->p;
  sqlite3_stmt *pStmt = 0;
  if( pOp->rc ) return 0;
  /* Only statements on main are kept, since their text is how to find them. */
  if( pOp->zSchema ) return tablaoPrepare(pOp, zSql);
  for(int i=0; i<TABLAO_N_STMT && p->aSlot[i].pStmt; i++){
    if( !p->aSlot[i].bOut
     && strcmp(sqlite3_sql(p->aSlot[i].pStmt), zSql)==0
    ){
      p->aSlot[i].bOut = 1;
      return p->aSlot[i].pStmt;
    }
  }
  if( !p->bAnchor ){
    /* When this fails, nothing is kept and all else works. But it may be what reads
    ** the schema, and whoever interrupts that means the operation. */
    int rc = sqlite3_prepare_v2(pOp->db, UTIL_ANCHOR, -1, &pStmt, 0);
    if( rc==SQLITE_INTERRUPT ) tablaoSqlError(pOp, rc);
    sqlite3_finalize(pStmt);
    if( pOp->rc ) return 0;
    pStmt = 0;
  }
  int rc = sqlite3_prepare_v3(pOp->db, zSql, -1,
      flags|SQLITE_PREPARE_PERSISTENT, &pStmt, 0);
  if( rc ){
    tablaoSqlError(pOp, rc);
  }else if( p->bAnchor ){
    int i = utilFreeSlot(p);
    if( i>=0 ){
      p->aSlot[i].pStmt = pStmt;
      p->aSlot[i].bOut = 1;
    }
  }
  return pStmt;
}

/*
** Gives a statement back: one that is kept is reset, another finalized. Its
** error, if it had one, has been seen by tablaoStep(). NULL is fine.
*/
void tablaoDone(TablaoDb *p, sqlite3_stmt *pStmt){
  if( pStmt==0 ) return;
  for(int i=0; i<TABLAO_N_STMT; i++){
    if( p->aSlot[i].pStmt==pStmt ){
      sqlite3_reset(pStmt);
      sqlite3_clear_bindings(pStmt);
      p->aSlot[i].bOut = 0;
      return;
    }
  }
  sqlite3_finalize(pStmt);
}

/* Binds a value, of which the statement takes a copy. */
void tablaoBind(
  TablaoOp *pOp,
  sqlite3_stmt *pStmt,
  int iVar,
  sqlite3_value *pValue
){
  if( pOp->rc==SQLITE_OK ){
    int rc = sqlite3_bind_value(pStmt, iVar, pValue);
    if( rc ) tablaoSqlError(pOp, rc);
  }
}

/* Binds an integer. */
void tablaoBindInt(
  TablaoOp *pOp,
  sqlite3_stmt *pStmt,
  int iVar,
  sqlite3_int64 i
){
  if( pOp->rc==SQLITE_OK ) sqlite3_bind_int64(pStmt, iVar, i);
}

/* Binds a text that outlives the statement's use; NULL is NULL. */
void tablaoBindText(
  TablaoOp *pOp,
  sqlite3_stmt *pStmt,
  int iVar,
  const char *z
){
  if( pOp->rc==SQLITE_OK ){
    /* In a UTF-16 database it is converted, for which memory may run out. */
    int rc = sqlite3_bind_text(pStmt, iVar, z, -1, SQLITE_STATIC);
    if( rc ) tablaoSqlError(pOp, rc);
  }
}

/*
** Forgets the statements that are kept. One that is handed out is in use, and
** tablaoDone() will finalize it.
*/
static void utilForget(TablaoDb *p){
  for(int i=0; i<TABLAO_N_STMT; i++){
    if( !p->aSlot[i].bOut ) sqlite3_finalize(p->aSlot[i].pStmt);
    p->aSlot[i].pStmt = 0;
    p->aSlot[i].bOut = 0;
  }
}

/* True if there is a row. False at the end and after an error. */
int tablaoStep(TablaoOp *pOp, sqlite3_stmt *pStmt){
  if( pOp->rc ) return 0;
  int rc = sqlite3_step(pStmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ) tablaoSqlError(pOp, rc);
  return rc==SQLITE_ROW;
}

/* Runs a statement to its end, passing over rows, and gives it back. */
void tablaoRun(TablaoOp *pOp, sqlite3_stmt *pStmt){
  while( tablaoStep(pOp, pStmt) ){}
  tablaoDone(pOp->p, pStmt);
}

/* The first column of the first row as an integer; iElse without a row. */
sqlite3_int64 tablaoInt(
  TablaoOp *pOp,
  const char *zSql,
  sqlite3_int64 iElse
){
  sqlite3_stmt *pStmt = tablaoPrepare(pOp, zSql);
  if( tablaoStep(pOp, pStmt) ) iElse = sqlite3_column_int64(pStmt, 0);
  sqlite3_finalize(pStmt);
  return iElse;
}

/*
** The text of a column, "" for NULL. It is valid as long as that of
** sqlite3_column_text().
*/
const char *tablaoColumnText(TablaoOp *pOp, sqlite3_stmt *pStmt, int iCol){
  const char *z = (const char*)sqlite3_column_text(pStmt, iCol);
  if( z==0 ){
    z = "";
    if( sqlite3_column_type(pStmt, iCol)!=SQLITE_NULL && pOp->rc==SQLITE_OK ){
      pOp->rc = SQLITE_NOMEM;
    }
  }
  return z;
}

/*
** The name of a column, without that of its table, which PRAGMA
** full_column_names puts before it. NULL when out of memory.
*/
const char *tablaoColumnName(sqlite3_stmt *pStmt, int iCol){
  const char *z = sqlite3_column_name(pStmt, iCol);
  const char *zDot = z ? strrchr(z, '.') : 0;
  return zDot ? zDot+1 : z;
}

/*
** The first column of the first row as text; NULL without a row, for NULL
** and after an error. OUT: caller frees with sqlite3_free().
*/
char *tablaoText(TablaoOp *pOp, const char *zSql){
  char *z = 0;
  sqlite3_stmt *pStmt = tablaoPrepare(pOp, zSql);
  if( tablaoStep(pOp, pStmt) && sqlite3_column_type(pStmt, 0)!=SQLITE_NULL ){
    z = sqlite3_mprintf("%s", tablaoColumnText(pOp, pStmt, 0));
    if( z==0 && pOp->rc==SQLITE_OK ) pOp->rc = SQLITE_NOMEM;
  }
  sqlite3_finalize(pStmt);
  return z;
}

/* True if the n bytes are UTF-8: the shortest form, no surrogates, and up to
** U+10FFFF. */
int tablaoIsUtf8(const unsigned char *z, int n){
  for(int i=0; i<n; ){
    unsigned char c = z[i++];
    if( c<0x80 ) continue;
    int nMore = c<0xc2 ? 0 : c<0xe0 ? 1 : c<0xf0 ? 2 : c<0xf5 ? 3 : 0;
    if( nMore==0 || nMore>n-i ) return 0;
    if( (c==0xe0 && z[i]<0xa0) || (c==0xed && z[i]>0x9f)
     || (c==0xf0 && z[i]<0x90) || (c==0xf4 && z[i]>0x8f)
    ){
      return 0;
    }
    for(; nMore>0; nMore--){
      if( (z[i++] & 0xc0)!=0x80 ) return 0;
    }
  }
  return 1;
}

/*
** If z, a message or a part of one, is not UTF-8, puts '?' in place of all that
** is not ASCII: some clients could not read it. Returns z, which may be NULL.
*/
char *tablaoReadable(char *z){
  if( z && !tablaoIsUtf8((unsigned char*)z, (int)strlen(z)) ){
    for(char *p=z; *p; p++){
      if( *p & 0x80 ) *p = '?';
    }
  }
  return z;
}

/*
** A value for a message: z, or '' if it is empty. One of 64 bytes or more is
** cut to some 60, between two UTF-8 characters, and "..." added. OUT: caller
** frees with sqlite3_free(); NULL when out of memory.
*/
char *tablaoShorten(const char *z){
  int n = 0;
  char *zOut;
  while( n<64 && z[n] ) n++;
  if( n<64 ){
    zOut = sqlite3_mprintf("%s", n ? z : "''");
  }else{
    for(n=60; n>56 && (z[n] & 0xc0)==0x80; n--){}
    zOut = sqlite3_mprintf("%.*s...", n, z);
  }
  return tablaoReadable(zOut);
}

/* --- Lists of statements --------------------------------------------------*/

/* Adds zSql, which the list then owns; if it is NULL, memory has run out. */
void tablaoListAdd(TablaoOp *pOp, TablaoList *pList, char *zSql){
  char **az = zSql==0 ? 0 : sqlite3_realloc64(pList->az,
      ((sqlite3_uint64)pList->n+1)*sizeof(char*));
  if( az==0 ){
    sqlite3_free(zSql);
    tablaoFail(pOp, SQLITE_NOMEM, "tablao: %s: out of memory", pOp->zWho);
    return;
  }
  pList->az = az;
  az[pList->n++] = zSql;
}

/* Empties the list. */
void tablaoListClear(TablaoList *pList){
  for(int i=0; i<pList->n; i++) sqlite3_free(pList->az[i]);
  sqlite3_free(pList->az);
  memset(pList, 0, sizeof(*pList));
}

/*
** Runs the statements of the list and empties it. Of each text only the first
** statement is run: in a file that was tampered with, others may follow it.
*/
void tablaoListRun(TablaoOp *pOp, TablaoList *pList){
  for(int i=0; i<pList->n; i++){
    tablaoRun(pOp, tablaoPrepare(pOp, pList->az[i]));
  }
  tablaoListClear(pList);
}

/* --- Savepoints -----------------------------------------------------------*/

/* Steps one of the statements that were prepared by tablaoBegin(). */
static int utilTxn(TablaoOp *pOp, int eTxn){
  int rc = sqlite3_step(pOp->apTxn[eTxn]);
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

/* True if the database is dqlite's, whose VFS is named dqlite and a number. */
int tablaoIsDqlite(sqlite3 *db){
  sqlite3_vfs *pVfs = 0;
  int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &pVfs);
  return rc==SQLITE_OK && pVfs && strncmp(pVfs->zName, "dqlite", 6)==0;
}

/*
** Refuses to write outside a transaction in a database of dqlite's. dqlite
** replicates only what it knows to be a writing statement. What a function
** writes that a SELECT calls would stay on one node, and the next write would
** end that node. Inside a transaction it is replicated with the rest.
*/
static void utilRefuseDqlite(TablaoOp *pOp){
  static const struct {
    const char *zWho;
    const char *zElse;
  } aElse[] = {
    { "schedule_task",       ", or INSERT INTO task_claims" },
    { "store_authored_job",  ", or INSERT INTO authored_jobs" },
    { "farm_tick",           ", or INSERT INTO farm_ticks" },
  };
  const char *zElse = "";
  if( pOp->rc || !sqlite3_get_autocommit(pOp->db) || !tablaoIsDqlite(pOp->db) ){
    return;
  }
  for(size_t i=0; i<sizeof(aElse)/sizeof(aElse[0]); i++){
    if( strcmp(pOp->zWho, aElse[i].zWho)==0 ) zElse = aElse[i].zElse;
  }
  tablaoFail(pOp, SQLITE_ERROR, "tablao: %s: dqlite would not replicate what "
      "a SELECT writes by itself: call it after BEGIN IMMEDIATE%s",
      pOp->zWho, zElse);
}

/*
** The operation fails if it has a transaction of its own and that is not open
** (bOpen) or not closed (!bOpen). An authorizer that answers SQLITE_IGNORE
** makes a savepoint do nothing, so the changes could not be undone, or would
** not be committed. Statements prepared so would outlive the authorizer: none
** is kept.
*/
static void utilRefuseIgnored(TablaoOp *pOp, int bOpen){
  if( pOp->bOwn && pOp->rc==SQLITE_OK
   && sqlite3_get_autocommit(pOp->db)==bOpen
  ){
    tablaoFail(pOp, SQLITE_AUTH, "tablao: %s: the authorizer of this connection "
        "must not ignore savepoints", pOp->zWho);
    utilForget(pOp->p);
  }
}

/* True if UTIL_LOOK had to be prepared, for the first time or again. */
static int utilIsStale(TablaoOp *pOp){
  sqlite3_stmt *pStmt = tablaoCached(pOp, 0, UTIL_LOOK);
  int bStale = pStmt && sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_RUN, 0)==0;
  tablaoStep(pOp, pStmt);
  if( pStmt && sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_REPREPARE, 1)>0 ){
    bStale = 1;
  }
  tablaoDone(pOp->p, pStmt);
  return bStale;
}

/*
** Forgets the statements that are kept, if they may be out of date: ANALYZE, a
** new index, an authorizer or a change of the connection's settings makes all of
** them so at once. Those that end a savepoint could not be prepared again after
** an interruption, nor where an authorizer forbids it; and one that has not been
** stepped since shows nothing. This asks one that is stepped each time.
*/
static void utilRefresh(TablaoOp *pOp){
  if( pOp->rc==SQLITE_OK && utilIsStale(pOp) && pOp->p->bAnchor ){
    utilForget(pOp->p);
    utilIsStale(pOp);
  }
}

/*
** Opens a savepoint: one inside the caller's transaction, or a transaction
** of its own. The statements that end it are prepared here too, since memory
** may have run out by then. The savepoint takes no lock: the first statement
** after it must be one that writes, so that the busy handler can wait for the
** lock. Once this transaction has read something, it cannot.
*/
void tablaoBegin(TablaoOp *pOp){
  static const char *const azSql[TABLAO_N_TXN] = {
    "SAVEPOINT tablao_operation", "RELEASE tablao_operation",
    "ROLLBACK TO tablao_operation", "ROLLBACK", UTIL_HOLD
  };
  utilRefuseDqlite(pOp);
  utilRefresh(pOp);
  for(int i=0; i<TABLAO_N_TXN; i++){
    pOp->apTxn[i] = tablaoCached(pOp, 0, azSql[i]);
  }
  if( pOp->rc ) return;
  pOp->bOwn = sqlite3_get_autocommit(pOp->db);
  pOp->iRowid = sqlite3_last_insert_rowid(pOp->db);
  int rc = utilTxn(pOp, TABLAO_TXN_OPEN);
  if( rc==SQLITE_BUSY ){
    /* This is no lock: the calling statement is writing. */
    tablaoFail(pOp, SQLITE_ERROR, "tablao: %s cannot run inside a statement "
        "that writes; call it in a SELECT of its own", pOp->zWho);
  }else if( rc ){
    tablaoSqlError(pOp, rc);
  }
  utilRefuseIgnored(pOp, 1);
  /* It may be open even after an interruption. */
  pOp->bOpen = rc==SQLITE_OK
            || (pOp->bOwn && !sqlite3_get_autocommit(pOp->db));
}

/*
** Starts the hold (see utilUndo), for an operation that changes the schema:
** that makes prepared statements out of date, and they would have to be
** prepared again before they can start. While the hold runs, no savepoint can
** be opened or released, and only utilDrop() can drop a table or index.
*/
void tablaoHold(TablaoOp *pOp){
  tablaoStep(pOp, pOp->apTxn[TABLAO_TXN_HOLD]);
}

/*
** Stops the hold, if it runs, and puts another in its place that has just been
** prepared and so can start. If preparing fails, the first one runs on.
*/
void tablaoPause(TablaoOp *pOp){
  sqlite3_stmt *pOld = pOp->apTxn[TABLAO_TXN_HOLD];
  if( pOp->rc || !sqlite3_stmt_busy(pOld) ) return;
  sqlite3_stmt *pNew = tablaoPrepare(pOp, UTIL_HOLD);
  if( pNew ){
    pOp->apTxn[TABLAO_TXN_HOLD] = pNew;
    tablaoDone(pOp->p, pOld);
  }
}

/*
** Runs a statement that drops an index or a table. The hold, if it runs, pauses
** for it: what may be interrupted then is the DROP, which itself is a statement
** that writes.
*/
static void utilDrop(TablaoOp *pOp, sqlite3_stmt *pDrop){
  int bHeld = sqlite3_stmt_busy(pOp->apTxn[TABLAO_TXN_HOLD]);
  tablaoPause(pOp);
  tablaoRun(pOp, pDrop);
  if( bHeld ) tablaoHold(pOp);
}

/* Runs and empties a list of statements that drop indexes, or tables. */
void tablaoListDrop(TablaoOp *pOp, TablaoList *pList){
  for(int i=0; i<pList->n; i++){
    utilDrop(pOp, tablaoPrepare(pOp, pList->az[i]));
  }
  tablaoListClear(pList);
}

/* True if the first word of zSql behind its comments is DROP. */
static int utilIsDrop(const char *zSql){
  for(;;){
    zSql += strspn(zSql, " \t\r\n");
    if( strncmp(zSql, "--", 2)!=0 ) return strncmp(zSql, "DROP ", 5)==0;
    zSql += strcspn(zSql, "\n");
  }
}

/* Runs all statements of zSql, which is ours. */
void tablaoExec(TablaoOp *pOp, const char *zSql){
  while( pOp->rc==SQLITE_OK && zSql[0] ){
    sqlite3_stmt *pStmt = 0;
    int rc = sqlite3_prepare_v2(pOp->db, zSql, -1, &pStmt, &zSql);
    if( rc ) tablaoSqlError(pOp, rc);
    if( pStmt==0 ) continue;   /* Blanks or a comment at the end. */
    if( utilIsDrop(sqlite3_sql(pStmt)) ){
      utilDrop(pOp, pStmt);
    }else{
      tablaoRun(pOp, pStmt);
    }
  }
}

/*
** Releases the savepoint. A progress handler may interrupt a statement that
** has done all its work, so after an interruption nobody knows whether it is
** released: try again until there is none of that name. (Which is why no caller
** must use the name for a savepoint of its own.)
*/
static int utilRelease(TablaoOp *pOp){
  int rc = utilTxn(pOp, TABLAO_TXN_RELEASE);
  if( pOp->bOwn ){
    return rc==SQLITE_INTERRUPT && sqlite3_get_autocommit(pOp->db)
         ? SQLITE_OK : rc;
  }
  for(int i=1; i<UTIL_ATTEMPTS && rc==SQLITE_INTERRUPT; i++){
    rc = utilTxn(pOp, TABLAO_TXN_RELEASE);
    if( rc==SQLITE_ERROR ) rc = SQLITE_OK;   /* There is none any more. */
  }
  return rc;
}

/*
** Tries to undo what has been done since the savepoint. Returns whether it
** could.
**
** When memory has run out inside a statement, or somebody has called
** sqlite3_interrupt(), SQLite lets no other statement do anything until the
** outermost has ended: not even a ROLLBACK. But when a statement that counts as
** writing is stepped then, SQLite itself rolls the whole transaction back, as
** it does after such errors. That statement must have been prepared before, and
** not be out of date. This is what the hold is for: it asks for the journal
** mode, and counts as writing because the same pragma can set it.
*/
static int utilUndo(TablaoOp *pOp){
  if( pOp->bOwn ) utilTxn(pOp, TABLAO_TXN_ROLLBACK);
  /* An authorizer may ignore a ROLLBACK. */
  if( !sqlite3_get_autocommit(pOp->db)
   && utilTxn(pOp, TABLAO_TXN_UNDO)==SQLITE_OK
  ){
    sqlite3_reset(pOp->apTxn[TABLAO_TXN_HOLD]);
    return utilRelease(pOp)==SQLITE_OK;
  }
  if( !sqlite3_get_autocommit(pOp->db) ) utilTxn(pOp, TABLAO_TXN_HOLD);
  return sqlite3_get_autocommit(pOp->db);
}

/*
** Closes the savepoint: its changes are kept, or after an error undone. The
** caller's last_insert_rowid() is put back. An error of the disk may have ended
** the transaction already.
*/
void tablaoEnd(TablaoOp *pOp){
  if( pOp->bOpen ){
    tablaoPause(pOp);
    if( pOp->rc==SQLITE_OK ){
      int rc = utilRelease(pOp);
      if( rc==SQLITE_INTERRUPT ){
        /* SQLite's text may be that of another attempt, which found none. */
        tablaoFail(pOp, rc, "tablao: %s: interrupted", pOp->zWho);
      }else if( rc ){
        tablaoSqlError(pOp, rc);
      }
      utilRefuseIgnored(pOp, 0);
    }
    for(int i=0; i<UTIL_ATTEMPTS && pOp->rc
        && !sqlite3_get_autocommit(pOp->db); i++){
      if( utilUndo(pOp) ) break;
    }
    sqlite3_set_last_insert_rowid(pOp->db, pOp->iRowid);
    pOp->bOpen = 0;
  }
  for(int i=0; i<TABLAO_N_TXN; i++){
    tablaoDone(pOp->p, pOp->apTxn[i]);
    pOp->apTxn[i] = 0;
  }
}

/* --- Virtual tables -------------------------------------------------------*/

/*
** xConnect of all of them: an object without anything of its own. They are
** eponymous: there is one per connection, and nothing is created in the
** database.
*/
int tablaoVtabConnect(
  TablaoDb *p,
  const char *zDeclare,
  sqlite3_vtab **ppVtab
){
  int rc = sqlite3_declare_vtab(p->db, zDeclare);
  if( rc ) return rc;
  TablaoVtab *pNew = sqlite3_malloc64(sizeof(*pNew));
  if( pNew==0 ) return SQLITE_NOMEM;
  memset(pNew, 0, sizeof(*pNew));
  pNew->p = tablaoDbRef(p);
  *ppVtab = &pNew->base;
  return SQLITE_OK;
}

/* Makes a virtual table the anchor of its connection. */
void tablaoVtabAnchor(sqlite3_vtab *pVtab){
  ((TablaoVtab*)pVtab)->bAnchor = 1;
  ((TablaoVtab*)pVtab)->p->bAnchor = 1;
}

/*
** xOpen of all of them: a cursor of nByte zeros, which begins with a
** sqlite3_vtab_cursor.
*/
int tablaoVtabOpen(sqlite3_uint64 nByte, sqlite3_vtab_cursor **ppCursor){
  *ppCursor = sqlite3_malloc64(nByte);
  if( *ppCursor==0 ) return SQLITE_NOMEM;
  memset(*ppCursor, 0, (size_t)nByte);
  return SQLITE_OK;
}

/* xDisconnect of all of them. */
int tablaoVtabDisconnect(sqlite3_vtab *pVtab){
  TablaoDb *p = ((TablaoVtab*)pVtab)->p;
  if( ((TablaoVtab*)pVtab)->bAnchor ){
    p->bAnchor = 0;
    utilForget(p);
  }
  tablaoDbUnref(p);
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

/* Hands the operation's error to the virtual table. Returns its code. */
int tablaoVtabError(sqlite3_vtab *pVtab, TablaoOp *pOp){
  if( pOp->zErr ){
    sqlite3_free(pVtab->zErrMsg);
    pVtab->zErrMsg = pOp->zErr;
  }
  return pOp->rc;
}

/*
** True if a constraint gives hidden column iCol its value: `column = ?`, or
** `column IS ?`. An IS that is not taken here SQLite would compare with the
** value that the column has by default.
*/
int tablaoVtabNames(
  const sqlite3_index_info *pInfo,
  int iConstraint,
  int iCol
){
  int op = pInfo->aConstraint[iConstraint].op;
  return pInfo->aConstraint[iConstraint].iColumn==iCol
      && (op==SQLITE_INDEX_CONSTRAINT_EQ || op==SQLITE_INDEX_CONSTRAINT_IS);
}

/*
** OUT: the constraint that names the database, in column iCol; -1 if there is
** none, which means main. Returns SQLITE_CONSTRAINT if there is one that cannot
** be used, since without it the table has other rows; unless there is also one
** that can: then SQLite checks the other.
*/
int tablaoVtabSchema(
  const sqlite3_index_info *pInfo,
  int iCol,
  int *piSchema
){
  int bUnusable = 0;
  *piSchema = -1;
  for(int i=0; i<pInfo->nConstraint; i++){
    if( !tablaoVtabNames(pInfo, i, iCol) ) continue;
    if( pInfo->aConstraint[i].usable ){
      *piSchema = i;
    }else{
      bUnusable = 1;
    }
  }
  return bUnusable && *piSchema<0 ? SQLITE_CONSTRAINT : SQLITE_OK;
}

/*
** Makes a constraint the next argument of xFilter, which mBit in idxNum tells
** of; nothing if iConstraint is -1. *pnArg counts the arguments. bOmit: SQLite
** need not compare it once more.
*/
void tablaoVtabUse(
  sqlite3_index_info *pInfo,
  int iConstraint,
  int mBit,
  int bOmit,
  int *pnArg
){
  if( iConstraint<0 ) return;
  pInfo->aConstraintUsage[iConstraint].argvIndex = ++*pnArg;
  pInfo->aConstraintUsage[iConstraint].omit = (unsigned char)bOmit;
  pInfo->idxNum |= mBit;
}
