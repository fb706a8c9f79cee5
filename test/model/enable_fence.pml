/* SPDX-License-Identifier: Apache-2.0 */
/* One eUICC, one SM-SR identity with durable state D*, crash + failover with a zombie primary, lossy/duplicating/reordering/unbounded-delay air.
   Two successive intents: 1 = enable A, 2 = enable B.  op 3 = audit (GET STATUS).
   Mutants: -DFRESH (retry uses a new counter without fence), -DNOFENCE (expiry verdict without fence audit),
            -DASYNC (failover can lose the last commit), -DNOWAL (packet leaves before the commit),
            -DCROSSFENCE (the audit is answered on another channel, whose counters say nothing about this one's) */
#define NC 6
#define IDX(c,o) ((c)*4+(o))
bool air[28]; bool por[28]; byte sn[28];
byte cardCtr=0, cardProf=0; byte ex[3];
byte hi=0, st[3], ci[3], au[3];       /* durable */
byte phi=0, pst[3], pci[3], pau[3];   /* durable state one commit ago (what an async replica has) */
byte crashes=0; bool bad5=false, bad1=false, bad2=false, bad3=false, bad4=false;
byte used[8];                          /* op first bound to a counter */
inline snapshot(){ phi=hi; pst[1]=st[1]; pst[2]=st[2]; pci[1]=ci[1]; pci[2]=ci[2]; pau[1]=au[1]; pau[2]=au[2] }
inline verdict(i,v){ snapshot(); st[i]=v;
   if :: v==2 && ex[i]==0 -> bad2=true :: else -> skip fi; }
inline bindc(c,o){ if :: used[c]!=0 && used[c]!=o -> bad4=true :: else -> used[c]=o fi }
active proctype Card(){ byte c,o;
  do
  :: atomic{ select(c : 1 .. 6); select(o : 1 .. 3); if :: air[IDX(c,o)] -> 
#ifdef CROSSFENCE
        if :: o==3 -> por[IDX(c,o)]=true; sn[IDX(c,o)]=cardProf
           :: o!=3 && c>cardCtr -> cardCtr=c;
#else
        if :: c>cardCtr -> cardCtr=c;
#endif
             if :: o==3 -> skip
                :: else -> cardProf=o; ex[o]++;
                   if :: ex[o]>1 -> bad1=true :: else -> skip fi;
                   if :: st[o]==3 -> bad3=true :: else -> skip fi;     /* ran after a FAILED verdict */
                   if :: st[o]==0 -> bad5=true :: else -> skip fi      /* ran without a durable intent */
             fi;
             por[IDX(c,o)]=true; sn[IDX(c,o)]=cardProf
           :: else -> skip fi
     :: else -> skip fi; c=0; o=0 }
  od }
active proctype Loss(){ byte k; do :: atomic{ select(k : 5 .. 27); if :: air[k] -> air[k]=false :: por[k] -> por[k]=false :: else -> skip fi; k=0 } od }
active proctype SR(){ byte i;
  i=1;
  do
  :: i>2 -> break
  :: i<=2 && st[i]>=2 -> i++
#ifdef NOWAL
  :: atomic{ i<=2 && st[i]==0 && hi<NC -> bindc(hi+1,i); air[IDX(hi+1,i)]=true }   /* sent before the commit: the crash below forgets it */
#endif
  :: atomic{ i<=2 && st[i]==0 && hi<NC -> snapshot(); hi++; ci[i]=hi; st[i]=1; bindc(hi,i) }
  :: atomic{ i<=2 && st[i]==1 && au[i]==0 && !air[IDX(ci[i],i)] -> air[IDX(ci[i],i)]=true }  /* (re)send the same bytes */
#ifdef FRESH
  :: atomic{ i<=2 && st[i]==1 && au[i]==0 && hi<NC -> snapshot(); hi++; ci[i]=hi; bindc(hi,i) }
#endif
  :: atomic{ i<=2 && st[i]==1 && ci[i]!=0 && por[IDX(ci[i],i)] -> por[IDX(ci[i],i)]=false; verdict(i,2) }
#ifdef NOFENCE
  :: atomic{ i<=2 && st[i]==1 -> verdict(i,3) }                                     /* expired: told the tenant FAILED */
#else
  :: atomic{ i<=2 && st[i]==1 && au[i]==0 && hi<NC -> snapshot(); hi++; au[i]=hi; bindc(hi,3) }   /* expired: arm the fence audit */
  :: atomic{ i<=2 && st[i]==1 && au[i]!=0 && !air[IDX(au[i],3)] -> air[IDX(au[i],3)]=true }
  :: atomic{ i<=2 && st[i]==1 && au[i]!=0 && por[IDX(au[i],3)] -> por[IDX(au[i],3)]=false;
        if :: sn[IDX(au[i],3)]==i -> verdict(i,2) :: else -> verdict(i,3) fi }
#endif
  :: atomic{ crashes<2 && i<=2 -> crashes++;
#ifdef ASYNC
        if :: hi=phi; st[1]=pst[1]; st[2]=pst[2]; ci[1]=pci[1]; ci[2]=pci[2]; au[1]=pau[1]; au[2]=pau[2] :: skip fi;
#endif
        i=1 }                                                                      /* crash or failover: replay durable state */
  od }
ltl p1 { [] !bad1 }
ltl p2 { [] !bad2 }
ltl p3 { [] !bad3 }
ltl p4 { [] !bad4 }
ltl p5 { [] !bad5 }
ltl r1 { [] !(st[1]==2 && st[2]==2) }
ltl r2 { [] !(st[1]==3 && st[2]==2) }
ltl r3 { [] !(st[1]==2 && ex[1]==1 && au[1]!=0) }
