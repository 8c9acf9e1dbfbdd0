//! From the value of a class file to declared classes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::body;
use super::check::check;
use super::class::{DatabaseBody, DeclaredClass, Parameter};
use super::class_file::{ClassHead, ParameterFields};
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::schema::shapes;
use super::suggestion::did_you_mean;

/// The placeholder that every class may use: the run's one point in time.
const NOW: &str = "now";

/// The keys of a class that are not those of its body.
const HEAD: [&str; 4] = ["class", "description", "parameters", "no_lint"];

/// Reads the classes of one file, which holds one mapping or a list of them: those that can be used, each with its path
/// in the file, and every complaint about the others.
pub(super) fn read(value: &Value, file: &Path) -> (Vec<(DeclaredClass, Vec<Segment>)>, Vec<Complaint>) {
    let items: Vec<(Vec<Segment>, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (vec![Segment::Index(index)], item))
            .collect(),
        single => vec![(Vec::new(), single)],
    };
    let (mut classes, mut complaints) = (Vec::new(), Vec::new());
    for (path, item) in items {
        match read_one(item, file) {
            Ok(class) => classes.push((class, path)),
            Err(problems) => complaints.extend(problems.into_iter().map(|problem| problem.under(&path))),
        }
    }
    (classes, complaints)
}

fn read_one(value: &Value, file: &Path) -> Result<DeclaredClass, Vec<Complaint>> {
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let complaints = check(&shapes.class, value);
    let (head, options) = split(value);
    let (about_head, about_body): (Vec<_>, Vec<_>) = complaints
        .into_iter()
        .partition(|complaint| complaint.field().is_none_or(|name| HEAD.contains(&name)));
    match (read_head(head, about_head), body::from_checked(options, about_body)) {
        (Ok((head, parameters)), Ok(body)) => {
            let complaints = placeholders_match(value, &body, &parameters);
            match complaints.is_empty() {
                true => Ok(declared(head, parameters, body, file)),
                false => Err(complaints),
            }
        }
        (head, body) => Err([head.err().unwrap_or_default(), body.err().unwrap_or_default()].concat()),
    }
}

type Parameters = BTreeMap<String, Parameter>;

fn declared(head: ClassHead, parameters: Parameters, body: DatabaseBody, file: &Path) -> DeclaredClass {
    DeclaredClass {
        name: head.class,
        description: head.description,
        parameters,
        body,
        file: file.to_owned(),
    }
}

/// The head with its parameters; `complaints` are those already made of it.
fn read_head(head: Value, complaints: Vec<Complaint>) -> Result<(ClassHead, Parameters), Vec<Complaint>> {
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let mut head: ClassHead = serde_json::from_value(head)
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    let (parameters, complaints) = parameters(head.parameters.take().unwrap_or_default());
    match complaints.is_empty() {
        true => Ok((head, parameters)),
        false => Err(complaints),
    }
}

fn split(value: &Value) -> (Value, Map<String, Value>) {
    let (mut head, mut body) = (Map::new(), Map::new());
    for (key, value) in value.as_object().into_iter().flatten() {
        let side = if HEAD.contains(&key.as_str()) {
            &mut head
        } else {
            &mut body
        };
        side.insert(key.clone(), value.clone());
    }
    (Value::Object(head), body)
}

fn parameters(fields: BTreeMap<String, ParameterFields>) -> (Parameters, Vec<Complaint>) {
    let (mut parameters, mut complaints) = (BTreeMap::new(), Vec::new());
    for (name, fields) in fields {
        let parameter = Parameter {
            kind: fields.r#type,
            required: fields.required.unwrap_or(false),
            default: fields.default,
            allowed: fields.r#enum,
        };
        complaints.extend(contradictions(&name, &parameter));
        parameters.insert(name, parameter);
    }
    (parameters, complaints)
}

fn contradictions(name: &str, parameter: &Parameter) -> Vec<Complaint> {
    let path = |rest: &[Segment]| [&["parameters".into(), name.into()], rest].concat();
    let mut complaints = Vec::new();
    if name == NOW {
        let message = "`now` is the run's own point in time: it cannot be a parameter";
        complaints.push(
            Complaint::error(Code::BadValue, &path(&[]), message)
                .at(At::Key)
                .with_help("choose another name"),
        );
    }
    if let Some(default) = &parameter.default {
        let at = path(&["default".into()]);
        complaints.extend(parameter.complaint(name, default, &at));
        if parameter.required {
            let message = format!("`{name}` is required, so its default is never used");
            complaints.push(
                Complaint::error(Code::BadValue, &at, message)
                    .at(At::Key)
                    .with_help("keep one of the two"),
            );
        }
    }
    for (index, value) in parameter.allowed.iter().flatten().enumerate() {
        let at = path(&["enum".into(), Segment::Index(index)]);
        if !parameter.kind.takes(value) {
            complaints.push(parameter.wrong_kind(name, &at));
        }
    }
    complaints
}

impl Parameter {
    /// What is wrong with `value`, which stands at `path`, as the value of this parameter.
    pub(super) fn complaint(&self, name: &str, value: &Value, path: &[Segment]) -> Option<Complaint> {
        if !self.kind.takes(value) {
            return Some(self.wrong_kind(name, path));
        }
        let allowed = self.allowed.as_ref().filter(|allowed| !allowed.contains(value))?;
        let choices: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let complaint = Complaint::error(Code::BadValue, path, format!("`{name}` cannot be {value}"));
        Some(complaint.with_help(format!("it is one of {}", choices.join(", "))))
    }

    fn wrong_kind(&self, name: &str, path: &[Segment]) -> Complaint {
        Complaint::error(
            Code::WrongType,
            path,
            format!("the parameter `{name}` takes {}", self.kind.described()),
        )
    }
}

fn placeholders_match(value: &Value, body: &DatabaseBody, parameters: &Parameters) -> Vec<Complaint> {
    let used = body.placeholders();
    let known = || parameters.keys().map(String::as_str).chain([NOW]);
    let undeclared = used
        .iter()
        .filter(|name| !known().any(|known| known == *name))
        .map(|name| {
            let message = format!("`:{name}` is not among the parameters");
            let help = did_you_mean(name, known())
                .unwrap_or_else(|| format!("declare it: `parameters: {{{name}: {{type: string, required: true}}}}`"));
            let (option, at) = body::place_of_placeholder(value, name);
            Complaint::error(Code::UnknownParameter, &[option], message)
                .with_help(help)
                .at(at)
        });
    let unused = parameters.keys().filter(|name| !used.contains(name)).map(|name| {
        let message = format!("nothing uses the parameter `{name}`");
        Complaint::error(
            Code::UnusedParameter,
            &["parameters".into(), name.as_str().into()],
            message,
        )
        .at(At::Key)
        .with_help(format!("use it as `:{name}` in the SQL, or take it out"))
    });
    undeclared.chain(unused).collect()
}
