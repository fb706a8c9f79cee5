/* SPDX-License-Identifier: Apache-2.0 */
/* A switch that nobody confirmed: a card may roll back within less than W of the moment its device is on the new
 * network, which it enters whenever somebody restarts it; until then the card calls the new profile enabled and has
 * not tried it. The SM-SR asks (questions and answers are late or lost) and says SUCCESS by an answer over the
 * new network alone, to a question asked behind the window, which opens with the first answer over it.
 * Mutants: ANYANSWER (the window opens with the first answer, whatever network it comes from), PAST (an answer that
 * comes behind the window settles it, whenever it was asked for), NOWINDOW (the first answer is the verdict). */
#define W 2
#define END 9

byte now = 0, moved_at = 0;
bool moved = false, decided = false, rolled = false;
chan question = [1] of { byte };          /* when it was asked */
chan answer = [1] of { byte, bool, bool };/* that, over the new network, on the new profile */
byte window = 0;                          /* durable; 0: not open */
byte verdict = 0;                         /* durable: 2 SUCCESS, 3 ROLLED_BACK */
bool kept_old = false;

active proctype Card() {
    byte t;
end:
    do
    :: atomic { !moved -> moved = true; moved_at = now }
    :: atomic { moved && !decided -> decided = true }          /* it stays */
    :: atomic { moved && !decided -> decided = true; rolled = true }
    :: atomic { nempty(question) && empty(answer) -> question?t; answer!t, moved && !rolled, !rolled }
    od
}

active proctype Time() {
end:
    do
    :: atomic { now < END && !(moved && !decided && now + 1 >= moved_at + W) -> now++ }
    od
}

active proctype Net() {
    byte t; bool n, on;
end:
    do
    :: atomic { nempty(question) -> question?t }
    :: atomic { nempty(answer) -> answer?t, n, on }
    od
}

inline on_the_new(t) {
    if
#ifdef NOWINDOW
    :: true -> verdict = 2
#else
    :: window == 0 -> window = now + W
#ifdef PAST
    :: window != 0 && now >= window -> verdict = 2
    :: window != 0 && now < window -> skip
#else
    :: window != 0 && t >= window -> verdict = 2
    :: window != 0 && t < window -> skip
#endif
#endif
    fi
}

active proctype SmSr() {
    byte t; bool n, on;
end:
    do
    :: atomic { verdict == 0 && empty(question) -> question!now }
    :: atomic { answer?t, n, on ->
         if
         :: verdict != 0 -> skip
         :: verdict == 0 && !on -> verdict = 3
#ifdef ANYANSWER
         :: verdict == 0 && on -> on_the_new(t)
#else
         :: verdict == 0 && on && !n -> kept_old = true
         :: verdict == 0 && on && n -> on_the_new(t)
#endif
         fi }
    od
}

ltl stands       { [] !(verdict == 2 && rolled) }
ltl back_is_true { [] (verdict == 3 -> rolled) }
ltl succeeds     { [] !(verdict == 2) }                /* must be found, as must the next two */
ltl after_old    { [] !(verdict == 2 && kept_old) }
ltl rolls_back   { [] !(verdict == 3) }
