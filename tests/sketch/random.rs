//! Seeded random numbers and the sketches made of them.

use service_ping::sketch::HyperLogLog;

/// SplitMix64 (Steele, Lea, Flood 2014): every number comes once in 2^64, so that all are distinct.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn chance(&mut self, of_thousand: u64) -> bool {
        self.next() % 1000 < of_thousand
    }

    pub fn add_to(&mut self, sketches: &mut [&mut HyperLogLog], count: usize) {
        for _ in 0..count {
            let hash = self.next();
            for sketch in sketches.iter_mut() {
                sketch.add_hash(hash);
            }
        }
    }
}

/// The same registers, read back from Redis' bytes: such a sketch no longer knows its elements.
pub fn read_back(sketch: &HyperLogLog) -> HyperLogLog {
    HyperLogLog::from_redis_bytes(&sketch.to_redis_bytes()).unwrap()
}
