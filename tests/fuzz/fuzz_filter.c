/*
** Fuzzes the filter of job_query: the input is the filter. It is refused by
** us, or gives rows, of which none is wrong.
*/
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  static sqlite3 *db;
  static const char *const azSql[] = {
    "SELECT * FROM job_query(?1)",
    "SELECT count(*), sum(id) FROM job_query(?1) WHERE status>'b' AND id IN "
      "(1, 3)",
  };
  if( n>65536 ) return -1;
  if( db==0 ) db = openFarm();
  for(size_t i=0; i<N_OF(azSql); i++){
    sqlite3_stmt *pStmt = 0;
    int nRow = 0;
    int rc = sqlite3_prepare_v2(db, azSql[i], -1, &pStmt, 0);
    if( rc ) finding("%s", sqlite3_errmsg(db));
    if( i ){
      sqlite3_bind_blob(pStmt, 1, a, (int)n, SQLITE_STATIC);
    }else{
      sqlite3_bind_text(pStmt, 1, (const char*)a, (int)n, SQLITE_STATIC);
    }
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ) nRow++;
    checkMessage(db, rc, azSql[i]);
    sqlite3_finalize(pStmt);
    if( nRow>3 ) finding("more rows than there are jobs");
  }
  return 0;
}
