/*
** Tablao, a render farm in an SQLite database: the loadable extension.
**
**   .load ./tablao
**   SELECT tablao_migrate();             -- make or upgrade the farm
**   SELECT store_authored_job(readfile('job.json'));
**   SELECT schedule_task('WORKER UUID'); -- claim a task
**   SELECT * FROM tablao_check;          -- is all well?
**
** The rules of the farm are SQL, in sql/ and views/, and hold without this
** extension. It adds what SQL cannot do:
**
**   schema.c             the schema that is embedded, and the database's
**   model.c              a farm in memory, to compare with and to try rows in
**   migrate.c            tablao_migrate(), tablao_schema_version()
**   check_vtab.c         tablao_check
**   adopt.c              tablao_take_over(), tablao_detach()
**   adopt_vtab.c         tablao_adopt_problems
**   func.c               tablao_version(), job_status_valid(), ...
**   store.c              store_authored_job(), store_authored_tasks()
**   farm.c               schedule_task(), farm_tick()
**   task_summaries_vtab.c, task_graph_vtab.c, job_query_vtab.c
**   graph.c, collect.c, util.c   what these share
**
** To link it statically, compile the files of ext/ with -DSQLITE_CORE and call
** sqlite3_tablao_init(db, &zErr, 0), or hand the function to
** sqlite3_auto_extension(). All statements name the database `main`: the
** farm is there, and no temporary or attached table of the same name can take
** its place. The virtual tables that only read have a hidden column `schema`,
** which names another database of the connection. All else in an attached
** farm is done by plain SQL.
*/
#include "tablao.h"

SQLITE_EXTENSION_INIT1

#define TABLAO_PURE   (SQLITE_INNOCUOUS|SQLITE_DETERMINISTIC)

/*
** Functions that write are DIRECTONLY: no view or trigger of a hostile file
** can call them. The status validators are pure and may stand anywhere, also
** in a CHECK or an index of somebody else's. tablao_schema_version() reads
** the file and is neither.
*/
static const struct {
  const char *zName;
  int nArg;
  int flags;
  void (*xFunc)(sqlite3_context*, int, sqlite3_value**);
  void (*xFinal)(sqlite3_context*);
} aFunc[] = {
  { "tablao_version",        0, TABLAO_PURE, tablaoVersionFunc, 0 },
  { "tablao_schema_version", 0, 0, tablaoSchemaVersionFunc, 0 },
  { "tablao_migrate",        0, SQLITE_DIRECTONLY, tablaoMigrateFunc, 0 },
  { "tablao_take_over",      0, SQLITE_DIRECTONLY, tablaoTakeOverFunc, 0 },
  { "tablao_detach",         0, SQLITE_DIRECTONLY, tablaoDetachFunc, 0 },
  { "job_status_valid",      1, TABLAO_PURE, tablaoJobStatusValidFunc, 0 },
  { "task_status_valid",     1, TABLAO_PURE, tablaoTaskStatusValidFunc, 0 },
  { "worker_status_valid",   1, TABLAO_PURE, tablaoWorkerStatusValidFunc, 0 },
  { "store_authored_job",    1, SQLITE_DIRECTONLY, tablaoStoreJobFunc, 0 },
  { "store_authored_tasks",  2, SQLITE_DIRECTONLY, tablaoStoreTasksFunc, 0 },
  { "schedule_task",         1, SQLITE_DIRECTONLY, tablaoScheduleTaskFunc, 0 },
  { "farm_tick",             0, SQLITE_DIRECTONLY, tablaoFarmTickFunc, 0 },
  { "tablao_collect",       -1, SQLITE_DIRECTONLY,
    tablaoCollectStep, tablaoCollectFinal },
};

static const struct {
  const char *zName;
  const sqlite3_module *pModule;
} aModule[] = {
  { "task_summaries", &tablaoTaskSummariesModule },
  { "task_graph",     &tablaoTaskGraphModule },
  { "tablao_check",   &tablaoCheckModule },
  { "job_query",      &tablaoJobQueryModule },
  { "tablao_adopt_problems", &tablaoAdoptProblemsModule },
};

#define N_OF(a) ((int)(sizeof(a)/sizeof((a)[0])))

/*
** Registers everything with a connection. SQLITE_BUSY from the very first
** function means that it exists already and a statement is running, as in a
** second SELECT load_extension(). Then everything is registered.
*/
static int tablaoRegister(sqlite3 *db){
  TablaoDb *p = tablaoDbNew(db);
  int rc = SQLITE_OK;
  if( p==0 ) return SQLITE_NOMEM;
  for(int i=0; rc==SQLITE_OK && i<N_OF(aFunc); i++){
    /* The destructor runs even when this fails. */
    rc = sqlite3_create_function_v2(db, aFunc[i].zName, aFunc[i].nArg,
        SQLITE_UTF8|aFunc[i].flags, tablaoDbRef(p),
        aFunc[i].xFinal ? 0 : aFunc[i].xFunc,
        aFunc[i].xFinal ? aFunc[i].xFunc : 0, aFunc[i].xFinal,
        tablaoDbUnref);
    if( rc==SQLITE_BUSY && i==0 ){
      tablaoDbUnref(p);
      return SQLITE_OK;
    }
  }
  for(int i=0; rc==SQLITE_OK && i<N_OF(aModule); i++){
    rc = sqlite3_create_module_v2(db, aModule[i].zName, aModule[i].pModule,
        tablaoDbRef(p), tablaoDbUnref);
  }
  tablaoDbUnref(p);
  return rc;
}

/*
** Makes sqlite3_api point to the routines of the SQLite that loads us. With
** GCC and clang only the first of many threads that load the library at once
** writes to it.
*/
static void tablaoUseApi(const sqlite3_api_routines *pApi){
#if defined(SQLITE_CORE)
  UNUSED_PARAMETER(pApi);
#elif defined(__GNUC__)
  if( __atomic_load_n(&sqlite3_api, __ATOMIC_ACQUIRE)!=pApi ){
    const sqlite3_api_routines *pNone = 0;
    if( !__atomic_compare_exchange_n(&sqlite3_api, &pNone, pApi, 0,
            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
     && pNone!=pApi
    ){
      __atomic_store_n(&sqlite3_api, pApi, __ATOMIC_RELEASE);
    }
  }
#else
  SQLITE_EXTENSION_INIT2(pApi)
#endif
}

#if defined(_WIN32)
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int sqlite3_tablao_init(
  sqlite3 *db,
  char **pzErrMsg,
  const sqlite3_api_routines *pApi
);

/* The entry point. SQLite derives its name from that of the file. */
int sqlite3_tablao_init(
  sqlite3 *db,
  char **pzErrMsg,
  const sqlite3_api_routines *pApi
){
  tablaoUseApi(pApi);
  if( sqlite3_libversion_number()<TABLAO_MIN_SQLITE ){
    if( pzErrMsg ){
      *pzErrMsg = sqlite3_mprintf(
          "tablao: SQLite 3.37.0 or later is needed, this is %s",
          sqlite3_libversion());
    }
    return SQLITE_ERROR;
  }
  return tablaoRegister(db);
}
