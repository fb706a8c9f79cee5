/* SPDX-License-Identifier: Apache-2.0 */
/* What the channel sees as a pcapng file: short messages, CAT_TP and SMPP as they were, and what
 * packets and administration sessions hold as text, without keys and without profiles. It can
 * neither stop nor slow down the SM-SR: its first trouble is said once and ends it. */
#pragma once

#include "common/capture/capture_file.h"
#include "common/net/loop.h"
#include "smsr/channel/channel.h"
#include "smsr/channel/smpp_carrier.h"

struct capture;
/* NULL: there will be none, which was said. limits as those of its file. */
struct capture *capture_open(const char *path, const char *application,
                             const struct capture_limits *limits, struct loop *l);
/* smscs may be NULL. From now until capture_close; both outlive that. */
void capture_attach(struct capture *c, struct channel *ch, struct smpp_carrier *smscs);
void capture_close(struct capture *c);             /* NULL allowed */
