//! GitLab's persisted buckets.

use std::collections::BTreeMap;

use service_ping::sketch::{GitlabBuckets, SketchError};

fn buckets(text: &str) -> GitlabBuckets {
    GitlabBuckets::from_json(text).unwrap()
}

#[test]
fn estimates_are_gitlabs() {
    assert_eq!(
        buckets(r#"{"56":1,"121":2,"126":1,"141":1,"383":1}"#).estimate(),
        5.024574181542231
    );
    assert_eq!(buckets(r#"{"441":4,"510":3}"#).estimate(), 2.003916452421793);
    assert_eq!(buckets("{}").estimate(), 0.0);
}

/// floor(512² · 0.7213 / (1 + 1.079 / 512) / (z + Σ 2^−rho)), worked out by hand with exact fractions.
#[test]
fn large_estimates_are_whole_numbers() {
    let full = |value: u8| GitlabBuckets::new((0..512).map(|number| (number, value)).collect()).unwrap();
    assert_eq!(full(1).estimate(), 737.0);
    assert_eq!(full(8).estimate(), 94_343.0);
    let mut almost = full(8).values().clone();
    almost.remove(&0);
    assert_eq!(GitlabBuckets::new(almost).unwrap().estimate(), 62_977.0);
}

#[test]
fn merging_keeps_the_greater_value_of_each_bucket() {
    let mut merged = buckets(r#"{"141":1,"56":5}"#);
    merged.merge(&buckets(r#"{"141":3,"56":2,"7":1}"#));
    assert_eq!(merged, buckets(r#"{"7":1,"56":5,"141":3}"#));
}

#[test]
fn json_goes_both_ways() {
    assert_eq!(buckets(r#"{"141":1,"56":1}"#).to_json(), r#"{"56":1,"141":1}"#);
    assert_eq!(GitlabBuckets::default().to_json(), "{}");
    let all = GitlabBuckets::new((0..512).map(|number| (number, 1 + (number % 31) as u8)).collect()).unwrap();
    assert_eq!(buckets(&all.to_json()), all);
}

#[test]
fn bad_buckets_are_refused() {
    for text in [
        "",
        "[]",
        "null",
        r#"{"a":1}"#,
        r#"{"1":-1}"#,
        r#"{"1":1.5}"#,
        r#"{"1":256}"#,
        r#"{"1":1}x"#,
    ] {
        assert!(
            matches!(GitlabBuckets::from_json(text), Err(SketchError::BucketsJson(_))),
            "{text}"
        );
    }
    assert!(matches!(
        GitlabBuckets::from_json(r#"{"512":1}"#),
        Err(SketchError::BucketNumber(512))
    ));
    let value = GitlabBuckets::new(BTreeMap::from([(3, 32)]));
    assert!(matches!(value, Err(SketchError::BucketValue { number: 3, value: 32 })));
    assert!(matches!(
        GitlabBuckets::from_json(r#"{"3":0}"#),
        Err(SketchError::BucketValue { .. })
    ));
}
