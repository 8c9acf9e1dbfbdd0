//! GitLab's 512 buckets, as its SQL made and Redis kept them.

use std::collections::BTreeMap;

use super::error::SketchError;

/// Buckets: the low 9 bits of a 32-bit hash.
const BUCKETS: usize = 512;

/// The greatest value: one more than the leading zeros of 31 bits that are not all zero.
const MAX_VALUE: u8 = 31;

/// GitLab's constant 0.7213 / (1 + 1.079 / m).
const ALPHA: f64 = 0.7213 / (1.0 + 1.079 / BUCKETS as f64);

/// Estimates below 2.5 m are made by linear counting, as long as there are empty buckets.
const LINEAR_COUNTING_LIMIT: f64 = 2.5 * BUCKETS as f64;

/// The distinct-count buckets that GitLab persisted for aggregated metrics: they can be read, merged and estimated, so that
/// stored values stay of use, but no value is ever added to them here.
///
/// They cannot be turned into a [`HyperLogLog`](super::HyperLogLog): the hash is another one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitlabBuckets {
    values: BTreeMap<u16, u8>,
}

impl GitlabBuckets {
    /// Buckets by number (0–511), each with the greatest value (1–31) that was seen in it.
    ///
    /// # Errors
    /// A number or value out of these ranges.
    pub fn new(values: BTreeMap<u16, u8>) -> Result<Self, SketchError> {
        for (&number, &value) in &values {
            if usize::from(number) >= BUCKETS {
                return Err(SketchError::BucketNumber(number));
            }
            if !(1..=MAX_VALUE).contains(&value) {
                return Err(SketchError::BucketValue { number, value });
            }
        }
        Ok(GitlabBuckets { values })
    }

    /// Reads GitLab's form, a JSON object of bucket numbers and values such as `{"141":1,"56":1}`.
    ///
    /// # Errors
    /// Text that is not such an object, or numbers out of range.
    pub fn from_json(text: &str) -> Result<Self, SketchError> {
        Self::new(serde_json::from_str(text).map_err(SketchError::BucketsJson)?)
    }

    /// GitLab's form, in the order of the bucket numbers.
    pub fn to_json(&self) -> String {
        let pairs: Vec<String> = self
            .values
            .iter()
            .map(|(number, value)| format!("\"{number}\":{value}"))
            .collect();
        format!("{{{}}}", pairs.join(","))
    }

    /// Buckets by number.
    pub fn values(&self) -> &BTreeMap<u16, u8> {
        &self.values
    }

    /// Takes in the other's elements: the greater value of each bucket.
    pub fn merge(&mut self, other: &GitlabBuckets) {
        for (&number, &value) in &other.values {
            let own = self.values.entry(number).or_insert(value);
            *own = value.max(*own);
        }
    }

    /// GitLab's estimate of the number of distinct elements: a fraction below 1280, from there on (or without an empty
    /// bucket) a whole number. Its error is 4–5 % (root mean square).
    pub fn estimate(&self) -> f64 {
        let buckets = BUCKETS as f64;
        let empty = buckets - self.values.len() as f64;
        let sum: f64 = self.values.values().map(|&value| (-f64::from(value)).exp2()).sum();
        let estimate = (buckets * buckets * ALPHA / (empty + sum)).floor();
        if empty > 0.0 && estimate < LINEAR_COUNTING_LIMIT {
            buckets * (buckets / empty).ln()
        } else {
            estimate
        }
    }
}
