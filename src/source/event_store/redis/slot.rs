//! Which part of a cluster a key belongs to.

/// How many slots a cluster has.
pub(super) const SLOTS: u16 = 16_384;

/// The slot of a key: CRC-16/XMODEM of its hash tag, or of all of it where it has none.
pub(super) fn slot_of(key: &str) -> u16 {
    crc16(tag_of(key).as_bytes()) % SLOTS
}

/// What is between the first `{` and the next `}`, unless that is nothing; else the whole key. A key that has this in
/// braces shares the key's slot.
pub(super) fn tag_of(key: &str) -> &str {
    let within = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    match within {
        Some((tag, _)) if !tag.is_empty() => tag,
        _ => key,
    }
}

/// The name of a key of our own that shares another key's slot.
pub(super) fn beside(prefix: &str, key: &str) -> String {
    let tag = tag_of(key);
    if !tag.is_empty() && !tag.contains('}') {
        return format!("{prefix}:{{{tag}}}");
    }
    // Only a key without a tag can be so, and then any other name of its slot does.
    let slot = slot_of(key);
    let same = (0..u32::MAX).find(|number| crc16(number.to_string().as_bytes()) % SLOTS == slot);
    format!("{prefix}:{{{}}}", same.unwrap_or_default())
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        let mut crc = crc ^ (u16::from(byte) << 8);
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_cluster_keyslot() {
        // As `redis-cli CLUSTER KEYSLOT` answers.
        assert_eq!(slot_of("123456789"), 12_739);
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of("{foo}.bar"), 12_182);
        assert_eq!(slot_of("a{foo}b{c}"), 12_182);
        assert_eq!(tag_of("foo{}{bar}"), "foo{}{bar}");
        assert_eq!(tag_of("foo{{bar}}"), "{bar");
        for key in ["", "a}b", "{}", "{x}y", "plain", "{{x}}"] {
            assert_eq!(slot_of(&beside("ours", key)), slot_of(key), "{key}");
        }
    }
}
