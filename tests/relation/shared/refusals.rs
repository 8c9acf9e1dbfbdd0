//! What is not shared, and what a shared statement does not ask.

use service_ping::relation::{Aggregate, Column, Dialect, KeyRange, MainTable, Relation, SharedRelation};

use super::cases::by_id;
use crate::support::{bound, column};

fn of(texts: &[&str]) -> Option<SharedRelation> {
    let members: Vec<Relation> = texts.iter().map(|text| bound(text)).collect();
    SharedRelation::of(&members.iter().collect::<Vec<_>>(), &by_id)
}

const PROJECT: &str = "issues JOIN projects ON projects.id = issues.project_id";

#[test]
fn relations_over_other_rows_are_not_shared() {
    let pairs = [
        ("issues", "users"),
        ("issues", "issues AS i"),
        ("issues", "public.issues"),
        ("issues", "(SELECT * FROM issues) AS issues"),
        // Several matches a row.
        ("issues", "issues LEFT JOIN notes ON notes.issue_id = issues.id"),
        (PROJECT, "issues JOIN notes ON notes.issue_id = issues.id"),
        ("issues", "issues JOIN projects ON projects.id > issues.project_id"),
        (
            "issues",
            "issues JOIN projects ON projects.id = issues.project_id OR projects.archived",
        ),
        ("issues", "issues JOIN projects ON projects.id = projects.group_id"),
        ("issues", "issues JOIN projects ON projects.id = issues.project_id + 1"),
        ("issues", "issues JOIN projects ON projects.id = lower(issues.kind)"),
        ("issues", "issues JOIN projects ON projects.id::text = issues.kind"),
        ("issues", "issues CROSS JOIN projects"),
        ("issues", "issues JOIN projects USING (id)"),
        (
            "issues",
            "issues JOIN (SELECT 1 AS id) AS projects ON projects.id = issues.project_id",
        ),
        (
            "issues",
            "issues JOIN projects AS projects(a, id) ON projects.id = issues.project_id",
        ),
        // The sides of `=` may compare texts otherwise.
        (
            "issues JOIN labels ON labels.kind = issues.kind AND labels.id = issues.state",
            "issues JOIN labels ON issues.kind = labels.kind AND labels.id = issues.state",
        ),
        // The same name for something else.
        (PROJECT, "issues JOIN projects ON projects.id = issues.parent_id"),
        (
            PROJECT,
            "issues JOIN groups AS projects ON projects.id = issues.project_id",
        ),
        (
            PROJECT,
            "issues JOIN projects ON projects.id = issues.project_id AND projects.archived",
        ),
        // What would find other columns, or some where there are none.
        (PROJECT, "issues WHERE projects.archived"),
        (PROJECT, "issues WHERE id IN (SELECT issue_id FROM notes)"),
        (
            PROJECT,
            "issues WHERE EXISTS (SELECT 1 FROM notes WHERE notes.id = projects.id)",
        ),
        (PROJECT, "issues WHERE EXISTS (SELECT projects.* FROM notes)"),
        (
            PROJECT,
            "issues LEFT JOIN groups ON groups.id = issues.id WHERE weight > 1",
        ),
        (
            PROJECT,
            "issues JOIN groups ON groups.id = issues.id AND groups.id = projects.id",
        ),
        (
            "issues LEFT JOIN groups ON groups.id = issues.id",
            "issues JOIN projects ON projects.id = groups.id JOIN groups ON groups.id = issues.id",
        ),
        // A number that counts places.
        ("issues GROUP BY 1", "issues GROUP BY state"),
        ("issues", "issues GROUP BY 1"),
    ];
    for (one, other) in pairs {
        assert_eq!(of(&[one, other]), None, "{one} and {other}");
        assert_eq!(of(&[other, one]), None, "{other} and {one}");
    }
}

#[test]
fn whatever_is_read_alike_is_shared() {
    for from in [
        "issues",
        "issues AS i",
        "(SELECT id, state FROM issues) AS i",
        "issues LEFT JOIN notes ON notes.issue_id = issues.id",
        "issues JOIN notes USING (id)",
        "issues CROSS JOIN notes",
        "issues JOIN generate_series(1, 3) AS n ON true",
    ] {
        let shared = of(&[from, &format!("{from} WHERE state = 1")]);
        assert!(shared.is_some(), "{from}");
    }
    let places = of(&["issues GROUP BY 1", "issues WHERE closed GROUP BY 1"]);
    let sql = places
        .unwrap()
        .select(Dialect::Sqlite, &vec![vec![Aggregate::CountRows]; 2], None);
    assert_eq!(
        sql.unwrap().sql,
        r#"SELECT 1, COUNT(*), COUNT(*) FILTER (WHERE "issues"."closed") FROM "issues" GROUP BY 1"#
    );
}

#[test]
fn nothing_is_shared_of_nothing() {
    assert_eq!(of(&[]), None);
    let none = of(&["issues", "issues WHERE closed"]).unwrap().only(&[7]);
    assert!(none.is_empty());
    assert!(none.select(Dialect::Sqlite, &[], None).is_err());
}

#[test]
fn uniqueness_is_asked_of_the_columns_that_are_equated() {
    let asked = std::cell::RefCell::new(Vec::new());
    let is_unique = |table: &MainTable, columns: &[String]| {
        asked.borrow_mut().push((table.clone(), columns.to_vec()));
        columns.len() == 2
    };
    let text = "issues LEFT JOIN public.labels AS l ON (issues.kind = l.kind) AND l.type = 'Issue' AND l.weight > 1";
    let members = [bound("issues"), bound(text)];
    assert!(SharedRelation::of(&members.iter().collect::<Vec<_>>(), &is_unique).is_some());
    let table = MainTable {
        schema: Some("public".into()),
        name: "labels".into(),
        alias: "l".into(),
    };
    let asked = asked.into_inner();
    assert_eq!(
        asked.last(),
        Some(&(table.clone(), vec!["kind".to_owned(), "type".to_owned()]))
    );
    assert!(asked.iter().all(|(asked, _)| *asked == table), "{asked:?}");
}

#[test]
fn what_does_not_add_up_is_not_asked_together() {
    let relation = of(&["issues", PROJECT]).unwrap();
    let weight = column("issues", "weight");
    let error = |asked: Vec<Aggregate>| {
        let asked = [vec![Aggregate::CountRows], asked];
        relation
            .select(Dialect::Postgres, &asked, None)
            .unwrap_err()
            .to_string()
    };
    for aggregate in [
        Aggregate::CountDistinct,
        Aggregate::Average,
        Aggregate::Min,
        Aggregate::Max,
    ] {
        assert_eq!(
            error(vec![aggregate(weight.clone())]),
            "only counts, sums and packed values are shared"
        );
    }
    assert_eq!(
        error(vec![Aggregate::Values(weight.clone())]),
        "the values of a column stand alone in a SELECT"
    );
    assert_eq!(error(vec![]), "nothing is asked of the rows");
    assert_eq!(
        error(vec![Aggregate::Count(column("groups", "id"))]),
        "`groups` is not a table of the relation"
    );
    assert!(
        relation
            .select(Dialect::Postgres, &[vec![Aggregate::CountRows]], None)
            .is_err()
    );
    let foreign = [
        vec![Aggregate::Count(column("projects", "id"))],
        vec![Aggregate::CountRows],
    ];
    assert!(relation.select(Dialect::Postgres, &foreign, None).is_err());
}

#[test]
fn ranges_are_over_what_all_read_alike() {
    let range = |table: &str| KeyRange::Integer {
        column: Column {
            table: table.into(),
            name: "id".into(),
        },
        from: 0,
        to: None,
    };
    let asked = vec![vec![Aggregate::CountRows]; 2];
    let mixed = of(&["issues", PROJECT]).unwrap();
    assert!(mixed.select(Dialect::Sqlite, &asked, Some(&range("issues"))).is_ok());
    let error = mixed
        .select(Dialect::Sqlite, &asked, Some(&range("projects")))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the range is over a table that not all relations read alike"
    );
    let alike = of(&[PROJECT, &format!("{PROJECT} WHERE projects.archived")]).unwrap();
    assert!(alike.select(Dialect::Sqlite, &asked, Some(&range("projects"))).is_ok());
}
