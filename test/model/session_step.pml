/* SPDX-License-Identifier: Apache-2.0 */
/* The step rule of SCP81 (design law 3): one card, one SM-SR, N effect steps of one attempt. A step is
 * durable before its body goes out; an answer to it is taken once; the same POST again gets the same
 * response; a session whose memory is gone is fenced by a new session and an audit.
 * The network cuts streams at any moment, the card resumes or begins anew, the SM-SR crashes.
 * Mutants: NOAUDIT (what is open is sent again in a new session), TWICE (a repeated POST answers the step
 * that is open now), NOFENCE (a deadline says FAILED while a step is open), UNSAVED (the body goes out
 * before its step is durable). */
#define N 2
#define SESSIONS 4
#define CUTS 3
#define CRASHES 2

chan up = [1] of { byte, byte };   /* session, step that was run last: the POST */
chan dn = [1] of { byte, byte };   /* session, step to run; 0: the end */
byte sessions = 0, cuts = 0, crashes = 0;
byte at = 0, done = 0;             /* the card: its session, the step it ran last in it */
byte ran[N + 1];
byte opened = 0, answered = 0;     /* durable */
byte verdict = 0;                  /* durable: 2 SUCCESS, 3 FAILED */
byte lives = 0;                    /* memory of the SM-SR: the session it knows */
bool twice = false, unproven = false, late = false;

inline drop() {
    if :: nempty(up) -> up?_, _ :: empty(up) fi;
    if :: nempty(dn) -> dn?_, _ :: empty(dn) fi
}

inline respond(s) {
    if
    :: verdict != 0 || answered == N -> dn!s, 0
    :: else -> dn!s, opened
    fi
}

inline open_next(s) {
    if
    :: answered == N -> verdict = 2;
       if :: ran[1] == 0 || ran[2] == 0 -> unproven = true :: else -> skip fi
    :: else -> opened = answered + 1
    fi;
    respond(s)
}

active proctype Card() {
    byte s, k;
end:
    do
    :: atomic { at == 0 && sessions < SESSIONS && empty(up) && empty(dn) ->
         sessions++; at = sessions; done = 0; up!at, 0 }
    :: atomic { at != 0 && empty(up) && empty(dn) -> up!at, done }      /* cut: resume */
    :: atomic { at != 0 && empty(up) && empty(dn) -> at = 0 }           /* cut: give up */
    :: atomic { dn?s, k ->
         if
         :: s != at -> skip
         :: s == at && k == 0 -> at = 0
         :: else ->
            ran[k]++;
            if :: ran[k] > 1 -> twice = true :: else -> skip fi;
            if :: verdict == 3 -> late = true :: else -> skip fi;
            done = k; up!at, done
         fi }
    od
}

active proctype Net() {
end:
    do
    :: atomic { cuts < CUTS && (nempty(up) || nempty(dn)) -> cuts++; drop() }
    od
}

active proctype SmSr() {
    byte s, k;
end:
    do
    :: atomic { up?s, k ->
         if
         :: s == lives && k > answered && k == opened && verdict == 0 ->
            answered = k; open_next(s)
         :: s == lives && k == answered && k != 0 ->                    /* the same POST again */
#ifdef TWICE
            if :: opened > answered -> answered = opened; open_next(s) :: else -> respond(s) fi
#else
            respond(s)
#endif
         :: s == lives && k == 0 -> respond(s)
         :: s != lives && k == 0 && verdict == 0 ->                     /* a new session: the fence */
            lives = s;
#ifndef NOAUDIT
            if
            :: opened > answered && ran[opened] > 0 -> answered = opened
            :: else -> skip
            fi;
#endif
            open_next(s)
         :: s != lives && k == 0 && verdict != 0 -> lives = s; dn!s, 0
         :: else -> dn!s, 0                                             /* unknown session: ended */
         fi }
    :: atomic { verdict == 0 && lives == 0 && opened == answered && answered < N -> verdict = 3 }
#ifdef NOFENCE
    :: atomic { verdict == 0 && answered < N -> verdict = 3 }
#endif
    :: atomic { crashes < CRASHES -> crashes++; lives = 0; drop();
#ifdef UNSAVED
         opened = answered
#endif
       }
    od
}

ltl once     { [] !twice }
ltl proven   { [] !unproven }
ltl fenced   { [] !late }
ltl succeeds { [] !(verdict == 2) }                  /* must be found: the good end is reachable */
ltl resumes  { [] !(verdict == 2 && cuts == CUTS && crashes == CRASHES) }
