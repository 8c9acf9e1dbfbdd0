//! The forms of base64 that trackers write and pipelines read.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE};

/// How self-describing data travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Base64 {
    /// `+` and `/`, padded: what labkit and the Go tracker send.
    #[default]
    Standard,
    /// `-` and `_`, padded: what the Python tracker sends.
    UrlSafe,
    /// Plain JSON text, under other keys.
    Off,
}

impl Base64 {
    /// The form of this name: `standard`, `url_safe` or `off`.
    pub fn parse(text: &str) -> Option<Base64> {
        match text {
            "standard" => Some(Base64::Standard),
            "url_safe" => Some(Base64::UrlSafe),
            "off" => Some(Base64::Off),
            _ => None,
        }
    }

    /// Writes data behind what is there, or the data itself where it travels plain.
    pub(in crate::emit) fn append(self, data: &[u8], to: &mut Vec<u8>) {
        let engine = match self {
            Base64::Standard => &STANDARD,
            Base64::UrlSafe => &URL_SAFE,
            Base64::Off => return to.extend_from_slice(data),
        };
        let begin = to.len();
        to.resize(begin + data.len().div_ceil(3) * 4, b'=');
        // Padding stays where nothing is written over it; there is room for all.
        let _ = engine.encode_slice(data, &mut to[begin..]);
    }
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const EITHER: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Reads either alphabet, padded or not, as the pipeline does.
pub(in crate::emit) fn decode(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    EITHER.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    use super::{Base64, decode};

    fn written(form: Base64, data: &[u8]) -> String {
        let mut text = b"before:".to_vec();
        form.append(data, &mut text);
        String::from_utf8(text.split_off(7)).expect("text")
    }

    #[test]
    fn what_any_form_writes_is_read() {
        let data = br#"{"s":"\u00fc??>>~~"}"#.to_vec();
        for data in [data, vec![0xfb, 0xff, 0xfe, 0x3f], vec![b'a'; 4]] {
            for form in [Base64::Standard, Base64::UrlSafe] {
                let text = written(form, &data);
                assert_eq!(decode(&text).as_ref(), Some(&data));
                assert_eq!(decode(text.trim_end_matches('=')).as_ref(), Some(&data));
            }
        }
        assert_eq!(written(Base64::Standard, &[0xfb, 0xff]), "+/8=");
        assert_eq!(written(Base64::UrlSafe, &[0xfb, 0xff]), "-_8=");
        assert_eq!(decode("a b"), None);
    }
}
