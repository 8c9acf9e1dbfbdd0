//! What `help` says.

use super::{ARGUMENTS as ARGUMENT_NAMES, Operator, STATEMENTS as STATEMENT_WORDS};

/// The operations in one line.
pub(super) const OPERATIONS: &str =
    "count, distinct_count, estimate_batch_distinct_count, sum, average, histogram, add";

/// What `help` can be asked about.
pub const TOPICS: [&str; 6] = ["expressions", "arguments", "statements", "examples", "grammar", "keys"];

/// The text of a topic, or of all of them in brief; a word of the language has the topic that tells of it. `None` where
/// there is no such topic.
pub fn help(topic: Option<&str>) -> Option<&'static str> {
    Some(match topic.map(topic_of) {
        None => BRIEF,
        Some("expressions") => EXPRESSIONS,
        Some("arguments") => ARGUMENTS,
        Some("statements") => STATEMENTS,
        Some("examples") => EXAMPLES,
        Some("grammar") => GRAMMAR,
        Some("keys") => KEYS,
        Some(_) => return None,
    })
}

fn topic_of(word: &str) -> &str {
    let word = word.trim_end_matches([':', '(']);
    match word {
        "add" | "minimum" | "maximum" => "expressions",
        word if Operator::of(word).is_some() => "expressions",
        // Before the names of statements, which a topic of the same name would hide.
        word if TOPICS.contains(&word) => word,
        word if STATEMENT_WORDS.contains(&word) => "statements",
        word if ARGUMENT_NAMES.contains(&word) => "arguments",
        word => word,
    }
}

const BRIEF: &str = "\
  count(users WHERE state = 'active')         distinct_count(projects, creator_id)
  sum(issues, weight)                         average(issues, weight)
  estimate_batch_distinct_count(notes, author_id)
  histogram(issues, project_id, buckets: 1..100)
  add(counts.issues, count(notes), 5)         name = count(users)
  counts.issues                               a metric, or a class, by its name

  metric NAME [time_frame: 28d] [option: value]   with all that is known of it
  sql EXPRESSION        its one statement, not run    sql SELECT …   one value
  explain EXPRESSION    how the database would run it
  track NAME VALUE…     unique_events NAME… [from: 2026-11-01] [to: 2026-11-30]
  tables   columns TABLE   metrics [GLOB]   events [GLOB]   quit

help expressions, arguments, statements, examples, grammar or keys says more.
";

const EXPRESSIONS: &str = "\
  count(relation)                        rows, or values of a column that is named
  distinct_count(relation, column)       different values, exactly
  estimate_batch_distinct_count(relation, column)
                                         different values, to about 1 %
  sum(relation, column)                  average(relation, column)
  histogram(relation, column, buckets: 1..100, bucket_size: 100)
                                         how many groups have how many rows
  add(expression, …)                     the sum of others

A relation is what may follow FROM: tables, JOIN, WHERE, GROUP BY. It ends at
the first comma outside all brackets. GROUP BY takes commas itself: after it
arguments are named, as in average(issues GROUP BY state_id, column: weight).
A name is one that was bound with `name = expression`, a metric's key path, or a
class. It stands for the expression, which is read again each time.
";

const ARGUMENTS: &str = "\
  column: creator_id           what is counted, summed or averaged
  start: 1                     where batches start: a number,
                               minimum(users, id) or (SELECT …)
  finish: 1000                 where they end
  batch_size: 10000            ids of one batch
  database: main               the name under [database.*]
  time_frame: 28d              7d, 28d, all or none
  timestamp_column: closed_at  what the time frame is laid over
  buckets: 1..100              a histogram's lowest and highest bucket
  bucket_size: 10              how many buckets a histogram has
column, start and finish may stand without a name, in this order.
";

const STATEMENTS: &str = "\
  metric counts.issues
  metric CountIssuesMetric time_frame: 28d type: jira
  sql count(users)                     the one statement, not run
  sql SELECT max(id) FROM users        one query that gives one value
  explain count(users)                 how the database would run it
  track users_creating_epics 17        counts the event, as the product does
  unique_events users_creating_epics from: 2026-11-01 to: 2026-11-30
  tables 'project*'                    columns users
  metrics 'counts.*'                   events 'i_*'
  help TOPIC                           quit
";

const EXAMPLES: &str = "\
  active = count(users WHERE state IN ('active') AND user_type IS NULL)
  bots = count(users WHERE user_type = 6)
  add(active, bots)
  distinct_count(notes JOIN suggestions ON suggestions.note_id = notes.id,
    notes.author_id, start: minimum(users, id), finish: maximum(users, id))
  distinct_count(projects GROUP BY visibility_level, column: creator_id)
  count(users, time_frame: 28d)
";

const GRAMMAR: &str = "\
  line       = [ name \"=\" expression | statement | expression ]
  expression = operator \"(\" relation { \",\" argument } \")\"
             | \"add\" \"(\" [ expression { \",\" expression } ] \")\"
             | number | name
  argument   = column | end | name \":\" value
  end        = integer | ( \"minimum\" | \"maximum\" ) \"(\" table [ \",\" column ] \")\"
             | SELECT … | \"(\" SELECT … \")\"
Comments and quotes are SQL's. A line goes on while a bracket or quote is open.
";

const KEYS: &str = "\
  Tab       completes words, metrics, classes, tables, columns and events
  Ctrl-C    cancels what runs on the server; at the prompt clears the line
  Ctrl-D    quits
  Ctrl-R    searches what was typed before
A line that begins with a space, or that holds a URL with a secret, is not kept.
";
