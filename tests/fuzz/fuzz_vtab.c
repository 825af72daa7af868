/*
** Fuzzes what queries ask of our virtual tables: the input is a query, with
** constraints, an order and a limit. A table that holds the same rows must
** give the same answer.
*/
#include "fuzz.h"

typedef struct Table Table;
struct Table {
  const char *zName;
  const char *zDeclare;     /* of the copy */
  int nColumn;
  const char *azColumn[13];
  const char *zKey;         /* puts the rows in one order */
  const char *zKeyDesc;
};
static const Table aTable[] = {
  { "task_summaries",
    "id INTEGER, uuid TEXT, name TEXT, index_in_job INTEGER, "
    "priority INTEGER, status TEXT, type TEXT, updated_at TEXT, "
    "steps_completed INTEGER, steps_total INTEGER, worker_uuid TEXT, "
    "worker_name TEXT, job_uuid TEXT", 13,
    { "job_uuid", "status", "index_in_job", "id", "uuid", "name", "priority",
      "type", "updated_at", "steps_completed", "steps_total", "worker_uuid",
      "worker_name" },
    "job_uuid, index_in_job", "job_uuid DESC, index_in_job DESC" },
  { "task_graph",
    "uuid TEXT, name TEXT, status TEXT, level INTEGER, "
    "num_dependencies INTEGER, num_dependents INTEGER, is_critical INTEGER, "
    "job_uuid TEXT", 8,
    { "job_uuid", "status", "level", "uuid", "name", "num_dependencies",
      "num_dependents", "is_critical" },
    "uuid", "uuid DESC" },
  { "job_query",
    "id INTEGER, created_at DATETIME, updated_at DATETIME, uuid TEXT, "
    "name TEXT, job_type TEXT, priority INTEGER, status TEXT, activity TEXT, "
    "settings TEXT, metadata TEXT, delete_requested_at DATETIME, "
    "storage_shaman_checkout_id TEXT, worker_tag_id INTEGER, "
    "steps_completed INTEGER, steps_total INTEGER", 8,
    { "id", "status", "name", "uuid", "priority", "settings", "worker_tag_id",
      "created_at" },
    "id", "id DESC" },
};

static const char *const azOp[] = {
  "=", "=", "=", "=", "IS", "<", ">", "<=", ">=", "<>", "IS NOT", "LIKE",
  "GLOB",
};

/* A query in two forms: of the virtual table, and of its copy. */
typedef struct Query Query;
struct Query {
  sqlite3_str *pSql;
  int nVar;
};

/* Adds a constraint on a column of the table called zAs. */
static void addConstraint(Query *p, Input *pIn, const Table *pTab,
                          const char *zAs){
  const char *zColumn = pTab->azColumn[inOne(pIn, (size_t)pTab->nColumn)];
  unsigned e = inOne(pIn, 24);
  unsigned n;
  sqlite3_str_appendf(p->pSql, " AND %s.%s", zAs, zColumn);
  if( e<N_OF(azOp) ){
    sqlite3_str_appendf(p->pSql, " %s ?%d", azOp[e], ++p->nVar);
  }else if( e<18 ){
    sqlite3_str_appendall(p->pSql, e==17 ? " NOT IN (" : " IN (");
    n = 1 + inOne(pIn, 12);
    for(unsigned i=0; i<n; i++){
      sqlite3_str_appendf(p->pSql, "%s?%d", i ? ", " : "", ++p->nVar);
    }
    sqlite3_str_appendall(p->pSql, ")");
  }else if( e<20 ){
    sqlite3_str_appendall(p->pSql, e==18 ? " IS NULL" : " IS NOT NULL");
  }else if( e==20 ){
    sqlite3_str_appendf(p->pSql, " BETWEEN ?%d AND ?%d", p->nVar+1, p->nVar+2);
    p->nVar += 2;
  }else if( e==21 ){
    sqlite3_str_appendf(p->pSql, " COLLATE nocase = ?%d", ++p->nVar);
  }else if( e==22 ){
    sqlite3_str_appendf(p->pSql, " IN (SELECT %s FROM %s_copy)", zColumn,
        pTab->zName);
  }else{
    sqlite3_str_appendf(p->pSql, "||'' = ?%d", ++p->nVar);
  }
}

/* Builds the query; %s in it is what makes the two forms differ. */
static char *build(Input *pIn, int *pbOrdered){
  Query q = { sqlite3_str_new(0), 0 };
  const Table *pTab = &aTable[inOne(pIn, N_OF(aTable))];
  unsigned m = inByte(pIn);
  unsigned mColumn = inByte(pIn) | inByte(pIn)<<8;
  unsigned nConstraint = inOne(pIn, 4);
  sqlite3_str_appendall(q.pSql, "SELECT 0");
  for(int i=0; i<pTab->nColumn; i++){
    if( mColumn>>i & 1 ){
      sqlite3_str_appendf(q.pSql, ", a.%s", pTab->azColumn[i]);
    }
  }
  sqlite3_str_appendf(q.pSql, " FROM %s%%s a", pTab->zName);
  if( (m & 3)==1 ){
    sqlite3_str_appendf(q.pSql, ", %s%%s b", aTable[m>>2 & 1].zName);
  }else if( (m & 3)==2 ){
    sqlite3_str_appendf(q.pSql, " LEFT JOIN jobs b ON a.%s=b.uuid",
        pTab->azColumn[0]);
  }
  sqlite3_str_appendall(q.pSql, " WHERE 1");
  for(unsigned i=0; i<nConstraint; i++) addConstraint(&q, pIn, pTab, "a");
  if( (m & 3)==1 ){
    sqlite3_str_appendf(q.pSql, " AND a.%s=b.%s", pTab->azColumn[m>>3 & 1],
        aTable[m>>2 & 1].azColumn[m>>4 & 1]);
  }
  *pbOrdered = 0;
  if( m & 0x20 ){
    if( (m & 3)!=1 && (m & 0x40) ){
      *pbOrdered = 1;
      sqlite3_str_appendf(q.pSql, " ORDER BY %s",
          m & 0x80 ? pTab->zKeyDesc : pTab->zKey);
      sqlite3_str_appendf(q.pSql, " LIMIT %d OFFSET %d", (int)inByte(pIn)-2,
          inOne(pIn, 4));
    }else{
      sqlite3_str_appendf(q.pSql, " ORDER BY a.%s%s",
          pTab->azColumn[inOne(pIn, (size_t)pTab->nColumn)],
          m & 0x80 ? " DESC" : "");
    }
  }
  return sqlite3_str_finish(q.pSql);
}

/*
** Runs the query, with the values of *pIn. OUT: a number that stands for its
** rows, in their order if bOrdered. False if it cannot be compared.
*/
static int result(sqlite3 *db, const char *zQuery, const char *zWhich,
                  Input *pIn, int bOrdered, uint64_t *pResult){
  sqlite3_stmt *pStmt = 0;
  char *zSql = sqlite3_mprintf(zQuery, zWhich, zWhich);
  uint64_t sum = 0;
  int rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0);
  /* An order may be ambiguous in a join, a job_query without its filter. */
  if( rc ){
    sqlite3_free(zSql);
    return 0;
  }
  for(int i=1; i<=sqlite3_bind_parameter_count(pStmt); i++){
    inBind(pIn, pStmt, i);
  }
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    uint64_t h = 14695981039346656037u;
    for(int i=0; i<sqlite3_column_count(pStmt); i++){
      const unsigned char *z = sqlite3_column_text(pStmt, i);
      h = h*31 + (uint64_t)sqlite3_column_type(pStmt, i);
      for(int j=0; j<sqlite3_column_bytes(pStmt, i); j++){
        h = (h ^ z[j]) * 1099511628211u;
      }
    }
    sum = bOrdered ? sum*6364136223846793005u + h : sum + h;
  }
  sqlite3_finalize(pStmt);
  sqlite3_free(zSql);
  *pResult = sum;
  /* LIKE and GLOB have a limit on their pattern. */
  return rc==SQLITE_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  static sqlite3 *db;
  Input in = { a, n };
  int bOrdered;
  uint64_t iReal, iCopy;
  if( n>2000 ) return -1;
  if( db==0 ){
    db = openFarm();
    /* A job of many tasks with gaps, another with a cycle. */
    must(db, "INSERT INTO jobs(id, uuid) VALUES(4, 'j4'), (5, 'j5');"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
        "WHERE i<150) INSERT INTO tasks(id, uuid, job_id, status, worker_id) "
        "SELECT 100+i, 'm' || i, CASE WHEN i%40=7 THEN 3 ELSE 4 END, "
        "CASE WHEN i%3 THEN 'queued' ELSE 'failed' END, 1+i%3 FROM n;"
      "DELETE FROM tasks WHERE id IN (160, 161, 233);"
      "INSERT INTO tasks(id, uuid, job_id) VALUES(501, 'c1', 5), "
        "(502, 'c2', 5), (503, 'c3', 5), (504, 'c4', 5);"
      "INSERT INTO task_dependencies VALUES(501, 502), (502, 501), "
        "(503, 501)");
    for(size_t i=0; i<N_OF(aTable); i++){
      char *z = sqlite3_mprintf("CREATE TEMP TABLE %s_copy(%s);"
          "INSERT INTO %s_copy SELECT *%s FROM %s", aTable[i].zName,
          aTable[i].zDeclare, aTable[i].zName, i<2 ? ", job_uuid" : "",
          aTable[i].zName);
      must(db, z);
      sqlite3_free(z);
    }
  }
  char *zQuery = build(&in, &bOrdered);
  Input again = in;
  if( result(db, zQuery, "", &in, bOrdered, &iReal)
   && result(db, zQuery, "_copy", &again, bOrdered, &iCopy)
   && iReal!=iCopy
  ){
    finding("another answer than from the copy: %s", zQuery);
  }
  sqlite3_free(zQuery);
  return 0;
}
