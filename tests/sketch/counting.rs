//! Adding and counting against what Redis 7.0.15 answered.

use service_ping::sketch::{HyperLogLog, MAX_REGISTER, REGISTERS, SketchError, hash};

use crate::random::{Random, read_back};

/// PFCOUNT after PFADD of the decimal texts of 1 to n.
const PFCOUNT: [(i64, u64); 10] = [
    (0, 0),
    (1, 1),
    (2, 2),
    (10, 10),
    (100, 100),
    (500, 503),
    (2_000, 2_006),
    (10_000, 9_988),
    (100_000, 99_562),
    (1_000_000, 1_009_972),
];

#[test]
fn counts_are_those_of_pfcount() {
    let mut sketch = HyperLogLog::new();
    let mut added = 0;
    for (n, count) in PFCOUNT {
        for element in added + 1..=n {
            sketch.add_integer(element);
        }
        added = n;
        assert_eq!(sketch.count(), count, "{n}");
    }
}

#[test]
fn integers_are_hashed_as_their_decimal_text() {
    let powers = (0..19).map(|exponent| 10_i64.pow(exponent));
    let around = powers.flat_map(|power| [power - 1, power, power + 1, 7 * (power / 10) + 3, -power]);
    for element in around.chain([i64::MIN, i64::MAX]) {
        let (mut integer, mut text) = (HyperLogLog::new(), HyperLogLog::new());
        assert!(integer.add_integer(element));
        assert!(text.add(element.to_string().as_bytes()));
        assert_eq!(integer, text);
    }
}

/// Computed from the published definition with arbitrary-precision integers; every length of the last, partial word occurs.
#[test]
fn the_hash_is_murmur_64a_with_the_seed_of_redis() {
    const VECTORS: [(&str, u64); 10] = [
        ("", 0xd8dfea6585bc9732),
        ("1", 0xd68cfa33ac865d67),
        ("42", 0xf292915491fee590),
        ("abc", 0x77ec90aeb374e502),
        ("abcd", 0xb079ee3d44202b3e),
        ("hello", 0x0f656f01eecfe400),
        ("-12345", 0xf0461af74de83577),
        ("1234567", 0x85563db163632857),
        ("abcdefgh", 0xf3a65df559914567),
        ("Ünïcödé ☃ and more", 0xba62cf0fd21c2f4b),
    ];
    for (element, expected) in VECTORS {
        assert_eq!(hash(element.as_bytes()), expected, "{element:?}");
    }
}

#[test]
fn adding_says_whether_a_register_rose() {
    let mut sketch = HyperLogLog::new();
    let low = 5;
    assert!(sketch.add_hash(low | 1 << 15), "the first to reach 2");
    assert!(!sketch.add_hash(low | 1 << 15), "the same again");
    assert!(!sketch.add_hash(low | 1 << 14), "another that reaches 1 only");
    assert!(!sketch.add_hash(low | 1 << 15 | 1 << 40), "another that reaches 2 also");
    assert!(sketch.add_hash(low), "the highest there is");
    let registers = sketch.registers();
    assert_eq!(registers[5], MAX_REGISTER);
    assert_eq!(registers.iter().filter(|&&value| value > 0).count(), 1);
}

/// What a sketch is, whatever form it is held in: the greatest value for each register.
#[test]
fn registers_are_those_of_the_definition_while_the_sketch_grows() {
    let mut random = Random(11);
    let mut sketch = HyperLogLog::new();
    let mut expected = vec![0_u8; REGISTERS];
    for added in 1..5_000 {
        let hash = random.next();
        let index = (hash & 0x3fff) as usize;
        let value = ((hash >> 14) | 1 << 50).trailing_zeros() as u8 + 1;
        let rises = value > expected[index];
        expected[index] = expected[index].max(value);
        assert_eq!(sketch.add_hash(hash), rises);
        if added % 97 == 0 || (1_000..1_050).contains(&added) {
            assert_eq!(sketch.registers()[..], expected[..], "{added}");
            assert_eq!(
                sketch.count(),
                HyperLogLog::from_registers(&expected).unwrap().count(),
                "{added}"
            );
        }
    }
}

#[test]
fn a_sketch_from_registers_goes_on_as_the_one_they_came_from() {
    let mut random = Random(12);
    let mut original = HyperLogLog::new();
    random.add_to(&mut [&mut original], 700);
    let mut copy = read_back(&original);
    for _ in 0..3_000 {
        let hash = random.next();
        assert_eq!(original.add_hash(hash), copy.add_hash(hash));
    }
    assert_eq!(original, copy);
}

#[test]
fn an_empty_sketch_counts_nothing() {
    let sketch = HyperLogLog::default();
    assert!(sketch.is_empty());
    assert_eq!((sketch.count(), sketch.estimate()), (0, 0.0));
    assert_eq!(sketch.registers()[..], [0; REGISTERS]);
    assert!(read_back(&sketch).is_empty());
    let mut filled = sketch.clone();
    filled.add(b"");
    assert!(!filled.is_empty());
    assert_ne!(filled, sketch);
}

#[test]
fn saturated_registers_are_counted_without_a_panic() {
    let mut registers = vec![MAX_REGISTER; REGISTERS];
    assert_eq!(HyperLogLog::from_registers(&registers).unwrap().count(), u64::MAX);
    registers[0] = 0;
    assert!(HyperLogLog::from_registers(&registers).unwrap().estimate().is_finite());
}

#[test]
fn registers_are_checked() {
    let short = HyperLogLog::from_registers(&[0; REGISTERS - 1]).unwrap_err();
    assert!(matches!(short, SketchError::RegisterCount { found: 16_383 }));
    assert_eq!(short.to_string(), "16383 registers given, a sketch has 16384");

    let mut registers = vec![0; REGISTERS];
    registers[77] = MAX_REGISTER + 1;
    let high = HyperLogLog::from_registers(&registers).unwrap_err();
    assert!(matches!(high, SketchError::RegisterValue { index: 77, value: 52 }));
}

#[test]
fn debug_output_is_short() {
    let mut sketch = HyperLogLog::new();
    sketch.add(b"x");
    assert_eq!(format!("{sketch:?}"), r#"HyperLogLog { count: 1, form: "small" }"#);
}
