/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf <-> msg: the only place that knows the generated types. Every decode is bounded (frame
 * cap, budget allocator, list caps), checks lengths, character sets and enum ranges, and names the
 * field that is wrong. Decoded structs and their spans live in the arena. */
#pragma once

#include "common/base/mem.h"
#include "common/msg/event.h"
#include "common/msg/message.h"

#define WIRE_FRAME_MAX      (256u * 1024u)
#define WIRE_EVENT_MAX      (224u * 1024u) /* a body, so that its record fits into a frame */
#define WIRE_EVENT_DATA_MAX (192u * 1024u) /* the data of a body */
#define WIRE_MESSAGE_MAX    (96u * 1024u)  /* a message kept for a party, or as an answer */
#define WIRE_DATA_MAX       (64u * 1024u)  /* Data, EuiccResponseData, Eis */

/* Errors of every decode: ERR_FORMAT (not protobuf, or a value against its rule: why names message
 * and field), ERR_TOO_LARGE (frame, field or list above its cap, or the budget of an unpack used
 * up), ERR_NOMEM (the arena is full). Of every encode, which appends to out or leaves it as it was:
 * ERR_INVAL (a value its own decode would refuse), ERR_TOO_LARGE, ERR_NOMEM. */
MUST_CHECK int wire_envelope_encode(const struct envelope *e, struct buf *out); /* appends */
/* ERR_UNSUPPORTED: the body is a message this version does not have. When the fault lies in the
 * body the header in ret is whole (message_id is set, message is MSG_NONE), so the call can be
 * answered. */
MUST_CHECK int wire_envelope_decode(struct span frame, struct arena *a, struct envelope *ret,
                                    struct errmsg *why);
/* A message alone (deliveries, stored answers, digests): an Envelope with nothing but its body. */
MUST_CHECK int wire_message_encode(const struct message *m, struct buf *out);
MUST_CHECK int wire_message_decode(struct span bytes, struct arena *a, struct message *ret,
                                   struct errmsg *why);
/* Canonical digest of a request: SHA-256 is the caller's; these are the octets it runs over (the
 * message without FunctionCallIdentifier's transport twins: message ids, context, trace). Fields
 * stand in the order of their numbers, defaults are left out: what decodes alike has the same
 * octets. The Mno-id of an ES3 call stands in the envelope: it belongs to the caller's key, not to
 * these octets. */
MUST_CHECK int wire_message_canonical(const struct message *m, struct buf *out);

/* Event bodies. The type is not inside: the record carries it. Secrets are written as ids only. An
 * unknown type is ERR_INVAL. Mandatory fields are event_check's business, not the wire's. */
MUST_CHECK int wire_event_encode(const struct event *ev, struct buf *out);
MUST_CHECK int wire_event_decode(enum event_type type, struct span body, struct arena *a,
                                 struct event *ret, struct errmsg *why);
/* {"type":"profile.enabled","iccid":"8949..",...}: every set field by its proto name, for --json
 * and events list; bytes as hex; what may hold keys as {"octets":n}. */
MUST_CHECK int wire_event_json(const struct event *ev, struct buf *out);
MUST_CHECK int wire_message_json(const struct message *m, struct buf *out);

/* EIS files: SignedEis and EumSignedInfo (design 3.6); see msg/eis.h for the structs. */
struct signed_eis;
struct eum_signed_info;
MUST_CHECK int wire_signed_eis_encode(const struct signed_eis *s, struct buf *out);
MUST_CHECK int wire_signed_eis_decode(struct span bytes, struct arena *a, struct signed_eis *ret,
                                      struct errmsg *why);
MUST_CHECK int wire_eum_info_encode(const struct eum_signed_info *s, struct buf *out);
MUST_CHECK int wire_eum_info_decode(struct span bytes, struct arena *a, struct eum_signed_info *ret,
                                    struct errmsg *why);
/* What the EUM signed, of either form of its signature; who signed is not looked at. */
MUST_CHECK int wire_eis_info_decode(const struct signed_eis *s, struct arena *a,
                                    struct eum_signed_info *ret, struct errmsg *why);
