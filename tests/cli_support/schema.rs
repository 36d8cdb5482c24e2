//! Whether a document is as its published JSON Schema says. Knows the words that these schemas
//! use, and fails at any other, so that none is passed over.

use serde_json::Value;

/// The document, which must be as the schema that it names says.
pub(crate) fn checked(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let name = document["schema"].as_str().unwrap_or_else(|| panic!("no schema: {text}"));
    let name = name.strip_prefix("gatecheck-").unwrap().strip_suffix("/1").unwrap();
    assert_eq!(wrong(name, &document), Vec::<String>::new(), "{document:#}");
    document
}

/// What is not as `docs/schema/NAME.schema.json` says.
pub(crate) fn wrong(name: &str, document: &Value) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");
    let text = std::fs::read_to_string(format!("{folder}/{name}.schema.json")).unwrap();
    let root: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    visit(&root, &root, document, "", &mut found);
    found
}

fn visit(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let fits = |schema: &Value| {
        let mut inside = Vec::new();
        visit(root, schema, value, at, &mut inside);
        inside.is_empty()
    };
    for (word, rule) in schema.as_object().unwrap() {
        let fine = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                visit(root, root.pointer(path).unwrap(), value, at, found);
                true
            }
            "type" => match rule.as_array() {
                Some(names) => names.iter().any(|name| is(value, name)),
                None => is(value, rule),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "anyOf" => rule.as_array().unwrap().iter().any(&fits),
            "oneOf" => rule.as_array().unwrap().iter().filter(|one| fits(one)).count() == 1,
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    visit(root, rule, item, &format!("{at}/{n}"), found);
                }
                true
            }
            "required" => rule.as_array().unwrap().iter().all(|name| {
                value.as_object().is_none_or(|map| map.contains_key(name.as_str().unwrap()))
            }),
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(name) {
                        visit(root, rule, inner, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = |name: &String| schema["properties"].get(name).is_some();
                value.as_object().is_none_or(|map| map.keys().all(known))
            }
            other => panic!("the word {other} of the schema is not known here"),
        };
        if !fine {
            found.push(format!("{at}: {word} {rule} does not hold for {value}"));
        }
    }
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the type {other} of the schema is not known here"),
    }
}

/// Every place of a document where something else was put, or taken away: each must be noticed.
pub(crate) fn spoilt(document: &Value) -> Vec<(String, Value)> {
    let mut places = vec![String::new()];
    let mut spoilt = Vec::new();
    while let Some(place) = places.pop() {
        let here = document.pointer(&place).unwrap();
        let mut with = |what: &str, edit: &dyn Fn(&mut Value)| {
            let mut edited = document.clone();
            edit(edited.pointer_mut(&place).unwrap());
            spoilt.push((format!("{place}: {what}"), edited));
        };
        with("a number with a fraction", &|value| *value = Value::from(0.5));
        if let Some(map) = here.as_object() {
            with("one more", &|value| {
                value.as_object_mut().unwrap().insert("more".into(), Value::Null);
            });
            places.extend(map.keys().map(|name| format!("{place}/{name}")));
        }
        if let Some(list) = here.as_array() {
            places.extend((0..list.len()).map(|n| format!("{place}/{n}")));
        }
    }
    spoilt
}
