/*
** Batches: the rows of a statement, read many at a time.
**
** A virtual table that steps a statement for each of its rows, and asks it
** for each column, is twice as slow as that statement: sqlite3_step() and
** sqlite3_column_value() take mutexes and check their arguments, every time.
** So the statement is made an aggregate query,
**
**   SELECT tablao_collect(id, name, ...) FROM ...
**
** one step of which calls tablao_collect() with the values of each row. They
** are copied into the batch that tablaoBatchFill() has been given, and the
** virtual table takes them from there.
**
** tablao_collect() is DIRECTONLY, and refuses to work for anybody else.
*/
#include "tablao.h"

/* Frees what a batch holds. It can be used again. */
void tablaoBatchClear(TablaoBatch *p){
  sqlite3_free(p->aCell);
  sqlite3_free(p->aText);
  memset(p, 0, sizeof(*p));
}

/* Makes room for one more row. */
static int collectGrowRows(TablaoBatch *p){
  int nNew = p->nRowAlloc*2 + 16;
  TablaoCell *aNew = sqlite3_realloc64(p->aCell,
      (sqlite3_uint64)nNew*(sqlite3_uint64)p->nCol*sizeof(TablaoCell));
  if( aNew==0 ) return SQLITE_NOMEM;
  p->aCell = aNew;
  p->nRowAlloc = nNew;
  return SQLITE_OK;
}

/*
** Copies n bytes and a terminator behind the others. OUT: where they are, as
** an offset, since they move when there are more. z is NULL for an empty BLOB.
*/
static int collectBytes(
  TablaoBatch *p,
  const void *z,
  int n,
  size_t *piOut
){
  sqlite3_uint64 nNeed = (sqlite3_uint64)p->nText + (sqlite3_uint64)n + 1;
  if( nNeed>p->nTextAlloc ){
    char *aNew = sqlite3_realloc64(p->aText, 2*nNeed + 1000);
    if( aNew==0 ) return SQLITE_NOMEM;
    p->aText = aNew;
    p->nTextAlloc = (size_t)(2*nNeed + 1000);
  }
  if( n>0 ) memcpy(p->aText+p->nText, z, (size_t)n);
  p->aText[nNeed-1] = 0;
  *piOut = p->nText;
  p->nText = (size_t)nNeed;
  return SQLITE_OK;
}

/* Copies one value. */
static int collectCell(TablaoBatch *p, TablaoCell *pCell, sqlite3_value *pVal){
  const void *z;
  int rc = SQLITE_OK;
  pCell->eType = sqlite3_value_type(pVal);
  switch( pCell->eType ){
    case SQLITE_INTEGER:
      pCell->u.i = sqlite3_value_int64(pVal);
      break;
    case SQLITE_TEXT:
      z = sqlite3_value_text(pVal);
      pCell->n = sqlite3_value_bytes(pVal);
      rc = z==0 ? SQLITE_NOMEM
                : collectBytes(p, z, pCell->n, &pCell->u.iText);
      /* -1: it ends at its first NUL. SQLite is then given the terminator,
      ** too, and need not copy the text for who wants a C string. */
      if( z && memchr(z, 0, (size_t)pCell->n)==0 ) pCell->n = -1;
      break;
    case SQLITE_FLOAT:
      pCell->u.r = sqlite3_value_double(pVal);
      break;
    case SQLITE_BLOB:
      z = sqlite3_value_blob(pVal);
      pCell->n = sqlite3_value_bytes(pVal);
      rc = z==0 && pCell->n>0 ? SQLITE_NOMEM
                              : collectBytes(p, z, pCell->n, &pCell->u.iText);
      break;
    default:
      pCell->u.i = 0;       /* NULL; what takes it for a number gets 0 */
      break;
  }
  return rc;
}

/*
** tablao_collect(...): internal, what virtual tables read their rows with.
**
** The step, called once per row:
*/
void tablaoCollectStep(
  sqlite3_context *ctx,
  int argc,
  sqlite3_value **argv
){
  TablaoBatch *p = ((TablaoDb*)sqlite3_user_data(ctx))->pBatch;
  int rc = SQLITE_OK;
  if( p==0 || argc!=p->nCol ){
    sqlite3_result_error(ctx,
        "tablao: tablao_collect() is for task_summaries only", -1);
    return;
  }
  if( p->bExpect ){
    if( sqlite3_value_int64(argv[p->iExpectCol])!=p->iExpect ){
      /* What comes after a gap does not count. */
      p->bGap = 1;
    }
    if( p->bGap ) return;
    p->iExpect++;
  }
  if( p->nRow==p->nRowAlloc ) rc = collectGrowRows(p);
  if( rc==SQLITE_OK ){
    TablaoCell *pCell = &p->aCell[(size_t)p->nRow*(size_t)p->nCol];
    for(int i=0; rc==SQLITE_OK && i<argc; i++){
      rc = collectCell(p, &pCell[i], argv[i]);
    }
    p->nRow++;
  }
  if( rc ) sqlite3_result_error_code(ctx, rc);
}

/* tablao_collect(), at the end: the batch is the result. */
void tablaoCollectFinal(sqlite3_context *ctx){
  UNUSED_PARAMETER(ctx);
}

/*
** Reads the rows of pStmt into the batch, in place of what it had. Its nCol
** says how many columns tablao_collect() is called with.
*/
void tablaoBatchFill(TablaoOp *pOp, TablaoBatch *p, sqlite3_stmt *pStmt){
  TablaoBatch *pOuter = pOp->p->pBatch;
  p->nRow = 0;
  p->nText = 0;
  p->bGap = 0;
  pOp->p->pBatch = p;
  tablaoStep(pOp, pStmt);
  pOp->p->pBatch = pOuter;
  sqlite3_reset(pStmt);
}

/* Result: the value of a cell. */
void tablaoBatchResult(
  sqlite3_context *ctx,
  const TablaoBatch *p,
  const TablaoCell *pCell
){
  switch( pCell->eType ){
    case SQLITE_INTEGER:
      sqlite3_result_int64(ctx, pCell->u.i);
      break;
    case SQLITE_TEXT:
      sqlite3_result_text(ctx, p->aText+pCell->u.iText, pCell->n,
          SQLITE_TRANSIENT);
      break;
    case SQLITE_FLOAT:
      sqlite3_result_double(ctx, pCell->u.r);
      break;
    case SQLITE_BLOB:
      sqlite3_result_blob(ctx, p->aText+pCell->u.iText, pCell->n,
          SQLITE_TRANSIENT);
      break;
    default:
      break;
  }
}
