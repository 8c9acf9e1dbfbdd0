//! Which writers are asked for, in any of the spellings.

use super::notice::NoticeKind;
use super::read::Reading;
use super::settings::WriterKind;
use crate::config::problem::ProblemKind;
use crate::config::tree::Origin;

/// The name that the draft had for billing events.
const DRAFT: &str = "snowplow";

/// The writers of `writers`, or of the draft's `writer`; where neither is there, files alone.
pub(super) fn writers(reading: &mut Reading<'_>) -> Vec<WriterKind> {
    let many = reading.section.strings("writers");
    let one = reading.section.origin_and_string("writer", "a string");
    if let Some((origin, _)) = &one {
        let (key, instead) = ("writer", "name it in the list `writers`");
        reading.notice(origin, NoticeKind::Deprecated { key, instead });
    }
    let names = match (many, one) {
        (Some(many), Some(one)) => {
            if !is_the_same(&many, &one.1) {
                let (key, other) = ("writer".to_owned(), "writers".to_owned());
                let kind = ProblemKind::Exclusive { key, other };
                reading.section.reader.report(&one.0, kind);
            }
            many
        }
        (Some(many), None) => many,
        (None, Some(one)) => vec![one],
        (None, None) => return vec![WriterKind::Logrotate],
    };
    let mut kinds = Vec::new();
    for (origin, name) in names {
        if let Some(kind) = kind(reading, &origin, &name).filter(|kind| !kinds.contains(kind)) {
            kinds.push(kind);
        }
    }
    kinds
}

fn is_the_same(many: &[(Origin, String)], one: &str) -> bool {
    matches!(many, [(_, only)] if current(only) == current(one))
}

/// The name that a writer has today.
fn current(name: &str) -> &str {
    if name == DRAFT {
        WriterKind::SnowplowBilling.name()
    } else {
        name
    }
}

fn kind(reading: &mut Reading<'_>, origin: &Origin, name: &str) -> Option<WriterKind> {
    if name == DRAFT {
        let (key, instead) = (DRAFT, "the writer's name is snowplow_billing");
        reading.notice(origin, NoticeKind::Deprecated { key, instead });
    }
    let known = WriterKind::ALL.into_iter();
    let kind = known.clone().find(|kind| kind.name() == current(name));
    if kind.is_none() {
        let (name, known) = (name.to_owned(), known.map(WriterKind::name).collect());
        reading.notice(origin, NoticeKind::UnknownWriter { name, known });
    }
    kind
}
