/* SPDX-License-Identifier: Apache-2.0 */
/* Second half: notification / confirmation / roll-back. Card runs ENABLE, sends notification seq n type 2, waits for confirmation; after R tries rolls back
   and sends seq n+1 type 3. SM-SR may crash at any point (durable: seen, decided, verdict). At most L losses.
   Mutants: -DEARLY  verdict SUCCESS on the notification; -DNODUP duplicates dropped without repeating the confirmation (njiwa);
            -DNOSEQ  an old, replayed notification is believed */
#define R 3
#define quiet (empty(up) && empty(dn) && empty(ak))
#ifndef L
#define L 2
#endif
chan up = [2] of { byte, byte };  /* seq, type */
chan dn = [2] of { byte };        /* confirmation of seq */
chan ak = [2] of { byte };        /* response to the confirmation */
byte prof=1; byte fin=0; byte tries=0; bool rolled=false; byte losses=0; byte crashes=0; byte replays=0;
byte dseq=0, dtype=0; byte verdict=0;  /* durable; verdict 2 = success, 3 = rolled back */
bool bad1=false;
active proctype Card(){ byte s;
   prof=2;                                        /* enabled B, not yet confirmed, seq 1 */
   do
   :: atomic{ fin==0 && tries<R && quiet -> tries++; up!1,2 }       /* (re)send when nothing else moves = time-out */
   :: atomic{ fin==0 && tries==R && quiet -> rolled=true; prof=1; fin=1; tries=0;
               if :: verdict==2 -> bad1=true :: else -> skip fi }
   :: atomic{ fin==1 && tries<R && quiet -> tries++; up!2,3 }
   :: atomic{ dn?s -> if :: s==1 && fin==0 -> fin=2; ak!1 :: s==1 && fin==2 -> ak!1 :: s==2 && fin==1 -> fin=3; ak!2 :: s==2 && fin==3 -> ak!2 :: else -> skip fi }
   :: atomic{ fin>=2 && quiet -> break }
   :: atomic{ fin==1 && tries==R && quiet -> break }
   od }
active proctype Net(){ byte s,t;
   do
   :: atomic{ losses<L && nempty(up) -> up?s,t; losses++ }
   :: atomic{ losses<L && nempty(dn) -> dn?s; losses++ }
   :: atomic{ losses<L && nempty(ak) -> ak?s; losses++ }
   :: atomic{ replays<1 && fin==1 && nfull(up) -> replays++; up!1,2 }   /* attacker replays the authentic old notification */
   od }
active proctype SR(){ byte s,t;
   do
   :: atomic{ up?s,t ->
#ifdef NOSEQ
        if :: true -> dseq=s; dtype=t; if :: nfull(dn) -> dn!s :: else -> skip fi; fi
#else
        if :: s>dseq -> dseq=s; dtype=t; if :: nfull(dn) -> dn!s :: else -> skip fi         /* commit decision, then send */
#ifdef NODUP
           :: else -> skip
#else
           :: s==dseq -> if :: nfull(dn) -> dn!s :: else -> skip fi                          /* same again: repeat the confirmation */
           :: else -> skip                                                                   /* old: ignore, raise alarm */
#endif
        fi
#endif
#ifdef EARLY
        ; if :: t==2 -> verdict=2 :: else -> verdict=3 fi
#endif
        }
   :: atomic{ ak?s -> if :: s==dseq -> if :: dtype==2 -> verdict=2 :: else -> verdict=3 fi :: else -> skip fi }
   :: atomic{ crashes<2 -> crashes++; 
        if :: nempty(up) -> up?s,t :: skip fi }        /* crash may swallow one received message */
   od }
ltl q1 { [] !bad1 }                                              /* a SUCCESS told to the tenant is never undone by the card */
ltl q2 { [] (verdict==2 -> prof==2) }
ltl q3 { [] (rolled -> (losses+crashes >= R)) }                  /* no needless roll-back */
ltl q4 { [] (verdict==3 -> (dtype==3 && prof==1)) }
ltl rr { [] !(verdict==2 && fin==2) }
