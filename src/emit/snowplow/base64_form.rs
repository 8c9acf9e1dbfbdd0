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

    /// The data as this form writes it; JSON is UTF-8, so that plain text is text.
    pub(in crate::emit) fn encode(self, data: Vec<u8>) -> String {
        match self {
            Base64::Standard => STANDARD.encode(data),
            Base64::UrlSafe => URL_SAFE.encode(data),
            Base64::Off => String::from_utf8(data).unwrap_or_default(),
        }
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

    #[test]
    fn what_any_form_writes_is_read() {
        let data = br#"{"s":"\u00fc??>>~~"}"#.to_vec();
        for data in [data, vec![0xfb, 0xff, 0xfe, 0x3f], vec![b'a'; 4]] {
            for form in [Base64::Standard, Base64::UrlSafe] {
                let text = form.encode(data.clone());
                assert_eq!(decode(&text).as_ref(), Some(&data));
                assert_eq!(decode(text.trim_end_matches('=')).as_ref(), Some(&data));
            }
        }
        assert_eq!(Base64::Standard.encode(vec![0xfb, 0xff]), "+/8=");
        assert_eq!(Base64::UrlSafe.encode(vec![0xfb, 0xff]), "-_8=");
        assert_eq!(decode("a b"), None);
    }
}
