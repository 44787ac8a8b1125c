//! Schemas of data without a Rust type: the members that events and cases add by kind, entries of
//! catalogues, calls of webhooks, and the event stream.

use serde_json::{Value, json};

use crate::events::EVENT_STREAM;

/// A schema, and the members and elements that are of it.
struct BodySchema {
    name: &'static str,
    places: &'static [&'static str],
    schema: fn() -> Value,
}

const BODIES: &[BodySchema] = &[
    BodySchema {
        name: "EventData",
        places: &["/Event/properties/data"],
        schema: event_data,
    },
    BodySchema {
        name: "WebhookCall",
        places: &[],
        schema: webhook_call,
    },
    BodySchema {
        name: "WebhookCallData",
        places: &[],
        schema: webhook_call_data,
    },
    BodySchema {
        name: "ReviewDetail",
        places: &["/ReviewCase/properties/detail"],
        schema: review_detail,
    },
    BodySchema {
        name: "ReviewNeighbour",
        places: &[],
        schema: review_neighbour,
    },
    BodySchema {
        name: "Jwk",
        places: &["/Jwks/properties/keys/items"],
        schema: jwk,
    },
    BodySchema {
        name: "ReadyWords",
        places: &["/Ready/properties/checks", "/Ready/properties/dependencies"],
        schema: || {
            json!({
                "description": "A word for each thing that is looked at, by its name: `ok`, or \
                                `failing` for a check and `degraded` for another system.",
                "type": "object",
                "additionalProperties": {"type": "string"},
            })
        },
    },
    BodySchema {
        name: "CatalogueEntry",
        places: &[],
        schema: catalogue_entry,
    },
    BodySchema {
        name: "CatalogueMappings",
        places: &[],
        schema: catalogue_mappings,
    },
    BodySchema {
        name: "CatalogueWord",
        places: &[],
        schema: catalogue_word,
    },
    BodySchema {
        name: "FormerName",
        places: &[],
        schema: former_name,
    },
    BodySchema {
        name: "AliasTarget",
        places: &[],
        schema: alias_target,
    },
    BodySchema {
        name: "Words",
        places: &[],
        schema: || {
            json!({
                "description": "A text in both languages.",
                "type": "object",
                "required": ["vi", "en"],
                "properties": {
                    "vi": {"type": "string", "description": "In Vietnamese."},
                    "en": {"type": "string", "description": "In English."},
                },
            })
        },
    },
    BodySchema {
        name: "ProblemExample",
        places: &[],
        schema: problem_example,
    },
];

/// Puts the forms in their places.
pub(super) fn add(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    for body in BODIES {
        schemas[body.name] = (body.schema)();
        for place in body.places {
            if let Some(member) = schemas.pointer_mut(place) {
                *member = json!({"$ref": format!("#/components/schemas/{}", body.name)});
            }
        }
    }
    let events = &mut document["paths"]["/v1/events"]["get"];
    let stream = &mut events["responses"]["200"]["content"][EVENT_STREAM];
    stream["example"] = json!("retry: 2000\nid: 3q2-7wAAAAA\n\n");
    if let Some(parameters) = events["parameters"].as_array_mut() {
        parameters.push(last_event_id());
    }
    document["paths"]["/v1/webhooks"]["post"]["callbacks"] = callbacks();
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn id(about: &str) -> Value {
    json!({"type": "string", "format": "uuid", "description": about})
}

fn instant(about: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": about})
}

fn pointers(about: &str) -> Value {
    json!({
        "type": "array",
        "description": about,
        "items": {"type": "string", "format": "json-pointer"},
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn event_members() -> Value {
    json!({
        "channel": reference("Channel"),
        "timeliness": reference("Timeliness"),
        "changed": pointers("`stay.amended`, `stay.departed`, `stay.returned`, `stay.extended`, \
            `stay.cancelled`, `stay.completed`: the members in which the version differs from the \
            one before."),
        "pointers": pointers("`stay.attention`, `stay.correction_requested`: the members to look \
            at again."),
        "missing": pointers("`stay.completion_due`: the members that are owed."),
        "due_at": {
            "type": "string",
            "format": "date-time",
            "nullable": true,
            "description": "`stay.completion_due`: until when they are owed.",
        },
        "expected_departure_at": {
            "type": "string",
            "format": "date-time",
            "nullable": true,
            "description": "`stay.departure_overdue`: when the guest should have left.",
        },
        "police_reference": text("`stay.acknowledged`: what the police call it."),
        "reason": text("`stay.rejected`, `stay.parked`, `webhook.disabled`: why."),
        "withdrawn": {
            "type": "boolean",
            "description": "`stay.cancelled`: `true` when the police never heard of the stay.",
        },
        "question_id": id("`stay.correction_requested`: the question, as the stay shows it."),
        "webhook_id": id("`webhook.disabled`, `webhook.test`: the webhook."),
    })
}

fn event_data() -> Value {
    json!({
        "description": "What an event adds, by its `type`. Nothing personal. More members may come.",
        "type": "object",
        "properties": event_members(),
    })
}

fn webhook_call() -> Value {
    json!({
        "description": "What a webhook is sent (Standard Webhooks): the event of the feed without \
                        its place there.",
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": reference("WebhookEventType"),
            "timestamp": instant("When it happened."),
            "data": reference("WebhookCallData"),
        },
    })
}

fn webhook_call_data() -> Value {
    let nullable = |mut schema: Value| {
        schema["nullable"] = json!(true);
        schema
    };
    let mut members = event_members();
    members["facility_id"] = nullable(id("At which facility, if at one."));
    members["stay_id"] = nullable(id("To which stay, if to one."));
    members["version"] = json!({
        "type": "integer",
        "format": "int32",
        "nullable": true,
        "description": "To which version of the stay.",
    });
    json!({
        "description": "What happened to what, and what the event adds by its `type`. More members \
                        may come.",
        "type": "object",
        "properties": members,
    })
}

fn review_detail() -> Value {
    json!({
        "description": "What gave the reason, by the `kind` of the case: codes, grades and ids. \
                        More members may come.",
        "type": "object",
        "properties": {
            "late_by_minutes": {
                "type": "integer",
                "format": "int64",
                "description": "`late`: how late the declaration came.",
            },
            "tried_persons": {
                "type": "integer",
                "format": "int64",
                "description": "`probing`: how many persons were tried for one number in 24 hours.",
            },
            "contradictions": {
                "type": "array",
                "description": "`implausible`: what contradicts the number.",
                "items": reference("Warning"),
            },
            "differences": {
                "type": "array",
                "description": "`mismatch`: how the registry graded each member.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "grade"],
                    "properties": {
                        "pointer": {
                            "type": "string",
                            "format": "json-pointer",
                            "description": "The member.",
                        },
                        "grade": text("`exact`, `near` or `different`."),
                        "reason": reference("GradeReason"),
                    },
                },
            },
            "code": text("`rejected`: what the police endpoint said."),
            "notification": reference("NotificationKind"),
            "stays": {
                "type": "array",
                "description": "`duplicate`, `overlap`, `declared_elsewhere`: the other stays.",
                "items": reference("ReviewNeighbour"),
            },
        },
    })
}

fn review_neighbour() -> Value {
    json!({
        "description": "Another stay of the same document.",
        "type": "object",
        "required": ["stay_id", "facility_id", "commune_code", "arrival_at", "departed_at"],
        "properties": {
            "stay_id": id("The stay."),
            "facility_id": id("Where."),
            "commune_code": text("The facility's commune."),
            "arrival_at": instant("When it began."),
            "departed_at": {
                "type": "string",
                "format": "date-time",
                "nullable": true,
                "description": "When the guest left, if he did.",
            },
        },
    })
}

fn jwk() -> Value {
    json!({
        "description": "A public key that verifies receipts (RFC 8037).",
        "type": "object",
        "required": ["alg", "crv", "kid", "kty", "use", "x"],
        "properties": {
            "alg": text("Always `EdDSA`."),
            "crv": text("Always `Ed25519`."),
            "kid": text("Its name: the thumbprint (RFC 7638). Receipts name it in their header."),
            "kty": text("Always `OKP`."),
            "use": text("Always `sig`."),
            "x": text("The key, base64url."),
        },
    })
}

fn catalogue_entry() -> Value {
    let nullable_day = |about: &str| json!({"type": "string", "format": "date", "nullable": true, "description": about});
    json!({
        "description": "An entry of a catalogue. Which members it has depends on the catalogue; \
                        more may come.",
        "type": "object",
        "required": ["code"],
        "properties": {
            "code": text("What other documents call it."),
            "name_vi": text("Its name in Vietnamese."),
            "name_en": text("Its name in English, where one is known."),
            "valid_from": nullable_day("The first day it may be used; `null`: always."),
            "valid_to": nullable_day("The last day it may be used; `null`: open."),
            "full_name": text("`provinces`, `communes`: its name with the word for what it is."),
            "kind": text("`provinces`, `communes`, `countries`: what it is."),
            "province_code": text("`communes`, `commune_aliases`: its province."),
            "is_remote": {
                "type": "boolean",
                "description": "`communes`: whether it lies in a remote area, where foreigners are \
                                declared within 24 hours.",
            },
            "formed_from": texts("`provinces`: the codes of the provinces of before 2025-07-01."),
            "former_names": {
                "type": "array",
                "description": "`provinces`, `communes`: what it was called before.",
                "items": reference("FormerName"),
            },
            "level": text("`commune_aliases`: what the former unit was."),
            "old_code": nullable_text("`commune_aliases`: its code of before 2025-07-01."),
            "district_code": nullable_text("`commune_aliases`: its district of before 2025-07-01."),
            "district_vi": nullable_text("`commune_aliases`: the name of that district."),
            "province_vi": text("`commune_aliases`: the name of its province of then."),
            "target_province_code": text("`commune_aliases`: the province of today."),
            "relation": text("`commune_aliases`: what became of it."),
            "targets": {
                "type": "array",
                "description": "`commune_aliases`: the units of today; one is meant when nothing \
                                else is said.",
                "items": reference("AliasTarget"),
            },
            "alpha2": nullable_text("`countries`: the code of two letters (ISO 3166-1)."),
            "numeric": nullable_text("`countries`: the code of three digits (ISO 3166-1)."),
            "same_as": nullable_text("`countries`: the code that means the same."),
            "pattern": nullable_text("`document_kinds`: the form of the number."),
            "reasons": {
                "type": "array",
                "description": "`document_kinds`: why there is no document.",
                "items": reference("CatalogueWord"),
            },
            "default_purpose": text("`facility_kinds`: the purpose when none is named."),
            "subkinds": {
                "type": "array",
                "description": "`facility_kinds`: the closer words.",
                "items": reference("CatalogueWord"),
            },
            "mappings": reference("CatalogueMappings"),
            "class": text("`error_codes`: what kind of statement it makes."),
            "retryable": {
                "type": "boolean",
                "description": "`error_codes`: whether the same request may succeed later.",
            },
            "title": reference("Words"),
            "detail": reference("Words"),
            "fix": reference("Words"),
            "status": {
                "type": "integer",
                "description": "`error_codes`: the HTTP status, where it is one of an answer.",
            },
            "example": reference("ProblemExample"),
        },
    })
}

fn texts(about: &str) -> Value {
    json!({"type": "array", "description": about, "items": {"type": "string"}})
}

fn nullable_text(about: &str) -> Value {
    json!({"type": "string", "nullable": true, "description": about})
}

fn former_name() -> Value {
    let day = |about: &str| json!({"type": "string", "format": "date", "description": about});
    json!({
        "description": "A name that a unit had.",
        "type": "object",
        "properties": {
            "full_name": text("The name."),
            "kind": text("What the unit was."),
            "valid_from": day("The first day of it."),
            "valid_to": day("The last day of it."),
            "changed_by": text("The resolution that changed it."),
        },
    })
}

fn alias_target() -> Value {
    json!({
        "description": "A unit of today.",
        "type": "object",
        "properties": {
            "code": text("Its code."),
            "full_name": text("Its name."),
            "province_code": text("Its province."),
            "is_default": {
                "type": "boolean",
                "description": "Whether it is meant when only the former unit is named.",
            },
        },
    })
}

fn catalogue_word() -> Value {
    json!({
        "description": "A word that belongs to an entry.",
        "type": "object",
        "required": ["code"],
        "properties": {
            "code": text("The word."),
            "name_vi": text("Its name in Vietnamese."),
            "name_en": text("Its name in English."),
            "default_purpose": text("The purpose when none is named."),
            "mappings": reference("CatalogueMappings"),
        },
    })
}

fn catalogue_mappings() -> Value {
    json!({
        "description": "What other systems call it, by system: a text, a number or a list of \
                        texts; `null` where a system has no word for it.",
        "type": "object",
        "additionalProperties": true,
    })
}

fn problem_example() -> Value {
    json!({
        "description": "`error_codes`: what a program sees of the code: an error, or one of its \
                        `errors`.",
        "type": "object",
        "properties": {
            "code": text("The code."),
            "title": text("A few words."),
            "detail": text("The fact, then the fix."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "retryable": {
                "type": "boolean",
                "description": "Whether the same request may succeed later.",
            },
            "pointer": {
                "type": "string",
                "format": "json-pointer",
                "description": "Where, in the document sent.",
            },
            "message": text("The fact, then the fix."),
        },
    })
}

fn last_event_id() -> Value {
    json!({
        "name": "Last-Event-ID",
        "in": "header",
        "description": "With `Accept: text/event-stream`: the `id` that came last; the stream goes \
                        on behind it, whatever `after` says. Browsers send it by themselves.",
        "required": false,
        "schema": {"type": "string"},
    })
}

fn callbacks() -> Value {
    let header = |name: &str, about: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": about,
            "schema": {"type": "string"},
        })
    };
    json!({
        "event": {
            "{$request.body#/url}": {
                "post": {
                    "operationId": "receiveEvent",
                    "summary": "Be told of an event",
                    "description": "Answered by you. Check the signature before anything else.",
                    "tags": ["Events"],
                    "security": [],
                    "parameters": [
                        header("webhook-id", "The event's id: the same at every attempt."),
                        header("webhook-timestamp", "When it was sent, in seconds since 1970."),
                        header(
                            "webhook-signature",
                            "`v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}` \
                             with the webhook's secret.",
                        ),
                    ],
                    "requestBody": {
                        "required": true,
                        "content": {"application/json": {"schema": reference("WebhookCall")}},
                    },
                    "responses": {
                        "204": {"description": "Taken. Any 2xx will do."},
                        "410": {"description": "Never again: the webhook is switched off."},
                    },
                },
            },
        },
    })
}
