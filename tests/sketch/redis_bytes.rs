//! Redis' bytes, against values that Redis 7.0.15 held; `sketch_redis.rs` asks a live server.

use service_ping::sketch::{HyperLogLog, REGISTERS, SketchError};

use crate::random::Random;

/// A value of the sparse encoding with a cached count marked stale.
fn sparse(opcodes: &[u8]) -> Vec<u8> {
    [b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80", opcodes].concat()
}

fn of(elements: &[&str]) -> HyperLogLog {
    let mut sketch = HyperLogLog::new();
    for element in elements {
        sketch.add(element.as_bytes());
    }
    sketch
}

#[test]
fn sparse_values_are_those_of_redis() {
    let cases: [(&[&str], &[u8]); 3] = [
        (&[""], b"W1\x84h\xcc"),
        (&["1", "2", "3", "4", "5"], b"A\xee\x84H#\x80SQ\x80Mt\x80Q,\x8cC\xf3"),
        (
            &["hello", "abcdefgh", "Ünïcödé ☃", "-9223372036854775808"],
            b"Ef\x80G\x98\x90V\xfd\x80F\x81\x88U{",
        ),
    ];
    for (elements, opcodes) in cases {
        let value = sparse(opcodes);
        assert_eq!(of(elements).to_redis_sparse_bytes().unwrap(), value, "{elements:?}");
        assert_eq!(
            HyperLogLog::from_redis_bytes(&value).unwrap(),
            of(elements),
            "{elements:?}"
        );
    }
    assert_eq!(HyperLogLog::new().to_redis_sparse_bytes().unwrap(), sparse(b"\x7f\xff"));
}

#[test]
fn every_opcode_is_read() {
    // 64 zeros, four registers of 32, 16,000 zeros, two of 1, the rest.
    let value = sparse(&[0x3f, 0xff, 0x7e, 0x7f, 0x81, 0x7f - 0x3f, 0xff, 0x39]);
    let registers = HyperLogLog::from_redis_bytes(&value).unwrap().registers();
    let occupied: Vec<_> = (0..REGISTERS).filter(|&index| registers[index] > 0).collect();
    assert_eq!(occupied, [64, 65, 66, 67, 16_068, 16_069]);
    assert_eq!((registers[64], registers[67], registers[16_068]), (32, 32, 1));
}

#[test]
fn dense_registers_are_packed_lowest_bits_first() {
    let mut registers = [0; REGISTERS];
    registers[..4].copy_from_slice(&[1, 2, 3, 51]);
    registers[REGISTERS - 1] = 0b10_0001;
    let sketch = HyperLogLog::from_registers(&registers).unwrap();
    let bytes = sketch.to_redis_bytes();
    assert_eq!(bytes.len(), 12_304);
    assert_eq!(bytes[..16], *b"HYLL\0\0\0\0\0\0\0\0\0\0\0\x80");
    assert_eq!(bytes[16..19], [0b1000_0001, 0b0011_0000, 0b1100_1100]);
    assert_eq!(bytes[12_303], 0b1000_0100);
    assert_eq!(HyperLogLog::from_redis_bytes(&bytes).unwrap(), sketch);
}

#[test]
fn the_cached_count_and_the_unused_bytes_do_not_matter() {
    let mut value = of(&["a", "b"]).to_redis_bytes();
    value[5..16].copy_from_slice(&[1, 2, 3, 9, 9, 9, 9, 0, 0, 0, 0]);
    assert_eq!(HyperLogLog::from_redis_bytes(&value).unwrap(), of(&["a", "b"]));
}

#[test]
fn a_sketch_is_sparse_as_long_as_redis_would_keep_it_so() {
    let mut high = [0; REGISTERS];
    high[9] = 32;
    assert!(
        HyperLogLog::from_registers(&high)
            .unwrap()
            .to_redis_sparse_bytes()
            .is_some()
    );
    high[9] = 33;
    let sketch = HyperLogLog::from_registers(&high).unwrap();
    assert_eq!(sketch.to_redis_sparse_bytes(), None);
    assert_eq!(sketch.to_redis_compact_bytes(), sketch.to_redis_bytes());

    let mut sketch = HyperLogLog::new();
    Random(1).add_to(&mut [&mut sketch], 3_000);
    assert_eq!(sketch.to_redis_sparse_bytes(), None, "longer than 3000 bytes");
}

#[test]
fn bad_values_are_refused_with_the_reason() {
    let dense = of(&["a"]).to_redis_bytes();
    let mut unknown = dense.clone();
    unknown[4] = 2;
    let mut beyond = dense.clone();
    beyond[16] |= 52;
    let cases: [(&[u8], &str); 10] = [
        (
            b"",
            "not a Redis HyperLogLog: a value of 0 bytes that does not begin with a \"HYLL\" header",
        ),
        (
            b"HYLL",
            "not a Redis HyperLogLog: a value of 4 bytes that does not begin with a \"HYLL\" header",
        ),
        (
            b"HYLX\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "not a Redis HyperLogLog: a value of 17 bytes that does not begin with a \"HYLL\" header",
        ),
        (
            &unknown,
            "Redis HyperLogLog encoding 2 is unknown, only 0 (dense) and 1 (sparse) are",
        ),
        (
            &dense[..12_303],
            "a dense Redis HyperLogLog of 12303 bytes, it must have 12304",
        ),
        (&beyond, "register 0 holds 52, the most that the hash can give is 51"),
        (
            &sparse(b"\x7f"),
            "a sparse Redis HyperLogLog ends within its last opcode",
        ),
        (
            &sparse(b""),
            "a sparse Redis HyperLogLog describes 0 registers, it must describe 16384",
        ),
        (
            &sparse(b"\x7f\xfe"),
            "a sparse Redis HyperLogLog describes 16383 registers, it must describe 16384",
        ),
        (
            &sparse(b"\x7f\xfe\x81"),
            "a sparse Redis HyperLogLog describes 16385 registers or more, it must describe 16384",
        ),
    ];
    for (value, message) in cases {
        let error: SketchError = HyperLogLog::from_redis_bytes(value).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
