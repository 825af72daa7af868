/*
** Fuzzes the JSON of a job: the input is the document. The function and the
** door must agree on it, except about cycles; what they store must be sound,
** and stored again as it is exported, the same.
*/
#include "fuzz.h"

/* Stores by zSql. OUT: the message of a refusal, to be freed, else NULL. */
static char *store(sqlite3 *db, const char *zSql, const char *z, int n){
  sqlite3_stmt *pStmt = 0;
  char *zErr = 0;
  if( sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) ) finding("%s", zSql);
  sqlite3_bind_text(pStmt, 1, z, n, SQLITE_STATIC);
  int rc = sqlite3_step(pStmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ){
    zErr = strdup(sqlite3_errmsg(db));
    if( strstr(zSql, "SELECT") ) checkMessage(db, rc, zSql);
  }
  sqlite3_finalize(pStmt);
  return zErr;
}

/* The document of the newest job. */
static char *export(sqlite3 *db){
  sqlite3_stmt *pStmt = 0;
  char *z = 0;
  sqlite3_prepare_v2(db, "SELECT document FROM authored_jobs WHERE uuid="
      "(SELECT uuid FROM jobs ORDER BY id DESC LIMIT 1)", -1, &pStmt, 0);
  if( sqlite3_step(pStmt)==SQLITE_ROW && sqlite3_column_text(pStmt, 0) ){
    z = strdup((const char*)sqlite3_column_text(pStmt, 0));
  }
  sqlite3_finalize(pStmt);
  return z;
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  static sqlite3 *db;
  static unsigned nStored;
  const char *z = (const char*)a;
  if( n>65536 ) return -1;
  if( db==0 ) db = openFarm();

  must(db, "SAVEPOINT f");
  char *zErr = store(db, "SELECT store_authored_job(?1)", z, (int)n);
  if( zErr==0 ){
    char *zOut = export(db);
    if( zOut==0 ) finding("stored, but not exported");
    if( nStored++%8==0 ) checkSound(db);
    must(db, "DELETE FROM jobs WHERE id=(SELECT max(id) FROM jobs)");
    char *zAgain = store(db, "SELECT store_authored_job(?1)", zOut, -1);
    if( zAgain ) finding("exported, but not stored again: %s: %s", zAgain,zOut);
    zAgain = export(db);
    if( zAgain==0 || strcmp(zOut, zAgain) ){
      finding("the round trip changes %s to %s", zOut, zAgain ? zAgain : "?");
    }
    free(zOut);
    free(zAgain);
  }
  must(db, "ROLLBACK TO f");
  char *zDoor = store(db, "INSERT INTO authored_jobs(document) VALUES(?1)",
      z, (int)n);
  must(db, "ROLLBACK TO f; RELEASE f");
  if( zDoor && zErr==0 ) finding("only the door refuses it: %s", zDoor);
  if( zErr && zDoor==0 && strstr(zErr, "depend on itself")==0 ){
    finding("only the function refuses it: %s", zErr);
  }
  free(zErr);
  free(zDoor);

  must(db, "SAVEPOINT f");
  free(store(db, "SELECT store_authored_tasks('j1', ?1)", z, (int)n));
  free(store(db, "UPDATE jobs SET settings=?1, metadata=?1 WHERE id=1",
      z, (int)n));
  free(store(db, "UPDATE tasks SET commands=?1 WHERE id=1", z, (int)n));
  must(db, "ROLLBACK TO f; RELEASE f");
  return 0;
}
