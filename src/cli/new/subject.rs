//! What a new metric is about, from the options of the command line.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::Place;
use super::prompt::{self, ask, something};
use crate::cli::CliError;
use crate::definition::{ClassDraft, DataSource, DatabaseBody, Section, Subject, offer};
use crate::instrumentation::Registry;

/// The kinds of metrics, by what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Rows: --operation, --relation and --column, or --class
    Database,
    /// A plain counter: --event and --prefix
    Redis,
    /// Unique values of known events: --event; with --category a 7d and a 28d metric of each
    RedisHll,
    /// Events of events/: --event, and --unique for what is counted once
    InternalEvents,
    /// The sum of other metrics: --add
    Numbers,
    /// A key of the configuration's [settings]: --setting
    Setting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum OperationArg {
    Count,
    DistinctCount,
    EstimateBatchDistinctCount,
    Sum,
    Average,
    Histogram,
}

#[derive(Debug, Clone, Args)]
pub(super) struct SubjectArgs {
    /// What is read [default: what the other options are about]
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    pub(super) kind: Option<Kind>,
    /// A class that there is; with --relation, a new one in metrics/instrumentations/ [default: DatabaseMetric]
    #[arg(long, visible_alias = "class_name", value_name = "CLASS")]
    pub(super) class: Option<String>,
    /// An option of the class, such as type=jira; values are read as YAML [default: none]
    #[arg(long, value_name = "K=V")]
    option: Vec<String>,
    /// What is done with the rows [default: count]
    #[arg(long, value_enum)]
    operation: Option<OperationArg>,
    /// What may follow FROM, such as "users WHERE state = 'active'" [default: none]
    #[arg(long, value_name = "SQL")]
    relation: Option<String>,
    /// The counted, summed or averaged column [default: rows are counted]
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// A histogram's lowest and highest bucket [default: 1,100]
    #[arg(long, value_name = "FROM,TO")]
    buckets: Option<String>,
    /// An event; may be given several times [default: none]
    #[arg(long, value_name = "NAME")]
    pub(super) event: Vec<String>,
    /// What the counter's key has before the event [default: nothing]
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// What internal events are counted by, such as user.id [default: every occurrence]
    #[arg(long, value_name = "PROPERTY")]
    unique: Option<String>,
    /// A metric to add; may be given several times [default: none]
    #[arg(long, value_name = "KEY_PATH")]
    add: Vec<String>,
    /// The key under [settings] [default: the last part of the key path]
    #[arg(long, value_name = "NAME")]
    setting: Option<String>,
}

impl OperationArg {
    fn as_str(self) -> &'static str {
        match self {
            OperationArg::Count => "count",
            OperationArg::DistinctCount => "distinct_count",
            OperationArg::EstimateBatchDistinctCount => "estimate_batch_distinct_count",
            OperationArg::Sum => "sum",
            OperationArg::Average => "average",
            OperationArg::Histogram => "histogram",
        }
    }
}

impl SubjectArgs {
    /// What the options are about; `None` where they do not say.
    pub(super) fn kind(&self, section: Option<Section>) -> Option<Kind> {
        let of_rows = self.relation.is_some() || self.class.is_some() || self.operation.is_some();
        let of_settings = matches!(section, Some(Section::Settings | Section::License));
        self.kind.or(match self {
            _ if of_rows => Some(Kind::Database),
            _ if !self.add.is_empty() => Some(Kind::Numbers),
            _ if self.setting.is_some() || of_settings => Some(Kind::Setting),
            _ if self.prefix.is_some() => Some(Kind::Redis),
            _ if self.unique.is_some() || !self.event.is_empty() => Some(Kind::InternalEvents),
            _ => None,
        })
    }

    /// Asks for what the kind needs and the options lack.
    pub(super) fn complete(&mut self, kind: Kind) -> Result<(), CliError> {
        self.kind = Some(kind);
        match kind {
            Kind::Database if self.class.is_none() && self.relation.is_none() => self.ask_query(),
            Kind::Redis | Kind::RedisHll | Kind::InternalEvents if self.event.is_empty() => {
                let events = ask("Events, with blanks between them", None, something)?;
                self.event = events.split_whitespace().map(str::to_owned).collect();
                Ok(())
            }
            Kind::Numbers if self.add.is_empty() => {
                let metrics = ask("Key paths to add, with blanks between them", None, something)?;
                self.add = metrics.split_whitespace().map(str::to_owned).collect();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn ask_query(&mut self) -> Result<(), CliError> {
        let relation = ask("Relation, what follows FROM", None, |answer| {
            something(answer)?;
            let parsed = crate::relation::Relation::parse(answer);
            parsed.map(drop).map_err(|error| error.to_string())
        })?;
        self.relation = Some(relation);
        if self.operation.is_none() {
            let known = OperationArg::value_variants()
                .iter()
                .map(|operation| operation.as_str());
            let known: Vec<&str> = known.collect();
            let operation = ask("Operation", Some("count"), |answer| match known.contains(&answer) {
                true => Ok(()),
                false => Err(format!("it is one of {}", known.join(", "))),
            })?;
            self.operation = OperationArg::from_str(&operation, false).ok();
        }
        let needs = matches!(self.operation, Some(OperationArg::Sum | OperationArg::Average));
        if self.column.is_none() {
            self.column = match needs {
                true => Some(ask("Column", None, something)?),
                false => prompt::ask_maybe("Column, if not rows are counted")?,
            };
        }
        Ok(())
    }

    /// The query by itself, for its name.
    pub(super) fn body(&self) -> Result<Option<DatabaseBody>, CliError> {
        if self.relation.is_none() {
            return Ok(None);
        }
        let options = self.database_options()?;
        let options = options.as_object().cloned().unwrap_or_default();
        DatabaseBody::from_options(&options).map(Some).map_err(CliError::Usage)
    }

    /// The subject of a metric whose key path ends in `last`, and the class that it needs to be declared.
    pub(super) fn subject(
        &self,
        place: &Place,
        kind: Kind,
        last: &str,
    ) -> Result<(Subject, Option<ClassDraft>), CliError> {
        let subject = match kind {
            Kind::Database => return self.database(place),
            Kind::Redis => match self.event.as_slice() {
                [event] => Subject::Counter {
                    prefix: self.prefix.clone(),
                    event: event.clone(),
                },
                _ => return Err(missing("a plain counter has one --event")),
            },
            Kind::RedisHll => Subject::UniqueValues { events: self.events()? },
            Kind::InternalEvents => Subject::Events {
                events: self.events()?,
                unique: self.unique.clone(),
            },
            Kind::Numbers if self.add.is_empty() => {
                return Err(missing("a sum needs --add KEY_PATH, once for each part"));
            }
            Kind::Numbers => Subject::Sum {
                metrics: self.known_metrics(place)?,
            },
            Kind::Setting => Subject::Setting {
                name: self.setting.clone().unwrap_or_else(|| last.to_owned()),
            },
        };
        Ok((subject, None))
    }

    fn events(&self) -> Result<Vec<String>, CliError> {
        match self.event.is_empty() {
            true => Err(missing("name what is counted: --event NAME, once for each")),
            false => Ok(self.event.clone()),
        }
    }

    fn known_metrics(&self, place: &Place) -> Result<Vec<String>, CliError> {
        for name in &self.add {
            if place.catalog.metric(name).is_none() {
                let known = place.catalog.metrics.iter().map(|metric| metric.key_path.as_str());
                return Err(unknown("metric", name, known));
            }
        }
        Ok(self.add.clone())
    }

    fn database(&self, place: &Place) -> Result<(Subject, Option<ClassDraft>), CliError> {
        let Some(class) = &self.class else {
            let options = self.database_options()?;
            return Ok((Subject::Database { options }, None));
        };
        let draft = match self.relation.is_some() {
            true => Some(self.new_class(place, class)?),
            false => {
                self.known_class(place, class)?;
                None
            }
        };
        let options = self.class_options()?;
        let subject = Subject::Class {
            name: class.clone(),
            options: if options.is_empty() {
                Value::Null
            } else {
                Value::Object(options)
            },
            data_source: match Registry::built_in().knows(class) {
                true => DataSource::System,
                false => DataSource::Database,
            },
        };
        Ok((subject, draft))
    }

    fn new_class(&self, place: &Place, class: &str) -> Result<ClassDraft, CliError> {
        if let Some(there) = place.catalog.class(class) {
            let file = there.file.display();
            let message = format!("the class `{class}` is declared in {file}: leave --relation out to use it");
            return Err(CliError::Usage(message));
        }
        Ok(ClassDraft {
            name: class.to_owned(),
            body: self.database_options()?,
        })
    }

    fn known_class(&self, place: &Place, class: &str) -> Result<(), CliError> {
        let registry = Registry::built_in();
        if registry.knows(class) || place.catalog.class(class).is_some() {
            return Ok(());
        }
        let declared = place.catalog.classes.keys().map(String::as_str);
        let error = unknown("class", class, registry.names().chain(declared));
        Err(CliError::Usage(format!("{error}; or declare it with --relation")))
    }

    fn class_options(&self) -> Result<Map<String, Value>, CliError> {
        let mut options = Map::new();
        for option in &self.option {
            let usage = || CliError::Usage(format!("--option {option:?} is not of the form key=value"));
            let (key, value) = option.split_once('=').ok_or_else(usage)?;
            let value: Value = serde_yaml::from_str(value).map_err(|_| usage())?;
            options.insert(key.to_owned(), value);
        }
        Ok(options)
    }

    fn database_options(&self) -> Result<Value, CliError> {
        let Some(relation) = &self.relation else {
            return Err(missing("name a --class, or what is counted: --relation TABLE"));
        };
        let operation = self.operation.unwrap_or(OperationArg::Count);
        let mut options = Map::new();
        options.insert("operation".to_owned(), json!(operation.as_str()));
        options.insert("relation".to_owned(), json!(relation));
        options.extend(self.column.iter().map(|column| ("column".to_owned(), json!(column))));
        if operation == OperationArg::Histogram {
            options.insert("buckets".to_owned(), self.ends()?);
        }
        options.extend(self.class_options()?.into_iter().filter(|_| self.class.is_none()));
        Ok(Value::Object(options))
    }

    fn ends(&self) -> Result<Value, CliError> {
        let text = self.buckets.as_deref().unwrap_or("1,100");
        let ends: Option<Vec<i64>> = text.split(',').map(|end| end.trim().parse().ok()).collect();
        match ends.as_deref() {
            Some([from, to]) => Ok(json!([from, to])),
            _ => Err(CliError::Usage(format!("--buckets {text:?} is not of the form 1,100"))),
        }
    }
}

pub(super) fn missing(message: &str) -> CliError {
    CliError::Usage(message.to_owned())
}

/// A name that there is none of, with the nearest ones.
pub(super) fn unknown<'a>(noun: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    let near = offer(name, known).map(|near| format!("; {near}")).unwrap_or_default();
    CliError::Usage(format!("there is no {noun} `{name}`{near}"))
}
