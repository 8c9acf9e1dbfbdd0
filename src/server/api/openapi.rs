//! The OpenAPI document, made of the operations: what is not described is not served.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::operation::{OPERATIONS, Operation, PREFIXES};
use crate::server::access::Needs;

/// The document, OpenAPI 3.1.
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for prefix in PREFIXES {
        for operation in &OPERATIONS {
            let method = if operation.is_post { "post" } else { "get" };
            let id = match prefix.starts_with("/api") {
                true => format!("api_v4_{}", operation.id),
                false => operation.id.to_owned(),
            };
            paths.insert(
                format!("{prefix}{}", operation.path),
                json!({method: described(operation, &id, &mut generator)}),
            );
        }
    }
    let mut schemas: Map<String, Value> = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "service-ping: usage data",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Tracking events, and reading what is measured. Requests that change anything by a session, or by \
                            a trusted proxy, need the header X-CSRF-Token.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "private_token": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
                "session": {"type": "apiKey", "in": "cookie", "name": "service_ping_session"},
                "proxy": {"type": "apiKey", "in": "header", "name": "X-Service-Ping-User"},
            },
        },
    })
}

fn described(operation: &Operation, id: &str, generator: &mut SchemaGenerator) -> Value {
    let mut entry = json!({
        "operationId": id,
        "summary": operation.summary,
        "responses": responses(operation),
    });
    entry["security"] = match operation.gate.needs {
        Needs::Nothing => json!([]),
        Needs::Scope(_) => json!([{"bearer": []}, {"private_token": []}, {"session": []}, {"proxy": []}]),
    };
    if let Needs::Scope(scope) = operation.gate.needs {
        entry["description"] = format!("Needs the scope `{scope}`.").into();
    }
    if let Some(body) = operation.body {
        let schema: Schema = body(generator);
        let mut content = json!({"application/json": {"schema": schema}});
        // A form has nothing but texts; what is nested is described as JSON alone.
        if operation.has_form {
            content["application/x-www-form-urlencoded"] = json!({"schema": schema});
        }
        entry["requestBody"] = json!({"required": true, "content": content});
    }
    if !operation.query.is_empty() {
        let parameter = |(name, says): &(&str, &str)| {
            json!({
                "name": name, "in": "query", "required": false, "description": says,
                "schema": {"type": "string", "enum": ["true", "false", "1", "0"]},
            })
        };
        entry["parameters"] = operation.query.iter().map(parameter).collect();
    }
    entry
}

fn responses(operation: &Operation) -> Value {
    let (media, says) = operation.done;
    let mut responses = Map::new();
    let schema = match operation.id {
        "track_events" => json!({
            "type": "object", "required": ["results"],
            "properties": {"results": {"type": "array", "items": result(&["tracked", "held_back", "not_tracked", "not_taken"])}},
        }),
        _ if operation.is_post => json!({
            "type": "object", "required": ["result"],
            "properties": {"result": result(&["tracked", "held_back", "not_tracked"])},
        }),
        "metric_definitions" => json!({"type": "array", "items": {"type": "object"}}),
        _ => json!({"type": "object"}),
    };
    responses.insert(
        "200".to_owned(),
        json!({"description": says, "content": {media: {"schema": schema}}}),
    );
    for (status, says) in refusals(operation) {
        let mut refusal = json!({
            "description": says,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
        if matches!(status, 429 | 503) {
            refusal["headers"] = json!({"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}});
        }
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

fn result(names: &[&str]) -> Value {
    json!({"type": "string", "enum": names})
}

fn refusals(operation: &Operation) -> Vec<(u16, &'static str)> {
    let mut refusals = vec![(401, "Nothing was shown, or it is not good.")];
    if operation.is_post || !operation.query.is_empty() {
        refusals.push((400, "A parameter is missing or invalid."));
    }
    if operation.gate.needs != Needs::Nothing {
        refusals.push((403, "The scope is missing, or the CSRF token is invalid."));
    }
    if operation.gate.flag.is_some() {
        refusals.push((404, "A feature flag switches it off."));
    }
    if operation.is_post {
        refusals.push((408, "The body did not come in time."));
        refusals.push((413, "The body is too long."));
        refusals.push((415, "The body is of another kind, or packed in another way."));
    }
    refusals.push((421, "The server is asked by a name that is not its own."));
    refusals.push((429, "Too many requests."));
    refusals.push((503, "What is behind this server does not answer, or its queue is full."));
    refusals.sort_unstable();
    refusals
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string", "description": "What is wrong, and what to do."}},
    })
}
