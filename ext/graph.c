/*
** Which task waits for which: a topological sort in linear time (Kahn), for
** task_graph and for the refusal of cycles in store_authored_job().
**
**   TablaoGraph g;
**   tablaoGraphInit(&g, nNode);
**   tablaoGraphEdge(&g, 0, 1);            -- node 1 waits for node 0
**   tablaoGraphSort(&g);
**   tablaoGraphClear(&g);
**
** The same edge may be given more than once. A node that waits for itself is
** a cycle of one.
*/
#include "tablao.h"
#include <limits.h>

/* A graph of nNode nodes without edges. Cannot fail. */
void tablaoGraphInit(TablaoGraph *p, int nNode){
  memset(p, 0, sizeof(*p));
  p->nNode = nNode;
}

/* Frees what p holds; p may be used again only after tablaoGraphInit(). */
void tablaoGraphClear(TablaoGraph *p){
  sqlite3_free(p->aEdge);
  sqlite3_free(p->aFirst);
  sqlite3_free(p->aTo);
  sqlite3_free(p->aWait);
  sqlite3_free(p->aOrder);
  memset(p, 0, sizeof(*p));
}

/* The i-th edge: the node waited for, and the one that waits. */
static int *graphEdgeAt(TablaoGraph *p, int i){
  return &p->aEdge[2*(sqlite3_int64)i];
}

/* Lets iTo wait for iFrom. */
int tablaoGraphEdge(TablaoGraph *p, int iFrom, int iTo){
  if( p->nEdge==p->nAlloc ){
    int nNew = p->nAlloc>INT_MAX/4 ? 0 : p->nAlloc*2 + 64;
    int *aNew = nNew==0 ? 0 : sqlite3_realloc64(p->aEdge,
        (sqlite3_uint64)nNew*2*sizeof(int));
    if( aNew==0 ) return SQLITE_NOMEM;
    p->aEdge = aNew;
    p->nAlloc = nNew;
  }
  int *pEdge = graphEdgeAt(p, p->nEdge++);
  pEdge[0] = iFrom;
  pEdge[1] = iTo;
  return SQLITE_OK;
}

/* An array of n+1 zeros: never of size 0, and room for a closing entry. */
static int *graphArray(int n){
  sqlite3_uint64 nByte = ((sqlite3_uint64)n + 1)*sizeof(int);
  int *a = sqlite3_malloc64(nByte);
  if( a ) memset(a, 0, (size_t)nByte);
  return a;
}

/*
** Fills aFirst, aTo, aWait, aOrder and nSorted. A node that is not sorted
** has aWait>0. Nodes that do not wait for each other come roughly in the order
** of their numbers, as a queue gives it.
*/
int tablaoGraphSort(TablaoGraph *p){
  p->aFirst = graphArray(p->nNode+1);
  p->aTo = graphArray(p->nEdge);
  p->aWait = graphArray(p->nNode);
  p->aOrder = graphArray(p->nNode);
  if( p->aFirst==0 || p->aTo==0 || p->aWait==0 || p->aOrder==0 ){
    return SQLITE_NOMEM;
  }

  /* A counting sort of the edges by the node waited for. First aFirst[i+2]
  ** counts the edges of i. Then aFirst[i+1] is where the next edge of i goes,
  ** and so ends up as where the edges of i+1 begin. */
  for(int i=0; i<p->nEdge; i++){
    const int *pEdge = graphEdgeAt(p, i);
    p->aFirst[pEdge[0]+2]++;
    p->aWait[pEdge[1]]++;
  }
  for(int i=1; i<=p->nNode+1; i++) p->aFirst[i] += p->aFirst[i-1];
  for(int i=0; i<p->nEdge; i++){
    const int *pEdge = graphEdgeAt(p, i);
    p->aTo[p->aFirst[pEdge[0]+1]++] = pEdge[1];
  }

  int nQueue = 0;
  for(int i=0; i<p->nNode; i++){
    if( p->aWait[i]==0 ) p->aOrder[nQueue++] = i;
  }
  while( p->nSorted<nQueue ){
    int i = p->aOrder[p->nSorted++];
    for(int j=p->aFirst[i]; j<p->aFirst[i+1]; j++){
      if( --p->aWait[p->aTo[j]]==0 ) p->aOrder[nQueue++] = p->aTo[j];
    }
  }
  return SQLITE_OK;
}

/*
** OUT: a node on a cycle, or -1 where there is none. The graph is sorted.
**
** A node that was not sorted waits for another one that was not. Going from
** each to the one it waits for leads into a cycle, after as many steps as
** there are nodes at the latest.
*/
int tablaoGraphOnCycle(TablaoGraph *p, int *piNode){
  *piNode = -1;
  if( p->nSorted==p->nNode ) return SQLITE_OK;
  int *aBack = graphArray(p->nNode);
  if( aBack==0 ) return SQLITE_NOMEM;
  int iNode = 0;
  for(int i=0; i<p->nEdge; i++){
    const int *pEdge = graphEdgeAt(p, i);
    if( p->aWait[pEdge[0]]>0 && p->aWait[pEdge[1]]>0 ){
      aBack[pEdge[1]] = pEdge[0];
      iNode = pEdge[1];
    }
  }
  for(int i=0; i<p->nNode; i++) iNode = aBack[iNode];
  sqlite3_free(aBack);
  *piNode = iNode;
  return SQLITE_OK;
}
