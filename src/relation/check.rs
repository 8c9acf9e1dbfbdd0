//! What may stand in a relation or query: reading only, and only forms whose meaning this room knows.
//!
//! Everything that is not listed is refused, so that a form the parser learns later cannot slip through.

use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{
    Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, ObjectName,
    ObjectNamePart, Query, Select, SelectFlavor, SelectItem, SetExpr, Statement, TableFactor, Value, ValueWithSpan,
    Visit, Visitor, WildcardAdditionalOptions,
};
use sqlparser::keywords::Keyword;

use super::RelationError;
use super::refusal::excerpt;
use super::source::Source;
use super::{extent, forms, functions};

/// Visits a parsed tree and stops at the first thing that is refused.
pub(super) struct Checker<'c, 'a> {
    source: &'c Source<'a>,
    /// Placeholders seen as expressions, and not yet as values: a value without its expression cannot be bound.
    placeholders: usize,
    /// How many queries the visit is inside of.
    depth: usize,
}

impl<'c, 'a> Checker<'c, 'a> {
    pub(super) fn new(source: &'c Source<'a>) -> Self {
        Checker {
            source,
            placeholders: 0,
            depth: 0,
        }
    }

    fn refuse(&self, message: impl Into<String>, help: &str, part: &impl Visit) -> ControlFlow<RelationError> {
        let place = self.source.range(extent::of(part));
        Break(RelationError::new(message).help(help).at(place))
    }

    /// A refusal of a statement, marked from its first word on.
    fn refuse_statement(&self, message: &str, help: &str, part: &impl Visit) -> ControlFlow<RelationError> {
        let words = [
            Keyword::SELECT,
            Keyword::INSERT,
            Keyword::UPDATE,
            Keyword::DELETE,
            Keyword::MERGE,
        ];
        let place = self
            .source
            .range(extent::of(part))
            .map(|range| self.source.led_by(range, &words));
        Break(RelationError::new(message).help(help).at(place))
    }

    fn unknown_form(&self, what: impl std::fmt::Display, part: &impl Visit) -> ControlFlow<RelationError> {
        self.refuse(
            format!("{} is not supported", excerpt(what)),
            "write it in standard SQL as PostgreSQL reads it",
            part,
        )
    }

    fn function(&self, function: &Function) -> ControlFlow<RelationError> {
        self.function_name(&function.name)?;
        if function.over.is_some() && self.depth == 0 {
            return self.refuse(
                "a window function does not belong in a relation",
                "put it into FROM as a sub-query: rows are counted in batches",
                function,
            );
        }
        let plain = !function.uses_odbc_syntax
            && function.null_treatment.is_none()
            && matches!(function.parameters, FunctionArguments::None);
        let clauses = match &function.args {
            FunctionArguments::List(list) => list.clauses.as_slice(),
            FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
        };
        if !plain
            || clauses
                .iter()
                .any(|clause| !matches!(clause, FunctionArgumentClause::OrderBy(_)))
        {
            return self.unknown_form(function, function);
        }
        match &function.args {
            FunctionArguments::List(list) => list.args.iter().try_for_each(|argument| self.argument(argument)),
            FunctionArguments::None | FunctionArguments::Subquery(_) => Continue(()),
        }
    }

    fn argument(&self, argument: &FunctionArg) -> ControlFlow<RelationError> {
        let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
            argument;
        match arg {
            FunctionArgExpr::Expr(_) | FunctionArgExpr::Wildcard => Continue(()),
            FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::WildcardWithOptions(_) => {
                self.unknown_form(arg, arg)
            }
        }
    }

    fn function_name(&self, name: &ObjectName) -> ControlFlow<RelationError> {
        if functions::acts_on_server(name) {
            return self.refuse(
                format!("the function `{name}` acts on the server"),
                "a definition may only read: remove the call",
                name,
            );
        }
        Continue(())
    }

    fn table_name(&self, name: &ObjectName) -> ControlFlow<RelationError> {
        let plain = name.0.iter().all(|part| matches!(part, ObjectNamePart::Identifier(_)));
        if !plain || name.0.len() > 2 {
            return self.refuse(
                format!("{} is not a table's name", excerpt(name)),
                "write `table` or `schema.table`",
                name,
            );
        }
        Continue(())
    }

    fn body(&self, body: &SetExpr) -> ControlFlow<RelationError> {
        match body {
            // Queries and selects in it are visited by themselves.
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => self.writes(body),
            SetExpr::Table(_) => self.refuse("`TABLE name` is not supported", "write SELECT * FROM name", body),
        }
    }

    fn writes(&self, part: &impl Visit) -> ControlFlow<RelationError> {
        let help = "a definition may only read: write a SELECT";
        self.refuse_statement("a statement that writes", help, part)
    }

    fn value(&self, value: &ValueWithSpan) -> ControlFlow<RelationError> {
        let digits = |text: &str, radix: u32| text.chars().all(|digit| digit.is_digit(radix));
        let known = match &value.value {
            Value::Number(_, long) => !long,
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => !text.contains('\0'),
            Value::HexStringLiteral(text) => digits(text, 16),
            Value::SingleQuotedByteStringLiteral(text) => digits(text, 2),
            Value::DollarQuotedString(_) | Value::Boolean(_) | Value::Null => true,
            Value::Placeholder(name) => name.starts_with(':'),
            _ => false,
        };
        if known {
            return Continue(());
        }
        match &value.value {
            Value::Placeholder(name) => self.refuse(
                format!("the placeholder `{name}` has no name"),
                "write parameters as `:name`",
                value,
            ),
            other => self.unknown_form(other, value),
        }
    }
}

impl Visitor for Checker<'_, '_> {
    type Break = RelationError;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<RelationError> {
        self.writes(statement)
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<RelationError> {
        if !query.locks.is_empty() {
            let help = "a definition may only read: remove the clause";
            return self.refuse_statement("FOR UPDATE and its like lock rows", help, query);
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return self.unknown_form("FOR, SETTINGS, FORMAT or |>", query);
        }
        self.depth += 1;
        self.body(&query.body)
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<RelationError> {
        self.depth -= 1;
        Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<RelationError> {
        if select.into.is_some() {
            let help = "a definition may only read: remove INTO";
            return self.refuse_statement("SELECT INTO writes a table", help, select);
        }
        let plain = select.optimizer_hints.is_empty()
            && select.select_modifiers.is_none()
            && select.top.is_none()
            && select.exclude.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.qualify.is_none()
            && select.value_table_mode.is_none()
            && !matches!(select.distinct, Some(Distinct::All))
            && select.flavor == SelectFlavor::Standard;
        if !plain {
            return self.unknown_form(select, select);
        }
        for item in &select.projection {
            let known = match item {
                SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => true,
                SelectItem::ExprWithAliases { .. } => false,
                SelectItem::QualifiedWildcard(_, options) | SelectItem::Wildcard(options) => {
                    *options == WildcardAdditionalOptions::default()
                }
            };
            if !known {
                return self.unknown_form(item, item);
            }
        }
        Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<RelationError> {
        match factor {
            TableFactor::Table {
                name,
                args,
                with_hints,
                version,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => {
                if !with_hints.is_empty()
                    || version.is_some()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || sample.is_some()
                    || !index_hints.is_empty()
                {
                    return self.unknown_form(factor, factor);
                }
                self.table_name(name)?;
                match args {
                    Some(args) if args.settings.is_some() => self.unknown_form(factor, factor),
                    Some(args) => {
                        self.function_name(name)?;
                        args.args.iter().try_for_each(|argument| self.argument(argument))
                    }
                    None => Continue(()),
                }
            }
            TableFactor::Derived {
                alias: Some(_),
                sample: None,
                ..
            } => Continue(()),
            TableFactor::Derived { alias: None, .. } => {
                self.refuse_statement("a sub-query in FROM has no name", "write (SELECT …) AS name", factor)
            }
            TableFactor::Function { name, args, .. } => {
                self.function_name(name)?;
                args.iter().try_for_each(|argument| self.argument(argument))
            }
            TableFactor::UNNEST { with_offset: false, .. } | TableFactor::NestedJoin { .. } => Continue(()),
            _ => self.unknown_form(factor, factor),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<RelationError> {
        match expr {
            Expr::Function(function) => self.function(function),
            Expr::Value(value) => {
                self.placeholders += usize::from(matches!(value.value, Value::Placeholder(_)));
                Continue(())
            }
            Expr::CompoundIdentifier(parts) if parts.len() > 2 => self.refuse(
                format!("{} names a column with its schema", excerpt(expr)),
                "write `table.column`, with the table's name or alias in FROM",
                expr,
            ),
            known if forms::is_known(known) => Continue(()),
            other => self.unknown_form(other, other),
        }
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<RelationError> {
        self.value(value)?;
        if matches!(value.value, Value::Placeholder(_)) {
            match self.placeholders.checked_sub(1) {
                Some(left) => self.placeholders = left,
                None => {
                    return self.refuse(
                        "a placeholder cannot stand here",
                        "a placeholder stands where a value may, such as after `=`",
                        value,
                    );
                }
            }
        }
        Continue(())
    }
}
