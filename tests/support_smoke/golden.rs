use std::panic::catch_unwind;

use crate::support::golden::assert_golden_in;
use crate::support::scrub::scrub;

#[test]
fn a_golden_file_is_written_then_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_owned();
    assert_golden_in(&path, "deep/x.txt", "a\nb\n", true);
    assert_golden_in(&path, "deep/x.txt", "a\nb\n", false);
    let panicked = catch_unwind(|| assert_golden_in(&path, "deep/x.txt", "a\nc\n", false)).expect_err("it differs");
    let message = panicked.downcast_ref::<String>().expect("a message");
    assert!(message.contains("from line 2:\n- b\n- \n+ c\n"), "{message}");
    catch_unwind(|| assert_golden_in(&path, "new.txt", "", false)).expect_err("it is absent");
}

#[test]
fn only_what_changes_is_scrubbed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!(
        "{}/a.db at 2026-11-21T10:00:00.5Z and 2026-11-21 10:00:00 UTC took 12.5 ms or 3s, id \
         0190f1a2-7c3b-7d4e-8f5a-6b7c8d9e0f1a on 127.0.0.1:5432, 3 metrics, 28d, 2026-11-21",
        folder.path().display()
    );
    let expected = "<folder>/a.db at <time> and <time> took <elapsed> or <elapsed>, id <uuid> on 127.0.0.1:<port>, \
                    3 metrics, 28d, 2026-11-21";
    assert_eq!(scrub(&text, folder.path()), expected);
}
